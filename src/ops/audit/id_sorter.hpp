// Sorts sightings of ids in bounded memory: full buffers are sorted and go to a temporary file as runs, which are then
// merged. Sightings of one id become one.
#pragma once

#include "audit/audit.hpp"

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <vector>

namespace logpipe::audit {

/// What was seen of one id. Also the record of the temporary file, which only this process reads.
struct id_sighting {
    event_id id;
    std::uint64_t letter = 0;        ///< the largest: time_ms * 2 + 1 for a tombstone, see audited_endpoint::sighting
    std::uint16_t endpoints = 0;     ///< a bit each
    std::uint16_t repeated = 0;      ///< endpoints where it was seen more than once
    std::uint16_t is_in_flight = 0;  ///< endpoints after whose position it is
    std::uint16_t unused = 0;

    void add(id_sighting const& other) noexcept;
    [[nodiscard]] bool is_dead() const noexcept { return letter != 0 && (letter & 1U) == 0; }
};
inline constexpr std::size_t audited_endpoints_max = 16;

/// One thread.
class id_sorter final {
  public:
    explicit id_sorter(std::size_t memory_bytes);
    /// @return errc::storage_failed or storage_full when the temporary file cannot be written.
    [[nodiscard]] result<> add(id_sighting const& what);
    /// Gives each id once, in order, with all that was seen of it. Once.
    [[nodiscard]] result<> merge(std::function<void(id_sighting const&)> const& each);
    [[nodiscard]] std::size_t runs() const noexcept { return runs_.size(); }

  private:
    struct file_closer {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }  // gone anyway
    };
    struct run {
        std::uint64_t begin = 0;  // records
        std::uint64_t end = 0;
    };
    class run_reader;

    void sort_buffer();
    [[nodiscard]] result<> write_run();

    std::size_t const count_max_;
    std::vector<id_sighting> buffer_;
    std::unique_ptr<std::FILE, file_closer> file_;
    std::vector<run> runs_;
};

}  // namespace logpipe::audit
