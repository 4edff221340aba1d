#include "torture_report.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::cli;

namespace {

class documents final : public store::store_reader {
  public:
    explicit documents(std::vector<std::string> all) : all_{std::move(all)} {}
    result<std::uint64_t> count() override { return all_.size(); }
    result<> scan_ids(std::function<result<>(std::string_view)> const& /*each*/) override { return {}; }
    result<std::optional<std::string>> find(std::string_view /*id*/) override { return std::optional<std::string>{}; }
    result<> scan_documents(std::function<result<>(std::string_view)> const& each) override {
        for (auto const& document : all_)
            if (auto taken = each(document); !taken) return taken;
        return {};
    }
    result<store::store_summary> summary(std::size_t /*top_count*/) override { return store::store_summary{}; }
    result<std::vector<std::string>> search(std::string const& /*query*/, std::size_t /*count_max*/) override {
        return std::vector<std::string>{};
    }

  private:
    std::vector<std::string> const all_;
};

torture_report report_of(std::vector<std::string> all) {
    torture_report report{.lines = 3};
    documents store{std::move(all)};
    REQUIRE(count_serials(store, report));
    return report;
}

constexpr auto one = R"({"event":{"serial":1}})";
constexpr auto two = R"({"event":{"serial":2,"bytes":7}})";
constexpr auto three = R"({"event":{"serial":3}})";

}  // namespace

TEST_CASE("torture passes where each serial is stored once and verify says so too", "[torture]") {
    auto report = report_of({three, one, two});
    CHECK(is_passed(report));
    CHECK_THAT(to_text(report), ContainsSubstring("passed, each line is stored once"));
    report.verify_status = 1;
    CHECK(!is_passed(report));
    CHECK_THAT(to_text(report), ContainsSubstring("torture: FAILED"));
}

TEST_CASE("torture tells apart what is missing, doubled and foreign", "[torture]") {
    auto const missing = report_of({one, three});
    CHECK(missing.missing == 1);
    CHECK(!is_passed(missing));
    auto const doubled = report_of({one, two, two, three});
    CHECK(doubled.doubled == 1);
    CHECK(doubled.missing == 0);
    CHECK(!is_passed(doubled));
    // As many documents as lines say nothing.
    auto const swapped = report_of({one, two, two});
    CHECK(swapped.missing == 1);
    CHECK(swapped.doubled == 1);
    auto const foreign = report_of({one, two, three, R"({"event":{}})", R"({"event":{"serial":4}})"});
    CHECK(foreign.foreign == 2);
    CHECK(foreign.missing == 0);
    CHECK(!is_passed(foreign));
}
