# Every third-party library, found once. Which folder uses which is said in that folder's CMakeLists.txt.
find_package(Threads REQUIRED)

if(LOGPIPE_STATIC)
  # simdjson and fmt come as archives from scripts/static-libs.sh; the distribution has the rest.
  set(LOGPIPE_STATIC_PREFIX "${PROJECT_SOURCE_DIR}/build/static-libs" CACHE PATH "Where scripts/static-libs.sh installed to")
  if(NOT EXISTS "${LOGPIPE_STATIC_PREFIX}/stamp")
    message(FATAL_ERROR "${LOGPIPE_STATIC_PREFIX} is not complete: run scripts/static-libs.sh first")
  endif()
  list(PREPEND CMAKE_PREFIX_PATH "${LOGPIPE_STATIC_PREFIX}")
  set(Boost_USE_STATIC_LIBS ON)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
# Used as a header: the shared library is built with exceptions, which we parse without.
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_package(simdjson REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_package(SQLite3 REQUIRED)
find_path(ZSTD_INCLUDE_DIR zstd.h REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)
find_library(LZ4_LIBRARY lz4 REQUIRED)

# One version of librdkafka for every preset, from scripts/librdkafka.sh; LOGPIPE_RDKAFKA_PREFIX names another.
set(rdkafka_script "${PROJECT_SOURCE_DIR}/scripts/librdkafka.sh")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${rdkafka_script}")
set(rdkafka_prefix "${LOGPIPE_RDKAFKA_PREFIX}")
if(NOT rdkafka_prefix)
  execute_process(COMMAND "${rdkafka_script}" --where OUTPUT_VARIABLE rdkafka_prefix
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
set(rdkafka_archive "${rdkafka_prefix}/lib/librdkafka.a")
if(NOT EXISTS "${rdkafka_archive}")
  message(FATAL_ERROR "${rdkafka_archive} does not exist: run scripts/librdkafka.sh (scripts/setup.sh does) first")
endif()

add_library(logpipe_boost INTERFACE)
target_link_libraries(logpipe_boost INTERFACE Boost::headers)
# Asio is compiled once, in src/net/asio_impl.cpp.
target_compile_definitions(logpipe_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
if(LOGPIPE_SANITIZE MATCHES "thread")
  # The thread sanitizer does not understand fences, Asio has another way.
  target_compile_definitions(logpipe_boost INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

add_library(logpipe_rdkafka INTERFACE)
target_include_directories(logpipe_rdkafka SYSTEM INTERFACE "${rdkafka_prefix}/include")
target_link_libraries(logpipe_rdkafka INTERFACE "${rdkafka_archive}"
  OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB ${ZSTD_LIBRARY} ${LZ4_LIBRARY} Threads::Threads m dl)
