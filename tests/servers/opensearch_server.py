"""Real OpenSearch, one node, on free ports of localhost."""

import base64
import http.client
import json
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request

from jars import OPENSEARCH_VERSION, class_path, fetched_opensearch, needs_newer_java, newer_java
from jvm import START_SECONDS_MAX, Failed, Folder, JavaServer, started_on_free_ports
from tls import make_tls

ADMIN, ADMIN_PASSWORD = "admin", "admin"  # comes with the security plugin
USER, PASSWORD = "logpipe", "Opens-sesame-0"  # may do everything
STRANGER, STRANGER_PASSWORD = "stranger", "Says-simsalabim-0"  # is known, and may do nothing

LOG4J = """status = error
appender.file.type = File
appender.file.name = file
appender.file.fileName = {log}
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d][%-5p][%c{{1.}}] %m%n
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""
SECURE = """plugins.security.ssl.transport.pemcert_filepath: server.pem
plugins.security.ssl.transport.pemkey_filepath: server.key
plugins.security.ssl.transport.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.transport.enforce_hostname_verification: false
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: server.pem
plugins.security.ssl.http.pemkey_filepath: server.key
plugins.security.ssl.http.pemtrustedcas_filepath: ca.pem
plugins.security.allow_default_init_securityindex: true
plugins.security.nodes_dn: ["CN=localhost"]
plugins.security.restapi.roles_enabled: ["all_access"]
plugins.security.audit.type: noop
"""


class OpenSearchServer(JavaServer):
    """Without `secure` plain HTTP for everybody; with it HTTPS, where users show name and password. Ends with its block.

    Its version is $LOGPIPE_TEST_OPENSEARCH, with `secure` always the one of jars.py. `settings` are more of OpenSearch's, as
    ("key=value", …). `address`: HOST:PORT; `url`; `tls`: folder of the certificates."""

    def __init__(self, secure=False, folder=None, heap="512m", settings=()):
        self.kept = Folder(folder, "opensearch")
        super().__init__("opensearch", self.kept.path)
        self.log = self.folder / "logs" / "server.log"
        self.secure, self.heap, self.settings = secure, heap, settings
        self.version = OPENSEARCH_VERSION if secure else os.environ.get("LOGPIPE_TEST_OPENSEARCH") or OPENSEARCH_VERSION
        self.jars = None
        self.port = self.transport_port = self.tls = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self.kill()  # no data to be kept
        self.kept.remove()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{'https' if self.secure else 'http'}://{self.address}"

    def start(self):
        """The first time on free ports, then on the data and ports of before. Nothing to do where it runs."""
        if self.port is not None:
            if not self.runs():
                self._launch_and_wait()
            return
        # Fetched before ports are chosen.
        self.jars = fetched_opensearch(self.version, self.secure)
        if needs_newer_java(self.version):
            self.java = newer_java()

        def start_new(ports):
            self.kept.empty()
            self._configure()
            self.port, self.transport_port = ports
            try:
                self._launch_and_wait()
            except BaseException:
                self.kill()
                self.port = None
                raise
            if self.secure:
                self._add_users()
        started_on_free_ports(2, start_new)

    def _configure(self):
        for name in ("config", "data", "logs", "plugins", "tmp"):
            (self.folder / name).mkdir()
        config = self.folder / "config"
        (config / "log4j2.properties").write_text(LOG4J.format(log=self.log), encoding="ascii")
        (config / "opensearch.yml").write_text(SECURE if self.secure else "", encoding="ascii")
        if self.secure:
            self.tls = make_tls(self.folder / "tls")
            plugin = self.folder / "plugins" / "opensearch-security"
            shutil.copytree(self.jars / "plugin", plugin)
            shutil.move(plugin / "config", config / "opensearch-security")
            for name in ("server.pem", "server.key", "ca.pem"):
                shutil.copy(self.tls / name, config)

    def _launch_and_wait(self):
        self.launch([f"-Xms{self.heap}", f"-Xmx{self.heap}", f"-Djava.io.tmpdir={self.folder / 'tmp'}", "-Dlog4j2.disable.jmx=true",
                     "-cp", class_path(self.jars), "OpenSearchNode", f"path.home={self.folder}", f"path.data={self.folder / 'data'}",
                     f"path.logs={self.folder / 'logs'}", "cluster.name=logpipe-tests", "node.name=node-1",
                     "discovery.type=single-node", "network.host=127.0.0.1", f"http.port={self.port}",
                     f"transport.port={self.transport_port}",
                     "cluster.routing.allocation.disk.threshold_enabled=false",
                     # The serial collector lets garbage lie until room is wanted; counted as used, it would have requests refused.
                     "indices.breaker.total.use_real_memory=false", *self.settings])
        self.wait_until(self._ready)

    def _ready(self):
        try:
            status, told = self.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=2s", timeout=10)
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 and told.get("status") in ("yellow", "green")

    def _add_users(self):
        api = "/_plugins/_security/api/internalusers"
        for name, password, roles in ((USER, PASSWORD, ["admin"]), (STRANGER, STRANGER_PASSWORD, [])):
            self.must("PUT", f"{api}/{name}", {"password": password, "backend_roles": roles})

    def request(self, method, path, body=None, user=(ADMIN, ADMIN_PASSWORD), timeout=60):
        """(status, what was told), as parsed JSON where it is that. `body` is a value, or bytes of lines."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        asking = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            asking.add_header("Content-Type", "application/x-ndjson" if isinstance(body, bytes) else "application/json")
        context = None
        if self.secure:
            asking.add_header("Authorization", "Basic " + base64.b64encode(":".join(user).encode()).decode())
            context = ssl.create_default_context(cafile=self.tls / "ca.pem")
        try:
            with urllib.request.urlopen(asking, timeout=timeout, context=context) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as failure:
            status, text = failure.code, failure.read()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode(errors="replace")

    def must(self, method, path, body=None):
        """What was told; raises when it could not be done."""
        status, told = self.request(method, path, body)
        if not 200 <= status < 300:
            raise Failed(f"{method} {path}: {status} {told}")
        return told

    def count(self, index):
        """Documents of an index, after a refresh; 0 where there is none. Waits for shards that are on their way."""
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            status, told = self.request("POST", f"/{index}/_refresh")
            if status == 404:
                return 0
            if status == 200:
                status, told = self.request("GET", f"/{index}/_count")
            if status == 200 and told["_shards"]["failed"] == 0:
                return told["count"]
            if status not in (200, 503) or time.monotonic() > end:
                raise Failed(f"count of {index}: {status} {told}")
            time.sleep(0.1)

    def documents(self, index, page=5_000):
        """Every document of an index as of one point in time, after a refresh."""
        return (hit["_source"] for hit in self.hits(index, page))

    def hits(self, index, page=5_000):
        """The same with `_index` and `_id`."""
        self.must("POST", f"/{index}/_refresh")
        told = self.must("POST", f"/{index}/_search?scroll=5m", {"size": page, "sort": ["_doc"]})
        try:
            while told["hits"]["hits"]:
                yield from told["hits"]["hits"]
                told = self.must("POST", "/_search/scroll", {"scroll": "5m", "scroll_id": told["_scroll_id"]})
        finally:
            self.must("DELETE", "/_search/scroll", {"scroll_id": [told["_scroll_id"]]})
