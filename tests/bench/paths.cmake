# What the paths are measured against (scripts/bench.sh --paths): a server that answers at once, a loader whose bodies
# are ready, and librdkafka with nothing around it.
add_executable(bulk_stub bulk_stub.cpp)
target_include_directories(bulk_stub SYSTEM PRIVATE ${XXHASH_INCLUDE_DIR})
target_compile_definitions(bulk_stub PRIVATE XXH_INLINE_ALL)
add_executable(bulk_loader bulk_loader.cpp)
target_link_libraries(bulk_loader PRIVATE Threads::Threads)
add_executable(kafka_probe kafka_probe.cpp)
target_link_libraries(kafka_probe PRIVATE logpipe_rdkafka Threads::Threads)
add_executable(forward_load forward_load.cpp)
target_include_directories(forward_load PRIVATE ${PROJECT_SOURCE_DIR}/src/ends/forward)
target_link_libraries(forward_load PRIVATE logpipe_forward fmt::fmt Threads::Threads)
