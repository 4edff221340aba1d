// Writes msgpack at the end of a string, always in the shortest form, so equal values are equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::forward {

class msgpack_writer final {
  public:
    explicit msgpack_writer(std::string& out) noexcept : out_{out} {}

    void nil() { out_.push_back('\xc0'); }
    void boolean(bool value) { out_.push_back(value ? '\xc3' : '\xc2'); }
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void real(double value);
    void string(std::string_view value);
    void binary(std::string_view value);
    void array(std::uint32_t count);
    void map(std::uint32_t count);
    /// Seconds and nanoseconds as Fluentd's EventTime (extension 0, eight bytes) where they fit it, else the seconds as
    /// an integer; an unknown time (0) is the integer 0.
    void time(std::int64_t time_ns);

    /// An array or map whose count is known after its elements: begin, write them, then end with what begin returned.
    [[nodiscard]] std::size_t begin_container() {
        out_.push_back('\0');
        return out_.size() - 1;
    }
    void end_array(std::size_t begin, std::uint32_t count) { end_container(begin, count, 0x90, 0xdc); }
    void end_map(std::size_t begin, std::uint32_t count) { end_container(begin, count, 0x80, 0xde); }

  private:
    void end_container(std::size_t begin, std::uint32_t count, unsigned fixed, unsigned sized);

    std::string& out_;
};

}  // namespace logpipe::forward
