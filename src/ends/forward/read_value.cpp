#include "read_value.hpp"

namespace logpipe::forward {

namespace asio = boost::asio;

asio::awaitable<result<std::string_view>> read_value(std::shared_ptr<net::connection> link, msgpack_stream& stream) {
    while (true) {
        auto value = stream.next();
        if (!value) co_return value.error();
        if (*value) co_return **value;
        auto [failed, bytes] = co_await link->read_some(stream.space());
        if (failed) co_return net::failure_of(*link, failed);
        stream.commit(bytes);
    }
}

}  // namespace logpipe::forward
