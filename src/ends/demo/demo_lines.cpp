#include "demo_lines.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <span>

namespace logpipe::demo {

namespace {

struct weighted {
    std::string_view text;
    unsigned weight;
};

struct weighted_bytes {
    std::uint64_t bytes;
    unsigned weight;
};

// Shares in 8,130 real lines; what was rarer than five times is left out.
constexpr std::array agents = std::to_array<weighted>({
    {"Debian APT-HTTP/1.3 (0.9.7.9)", 2007},
    {"Debian APT-HTTP/1.3 (1.0.1ubuntu2)", 2000},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)", 1070},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.16)", 699},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.22)", 469},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.7)", 319},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.17)", 295},
    {"Wget/1.13.4 (linux-gnu)", 144},
    {"urlgrabber/3.9.1 yum/3.2.29", 122},
    {"Debian APT-HTTP/1.3 (0.8.10.3)", 113},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.20.1)", 105},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.2)", 88},
    {"urlgrabber/3.9.1 yum/3.4.3", 60},
    {"Debian APT-HTTP/1.3 (0.9.7.8)", 47},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.5)", 43},
    {"Debian APT-HTTP/1.3 (0.9.9.1~ubuntu1)", 40},
    {"Chef Client/11.6.2 (ruby-1.9.3-p448; ohai-6.18.0; x86_64-linux; +http://opscode.com)", 36},
    {"Debian APT-HTTP/1.3 (0.9.12.1)", 35},
    {"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.14)", 30},
    {"Debian Apt-Cacher-NG/0.7.11", 28},
    {"python-requests/2.0.0 CPython/2.6.6 Linux/2.6.32-358.18.1.el6.x86_64", 24},
    {"urlgrabber/3.10 yum/3.4.3", 22},
    {"Wget/1.15 (linux-gnu)", 21},
    {"Chef Client/11.12.8 (ruby-1.9.3-p484; ohai-7.0.4; x86_64-linux; +http://opscode.com)", 19},
    {"Mozilla/5.0 (Windows NT 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/38.0.2125.104 Safari/537.36", 18},
    {"Go 1.1 package http", 6},
    {"curl/7.22.0 (x86_64-pc-linux-gnu) libcurl/7.22.0 OpenSSL/1.0.1 zlib/1.2.3.4 libidn/1.23 librtmp/2.3", 6},
    {"-", 5},
});

constexpr std::array products_unchanged = std::to_array<weighted>({{"1", 1176}, {"2", 935}});
constexpr std::array products_missing = std::to_array<weighted>({{"1", 3100}, {"2", 2295}});
constexpr std::array products_sent = std::to_array<weighted>({{"1", 192}, {"2", 363}, {"3", 7}});
constexpr std::array products_requested = std::to_array<weighted>({{"1", 13}, {"2", 29}});

constexpr std::array bytes_missing = std::to_array<weighted_bytes>(
    {{336, 1079}, {337, 571}, {339, 569}, {333, 557}, {338, 554}, {331, 362}, {340, 283}, {341, 221},
     {334, 205},  {332, 161}, {328, 150}, {324, 140}, {318, 137}, {319, 116}, {335, 72},  {346, 65},
     {325, 43},   {345, 37},  {313, 23},  {342, 8},   {321, 5},   {344, 5}});
constexpr std::array bytes_sent = std::to_array<weighted_bytes>({{1768, 148},
                                                                 {490, 72},
                                                                 {2592, 70},
                                                                 {951, 61},
                                                                 {85'619'205, 35},
                                                                 {2576, 22},
                                                                 {2582, 19},
                                                                 {26'318'005, 18},
                                                                 {2578, 17},
                                                                 {2575, 15},
                                                                 {17'632, 10},
                                                                 {2573, 5},
                                                                 {3316, 4},
                                                                 {26'930'866, 4},
                                                                 {3'060'803, 4},
                                                                 {1'073'033, 3}});
constexpr std::array bytes_none = std::to_array<weighted_bytes>({{0, 1}});
constexpr std::array bytes_one = std::to_array<weighted_bytes>({{1, 1}});

struct response_kind {
    std::string_view method;
    unsigned response;
    unsigned weight;
    std::span<weighted const> products;
    std::span<weighted_bytes const> sizes;
};

constexpr std::array kinds = std::to_array<response_kind>({
    {"GET", 404, 5395, products_missing, bytes_missing},
    {"GET", 304, 2111, products_unchanged, bytes_none},
    {"GET", 200, 562, products_sent, bytes_sent},
    {"HEAD", 200, 27, products_requested, bytes_none},
    {"GET", 206, 20, products_sent, bytes_one},
    {"HEAD", 403, 15, products_requested, bytes_none},
});

constexpr std::size_t client_count = 600;
constexpr std::int64_t first_second = 1'431'849'905;  // 17/May/2015:08:05:05 +0000
constexpr std::string_view line_begin = R"({"time": ")";

/// Fills `slots` so that entry i has its share of them; weights that round to nothing get none.
template <class Weight>
void fill_by_weight(std::span<std::uint16_t> slots, std::size_t count, Weight weight) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += weight(i);
    std::uint64_t sum = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += weight(i);
        auto const end = static_cast<std::size_t>(sum * slots.size() / total);
        for (; begin < end; ++begin) slots[begin] = static_cast<std::uint16_t>(i);
    }
    LOGPIPE_ASSERT(begin == slots.size());
}

void write_two_digits(char* out, unsigned value) noexcept {
    out[0] = static_cast<char>('0' + value / 10);
    out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

demo_lines::demo_lines(demo_lines_options options)
    : state_{options.seed}, serial_{options.serial}, time_s_{first_second - 1} {
    make_clients();
    make_responses();
}

void demo_lines::append(std::size_t count, std::string& out) {
    for (; count > 0; --count) {
        if (lines_in_second_ == 0) next_second();
        --lines_in_second_;
        ++lines_;
        auto const bits = draw();
        auto const client = client_slots_[bits % slots];
        out.append(line_begin);
        out.append(time_text_.data(), time_text_.size());
        out.append(heads_[client]);
        out.append(responses_[response_slots_[(bits >> 32U) % slots]]);
        out.append(tails_[client]);
        if (serial_) {
            std::array<char, 20> digits;
            auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), lines_).ptr;
            out.append(R"(, "serial": )").append(digits.data(), end);
        }
        out.append("}\n");
    }
}

// SplitMix64 (Steele, Lea, Flood 2014): one state word, any seed is good.
std::uint64_t demo_lines::draw() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
}

void demo_lines::make_clients() {
    for (auto const& agent : agents)
        tail_texts_.push_back(fmt::format(R"(, "referrer": "-", "agent": "{}")", agent.text));
    std::array<std::uint16_t, slots> agent_slots{};
    fill_by_weight(agent_slots, agents.size(), [](std::size_t i) { return agents[i].weight; });
    for (std::size_t i = 0; i < client_count; ++i) {
        auto const bits = draw();
        heads_.push_back(fmt::format(R"( +0000", "remote_ip": "{}.{}.{}.{}", "remote_user": "-", "request": ")",
                                     1 + (bits & 0xffU) % 222, (bits >> 8U) & 0xffU, (bits >> 16U) & 0xffU,
                                     1 + ((bits >> 24U) & 0xffU) % 254));
        tails_.emplace_back(tail_texts_[agent_slots[(bits >> 32U) % slots]]);
    }
    // A few clients send requests all the time, most now and then: the i-th busiest has about 400 / (1 + i / 8) lines
    // in 8,130.
    fill_by_weight(client_slots_, client_count, [](std::size_t i) { return 3200 / (8 + i); });
}

void demo_lines::make_responses() {
    std::vector<std::uint64_t> weights;
    for (auto const& kind : kinds) {
        std::uint64_t products_total = 0;
        for (auto const& product : kind.products) products_total += product.weight;
        std::uint64_t sizes_total = 0;
        for (auto const& size : kind.sizes) sizes_total += size.weight;
        for (auto const& product : kind.products) {
            for (auto const& size : kind.sizes) {
                responses_.push_back(fmt::format(R"({} /downloads/product_{} HTTP/1.1", "response": {}, "bytes": {})",
                                                 kind.method, product.text, kind.response, size.bytes));
                // In millionths, so that rare ones of a rare kind do not round to nothing here.
                weights.push_back(std::uint64_t{1'000'000} * kind.weight * product.weight * size.weight /
                                  (products_total * sizes_total));
            }
        }
    }
    fill_by_weight(response_slots_, responses_.size(), [&](std::size_t i) { return weights[i]; });
}

// A server under load: three lines a second on average, so that a billion lines last ten years and not a thousand.
void demo_lines::next_second() noexcept {
    using namespace std::chrono;
    static constexpr std::array<char const*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    lines_in_second_ = 1 + draw() % 5;
    ++time_s_;
    auto const day = floor<days>(sys_seconds{seconds{time_s_}});
    year_month_day const date{day};
    auto const in_day = static_cast<unsigned>(time_s_ - day.time_since_epoch().count() * 86'400);
    auto const year = static_cast<unsigned>(static_cast<int>(date.year()));
    char* const out = time_text_.data();
    write_two_digits(out, static_cast<unsigned>(date.day()));
    fmt::format_to(out + 2, "/{}/", months[static_cast<unsigned>(date.month()) - 1]);
    write_two_digits(out + 7, year / 100 % 100);
    write_two_digits(out + 9, year % 100);
    out[11] = ':';
    write_two_digits(out + 12, in_day / 3600);
    out[14] = ':';
    write_two_digits(out + 15, in_day / 60 % 60);
    out[17] = ':';
    write_two_digits(out + 18, in_day % 60);
}

}  // namespace logpipe::demo
