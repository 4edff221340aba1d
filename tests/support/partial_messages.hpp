// Records as Docker's fluentd driver sends them, and messages of them.
#pragma once

#include "msgpack_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::test {

struct partial_record {
    std::string id = "line";
    std::uint32_t ordinal = 1;
    bool is_last = false;
    std::string log;
};

/// msgpack
[[nodiscard]] inline std::string to_msgpack(partial_record const& part) {
    std::string record;
    forward::msgpack_writer write{record};
    write.map(7);
    for (auto const& [key, value] : {std::pair<std::string, std::string>{"container_name", "/shop"},
                                     {"partial_message", "true"},
                                     {"partial_id", part.id},
                                     {"log", part.log},
                                     {"partial_ordinal", std::to_string(part.ordinal)},
                                     {"partial_last", part.is_last ? "true" : "false"},
                                     {"source", "stdout"}}) {
        write.string(key);
        write.string(value);
    }
    return record;
}

[[nodiscard]] inline std::string json_of_line(std::string_view log) {
    return R"({"container_name":"/shop","log":")" + std::string{log} + R"(","source":"stdout"})";
}

[[nodiscard]] inline std::string json_of_part(partial_record const& part) {
    return R"({"container_name":"/shop","partial_message":"true","partial_id":")" + part.id + R"(","log":")" +
           part.log + R"(","partial_ordinal":")" + std::to_string(part.ordinal) + R"(","partial_last":")" +
           (part.is_last ? "true" : "false") + R"(","source":"stdout"})";
}

/// Message mode: [tag, time, record, {}] as of Docker's driver; the chunk only where it is given.
[[nodiscard]] inline std::string single_part(partial_record const& part, std::string_view chunk = {},
                                             std::string_view tag = "app", std::int64_t time = 1) {
    std::string message;
    forward::msgpack_writer write{message};
    write.array(4);
    write.string(tag);
    write.integer(time);
    message += to_msgpack(part);
    write.map(chunk.empty() ? 0 : 1);
    if (chunk.empty()) return message;
    write.string("chunk");
    write.string(chunk);
    return message;
}

}  // namespace logpipe::test
