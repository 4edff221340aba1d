# cmake -DOUT=FILE.cpp -DFILES=PATH=FILE;… -P embed.cmake: the page's files as arrays in one C++ file, by their paths on the server.
set(types html "text/html" js "text/javascript" css "text/css" svg "image/svg+xml")
set(arrays "")
set(rows "")
set(number 0)
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" whole "${entry}")
  set(path "${CMAKE_MATCH_1}")
  set(file "${CMAKE_MATCH_2}")
  string(REGEX MATCH "[a-z]+$" ending "${file}")
  list(FIND types "${ending}" at)
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char bytes_${number}[] = {${bytes}};\n")
  string(APPEND rows "    asset{\"${path}\", \"${type}; charset=utf-8\", text_of(bytes_${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${OUT}" "// Made by cmake/embed.cmake.
#include \"assets.hpp\"

#include <array>
#include <cstddef>

namespace logpipe::web {

namespace {

${arrays}
template <std::size_t count>
std::string_view text_of(unsigned char const (&bytes)[count]) {
    return {reinterpret_cast<char const*>(bytes), count};
}

std::array<asset, ${number}> const all{
${rows}};

}  // namespace

std::span<asset const> assets() noexcept {
    return all;
}

}  // namespace logpipe::web
")
