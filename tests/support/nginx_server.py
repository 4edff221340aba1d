"""A real nginx that writes its access log in several formats at once, and requests of every kind for it."""

import base64
import dataclasses
import pathlib
import shutil
import signal
import socket

from logpipe_process import Failed, Process, free_port, wait_until_it_listens

START_SECONDS_MAX = 30
TIMEOUT_SECONDS = 30
BROKEN_BYTE_BASE = 0xEF00  # a byte that is not UTF-8 in a document

# As in nginx.conf. "default": nginx's own escapes in JSON, which make it no JSON; "variables": nginx's names as keys.
LOG_FORMATS = {
    "escaped": r"""escape=json '{"time": "$time_local", "remote_ip": "$remote_addr", "remote_user": "$remote_user", '
        '"request": "$request", "response": $status, "bytes": $body_bytes_sent, "referrer": "$http_referer", '
        '"agent": "$http_user_agent"}'""",
    "default": r"""'{"time": "$time_local", "remote_ip": "$remote_addr", "remote_user": "$remote_user", '
        '"request": "$request", "response": $status, "bytes": $body_bytes_sent, "referrer": "$http_referer", '
        '"agent": "$http_user_agent"}'""",
    "variables": r"""escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr","remote_user":"$remote_user",'
        '"request":"$request","status":"$status","body_bytes_sent":"$body_bytes_sent","http_referer":"$http_referer",'
        '"http_user_agent":"$http_user_agent","request_time":"$request_time",'
        '"upstream_response_time":"$upstream_response_time","upstream_status":"$upstream_status"}'""",
    "custom": r"""'$remote_addr|$remote_user|$server_port|$time_iso8601|"$request" $status $body_bytes_sent rt=$request_time '
        'upstream="$upstream_response_time" of "$upstream_status" "$http_referer" "$http_user_agent"'""",
}
NAMES = ("combined", *LOG_FORMATS)

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    large_client_header_buffers 4 32k;
    include {folder}/formats.conf;
    upstream two {{
        server 127.0.0.1:{closed};
        server 127.0.0.1:{port} backup;
    }}
    server {{
        listen 127.0.0.1:{port};
        listen [::1]:{port};
        access_log {folder}/combined.log;
{logs}
        root {folder}/html;
        location = /upstream {{ proxy_pass http://two/behind; }}
        location = /behind {{ access_log off; return 200 "from the upstream"; }}
    }}
}}
"""


@dataclasses.dataclass
class Sent:
    """A request as it went out, and what came back. An empty `user`, `referrer` or `agent` was not sent, or not read."""

    request: bytes
    status: int
    bytes: int
    address: str
    user: bytes
    referrer: bytes
    agent: bytes


def text_of(value):
    """Bytes as a document has them."""
    text = value.decode("utf-8", "surrogateescape")
    return "".join(chr(ord(c) - 0xDC00 + BROKEN_BYTE_BASE) if "\udc80" <= c <= "\udcff" else c for c in text)


def event_of(sent, missing="-"):
    """The document's event. `missing`: what nginx writes for what was not sent."""
    def text(value):
        return text_of(value) if value else missing
    return {"remote_ip": sent.address, "remote_user": text(sent.user), "request": text_of(sent.request), "response": sent.status,
            "bytes": sent.bytes, "referrer": text(sent.referrer), "agent": text(sent.agent)}


def is_utf8(sent):
    try:
        for value in (sent.request, sent.user, sent.referrer, sent.agent):
            value.decode()
    except UnicodeDecodeError:
        return False
    return True


class AskedServer:
    """A server that answers HTTP at 127.0.0.1:`port`, with a page in `folder`/html. Ends with its block."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.running = None

    def begin(self, name, *words):
        program = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
        if program is None:
            raise Failed(f"{name} is not installed: scripts/setup.sh --tests")
        (self.folder / "html").mkdir()
        (self.folder / "html/index.html").write_text("welcome\n")
        self.running = Process(name, self.folder, [program, *words])
        try:
            wait_until_it_listens(f"127.0.0.1:{self.port}", START_SECONDS_MAX)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.running.last_lines()}") from None
        return self

    def __exit__(self, *failure):
        self.running.kill()

    def send(self, message, request, address="127.0.0.1", user=b"", referrer=b"", agent=b""):
        """Sends these bytes and waits for the connection's end. @return what a document must say of it"""
        with socket.create_connection((address, self.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(message)
            if not request:  # there is nothing to answer, until nothing more can come
                connection.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1]) if head else 400
        return Sent(request, status, len(body), address, user, referrer, agent)

    def ask(self, target, method=b"GET", version=b"HTTP/1.1", user=b"", referrer=b"", agent=b"", **more):
        request = method + b" " + target + b" " + version
        fields = [request, b"Host: localhost", b"Connection: close"]
        if user:
            fields.append(b"Authorization: Basic " + base64.b64encode(user + b":secret"))
        if referrer:
            fields.append(b"Referer: " + referrer)
        if agent:
            fields.append(b"User-Agent: " + agent)
        return self.send(b"\r\n".join(fields) + b"\r\n\r\n", request=request, user=user, referrer=referrer, agent=agent, **more)


class Nginx(AskedServer):
    """`logs`: file by name of the format; `conf`: its configuration; `also`: further access logs."""

    def __init__(self, folder, also=()):
        super().__init__(folder)
        self.also = also
        self.logs = {name: self.folder / f"{name}.log" for name in NAMES}
        self.conf = self.folder / "nginx.conf"

    def __enter__(self):
        (self.folder / "formats.conf").write_text("".join(f"log_format {name} {text};\n" for name, text in LOG_FORMATS.items()))
        self.conf.write_text(CONFIGURATION.format(
            folder=self.folder, port=self.port, closed=free_port(),
            logs="\n".join(f"        access_log {log};" for log in (*(f"{self.logs[name]} {name}" for name in LOG_FORMATS), *self.also))))
        # In the foreground and as one process, so that it ends with the test.
        return self.begin("nginx", "-p", self.folder, "-c", self.conf, "-g", "master_process off;")

    def stop(self):
        """After this every line is in its file."""
        self.running.child.send_signal(signal.SIGQUIT)
        self.running.must_end_well(START_SECONDS_MAX)


# What a browser's TLS library says first; here to a port that speaks no TLS.
TLS_HELLO = bytes.fromhex("16030100a5010000a10303") + bytes(range(0x80, 0xA0)) + b"\x20" + bytes(range(0xE0, 0x100)) + bytes.fromhex(
    "0008130213031301 00ff0100".replace(" ", ""))
LONG_TARGET = b"/long?" + b"0123456789abcdef" * 512


def send_all_kinds(nginx):
    """@return what was sent, in the order of nginx's lines"""
    return [
        nginx.ask(b"/", agent=b"curl/8.5.0"),
        nginx.ask(b"/", b"HEAD", agent=b"curl/8.5.0", referrer=b"https://example.org/a?b=c"),
        nginx.ask(b"/", version=b"HTTP/1.0"),
        nginx.ask(b"/", b"POST", agent=b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"),
        nginx.ask(b"/not/there", agent=b"curl/8.5.0"),
        nginx.ask(b'/say"quoted"\\and\\x41', agent=b'agent with "quotes", a \\ and \\"both\\"', referrer=b'http://example.org/"q"\\'),
        nginx.ask("/café/日本".encode(), agent="Käfer 🪲".encode()),
        nginx.ask(b"/raw\xff\xfe/caf\xe9?q=\xc3", agent=b"latin \xe9 agent", referrer=b"http://example.org/\x80"),
        nginx.ask(b"/both\xff\"\\", agent=b"\"\xe9\\"),
        nginx.ask(b"/tab", agent=b"a\ttab and \x7f"),
        nginx.ask(b"/users", user=b"user name", agent=b"curl/8.5.0"),
        nginx.ask(b"/users", user="zoë [x] \"y\" \\".encode(), agent=b"curl/8.5.0"),
        nginx.ask(b"/%22%5C%ff?a=%0a", agent=b"curl/8.5.0"),
        nginx.ask(LONG_TARGET, agent=b"curl/8.5.0"),
        nginx.ask(b"/", address="::1", agent=b"curl/8.5.0"),
        nginx.ask(b"/upstream", agent=b"curl/8.5.0"),
        nginx.send(b'GET /a" 200 7 "-" "no agent HTTP/1.1\r\n\r\n', b'GET /a" 200 7 "-" "no agent HTTP/1.1'),
        nginx.ask(b'/a"', agent=b'x" 500 1 "y'),
        nginx.ask(b"/pipes|and|more", agent=b"a|b"),
        nginx.send(TLS_HELLO, TLS_HELLO),
        nginx.send(b"\r\n", b""),
        nginx.send(b"\x00\x01garbage \"\\\xff\r\n\r\n", b"\x00\x01garbage \"\\\xff"),
        nginx.send(b"HELP\r\n\r\n", b"HELP"),
        nginx.ask(b"/{\"json\":\"\\u0041\\x41\"}", agent=b'{"a":"\\n"}'),
    ]


def log_format_text(name):
    """A format of LOG_FORMATS as --format takes it: nginx puts its quoted words together."""
    words = LOG_FORMATS[name].split("'")
    return "".join(words[1::2])
