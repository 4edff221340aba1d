// Texts in lines: bytes as writers of logs escape them, and as JSON does.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// The byte of `\xNN` at the front of `text`; none where something else is there.
[[nodiscard]] std::optional<char> hex_escape(std::string_view text) noexcept;

/// Appends the bytes that `text` means: nginx's and Apache's \xNN, and \" \\ \/ \b \f \n \r \t \v \uNNNN. What is no
/// escape stays as it is. Reads less than a block after the text.
void undo_escapes(std::string_view text, std::string& out);

/// Appends the inside of a JSON text. A byte that is not UTF-8 becomes the character U+EF00 + byte.
/// @return whether there was one
bool append_repaired_json(std::string& out, std::string_view bytes);

/// At least one, and nothing else.
[[nodiscard]] bool is_digits(std::string_view text) noexcept;

/// A key as JSON spells it, from after its opening quote to its closing one. Reads less than a block after that.
[[nodiscard]] std::string_view raw_key(char const* key) noexcept;

}  // namespace logpipe::formats
