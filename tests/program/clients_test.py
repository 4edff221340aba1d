#!/usr/bin/env python3
"""How the built program serves its good clients beside those that are silent, greedy, or too many.

    tests/program/clients_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only; free ports; everything in a temporary folder. The latencies that
it measures beside each attack are printed; only their ratio to those alone, in the same run, is checked.
"""

import contextlib
import http.client
import os
import resource
import socket
import subprocess
import sys
import time
import unittest

import program_test
from program_test import Case, TIME_MAX, free_address

RATIO_MAX = 3.0
TRIES = 3
# What a busy machine's scheduler alone does to a latency; below it a ratio says nothing. Whoever is locked out waits for
# seconds, or is refused.
NOISE_SECONDS = 0.100


def fix_string(text):
    return bytes([0xA0 | len(text)]) + text.encode()


def message(tag, number, chunk):
    """[tag, 1, {"n": number}, {"chunk": chunk}] in msgpack."""
    return b"\x94" + fix_string(tag) + b"\x01\x81" + fix_string("n") + b"\xcd" + number.to_bytes(2, "big") + b"\x81" + fix_string("chunk") + fix_string(chunk)


class Client:
    """A forward client that waits for each ack."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=TIME_MAX)
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def send(self, tag="app.x"):
        self.number += 1
        chunk = f"{id(self) % 1000}-{self.number}"
        self.socket.sendall(message(tag, self.number % 65536, chunk))
        wanted = b"\x81" + fix_string("ack") + fix_string(chunk)
        got = b""
        while len(got) < len(wanted):
            piece = self.socket.recv(len(wanted) - len(got))
            if not piece:
                raise ConnectionError("closed before the ack")
            got += piece
        if got != wanted:
            raise ValueError(f"another ack: {got}")


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=TIME_MAX)


def p99(seconds):
    return sorted(seconds)[int(len(seconds) * 0.99)]


def timed(action, count):
    seconds = []
    for _ in range(count):
        begin = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - begin)
    return seconds


# A process of its own: what it does must not take our interpreter's time from the client that is measured.
ATTACKER = """
import contextlib, http.client, os, socket, sys, threading
host, port = sys.argv[2].rsplit(":", 1)

def heartbeats():
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        with contextlib.suppress(OSError):
            sender.sendto(b"\\0", (host, int(port)))

def search():
    while True:
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/api/logs/overview?q=" + os.urandom(3).hex())
            connection.getresponse().read()

threads = [threading.Thread(target=globals()[sys.argv[1]], daemon=True) for _ in range(int(sys.argv[3]))]
for thread in threads:
    thread.start()
print("begun", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def attackers(what, address, count):
    """So many of them, until the block's end."""
    child = subprocess.Popen([sys.executable, "-c", ATTACKER, what, address, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child.stdout.readline()
        yield
    finally:
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()


class Descriptors(Case):
    def start_with(self, files, *arguments):
        """The program with so many files as its hard limit."""
        out = open(self.folder / "limited.out", "w+")
        child = subprocess.Popen(["prlimit", f"--nofile={files}:{files}", program_test.PROGRAM, *map(str, arguments)], cwd=self.folder,
                                 stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        child.out = out
        self.addCleanup(out.close)
        self.addCleanup(lambda: (child.kill() if child.poll() is None else None, child.wait()))
        return child

    def test_silent_connections_leave_files_for_segments_cursors_and_health_checks(self):
        listen, admin = free_address(), free_address()
        child = self.start_with(256, "forward", "--journal", "data", "--to", "file:out.jsonl", "--listen", listen, "--admin", admin,
                                "--journal-segment-bytes", "4K", "--connections-max", "100000")
        self.wait_ready(admin)
        with contextlib.ExitStack() as open_ones:
            for _ in range(400):
                open_ones.enter_context(connect(listen))
                open_ones.enter_context(connect(admin))
            with Client(listen) as good:
                for _ in range(200):
                    good.send()
            self.assertEqual(self.get(f"http://{admin}/healthz")[0], 200)
            self.assertEqual(self.get(f"http://{admin}/readyz"), (200, "ready\n"))
            self.wait_drained(admin, 200)
            gauges = {stage["name"]: stage["metrics"] for pump in self.status(admin)["pumps"] for stage in pump["stages"]}["forward_source"]
            self.assertLess(gauges["connections_max"], 256 - 64)
            self.assertGreater(gauges["connections_evicted_total"], 100)
        output = self.end(child)
        self.assertIn("clients instead of 100000 (--connections-max): the process may open 256 files", output)
        self.assertEqual(len((self.folder / "out.jsonl").read_text().splitlines()), 200)

    def test_the_limit_of_open_files_is_raised_to_what_the_system_allows(self):
        listen, admin = free_address(), free_address()
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        child = subprocess.Popen(["prlimit", "--nofile=128:", program_test.PROGRAM, "forward", "--journal", "data", "--to", "none", "--listen", listen,
                                  "--admin", admin], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (child.kill(), child.wait()))
        self.wait_ready(admin)
        soft = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)[0]
        self.assertEqual(soft, hard)


class Routes(Case):
    def test_events_of_other_routes_are_a_term_of_the_ledger(self):
        listen, admin = free_address(), free_address()
        child = self.start("forward", "--journal", "data", "--to", "file:out.jsonl", "--listen", listen, "--admin", admin,
                           "--route", "audit.**=file:audit.jsonl")
        self.wait_ready(admin)
        with Client(listen) as client:
            for tag, count in (("app.x", 30), ("fluent.x", 200), ("audit.x", 7), ("stray.x", 2)):
                for _ in range(count):
                    client.send(tag)

        def through():
            status = self.status(admin)
            return status and status["ledger"]["in"] == 239 and status["ledger"]["in_flight"] == 0 and status["ledger"]
        book = self.wait_for(through, "all events")
        self.assertEqual((book["indexed"], book["routed"], book["dead"], book["difference"]), (30, 207, 2, 0))
        metrics = self.get(f"http://{admin}/metrics")[1]
        self.assertIn('logpipe_ledger_events{term="routed"} 207\n', metrics)
        self.assertIn("logpipe_ledger_difference_events 0\n", metrics)
        self.assertIn('logpipe_pump_done_events_total{pump="forward",result="routed"} 207\n', metrics)
        table = self.run_program("status", "--at", admin).stdout
        self.assertIn("in 239 = indexed 30 + already there 0 + dead 2 + in flight 0 + routed 207", table)
        self.assertIn("in 239 = indexed 30 + already there 0 + dead 2 + in flight 0 + routed 207\n", self.end(child))


class GoodClientBesideAttacks(Case):
    """Each attack is measured between two times alone, the slower of which counts. Whatever else the machine does can only
    make it look worse, so the best of three tries counts; who is locked out is so in all of them."""

    def measure(self, name, action, attack, count=300):
        timed(action, 20)
        for _ in range(TRIES):
            before = p99(timed(action, count))
            with attack():
                beside = p99(timed(action, count))
            alone = max(before, p99(timed(action, count)))
            print(f"{name}: p99 alone {alone * 1e3:.2f} ms, beside {beside * 1e3:.2f} ms, ratio {beside / alone:.2f}", flush=True)
            if beside <= RATIO_MAX * max(alone, NOISE_SECONDS):
                return
        self.fail(name)

    @contextlib.contextmanager
    def silent(self, address, count, first=b""):
        with contextlib.ExitStack() as open_ones:
            for _ in range(count):
                each = open_ones.enter_context(connect(address))
                each.sendall(first)
            yield

    def test_forward(self):
        listen, admin = free_address(), free_address()
        self.start("forward", "--journal", "data", "--to", "none", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)

        def new_client():
            with Client(listen) as client:
                client.send()

        half = message("t", 1, "c")[:7]
        with Client(listen) as established:
            for name, action in (("an established client", established.send), ("a new client", new_client)):
                self.measure(f"{name} beside 1,200 silent connections", action, lambda: self.silent(listen, 1200))
                self.measure(f"{name} beside 1,200 half messages", action, lambda: self.silent(listen, 1200, half))
                self.measure(f"{name} beside a flood of heartbeats", action, lambda: attackers("heartbeats", listen, 1))
        self.assertEqual(self.status(admin)["ledger"]["difference"], 0)

    def test_http(self):
        page, admin = free_address(), free_address()
        lines = self.demo(20_000)
        self.run_program("run", "--data-dir", "data", "--listen", free_address(), "--admin", "none", "--page", "none", "--from", lines, "--once")
        self.start("run", "--data-dir", "data", "--listen", free_address(), "--admin", admin, "--page", page)
        self.wait_ready(admin)

        def ask(address, target):
            code, text = self.get(f"http://{address}{target}")
            self.assertEqual(code, 200, text)

        def kept(address):
            """Connections that were asked once and are kept."""
            open_ones = contextlib.ExitStack()
            for _ in range(300):
                connection = http.client.HTTPConnection(address, timeout=TIME_MAX)
                open_ones.callback(connection.close)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
            return open_ones

        for address, name in ((admin, "admin"), (page, "page")):
            for target in ("/healthz", "/metrics"):
                self.measure(f"{target} of {name} beside 300 kept connections", lambda: ask(address, target), lambda: kept(address))
        for target in ("/healthz", "/api/logs/overview"):
            self.measure(f"{target} beside 24 searching clients", lambda: ask(page, target), lambda: attackers("search", page, 24))


if __name__ == "__main__":
    # Many connections are ours, too.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
