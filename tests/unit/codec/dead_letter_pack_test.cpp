#include "codec/dead_letter_pack.hpp"

#include "codec/zstd.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::codec;

namespace {

struct unpacked {
    std::uint32_t index = 0;
    std::string reason;
    std::string bytes;

    friend bool operator==(unpacked const&, unpacked const&) = default;
};

result<std::vector<unpacked>> unpack(std::string_view record) {
    std::vector<unpacked> all;
    auto read = unpack_dead_letter(record, [&](packed_entry const& entry) -> result<> {
        all.push_back({entry.index, std::string{entry.reason}, std::string{entry.bytes}});
        return {};
    });
    if (!read) return read.error();
    return all;
}

}  // namespace

TEST_CASE("a pack gives every entry back with its index and its reason", "[dead_letter_pack]") {
    dead_letter_packer pack;
    std::vector<unpacked> const all{{0, "bad", {"\0\xff", 2}},
                                    {7, "worse", ""},
                                    {300, "bad", std::string(70'000, 'x')},
                                    {4'000'000'000, "bad", "z"}};
    for (auto const& each : all) pack.add(each.index, each.reason, each.bytes);
    CHECK(pack.count() == 4);
    CHECK(pack.reasons() == "bad; worse");
    auto const record = pack.finish();
    CHECK(record.size() < 200);
    CHECK(unpack(record).value() == all);
    CHECK(pack.count() == 0);
}

TEST_CASE("a hundred thousand equal entries are a pack of a few bytes", "[dead_letter_pack]") {
    dead_letter_packer pack;
    for (std::uint32_t i = 0; i < 100'000; ++i) pack.add(i, "no array", std::string_view{"\0", 1});
    auto const record = pack.finish();
    CHECK(record.size() < 1'000);
    CHECK(unpack(record).value().size() == 100'000);
}

TEST_CASE("reasons of a pack are bounded, whatever they are made of", "[dead_letter_pack]") {
    dead_letter_packer pack;
    for (std::uint32_t i = 0; i < 1'000; ++i) pack.add(i, "reason " + std::to_string(i), "x");
    CHECK(pack.reasons() == "reason 0; reason 1; reason 2; and others");
    auto const all = unpack(pack.finish()).value();
    CHECK(all[31].reason == "reason 31");
    CHECK(all[32].reason == "another reason");
    CHECK(all[999].reason == "another reason");
}

TEST_CASE("a damaged pack is rejected before any entry of it is given", "[dead_letter_pack]") {
    dead_letter_packer pack;
    pack.add(1, "bad", "one");
    pack.add(2, "bad", "two");
    auto const record = pack.finish();
    auto const plain = unzstd(record, 1'000).value();
    std::vector<std::string> broken{"", "x", record.substr(0, record.size() - 1), record + "x", zstd("")};
    for (std::size_t size = 0; size < plain.size(); ++size) broken.push_back(zstd(plain.substr(0, size)));
    broken.push_back(zstd(plain + "x"));
    for (std::size_t const at : {0U, 1U, 5U}) {
        auto other = plain;
        other[at] = '\x09';
        broken.push_back(zstd(other));
    }
    for (auto const& each : broken) {
        std::size_t given = 0;
        auto const read = unpack_dead_letter(each, [&](packed_entry const&) -> result<> {
            ++given;
            return {};
        });
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == errc::corrupt);
        CHECK(given == 0);
    }
}
