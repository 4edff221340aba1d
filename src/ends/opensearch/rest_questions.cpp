#include "rest_questions.hpp"

#include "bulk_response.hpp"

#include <fmt/format.h>

namespace logpipe::opensearch {

namespace {

constexpr errc code_of(unsigned status) noexcept {
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status == 404) return errc::not_found;
    if (status == 429) return errc::busy;
    return status >= 500 ? errc::not_connected : errc::rejected;
}

error error_of(net::rest_question const& question, net::rest_answer const& answer) {
    auto const [type, reason] = read_answer_error(answer.body);
    auto what =
        fmt::format("{} {}: HTTP {}", question.method, question.path.substr(0, question.path.find('?')), answer.status);
    for (auto const& words : {std::string_view{type}, std::string_view{reason}})
        if (!words.empty()) what.append(": ").append(words);
    return {code_of(answer.status), std::move(what)};
}

}  // namespace

result<net::rest_target> make_rest_target(opensearch_connection const& options) {
    if (!options.api_key.empty() && !options.username.empty())
        return error{errc::invalid_argument, "opensearch: a user name or an API key, not both"};
    auto target = make_rest_target(net::rest_server{.address = options.address,
                                                    .port_default = 9200,
                                                    .tls = options.tls,
                                                    .ca_file = options.ca_file,
                                                    .insecure_skip_verify = options.insecure_skip_verify,
                                                    .connect_timeout = options.connect_timeout,
                                                    .request_timeout = options.request_timeout});
    if (!target) return target;
    auto const added = options.api_key.empty() ? net::add_login(*target, options.username, options.password)
                                               : net::add_field(*target, "Authorization", "ApiKey " + options.api_key);
    if (!added) return in_context("opensearch", added.error());
    return target;
}

result<std::string> ask_for_body(net::rest_client& client, net::rest_question question) {
    auto answer = client.ask(question);
    if (!answer) return answer.error();
    if (answer->status / 100 != 2) return error_of(question, *answer);
    return std::move(answer->body);
}

std::string encode_path_part(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string encoded;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        auto const code = static_cast<unsigned char>(c);
        if (plain)
            encoded.push_back(c);
        else
            encoded.append({'%', hex[code >> 4U], hex[code & 15U]});
    }
    return encoded;
}

}  // namespace logpipe::opensearch
