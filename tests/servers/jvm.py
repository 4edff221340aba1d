"""A server in a Java process: started, killed, started again on the same data and ports, stopped, by its pid."""

import contextlib
import fcntl
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from logpipe_process import Failed, die_with_parent  # noqa: E402

START_SECONDS_MAX = 300  # a quiet machine needs 3 to 6; a busy one fifty times that
STOP_SECONDS_MAX = 30
START_ATTEMPTS = 5
# For a short life: little time in the compiler, one collector thread, no files in /tmp that a kill leaves behind.
JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError",
                "-Djava.awt.headless=true")


class AddressInUse(Failed):
    """Somebody else took a port between our choice and the server's start."""


def free_ports(count):
    """Below the range that outgoing connections take theirs from: so none of them takes a port of a server that is down."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as text:
        first = int(text.read().split()[0])
    candidates = range(max(first - 12_000, 10_000), first) if first > 12_000 else range(10_000, 60_000)
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().choice(candidates)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class JavaServer:
    """One process and its folder; `log` is what it writes to. Kinds of servers derive from it."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.log = folder / "server.log"
        self.java = "java"
        self.child = None

    def launch(self, words):
        with open(self.folder / "stdout.log", "ab") as out:
            self.child = subprocess.Popen([self.java, *JAVA_OPTIONS, *map(str, words)], stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=die_with_parent)

    def runs(self):
        return self.child is not None and self.child.poll() is None

    def told(self):
        return "".join(path.read_text(errors="replace") for path in (self.folder / "stdout.log", self.log) if path.is_file())

    def what_matters(self):
        """Of what it told: its errors, and the last lines."""
        lines = self.told().splitlines()
        errors = [line for line in lines[:-10] if "ERROR" in line or "FATAL" in line or "xception" in line]
        return "\n".join(errors[:10] + lines[-10:])

    def wait_until(self, ready):
        """Raises when the process ends before, or nothing comes of it."""
        end = time.monotonic() + START_SECONDS_MAX
        while not ready():
            if not self.runs():
                kind = AddressInUse if "Address already in use" in self.told() or "Failed to bind" in self.told() else Failed
                raise kind(f"{self.name} ended with {self.child.returncode}:\n{self.what_matters()}")
            if time.monotonic() > end:
                self.kill()
                raise Failed(f"{self.name} was not ready within {START_SECONDS_MAX} s:\n{self.what_matters()}")
            time.sleep(0.05)

    def kill(self):
        """As kill -9."""
        if self.runs():
            self.child.kill()
        if self.child is not None:
            self.child.wait()

    def stop(self):
        if self.runs():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.child.kill()
        if self.child is not None:
            self.child.wait()


class Folder:
    """Where a server keeps its data: a temporary one, which goes with it, or one that was given."""

    def __init__(self, given, kind):
        self.path, self.lock = given and pathlib.Path(given), None
        if given is None:
            self._sweep()
            self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.PREFIX}{kind}-"))
            self.lock = open(self._lock_of(self.path), "w", encoding="ascii")
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    PREFIX = "logpipe-server-"

    @staticmethod
    def _lock_of(path):
        return path.with_name(f"{path.name}.lock")

    @classmethod
    def _sweep(cls):
        """What tests left that were killed: nobody holds its lock, nor is about to."""
        for name in pathlib.Path(tempfile.gettempdir()).glob(f"{cls.PREFIX}*.lock"):
            with contextlib.suppress(OSError), open(name, encoding="ascii") as lock:  # held, or just gone
                if time.time() - name.stat().st_mtime < START_SECONDS_MAX:
                    continue
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(name.with_suffix(""), ignore_errors=True)
                name.unlink()

    def empty(self):
        """Before a start with other ports."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)

    def remove(self):
        if self.lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            self._lock_of(self.path).unlink(missing_ok=True)
            self.lock.close()


def started_on_free_ports(count, start):
    """Calls start(ports) with `count` free ports, and again with others when one of them was taken meanwhile."""
    for attempt in range(START_ATTEMPTS):
        try:
            return start(free_ports(count))
        except AddressInUse:
            if attempt + 1 == START_ATTEMPTS:
                raise
