// A file system that holds one file's bytes, whatever its name. Renaming anything puts it in its place.
#pragma once

#include "core/file.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace logpipe::test {

class one_file final : public file_system {
  public:
    explicit one_file(std::string_view bytes) : contents{bytes} {}
    std::string contents;

    result<std::unique_ptr<file>> open(std::string const& /*path*/, file_access access) override {
        if (access == file_access::create) contents.clear();
        return std::unique_ptr<file>{std::make_unique<handle>(*this)};
    }
    result<> rename(std::string const& /*from*/, std::string const& /*to*/) override { return {}; }
    result<> remove(std::string const& /*path*/) override { return {}; }
    result<std::vector<std::string>> list(std::string const& /*folder*/) override { return std::vector<std::string>{}; }
    result<> make_folder(std::string const& /*folder*/) override { return {}; }
    result<> sync_folder(std::string const& /*folder*/) override { return {}; }
    result<disk_space> space(std::string const& /*folder*/) override { return disk_space{}; }

  private:
    class handle final : public file {
      public:
        explicit handle(one_file& of) : of_{of} {}
        result<std::size_t> read_at(std::uint64_t offset_bytes, std::span<char> into) const override {
            if (offset_bytes >= of_.contents.size()) return std::size_t{0};
            auto const count = std::min(into.size(), of_.contents.size() - static_cast<std::size_t>(offset_bytes));
            std::memcpy(into.data(), of_.contents.data() + offset_bytes, count);
            return count;
        }
        result<> write_at(std::uint64_t offset_bytes, std::span<std::string_view const> parts) override {
            auto at = static_cast<std::size_t>(offset_bytes);
            for (auto const part : parts) {
                of_.contents.resize(std::max(of_.contents.size(), at + part.size()));
                std::memcpy(of_.contents.data() + at, part.data(), part.size());
                at += part.size();
            }
            return {};
        }
        result<> truncate(std::uint64_t bytes) override {
            of_.contents.resize(static_cast<std::size_t>(bytes));
            return {};
        }
        result<> sync_data() override { return {}; }
        result<std::uint64_t> bytes() const override { return std::uint64_t{of_.contents.size()}; }
        result<> allocate(std::uint64_t bytes) override {
            of_.contents.resize(std::max(of_.contents.size(), static_cast<std::size_t>(bytes)));
            return {};
        }
        result<> in_place() const override { return {}; }
        result<> lock() override { return {}; }

      private:
        one_file& of_;
    };
};

}  // namespace logpipe::test
