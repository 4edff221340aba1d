// Dead letters through any sink.
#pragma once

#include "logpipe/dead_letter.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace logpipe::runtime {

/// The form of a dead letter in the record that a sink gets.
enum class letter_form : std::uint8_t {
    frame,   ///< a bounded head, then the original bytes (codec/dead_letter_frame.hpp): Kafka's sink for letters
    bundle,  ///< the same, but many that go in one write may be one record (codec/dead_letter_bundle.hpp): journals
    json,    ///< to_json(): lines in a file, documents
};
/// Dead letters through any sink; each keeps the id of what it is about. Texts are cut to a bound. A letter that the
/// sink rejects goes in parts, which become smaller until the sink takes them; put() returns when all are safe.
/// @param timeout  how long put() waits for a sink that is safe later; then it gives errc::timed_out, and the next
///                 put() of the same letters goes on waiting for them
[[nodiscard]] std::unique_ptr<dead_letters> make_dead_letters(std::unique_ptr<sink> to, letter_form form,
                                                              std::chrono::milliseconds timeout = std::chrono::seconds{
                                                                  10});

}  // namespace logpipe::runtime
