"""Lines as the usual web servers write them, made up from what their documents say, and an independent reading of them.

    nginx       https://nginx.org/en/docs/http/ngx_http_log_module.html
    Apache      https://httpd.apache.org/docs/2.4/mod/mod_log_config.html
    Caddy       https://caddyserver.com/docs/logging
    Traefik     https://doc.traefik.io/traefik/observability/access-logs/
    Kubernetes  https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/
"""

import dataclasses
import datetime
import json
import random
import re

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0", "Go-http-client/1.1", "kube-probe/1.29", "python-requests/2.32.3", "",
    'odd "quoted" agent', "back\\slash", "() { :; }; echo x", "Käse/1.0",
)
REFERRERS = ("", "", "https://www.example.org/", "https://example.com/search?q=a%20b&page=2", 'https://example.net/?"', "android-app://org.example/")
PATHS = ("/", "/index.html", "/api/v1/users/{}", "/static/app.{}.js", "/wp-login.php", "/search?q=log+pipe&n={}", "/a%20b/c%22d", "/.env",
         "/~user/;x=1", "/grafik/%C3%A4.png", "//double//slash", "/very/" + "long/" * 60 + "{}", "/?id=1'%20OR%201=1--", "/a[0]=b|c")
METHODS = ("GET",) * 12 + ("POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND")
STATUSES = (200,) * 10 + (301, 302, 304, 304, 400, 401, 403, 404, 404, 429, 499, 500, 502, 503)
# What is no request of HTTP/1: other protocols, proxies' requests, nothing at all.
ODD_REQUESTS = (b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03", b"", b"-", b"GET /", b"PRI * HTTP/2.0", b"CONNECT example.org:443 HTTP/1.1",
                b"GET http://example.org/ HTTP/1.1", b"SSH-2.0-Go", b"\x03\x00\x00/*\xe0\x00\x00", b'GET /"x" HTTP/1.0', b"* * *")


@dataclasses.dataclass
class Request:
    """What the line is of."""

    address: str
    user: str
    time: datetime.datetime
    line: bytes
    status: int
    bytes: int
    referrer: str
    agent: str


@dataclasses.dataclass
class Reading:
    """What an independent parser says of a line."""

    address: str
    request: str
    status: int
    bytes: int


def made_requests(count, seed):
    dice = random.Random(seed)
    time = datetime.datetime(2026, 11, 29, 10, 0, 0, tzinfo=datetime.timezone.utc)
    for _ in range(count):
        time += datetime.timedelta(milliseconds=dice.randrange(2000))
        address = (".".join(str(dice.randrange(1, 255)) for _ in range(4)) if dice.random() < 0.8 else
                   ":".join(f"{dice.randrange(1, 65536):x}" for _ in range(8)) if dice.random() < 0.7 else f"2001:db8::{dice.randrange(65536):x}")
        status = dice.choice(STATUSES)
        if dice.random() < 0.02:
            line, status = dice.choice(ODD_REQUESTS), 400
        else:
            line = f"{dice.choice(METHODS)} {dice.choice(PATHS).format(dice.randrange(10_000))} HTTP/{dice.choice(('1.0', '1.1', '1.1', '2.0'))}".encode()
        no_body = status == 304 or line.startswith(b"HEAD")
        yield Request(address, dice.choice(("",) * 20 + ("ann", "bob@example.org", "jean luc")), time, line, status,
                      0 if no_body else int(10 ** dice.uniform(0, 7)), dice.choice(REFERRERS), dice.choice(AGENTS))


def _nginx_text(value):
    """nginx's escapes: quotes, backslashes and all that is no ASCII, by their number."""
    value = value if isinstance(value, bytes) else value.encode()
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}" for byte in value)


def _apache_text(value):
    """Apache's: C's escapes, and \\xhh."""
    value = value if isinstance(value, bytes) else value.encode()
    names = {ord('"'): '\\"', ord("\\"): "\\\\", 10: "\\n", 9: "\\t", 13: "\\r", 8: "\\b", 11: "\\v"}
    return "".join(names.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in value)


def _local(time):
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000")


def _common(request, text, no_bytes="0"):
    return (f'{request.address} - {text(request.user) or "-"} [{_local(request.time)}] "{text(request.line)}" {request.status} '
            f"{request.bytes or no_bytes}")


def _combined(request, text, no_bytes="0"):
    return f'{_common(request, text, no_bytes)} "{text(request.referrer) or "-"}" "{text(request.agent) or "-"}"'


def nginx_combined(request, _):
    return _combined(request, _nginx_text)


def nginx_main(request, dice):
    return f'{_combined(request, _nginx_text)} "{dice.choice(("-", "203.0.113.7", "203.0.113.7, 10.0.0.2"))}"'


def ingress_nginx(request, dice):
    upstream = "10.244.0.7:8080 {} 0.012 200" if dice.random() < 0.9 else "10.244.0.7:8080, 10.244.0.8:8080 0, {} 1.000, 0.012 502, 200"
    return (f"{_combined(request, _nginx_text)} {dice.randrange(100, 900)} 0.013 [default-web-80] [] {upstream.format(request.bytes)} "
            f"{dice.randbytes(16).hex()}")


def apache_common(request, _):
    return _common(request, _apache_text, "-")


def apache_combined(request, _):
    return _combined(request, _apache_text, "-")


def apache_vhost_combined(request, dice):
    return f"{dice.choice(('www.example.org', 'example.com', '127.0.1.1'))}:{dice.choice((80, 443))} {_combined(request, _apache_text, '-')}"


def apache_combinedio(request, dice):
    return f"{_combined(request, _apache_text, '-')} {dice.randrange(100, 900)} {request.bytes + 300}"


def traefik_common(request, dice):
    return (f'{request.address} - {request.user or "-"} [{_local(request.time)}] "{_nginx_text(request.line)}" {request.status} {request.bytes} '
            f'"{_nginx_text(request.referrer) or "-"}" "{_nginx_text(request.agent) or "-"}" {dice.randrange(10 ** 6)} "web@docker" '
            f'"http://172.18.0.2:80" {dice.randrange(900)}ms')


def _words(request):
    method, _, rest = request.line.decode("utf-8", "replace").partition(" ")
    path, _, protocol = rest.rpartition(" ")
    return method, path, protocol


def caddy_json(request, dice):
    method, path, protocol = _words(request)
    headers = {"User-Agent": [request.agent], "Referer": [request.referrer], "Accept": ["*/*"]}
    return json.dumps({
        "level": "info", "ts": request.time.timestamp(), "logger": "http.log.access.log0", "msg": "handled request",
        "request": {"remote_ip": request.address, "remote_port": str(dice.randrange(1024, 65536)), "client_ip": request.address, "proto": protocol,
                    "method": method, "host": "example.org", "uri": path, "headers": {key: value for key, value in headers.items() if value[0]},
                    "tls": {"resumed": False, "version": 772, "cipher_suite": 4865, "proto": "h2", "server_name": "example.org"}},
        "bytes_read": 0, "user_id": request.user, "duration": dice.random(), "size": request.bytes, "status": request.status,
        "resp_headers": {"Server": ["Caddy"], "Content-Type": ["text/html; charset=utf-8"]}}, separators=(",", ":"), ensure_ascii=False)


def traefik_json(request, dice):
    method, path, protocol = _words(request)
    line = {
        "ClientAddr": f"{request.address}:{dice.randrange(1024, 65536)}", "ClientHost": request.address, "ClientPort": "5000",
        "ClientUsername": request.user or "-", "DownstreamContentSize": request.bytes, "DownstreamStatus": request.status,
        "Duration": dice.randrange(10 ** 9), "OriginContentSize": request.bytes, "OriginDuration": dice.randrange(10 ** 9),
        "OriginStatus": request.status, "Overhead": 51_000, "RequestAddr": "example.org", "RequestContentSize": 0, "RequestCount": 7,
        "RequestHost": "example.org", "RequestMethod": method, "RequestPath": path, "RequestPort": "-", "RequestProtocol": protocol,
        "RequestScheme": "https", "RetryAttempts": 0, "RouterName": "web@docker", "ServiceName": "web@docker",
        "StartLocal": request.time.isoformat(), "StartUTC": request.time.isoformat().replace("+00:00", "Z"), "entryPointName": "websecure",
        "level": "info", "msg": "", "time": request.time.replace(microsecond=0).isoformat().replace("+00:00", "Z")}
    if request.agent:
        line["request_User-Agent"] = request.agent
    if request.referrer:
        line["request_Referer"] = request.referrer
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)


# --format NAME: how each is written, by the name that is chosen for it.
TEXT_SERVERS = {
    "nginx": (nginx_combined, "combined"), "nginx's packages": (nginx_main, "main"), "ingress-nginx": (ingress_nginx, "combined_and_more"),
    "Apache's common": (apache_common, "common"), "Apache's combined": (apache_combined, "combined"),
    "Apache's virtual hosts": (apache_vhost_combined, "vhost_combined"), "Apache's combinedio": (apache_combinedio, "combined_and_more"),
    "Traefik": (traefik_common, "traefik"),
}
JSON_SERVERS = {"Caddy": caddy_json, "Traefik's JSON": traefik_json}

_TEXT_LINE = re.compile(r'(?:\S+:\d+ )?(?P<address>[0-9A-Fa-f.:]+) \S+ .*? \[[^\]]+\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d+) (?P<bytes>\d+|-)(?: |$)')
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v"}


def read_text_line(line):
    found = _TEXT_LINE.match(line)
    request = _ESCAPE.sub(lambda each: bytes.fromhex(each[1].decode()) if each[1] else _NAMED.get(each[2], each[2]), found["request"].encode())
    return Reading(found["address"], request.decode("utf-8", "surrogateescape"), int(found["status"]),
                   0 if found["bytes"] == "-" else int(found["bytes"]))


def read_caddy(line):
    said = json.loads(line)
    asked = said["request"]
    return Reading(asked["client_ip"], f"{asked['method']} {asked['uri']} {asked['proto']}", said["status"], said["size"])


def read_traefik(line):
    said = json.loads(line)
    return Reading(said["ClientHost"], f"{said['RequestMethod']} {said['RequestPath']} {said['RequestProtocol']}", said["DownstreamStatus"],
                   said["DownstreamContentSize"])


JSON_READERS = {"Caddy": read_caddy, "Traefik's JSON": read_traefik}
