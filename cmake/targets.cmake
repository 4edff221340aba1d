# How logpipe's own targets are made: one library a folder of src/, one test program a folder of tests/unit/.

add_library(logpipe_flags INTERFACE)
target_compile_options(logpipe_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  # A designated initializer that leaves a member at its default is what we want.
  -Wno-missing-field-initializers)
if(LOGPIPE_WERROR)
  target_compile_options(logpipe_flags INTERFACE -Werror)
endif()
if(LOGPIPE_SANITIZE)
  target_compile_options(logpipe_flags INTERFACE -fsanitize=${LOGPIPE_SANITIZE} -fno-omit-frame-pointer -O1)
  target_link_options(logpipe_flags INTERFACE -fsanitize=${LOGPIPE_SANITIZE})
endif()
if(LOGPIPE_FUZZ)
  target_compile_options(logpipe_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Only then does anybody see that two translation units mean different things by one name.
  target_link_options(logpipe_flags INTERFACE -Werror=odr -Werror=lto-type-mismatch)
endif()

find_program(LOGPIPE_CCACHE ccache)
if(LOGPIPE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LOGPIPE_CCACHE})
  if(LOGPIPE_PRECOMPILE)
    # Without these ccache takes nothing that uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${LOGPIPE_CCACHE})
  endif()
endif()

add_library(logpipe_contract INTERFACE)
target_include_directories(logpipe_contract INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(logpipe_contract INTERFACE Boost::headers logpipe_flags)

# Of an inline function that both kinds of files have (all of std::string), the link keeps one copy, for the hot path too, and
# -Os copies by `rep movsb`, which takes tens of cycles to begin: a call of memcpy is as small.
function(logpipe_make_small target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Os>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-mstringop-strategy=libcall>)
  endif()
endfunction()

# What half of all files include, parsed once a preset; that is a third of the time of a build. Each file includes what it
# uses all the same: presets static and fuzz precompile nothing, and show where one does not.
# fast, and small for what is compiled by logpipe_make_small(): one does not fit the other.
if(LOGPIPE_PRECOMPILE)
  set(empty_source ${CMAKE_BINARY_DIR}/precompiled/empty.cpp)
  file(CONFIGURE OUTPUT ${empty_source} CONTENT "")
  foreach(kind fast small)
    add_library(logpipe_precompiled_${kind} OBJECT EXCLUDE_FROM_ALL ${empty_source})
    target_link_libraries(logpipe_precompiled_${kind} PRIVATE logpipe_contract fmt::fmt)
    target_precompile_headers(logpipe_precompiled_${kind} PRIVATE
      <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <functional> <map> <memory> <optional> <set> <span> <string>
      <string_view> <thread> <utility> <vector> <boost/system/result.hpp> <fmt/format.h>)
  endforeach()
  logpipe_make_small(logpipe_precompiled_small)
endif()
function(logpipe_use_precompiled target kind)
  if(LOGPIPE_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM logpipe_precompiled_${kind})
  endif()
endfunction()

# logpipe_folder(NAME [PUBLIC libraries…] [PRIVATE libraries…]): all .cpp files of the calling folder. Others see what is in
# include/, as "NAME/….hpp"; the folder itself is on nobody else's include path, so its other headers do not resolve there.
function(logpipe_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PUBLIC;PRIVATE")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(logpipe_${name} STATIC ${sources})
  target_include_directories(logpipe_${name} PUBLIC include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(logpipe_${name} PUBLIC logpipe_contract ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
  # What no event passes through, or what waits for the network with each, is made small, not fast.
  if(name MATCHES "^(audit|cli|docker|http|ingest|loki|simulation|status|syslog|tcp|tui|web|world)$")
    logpipe_make_small(logpipe_${name})
    logpipe_use_precompiled(logpipe_${name} small)
  else()
    logpipe_use_precompiled(logpipe_${name} fast)
  endif()
endfunction()

# logpipe_ends_test(NAME [LONG] TIMEOUT seconds COMMAND…): a test that drives the program from outside, by the environment
# variable LOGPIPE. Whoever runs the tests may set it, e.g. to build/static/logpipe; else it names the one just built.
# Label `ends`; LONG ones, which need many minutes or another world's tools, are `long` as well.
function(logpipe_ends_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "LONG" "TIMEOUT" "COMMAND")
  add_test(NAME "${name}"
    COMMAND sh -c "LOGPIPE=\"\${LOGPIPE:-$0}\" exec \"$@\"" $<TARGET_FILE:logpipe> ${arg_COMMAND})
  set_tests_properties("${name}" PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "ends$<$<BOOL:${arg_LONG}>:;long>")
endfunction()
