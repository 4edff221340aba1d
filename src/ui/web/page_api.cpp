#include "page_api.hpp"

#include "core/clock.hpp"
#include "dead_letter_api.hpp"
#include "log_api.hpp"
#include "status/process.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <string>

namespace logpipe::web {

result<log_dashboard*> query_context::logs() {
    if (!logs_) {
        auto opened = options_.open_logs();
        if (!opened) return opened.error();
        logs_ = *std::move(opened);
    }
    return logs_.get();
}

web_response page_response(web_options const& options) {
    auto const now = options.snapshot();
    auto const& page = *options.page;
    return json_response(json_line([&](json_object& whole) {
        whole.add("subcommand", now.subcommand);
        whole.add("version", now.version);
        whole.add("logs", static_cast<bool>(page.open_logs));
        whole.add("dead_letters", page.letters != nullptr);
        whole.add("produce", static_cast<bool>(options.produce));
        whole.add("produce_source", page.produce_source);
        whole.add("produce_lines_max", page.produce_lines_max);
        write_documents(whole.object("documents"), page.documents);
    }));
}

std::string processes_json(page_options const& options) {
    std::string out;
    {
        json_object whole{out};
        whole.add("time_ms", now_ns() / 1'000'000);
        whole.array("processes", options.watch(), [](json_object&& one, auto const& each) {
            one.add("address", each.address);
            one.add("reason", each.reason);
            auto status = each.now ? status::to_json(*each.now) : std::string{"null"};
            std::erase(status, '\n');
            one.add("status", json_value{status});
        });
    }
    return out;
}

page_query logs_query(web_request const& request, bool lines) {
    return [target = std::string{request.target}, lines](query_context& context) {
        auto const query = parse_query(target);
        if (!query) return error_response(query.error());
        auto const store = context.logs();
        if (!store) return error_response(store.error());
        auto response = lines ? log_lines_response(**store, context.documents(), *query)
                              : log_overview_response(**store, context.documents(), *query);
        // A store that was removed or recreated is found by reopening it.
        if (response.status == 500) context.forget_logs();
        return response;
    };
}

bool scans_rows(web_request const& request, schema const& documents) {
    auto const query = parse_query(request.target);
    if (!query) return false;
    auto const view = log_view_of(documents, *query);
    return view && !(view->search.empty() && view->filters.empty());
}

page_query dead_letters_query(web_request const& request, bool retry) {
    return [target = std::string{request.target}, body = std::string{request.body}, retry](query_context& context) {
        auto const query = parse_query(target);
        if (!query) return error_response(query.error());
        return retry ? retry_response(*context.letters(), body) : dead_letters_response(*context.letters(), *query);
    };
}

result<produce_request> produce_request_of(std::string_view body) {
    if (body.empty()) return produce_request{};
    error const wrong{errc::invalid_argument,
                      R"(The body must be empty, or {"demo":{"lines":N,"rate":N,"seed":N}} with whole numbers.)"};
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(body, failed);
    auto const* const from = failed ? nullptr : parsed.if_object();
    auto const* const demo = from == nullptr || from->size() != 1 ? nullptr : from->if_contains("demo");
    if (demo == nullptr || !demo->is_object()) return wrong;
    produce_request request;
    for (auto const& each : demo->get_object()) {
        std::string_view const name{each.key().data(), each.key().size()};
        constexpr std::int64_t number_max = 1'000'000'000;
        bool const known = name == "lines" || name == "rate" || name == "seed";
        if (!known || !each.value().is_int64() || each.value().get_int64() < 0 || each.value().get_int64() > number_max)
            return wrong;
        request.demo += fmt::format("{}{}={}", request.demo.empty() ? "" : "&", name, each.value().get_int64());
    }
    // Without an end it would never respond.
    auto const* const lines = demo->get_object().if_contains("lines");
    if (lines == nullptr || lines->get_int64() == 0) return wrong;
    request.demo_lines = static_cast<std::uint64_t>(lines->get_int64());
    return request;
}

}  // namespace logpipe::web
