#include "torture_report.hpp"

#include "version.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace logpipe::cli {

namespace {

/// 0: there is none.
std::uint64_t serial_of(std::string_view document) noexcept {
    constexpr std::string_view key = R"("serial":)";
    auto const at = document.find(key);
    std::uint64_t serial = 0;
    if (at != std::string_view::npos)
        std::from_chars(document.data() + at + key.size(), document.data() + document.size(), serial);
    return serial;
}

}  // namespace

result<> count_serials(store::store_reader& store, torture_report& into) {
    std::vector<bool> seen(into.lines + 1);
    auto scanned = store.scan_documents([&](std::string_view document) -> result<> {
        ++into.stored;
        auto const serial = serial_of(document);
        if (serial == 0 || serial > into.lines)
            ++into.foreign;
        else if (seen[serial])
            ++into.doubled;
        else
            seen[serial] = true;
        return {};
    });
    if (!scanned) return scanned;
    into.missing = into.lines - (into.stored - into.doubled - into.foreign);
    return {};
}

bool is_passed(torture_report const& report) noexcept {
    return report.missing == 0 && report.doubled == 0 && report.foreign == 0 && report.verify_status == 0;
}

std::string to_text(torture_report const& report) {
    auto text = fmt::format(
        "torture: {}\n"
        "  program   logpipe {} ({})\n"
        "  machine   {}\n"
        "  disk      {} on {}, fdatasync {:.2f} ms (median of {})\n"
        "  sent      {} lines, {}/s, by the forward protocol\n"
        "  kill -9   {} of the pipeline, {} of the sender (--seed {})\n"
        "  stored    {} documents: {} missing, {} doubled, {} foreign\n"
        "  took      {} s\n"
        "A kill leaves what the kernel holds in memory: power cuts are not tried.\n",
        is_passed(report) ? "passed, each line is stored once" : "FAILED", version_text, revision(),
        report.disk.machine, report.disk.kind, report.disk.mount, report.disk.sync_ms, disk_facts::syncs, report.lines,
        report.rate, report.pipeline_kills, report.sender_kills, report.seed, report.stored, report.missing,
        report.doubled, report.foreign, report.time.count());
    return fmt::format("{}\n{}{}", text, report.verify_text, report.verify_text.ends_with('\n') ? "" : "\n");
}

}  // namespace logpipe::cli
