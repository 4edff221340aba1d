// Lines as servers and shippers write them, through the built-in mapping.
#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::string_view sample_event =
    R"("event":{"remote_ip":"192.0.2.9","remote_user":"-","request":"GET / HTTP/1.1","response":200,"bytes":7,)"
    R"("referrer":"-","agent":"curl/8.5.0"})";

/// The documents of lines of one stream, "rejected: WHY" for those that have none.
class stream {
  public:
    explicit stream(std::string format = "auto", timestamp_from time = timestamp_from::line) {
        normalize_options options{.timestamp = time};
        options.table.format = std::move(format);
        change_ = make_normalize(std::move(options));
    }

    std::string made(std::string_view line, std::string const& tag = "app.follow") {
        batch one;
        one.append(one.tag_index(tag), {.high = 1, .low = 2}, 0, line).received_ns = 1'769'823'099'995'000'000;
        change_->apply(one);
        if (!one.rejections.empty()) return "rejected: " + one.rejections[0].reason;
        std::string document{one.payload(one.events[0])};
        simdjson::dom::parser parser;
        REQUIRE(parser.parse(document).error() == simdjson::SUCCESS);
        return document;
    }

    double count(std::string_view metric) const {
        for (auto const& each : change_->status().metrics)
            if (each.name == metric) return static_cast<double>(each.value);
        FAIL("no metric " << metric);
        return 0;
    }
    std::string chosen() const { return change_->status().target; }

  private:
    std::unique_ptr<transform> change_;
};

std::string made(std::string_view line, std::string format = "auto", timestamp_from time = timestamp_from::line) {
    return stream{std::move(format), time}.made(line);
}

std::string event_of(std::string const& document) {
    auto const begin = document.find("\"event\":");
    auto const end = document.find(",\"fields\":");
    return begin == std::string::npos ? document : document.substr(begin + 8, end - begin - 8);
}

std::string time_of(std::string const& document) {
    auto const begin = document.find("\"@timestamp\":\"");
    return begin == std::string::npos ? document : document.substr(begin + 14, 24);
}

}  // namespace

TEST_CASE("a combined line has the fields of the original's JSON, and its own time", "[lines]") {
    auto const document = made(
        R"x(192.0.2.1 - - [29/Nov/2026:10:00:01 +0000] "GET /downloads/product_1 HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3 (2.6.1)")x");
    CHECK(
        event_of(document) ==
        R"x({"remote_ip":"192.0.2.1","remote_user":"-","request":"GET /downloads/product_1 HTTP/1.1","response":304,"bytes":0,"referrer":"-","agent":"Debian APT-HTTP/1.3 (2.6.1)"})x");
    CHECK(time_of(document) == "2026-11-29T10:00:01.000Z");
    CHECK_THAT(document, ContainsSubstring(R"("time_local":"29/Nov/2026:10:00:01 +0000")"));
    CHECK_THAT(document, !ContainsSubstring("_repaired"));
}

TEST_CASE("combined: an offset with minutes, IPv6, and a user's name with a space", "[lines]") {
    auto const document = made(
        R"x(2001:db8::1 - user name [29/Nov/2026:10:00:02 -0330] "POST /form HTTP/2.0" 201 42 "https://example.org/a?b=c" "Mozilla/5.0 (X11; Linux x86_64)")x");
    CHECK(
        event_of(document) ==
        R"x({"remote_ip":"2001:db8::1","remote_user":"user name","request":"POST /form HTTP/2.0","response":201,"bytes":42,"referrer":"https://example.org/a?b=c","agent":"Mozilla/5.0 (X11; Linux x86_64)"})x");
    CHECK(time_of(document) == "2026-11-29T13:30:02.000Z");
}

TEST_CASE("a virtual host before a combined line is no part of the address, and an IPv6 address no virtual host",
          "[lines]") {
    std::string const combined = R"( - - [29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 7 "-" "curl/8.5.0")";
    CHECK_THAT(made("example.org:443 192.0.2.9" + combined),
               ContainsSubstring(std::string{sample_event}) &&
                   ContainsSubstring(R"("server_name":"example.org","server_port":443)"));
    CHECK_THAT(made("2001:db8::1" + combined), ContainsSubstring(R"("remote_ip":"2001:db8::1","remote_user":"-")"));
}

TEST_CASE("combined: a user's name with a bracket or a forged time", "[lines]") {
    CHECK_THAT(
        made(R"(192.0.2.1 - zo\xC3\xAB [x] \x22y\x22 [29/Nov/2026:10:00:02 +0000] "GET / HTTP/1.1" 200 7 "-" "-")"),
        ContainsSubstring(R"("remote_user":"zoë [x] \"y\"","request":"GET / HTTP/1.1")"));
    CHECK_THAT(
        made(
            R"(192.0.2.1 - a [01/Jan/2000:00:00:00 +0000] b [29/Nov/2026:10:00:02 +0000] "GET / HTTP/1.1" 200 7 "-" "-")"),
        ContainsSubstring(R"("remote_user":"a [01/Jan/2000:00:00:00 +0000] b","request":"GET / HTTP/1.1")"));
    std::string many_brackets;
    for (int i = 0; i < 100; ++i) many_brackets += " [";
    CHECK_THAT(made("192.0.2.1 -" + many_brackets + R"([29/Nov/2026:10:00:02 +0000] "GET / HTTP/1.1" 200 7 "-" "-")"),
               ContainsSubstring(R"("event":{})"));
}

TEST_CASE("combined: an empty request, escaped quotes and backslashes, and the bytes of TLS", "[lines]") {
    CHECK(
        event_of(made(R"(192.0.2.2 - - [29/Nov/2026:10:00:03 +0000] "" 400 0 "-" "-")")) ==
        R"({"remote_ip":"192.0.2.2","remote_user":"-","request":"","response":400,"bytes":0,"referrer":"-","agent":"-"})");
    CHECK_THAT(
        made(
            R"(192.0.2.3 - - [29/Nov/2026:10:00:04 +0000] "GET /say\x22quoted\x22 HTTP/1.0" 404 153 "-" "agent with \x22quotes\x22 and a \x5C")"),
        ContainsSubstring(R"("request":"GET /say\"quoted\" HTTP/1.0")") &&
            ContainsSubstring(R"("agent":"agent with \"quotes\" and a \\")") && !ContainsSubstring("_repaired"));
    CHECK_THAT(made(R"(192.0.2.4 - - [29/Nov/2026:10:00:05 +0000] "\x16\x03\x01\x02\x00" 400 157 "-" "-")"),
               ContainsSubstring(R"("request":"\u0016\u0003\u0001\u0002\u0000")"));
}

TEST_CASE("combined: Apache's escaped quotes end no value, and its - for no bytes is 0", "[lines]") {
    auto const document =
        made(R"(192.0.2.3 - - [29/Nov/2026:10:00:04 +0000] "GET /\"x\" HTTP/1.0" 304 - "-" "a \"b\" \\")");
    CHECK(
        event_of(document) ==
        R"({"remote_ip":"192.0.2.3","remote_user":"-","request":"GET /\"x\" HTTP/1.0","response":304,"bytes":0,"referrer":"-","agent":"a \"b\" \\"})");
}

TEST_CASE("bytes that are not UTF-8 become private characters, which the document says", "[lines]") {
    stream lines;
    CHECK_THAT(
        lines.made(
            "192.0.2.4 - - [29/Nov/2026:10:00:05 +0000] \"GET /\xff\\xee HTTP/1.1\" 400 157 \"-\" \"caf\xc3\xa9\""),
        ContainsSubstring("GET /\uefff\uefee HTTP/1.1") && ContainsSubstring("café") &&
            ContainsSubstring(R"("_repaired":["utf8"])"));
    CHECK_THAT(lines.made("{\"request\":\"\xff\"}"),
               ContainsSubstring("\"request\":\"\uefff\"") && ContainsSubstring(R"("_repaired":["utf8"])"));
    CHECK_THAT(lines.made("\xef\xbb\xbf{\"request\":\"a\"}"),
               ContainsSubstring(R"("request":"a")") && ContainsSubstring(R"("_repaired":["front"])"));
    CHECK_THAT(lines.made(std::string_view{"\0\0\0{\"request\":\"a\"}", 18}),
               ContainsSubstring(R"("_repaired":["front"])"));
    CHECK(lines.count("lines_repaired_total") == 4);
}

TEST_CASE("JSON that nginx wrote without escape=json is read, as UTF-8 where it is", "[lines]") {
    CHECK_THAT(made(R"({"request":"GET /a?q=\x22x\x22 HTTP/1.1","agent":"said \x22hi\x22 \x5C done \n"})"),
               ContainsSubstring(R"("request":"GET /a?q=\"x\" HTTP/1.1")") &&
                   ContainsSubstring(R"("agent":"said \"hi\" \\ done \n")") &&
                   ContainsSubstring(R"("_repaired":["escapes"])"));
    CHECK_THAT(made(R"({"request":"GET /caf\xC3\xA9 HTTP/1.1"})"), ContainsSubstring("GET /café HTTP/1.1"));
    CHECK_THAT(made(R"({"request":"\x16\x03\x01\x00\xEE"})"),
               ContainsSubstring("\"request\":\"\\u0016\\u0003\\u0001\\u0000\uefee\"") &&
                   ContainsSubstring(R"("_repaired":["escapes","utf8"])"));
    CHECK_THAT(made(R"({"request":"a \\x41"})"),
               ContainsSubstring(R"("request":"a \\x41")") && !ContainsSubstring("_repaired"));
}

TEST_CASE("nginx's variable names are the fields, a request is put together, and numbers in quotes are numbers",
          "[lines]") {
    auto const first = made(
        R"({"time_iso8601":"2026-11-29T10:00:01+02:00","remote_addr":"198.51.100.7","remote_user":"","request":"GET /shop?item=7 HTTP/2.0","status":"200","body_bytes_sent":"5316","http_referer":"https://example.org/","http_user_agent":"Mozilla/5.0","request_time":"0.042","upstream_response_time":"0.001, 0.002 : -"})");
    CHECK(
        event_of(first) ==
        R"({"remote_ip":"198.51.100.7","remote_user":"","request":"GET /shop?item=7 HTTP/2.0","response":200,"bytes":5316,"referrer":"https://example.org/","agent":"Mozilla/5.0"})");
    CHECK(time_of(first) == "2026-11-29T08:00:01.000Z");
    CHECK_THAT(first, ContainsSubstring(R"("request_time":0.042,"upstream_response_time":[0.001,0.002,null])") &&
                          ContainsSubstring(R"("time_iso8601":"2026-11-29T10:00:01+02:00")"));
    auto const second = made(
        R"({"msec":"1795939202.123","remote_addr":"2001:db8::5","remote_user":"ann","request_method":"POST","request_uri":"/login","server_protocol":"HTTP/1.1","status":302,"body_bytes_sent":0,"http_referer":"","http_user_agent":"curl/8.5.0"})");
    CHECK(
        event_of(second) ==
        R"({"remote_ip":"2001:db8::5","remote_user":"ann","request":"POST /login HTTP/1.1","response":302,"bytes":0,"referrer":"","agent":"curl/8.5.0"})");
    CHECK(time_of(second) == "2026-11-29T08:00:02.123Z");
    CHECK_THAT(made(R"({"request":"GET / HTTP/1.1","request_method":"GET","request_uri":"/"})"),
               ContainsSubstring(R"("request":"GET / HTTP/1.1"})") &&
                   ContainsSubstring(R"("request_method":"GET","request_uri":"/")"));
}

TEST_CASE("JSON of Caddy, Traefik, ECS and OpenTelemetry", "[lines]") {
    auto const caddy = made(
        R"({"level":"info","ts":1646861401.524,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"41342","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"localhost","uri":"/a","headers":{"User-Agent":["curl/7.82.0"],"Accept":["*/*"]},"tls":{"resumed":false}},"bytes_read":0,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"]}})");
    CHECK(
        event_of(caddy) ==
        R"({"remote_ip":"192.0.2.7","remote_user":"","request":"GET /a HTTP/2.0","response":200,"bytes":10900,"agent":"curl/7.82.0"})");
    CHECK(time_of(caddy) == "2022-03-09T21:30:01.524Z");
    CHECK_THAT(caddy, ContainsSubstring(R"("request_time":0.000929675)") &&
                          ContainsSubstring(R"("request":{"remote_ip":"127.0.0.1")"));
    CHECK(
        event_of(made(
            R"({"ClientAddr":"192.0.2.1:5000","ClientHost":"192.0.2.1","ClientUsername":"-","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":123456,"RequestMethod":"GET","RequestPath":"/x","RequestProtocol":"HTTP/1.1","StartUTC":"2026-11-29T10:00:01.5Z","request_User-Agent":"curl/8.5.0"})")) ==
        R"({"remote_ip":"192.0.2.1","remote_user":"-","request":"GET /x HTTP/1.1","response":404,"bytes":19,"agent":"curl/8.5.0"})");
    CHECK(
        event_of(made(
            R"({"@timestamp":"2026-11-29T10:00:01Z","source":{"ip":"192.0.2.1"},"http":{"request":{"method":"GET"},"response":{"status_code":200,"body":{"bytes":7}},"version":"1.1"},"url":{"original":"/x"},"user_agent":{"original":"curl/8.5.0"}})")) ==
        R"({"remote_ip":"192.0.2.1","request":"GET /x 1.1","response":200,"bytes":7,"agent":"curl/8.5.0"})");
    CHECK(
        event_of(made(
            R"({"attributes":{"client.address":"192.0.2.1","http.request.method":"GET","url.path":"/x","http.response.status_code":200,"user_agent.original":"curl/8.5.0"}})")) ==
        R"({"remote_ip":"192.0.2.1","request":"GET /x","response":200,"agent":"curl/8.5.0"})");
}

TEST_CASE("a line that another program wrapped is the event, and what was around it stays", "[lines]") {
    stream lines;
    auto const docker = lines.made(
        R"({"container_id":"0123456789ab","container_name":"/web","source":"stdout","log":"{\"time\":\"29/Nov/2026:10:00:01 +0000\",\"remote_ip\":\"192.0.2.9\",\"remote_user\":\"-\",\"request\":\"GET / HTTP/1.1\",\"response\":200,\"bytes\":7,\"referrer\":\"-\",\"agent\":\"curl/8.5.0\"}"})");
    CHECK_THAT(docker,
               ContainsSubstring(std::string{sample_event}) &&
                   ContainsSubstring(R"("container_id":"0123456789ab","container_name":"/web","source":"stdout"})"));
    CHECK(time_of(docker) == "2026-11-29T10:00:01.000Z");
    auto const filebeat = lines.made(
        R"({"@timestamp":"2026-11-29T10:00:01.100Z","log":{"offset":7},"agent":{"name":"a"},"message":"192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl/8.5.0\"\n","host":{"name":"web1"}})");
    CHECK_THAT(filebeat, ContainsSubstring(std::string{sample_event}) &&
                             ContainsSubstring(R"("host":{"name":"web1"})") &&
                             ContainsSubstring(R"("@timestamp_original":"2026-11-29T10:00:01.100Z")") &&
                             ContainsSubstring(R"("agent":{"name":"a"})") && !ContainsSubstring(R"("message")"));
    CHECK(lines.count("lines_unwrapped_total") == 2);
    CHECK(lines.count("lines_without_fields_total") == 0);
}

TEST_CASE("a message beside known fields is no wrapping, and one that says nothing known stays as it is", "[lines]") {
    CHECK_THAT(made(R"({"status":500,"message":"{\"status\":200}"})"),
               ContainsSubstring(R"("response":500)") && ContainsSubstring(R"("message":"{\"status\":200}")"));
    stream lines;
    CHECK_THAT(lines.made(R"({"level":"info","message":"started"})"),
               ContainsSubstring(R"("event":{})") && ContainsSubstring(R"("level":"info","message":"started")"));
    CHECK(lines.count("lines_without_fields_total") == 1);
    CHECK(lines.count("lines_unwrapped_total") == 0);
}

TEST_CASE("the headers of containers' log files and of syslog are around the line", "[lines]") {
    stream lines;
    std::string const combined =
        R"(192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 7 "-" "curl/8.5.0")";
    CHECK_THAT(lines.made("2026-11-29T10:00:01.123456789Z stdout F " + combined),
               ContainsSubstring(std::string{sample_event}) && ContainsSubstring(R"("stream":"stdout")"));
    CHECK_THAT(lines.made("<190>Nov 29 10:00:01 web1 nginx: " + combined),
               ContainsSubstring(std::string{sample_event}) &&
                   ContainsSubstring(R"("syslog_host":"web1","syslog_program":"nginx")") &&
                   ContainsSubstring(R"("syslog_priority":190)"));
    CHECK_THAT(lines.made("<165>1 2026-11-29T10:00:01.003Z web1 nginx 8710 - [a@1 b=\"c ] d\"] " + combined),
               ContainsSubstring(std::string{sample_event}) && ContainsSubstring(R"("syslog_pid":8710)") &&
                   ContainsSubstring(R"("syslog_data":"[a@1 b=\"c ] d\"]")"));
    CHECK_THAT(lines.made(R"(<190>Nov 29 10:00:01 web1 nginx: {"request":"GET / HTTP/1.1"})"),
               ContainsSubstring(R"("event":{"request":"GET / HTTP/1.1"})"));
}

TEST_CASE("all that a syslog header says stays: times, severity, message id and structured data", "[lines]") {
    stream lines;
    std::string const json = R"({"request":"GET / HTTP/1.1"})";
    CHECK_THAT(lines.made("<190>Nov  9 10:00:01 nginx: " + json),
               ContainsSubstring(R"("syslog_time":"Nov  9 10:00:01")") &&
                   ContainsSubstring(R"("syslog_severity":"info")") &&
                   ContainsSubstring(R"("syslog_program":"nginx")"));
    CHECK_THAT(lines.made("<11>1 2026-11-29T10:00:01Z web1 app - ID47 - " + json),
               ContainsSubstring(R"("syslog_message_id":"ID47")") && ContainsSubstring(R"("syslog_severity":"err")") &&
                   !ContainsSubstring("syslog_data"));
    // rsyslog's SyslogProtocol23Format has two spaces.
    CHECK_THAT(lines.made("<13>1 2026-11-29T10:00:01Z web1 app - - -  java.lang.Exception: no x"),
               ContainsSubstring(R"("message":"java.lang.Exception: no x")"));
    // rsyslog's ForwardFormat.
    CHECK_THAT(lines.made("<13>2026-11-29T10:00:01.123456+01:00 web1 nginx[7]: " + json),
               ContainsSubstring(R"("event":{"request":"GET / HTTP/1.1"})") &&
                   ContainsSubstring(R"("envelope_time":"2026-11-29T10:00:01.123456+01:00")") &&
                   ContainsSubstring(R"("syslog_host":"web1","syslog_program":"nginx","syslog_pid":7)"));
}

TEST_CASE("the format of text is chosen by a stream's first line and said; what is of another is carried whole",
          "[lines]") {
    stream lines;
    std::string const combined =
        R"(192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 7 "-" "curl/8.5.0")";
    CHECK_THAT(lines.made("java.lang.Exception: no x=1"),
               ContainsSubstring(R"("message":"java.lang.Exception: no x=1")"));
    CHECK(lines.chosen().empty());
    CHECK_THAT(lines.made(combined), ContainsSubstring(std::string{sample_event}));
    CHECK_THAT(lines.made(combined.substr(0, 60), "other"), ContainsSubstring(R"("message":)"));
    CHECK_THAT(lines.made("at=info method=GET path=\"/a b\" status=200 bytes=7", "heroku"),
               ContainsSubstring(R"("event":{"request":"GET /a b","response":200,"bytes":7})"));
    CHECK_THAT(lines.made("\tat a.b(C.java:7)"), ContainsSubstring(R"x("message":"\tat a.b(C.java:7)")x"));
    CHECK_THAT(lines.made(R"({"request":"x"})"), ContainsSubstring(R"("event":{"request":"x"})"));
    CHECK(lines.chosen() == "app.follow: combined, heroku: logfmt");
    CHECK(lines.count("lines_raw_total") == 3);
}

TEST_CASE("nginx's error log", "[lines]") {
    CHECK_THAT(
        made(
            R"x(2026/11/29 10:00:01 [error] 12#13: *5 open() "/srv/x, y" failed (2: No such file or directory), client: 192.0.2.1, server: _, request: "GET /x HTTP/1.1", host: "example.org")x"),
        ContainsSubstring(R"("event":{"remote_ip":"192.0.2.1","request":"GET /x HTTP/1.1"})") &&
            ContainsSubstring(R"("level":"error","pid":12,"tid":13,"connection":5,)") &&
            ContainsSubstring(R"x("message":"open() \"/srv/x, y\" failed (2: No such file or directory)")x") &&
            ContainsSubstring("\"@timestamp\":\"2026-11-29T10:00:01.000Z\""));
    CHECK_THAT(made("2026/11/29 10:00:01 [notice] 1#1: start worker processes", "nginx-error"),
               ContainsSubstring(R"("message":"start worker processes")"));
}

TEST_CASE("any log_format string of nginx", "[lines]") {
    constexpr std::string_view format =
        R"($remote_addr|${host}|[$time_local] "$request" $status rt=$request_time up="$upstream_response_time")";
    CHECK_THAT(
        made(R"(192.0.2.1|example.org|[29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 rt=0.010 up="0.001, 0.002")",
             std::string{format}),
        ContainsSubstring(R"("event":{"remote_ip":"192.0.2.1","request":"GET / HTTP/1.1","response":200})") &&
            ContainsSubstring(
                R"("request_time":0.010,"upstream_response_time":[0.001,0.002],"http_host":"example.org")"));
    CHECK_THAT(made("192.0.2.1 GET /", std::string{format}), ContainsSubstring("rejected: not of the format"));
    CHECK(fault_of_format("$a$b").find("$b follows $a without anything between them") != std::string::npos);
    CHECK(fault_of_format("$a $a").find("duplicate variable $a") != std::string::npos);
    CHECK(fault_of_format("${a b").find("a $ must be followed by a variable's name") != std::string::npos);
    CHECK(fault_of_format("combind").find("did you mean \"combined\"?") != std::string::npos);
}

TEST_CASE("keys that an index would take for something else get another name", "[lines]") {
    CHECK_THAT(
        made(R"({"bytes":1,"event.response":500,"time.local":"x","_id":"y","":2,"a..b":3})"),
        ContainsSubstring(R"("event":{"bytes":1})") &&
            ContainsSubstring(R"("event_response":500,"time_local":"x","_id_original":"y","_original":2,"a__b":3})"));
}

TEST_CASE("an empty batch stays empty", "[normalize]") {
    batch none;
    make_normalize({})->apply(none);
    REQUIRE(none.transformed);
    REQUIRE(none.documents.empty());
}

TEST_CASE("as logged, a line has its own time, but for the original's JSON, whose time the mapping drops", "[lines]") {
    auto const logged = [](std::string_view line) { return time_of(made(line, "auto", timestamp_from::logged)); };
    CHECK(logged(R"(192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] "GET / HTTP/1.1" 200 7 "-" "c")") ==
          "2026-11-29T10:00:01.000Z");
    CHECK(logged(R"({"msec":"1795939202.123","status":200})") == "2026-11-29T08:00:02.123Z");
    CHECK(logged(R"({"time":"29/Nov/2026:10:00:01 +0000","response":200})") == "2026-01-31T01:31:39.995Z");
    CHECK(logged(R"({"response":200})") == "2026-01-31T01:31:39.995Z");
}

TEST_CASE("lines of several containers under one tag have a format for each container", "[lines]") {
    stream lines;
    auto const of = [&](std::string_view container, std::string_view text) {
        return lines.made(fmt::format(R"({{"container_name":"/{}","source":"stdout","log":"{}"}})", container, text),
                          "docker");
    };
    constexpr std::string_view access =
        R"(192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl/8.5.0\")";
    constexpr std::string_view vhost =
        R"(example.org:443 192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl/8.5.0\")";
    for (int i = 0; i < 2; ++i) {
        CHECK_THAT(event_of(of("web", access)), ContainsSubstring(R"("remote_ip":"192.0.2.9")"));
        CHECK_THAT(event_of(of("proxy", vhost)), ContainsSubstring(R"("remote_ip":"192.0.2.9")"));
    }
    CHECK(lines.count("lines_unwrapped_total") == 4);
    CHECK(lines.chosen() == "docker /web: combined, docker /proxy: vhost_combined");
}

TEST_CASE("a quote within quotes is escaped in the document", "[lines]") {
    CHECK_THAT(made(R"(192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] "GET /"x HTTP/1.1" 200 7 "-" "-")"),
               ContainsSubstring(R"("request":"GET /\"x HTTP/1.1")"));
}

TEST_CASE("what a format that does not fit would have mended is not said of the line", "[lines]") {
    auto const document = made(R"(192.0.2.9 - \xff [29/Nov/2026:10:00:01 +0000] and more)");
    CHECK_THAT(document, ContainsSubstring(R"(- \\xff [)") && !ContainsSubstring("_repaired"));
}
