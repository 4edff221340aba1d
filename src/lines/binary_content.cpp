#include "lines/binary_content.hpp"

#include <algorithm>
#include <array>

namespace logpipe::lines {

namespace {

using namespace std::string_view_literals;

// UTF-32 comes before UTF-16, with whose mark its own begins. A mark of UTF-8 is allowed: what follows are lines.
constexpr std::array formats{
    binary_format{gzip_magic, "gzip data", "zcat"},
    binary_format{zstd_magic, "zstd data", "zstdcat"},
    binary_format{"\xfd"
                  "7zXZ\0"sv,
                  "xz data", "xzcat"},
    binary_format{"\x04\x22\x4d\x18"sv, "lz4 data", "lz4cat"},
    binary_format{"BZh91AY&SY"sv, "bzip2 data", "bzcat"},
    binary_format{"PK\x03\x04"sv, "a zip archive", "unzip -p"},
    binary_format{"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "7z x -so"},
    binary_format{"\xff\xfe\0\0"sv, "UTF-32 text", "iconv -f UTF-32 -t UTF-8"},
    binary_format{"\0\0\xfe\xff"sv, "UTF-32 text", "iconv -f UTF-32 -t UTF-8"},
    binary_format{"\xff\xfe"sv, "UTF-16 text", "iconv -f UTF-16 -t UTF-8"},
    binary_format{"\xfe\xff"sv, "UTF-16 text", "iconv -f UTF-16 -t UTF-8"},
    binary_format{"\x7f"
                  "ELF"sv,
                  "a program", ""},
    binary_format{"SQLite format 3\0"sv, "an SQLite database", ""},
    binary_format{"PAR1"sv, "a Parquet file", ""},
    binary_format{"LPKSHHRH"sv, "a systemd journal", "journalctl -o cat --file"},
};

static_assert(std::ranges::max(formats, {}, [](auto const& each) { return each.magic.size(); }).magic.size() ==
              magic_bytes_max);

}  // namespace

binary_format const* binary_format_of(std::string_view beginning) noexcept {
    auto const found =
        std::ranges::find_if(formats, [&](auto const& each) { return beginning.starts_with(each.magic); });
    return found == formats.end() ? nullptr : &*found;
}

binary_format const* binary_content::check(std::string_view piece) {
    if (known_) return nullptr;
    beginning_.append(piece.substr(0, magic_bytes_max - beginning_.size()));
    if (auto const* found = binary_format_of(beginning_); found != nullptr) return found;
    known_ = std::ranges::none_of(formats, [&](auto const& each) { return each.magic.starts_with(beginning_); });
    return nullptr;
}

}  // namespace logpipe::lines
