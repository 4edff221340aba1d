#include "file_position.hpp"

#include "core/json_writer.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <charconv>
#include <optional>

namespace logpipe::files {

namespace {

namespace json = boost::json;

constexpr int version_written = 1;

std::string hex(std::uint64_t number) {
    return fmt::format("{:016x}", number);
}

std::optional<std::uint64_t> from_hex(std::string_view text) {
    std::uint64_t number = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

void write_mark(json_array&& pair, content_mark const& mark) {
    pair.add(mark.offset);
    pair.add(hex(mark.hash));
}

/// Reads what to_json() wrote; once something is missing or of another kind, it has failed.
class reader {
  public:
    template <class Number>
    void number(json::object const& from, std::string_view key, Number& into) {
        auto const* value = from.if_contains(key);
        boost::system::error_code bad;
        if (value != nullptr) into = value->to_number<Number>(bad);
        failed_ = failed_ || value == nullptr || bad;
    }
    void text(json::object const& from, std::string_view key, std::string& into) {
        auto const* value = from.if_contains(key);
        auto const* found = value == nullptr ? nullptr : value->if_string();
        if (found != nullptr) into = *found;
        failed_ = failed_ || found == nullptr;
    }
    void hash(json::object const& from, std::string_view key, std::uint64_t& into) {
        std::string digits;
        text(from, key, digits);
        hash(digits, into);
    }
    void id(json::object const& from, file_id& into) {
        std::string digits;
        text(from, "id", digits);
        hash(std::string_view{digits}.substr(0, 16), into.high);
        hash(std::string_view{digits}.substr(std::min<std::size_t>(16, digits.size())), into.low);
    }
    void mark(json::value const& from, content_mark& into) {
        auto const* pair = from.if_array();
        auto const* digits = pair != nullptr && pair->size() == 2 ? (*pair)[1].if_string() : nullptr;
        if (digits == nullptr) {
            failed_ = true;
            return;
        }
        boost::system::error_code bad;
        into.offset = (*pair)[0].to_number<std::uint64_t>(bad);
        failed_ = failed_ || bad;
        hash(*digits, into.hash);
    }
    json::array const& list(json::object const& from, std::string_view key) {
        static json::array const none;
        auto const* value = from.if_contains(key);
        auto const* found = value == nullptr ? nullptr : value->if_array();
        failed_ = failed_ || found == nullptr;
        return found == nullptr ? none : *found;
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }

  private:
    void hash(std::string_view digits, std::uint64_t& into) {
        auto const found = from_hex(digits);
        into = found.value_or(0);
        failed_ = failed_ || !found;
    }

    bool failed_ = false;
};

file_position read_one(reader& read, json::object const& from) {
    file_position one;
    read.id(from, one.id);
    read.number(from, "partition", one.partition);
    read.text(from, "path", one.path);
    // Not there in states of before.
    if (from.contains("found_path")) read.text(from, "found_path", one.found_path);
    read.number(from, "device", one.inode.device);
    read.number(from, "inode", one.inode.inode);
    read.number(from, "found_ns", one.found_ns);
    read.number(from, "seen_ns", one.seen_ns);
    read.number(from, "offset", one.safe.at.offset);
    read.hash(from, "hash", one.safe.at.hash);
    read.hash(from, "block_hash", one.safe.block_hash);
    read.number(from, "packed_bytes", one.packed_bytes);
    read.number(from, "packed_modified_ns", one.packed_modified_ns);
    for (auto const& each : read.list(from, "marks")) read.mark(each, one.marks.emplace_back());
    if (auto const* head = from.if_contains("head"); head != nullptr) read.mark(*head, one.head);
    for (auto const& each : read.list(from, "cuts")) {
        boost::system::error_code bad;
        one.cuts.push_back(each.to_number<std::uint64_t>(bad));
    }
    return one;
}

}  // namespace

std::string to_json(std::vector<file_position> const& all) {
    std::string out;
    {
        json_object whole{out};
        whole.add("version", version_written);
        whole.array("files", all, [](json_object&& one, file_position const& each) {
            one.add("id", hex(each.id.high) + hex(each.id.low));
            one.add("partition", each.partition);
            one.add("path", each.path);
            one.add("found_path", each.found_path);
            one.add("device", each.inode.device);
            one.add("inode", each.inode.inode);
            one.add("found_ns", each.found_ns);
            one.add("seen_ns", each.seen_ns);
            one.add("offset", each.safe.at.offset);
            one.add("hash", hex(each.safe.at.hash));
            one.add("block_hash", hex(each.safe.block_hash));
            {
                auto marks = one.array("marks");
                for (auto const& mark : each.marks) write_mark(marks.array(), mark);
            }
            write_mark(one.array("head"), each.head);
            one.add("packed_bytes", each.packed_bytes);
            one.add("packed_modified_ns", each.packed_modified_ns);
            auto cuts = one.array("cuts");
            for (auto const cut : each.cuts) cuts.add(cut);
        });
    }
    return out;
}

result<std::vector<file_position>> parse_positions(std::string_view text) {
    boost::system::error_code bad;
    auto const parsed = json::parse(text, bad);
    auto const* whole = bad ? nullptr : parsed.if_object();
    reader read;
    int version = 0;
    if (whole != nullptr) read.number(*whole, "version", version);
    if (whole == nullptr || read.failed()) return error{errc::corrupt, "it is not a state of followed files"};
    if (version > version_written)
        return error{errc::invalid_argument,
                     fmt::format("it is of version {}, written by a newer logpipe; this one knows {}", version,
                                 version_written)};
    std::vector<file_position> all;
    for (auto const& each : read.list(*whole, "files"))
        if (auto const* one = each.if_object(); one != nullptr) all.push_back(read_one(read, *one));
    if (read.failed()) return error{errc::corrupt, "it is damaged"};
    return all;
}

}  // namespace logpipe::files
