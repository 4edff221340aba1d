// The one built-in table: what Logstash's nginx filter made of a line.
#include "formats/normalize.hpp"

namespace logpipe::formats {

mapping nginx_mapping() {
    return {
        .name = "nginx",
        .nest_into = "event",
        .nested = {"remote_ip", "remote_user", "request", "response", "bytes", "referrer", "agent"},
        .dropped = {"time"},
        .time_key = "time",
        .regions = {"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1",
                    "ap-northeast-1"},
        .added = {{"index", "nginx"}, {"sourcetype", "nginx"}},
    };
}

}  // namespace logpipe::formats
