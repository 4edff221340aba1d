# Not a Google Benchmark: it runs once and prints what it took.
add_executable(sqlite_loader sqlite_loader.cpp)
target_link_libraries(sqlite_loader PRIVATE
  logpipe_store logpipe_formats logpipe_core fmt::fmt SQLite::SQLite3 simdjson::simdjson)
target_include_directories(sqlite_loader PRIVATE ${PROJECT_SOURCE_DIR}/src/ends/store)
