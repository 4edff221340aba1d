"""What the tests of `ship` need: a Docker engine of their own, and a real Loki. Standard library only.

The engine has its own socket, data and containerd, and no bridge, so whatever else runs Docker on the machine does not notice. Its image is
busybox, from the distribution's busybox-static. Loki is $LOGPIPE_LOKI, or is built by tests/stack/standins/loki.sh once (8 minutes of CPU).
"""

import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from logpipe_process import die_with_parent, free_port, program_environment  # noqa: E402,F401

HERE = pathlib.Path(__file__).resolve().parent
LOKI_VERSION = "v" + re.search("^LOKI_IMAGE=.*:(.*)$", (HERE.parents[2] / "compose/.env").read_text(), re.MULTILINE)[1]
IMAGE = "logpipe-test-busybox:1"
SECONDS_MAX = 120  # for anything

# Queries need instance_addr and the frontend's address on a machine without a network to guess them from.
LOKI_CONFIGURATION = """
auth_enabled: false
server: {{http_listen_address: 127.0.0.1, http_listen_port: {http}, grpc_listen_address: 127.0.0.1, grpc_listen_port: {grpc}, log_level: info}}
common:
  instance_addr: 127.0.0.1
  path_prefix: {folder}
  storage: {{filesystem: {{chunks_directory: {folder}/chunks, rules_directory: {folder}/rules}}}}
  replication_factor: 1
  ring: {{kvstore: {{store: inmemory}}}}
frontend: {{address: 127.0.0.1}}
schema_config:
  configs: [{{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {{prefix: index_, period: 24h}}}}]
analytics: {{reporting_enabled: false}}
limits_config: {{{limits}}}
"""


def wait_for(condition, what, seconds=SECONDS_MAX):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")


class Daemon:
    """A process with a log, ended by its id. It dies with the tests."""

    def __init__(self, folder, name):
        self.log = folder / f"{name}.log"
        self.child = None

    def launch(self, words):
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          start_new_session=True, preexec_fn=die_with_parent)

    def end(self, signal_number=signal.SIGTERM):
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(signal_number)
        try:
            self.child.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def must_run(self):
        if self.child.poll() is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise AssertionError(f"{self.log.stem} ended with {self.child.returncode}:\n{tail}")


class Engine(Daemon):
    def __init__(self, folder):
        super().__init__(folder, "dockerd")
        self.folder = folder
        self.socket = folder / "docker.sock"
        self.start()
        self.import_image()

    def start(self):
        for leftover in ("docker.pid", "docker.sock"):
            (self.folder / leftover).unlink(missing_ok=True)
        self.launch(["dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec", "--pidfile", self.folder / "docker.pid",
                     "--host", f"unix://{self.socket}", "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"])
        wait_for(self.answers, "the Docker engine")

    def answers(self):
        self.must_run()
        return self.try_docker("version").returncode == 0

    def stop(self):
        self.end()
        self.child = None

    def remove(self):
        if self.child is not None:
            ids = self.docker("ps", "--all", "--quiet").split()
            if ids:
                self.docker("rm", "--force", *ids)
        self.stop()

    def try_docker(self, *words):
        return subprocess.run(["docker", "--host", f"unix://{self.socket}", *map(str, words)], capture_output=True, text=True,
                              timeout=SECONDS_MAX)

    def docker(self, *words):
        done = self.try_docker(*words)
        if done.returncode != 0:
            raise AssertionError(f"docker {words}: {done.stderr}")
        return done.stdout

    def import_image(self):
        busybox = shutil.which("busybox")
        if busybox is None:
            raise AssertionError("busybox is missing: apt-get install busybox-static")
        image = io.BytesIO()
        with tarfile.open(fileobj=image, mode="w") as archive:
            archive.add(os.path.realpath(busybox), "bin/busybox")
            for name in ("sh", "cat", "head", "sleep", "tr", "true", "seq"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
        subprocess.run(["docker", "--host", f"unix://{self.socket}", "import", "-", IMAGE], input=image.getvalue(), check=True,
                       capture_output=True, timeout=SECONDS_MAX)

    def run(self, name, script, *options, service=None, project="shiptest"):
        labels = ["--label", f"com.docker.compose.project={project}"]
        if service is not None:
            labels += ["--label", f"com.docker.compose.service={service}"]
        return self.docker("run", "--detach", "--network", "none", "--name", name, *labels, *options, IMAGE, "sh", "-c", script).strip()


def loki_program():
    if named := os.environ.get("LOGPIPE_LOKI"):
        return named
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "logpipe-tests"
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run([HERE.parents[1] / "stack" / "standins" / "loki.sh", cache, LOKI_VERSION], check=True)
    return cache / f"loki-{LOKI_VERSION}" / "loki"


class Loki(Daemon):
    """`limits` are of its limits_config: "key: value, …"."""

    def __init__(self, folder, limits=""):
        folder.mkdir(exist_ok=True)
        super().__init__(folder, "loki")
        self.port, self.grpc_port, self.folder = free_port(), free_port(), folder
        self.program = loki_program()
        self.file = folder / "loki.yaml"
        self.limit(limits)
        self.start()

    def limit(self, limits):
        """From its next start on."""
        self.file.write_text(LOKI_CONFIGURATION.format(http=self.port, grpc=self.grpc_port, folder=self.folder / "loki", limits=limits))

    def start(self):
        self.launch([self.program, f"-config.file={self.file}"])
        wait_for(self.is_ready, "Loki")

    def is_ready(self):
        self.must_run()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5):
                return True
        except OSError:
            return False

    def lines(self, selector):
        """[(labels, time_ns, line)] of the last day, by time. Labels of a line include its structured metadata."""
        query = urllib.parse.urlencode({"query": selector, "limit": 5000, "direction": "forward", "since": "24h"})
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/loki/api/v1/query_range?{query}", timeout=30) as answer:
                streams = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return []
        return sorted(((each["stream"], int(value[0]), value[1]) for each in streams for value in each["values"]), key=lambda line: line[1])
