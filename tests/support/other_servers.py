"""A real Apache and a real Caddy that log requests, and requests for them."""

from nginx_server import LONG_TARGET, START_SECONDS_MAX, AskedServer

APACHE = """
ServerRoot {modules}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
ErrorLog {folder}/error.log
DocumentRoot {folder}/html
LimitRequestLine 32768
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog {folder}/combined.log combined
CustomLog {folder}/vhost_combined.log vhost_combined
CustomLog {folder}/common.log common
"""

CADDY = """
{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    log {{
        output file {folder}/access.log
        format json
    }}
    respond / "welcome" 200
    respond /users 204
    respond "not here" 404
}}
"""


class OtherServer(AskedServer):
    """Its logs lie in `folder`."""

    def stop(self):
        """After this every line is in its file."""
        self.running.child.terminate()
        self.running.child.wait(START_SECONDS_MAX)


class Apache(OtherServer):
    def __enter__(self):
        conf = self.folder / "apache.conf"
        conf.write_text(APACHE.format(folder=self.folder, port=self.port, modules="/usr/lib/apache2"))
        return self.begin("apache2", "-f", conf, "-D", "FOREGROUND")


class Caddy(OtherServer):
    def __enter__(self):
        conf = self.folder / "Caddyfile"
        conf.write_text(CADDY.format(folder=self.folder, port=self.port))
        return self.begin("caddy", "run", "--config", conf, "--adapter", "caddyfile")


def send_usual_kinds(server):
    """@return what was sent, in the order of the lines"""
    return [
        server.ask(b"/", agent=b"curl/8.5.0"),
        server.ask(b"/", b"HEAD", agent=b"curl/8.5.0", referrer=b"https://example.org/a?b=c"),
        server.ask(b"/", version=b"HTTP/1.0"),
        server.ask(b"/not/there", agent=b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"),
        server.ask(b"/say?a=%22%5C%ff&b=1", agent=b'agent with "quotes", a \\ and \\"both\\"', referrer=b'http://example.org/"q"\\'),
        server.ask("/?q=café".encode(), agent="Käfer 🪲".encode()),
        server.ask(b"/users?" + LONG_TARGET, agent=b"curl/8.5.0"),
        server.ask(b"/{\"json\":\"A\"}", agent=b'{"a":"\\n"}'),
    ]
