// What another process answers as its status: any bytes give a snapshot or an error, and the JSON of a snapshot can be
// read again.
#include "status/components.hpp"
#include "status/process.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t bytes) {
    using namespace logpipe;
    using namespace logpipe::status;
    auto const process = parse_process_snapshot({reinterpret_cast<char const*>(data), bytes});
    if (!process) return 0;
    auto const again = parse_process_snapshot(to_json(*process));
    if (!again || again->book.line() != process->book.line()) std::abort();
    auto const report = report_of_process({.address = "x:1", .got = *process, .took = {}});
    static_cast<void>(to_table(report, table_colour::on));
    static_cast<void>(to_json(report));
    static_cast<void>(to_prometheus(*process));
    return 0;
}
