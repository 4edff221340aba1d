#!/usr/bin/env python3
"""Memory stays below --memory-max, whatever clients send and however long sinks stand still; and a start reads all of it.

    tests/program/memory_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

The peak is the process's own (VmHWM): what the kernel keeps of files is given back where it is short. Prints a table of
case, limit and peak. Standard library only.
"""

import gzip
import http.server
import json
import os
import pathlib
import socket
import socketserver
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from logpipe_process import PROGRESS_SECONDS_MAX, Stage, free_address, wait_until_it_listens  # noqa: E402

PROGRAM = pathlib.Path(os.environ.get("LOGPIPE", HERE.parents[1] / "build/dev/src/cli/main/logpipe"))
MIB = 1 << 20
LIMIT = 256 * MIB  # the stack's mem_limit
MESSAGE_BYTES = 60 * MIB
TABLE = []

LINE = (b'{"time":"17/May/2015:08:05:32 +0000","remote_ip":"93.180.71.3","remote_user":"-","request":"GET /downloads/product_1 HTTP/1.1",'
        b'"response":304,"bytes":0,"referrer":"-","agent":"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)","serial":%d}')


def text(value):
    if len(value) < 32:
        return bytes([0xA0 | len(value)]) + value
    return b"\xda" + len(value).to_bytes(2, "big") + value


def entry(record):
    return b"\x92\xce\x65\x00\x00\x00" + record


def lines(count, first=0):
    """Entries of raw lines."""
    return b"".join(entry(text(LINE % number)) for number in range(first, first + count))


def message(entries, chunk, compressed=None):
    """PackedForward with an ack wanted."""
    options = [(b"chunk", text(chunk))] + ([(b"compressed", text(compressed))] if compressed else [])
    return (b"\x93" + text(b"app.follow") + b"\xc6" + len(entries).to_bytes(4, "big") + entries +
            bytes([0x80 | len(options)]) + b"".join(text(name) + value for name, value in options))


LARGE = lines(MESSAGE_BYTES // (len(LINE) + 10))
EMPTY = gzip.compress(entry(b"\x80") * 1_000_000)


class Client:
    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=PROGRESS_SECONDS_MAX)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def wait_for_ack(self, chunk):
        wanted = b"\x81" + text(b"ack") + text(chunk)
        got = self.socket.recv(len(wanted), socket.MSG_WAITALL)
        if got != wanted:
            raise ConnectionError(f"not the ack: {got}")


class Engine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Docker's API with containers whose logs are these bytes again and again, in frames as large as the engine's."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path, containers, log):
        super().__init__(str(path), EngineRequest)
        self.ids = [f"{number:064x}" for number in range(1, containers + 1)]
        stamp = b"2026-11-24T21:35:01.5Z "
        parts = [stamp + part for line in log for part in (line[at:at + 16384] for at in range(0, len(line), 16384))]
        self.frames = b"".join(b"\x01\0\0\0" + len(part).to_bytes(4, "big") + part for part in parts)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *failure):
        self.shutdown()
        self.server_close()


class EngineRequest(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "a local client"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        try:
            if self.path.startswith("/containers/json"):
                self.wfile.write(json.dumps([{"Id": each} for each in self.server.ids]).encode())
            elif self.path.endswith("/json"):
                container = self.path.split("/")[2]
                self.wfile.write(json.dumps({"Id": container, "Name": "/" + container[-4:], "Config": {},
                                             "State": {"Running": True, "StartedAt": "2026-11-24T21:35:00Z"}}).encode())
            else:
                if "/logs" in self.path:
                    self.wfile.write(self.server.frames)
                self.rfile.read(1)  # until the client leaves
        except OSError:
            pass


class Limited(Stage):
    """A subcommand with --memory-max; a context that looks at its peak at its end."""

    def __init__(self, case, folder, words, limit=LIMIT):
        super().__init__("logpipe", folder, PROGRAM, [*words, "--memory-max", str(limit)])
        self.case = case
        self.limit = limit
        self.peak = 0

    def look(self):
        for line in pathlib.Path(f"/proc/{self.running.child.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                self.peak = max(self.peak, int(line.split()[1]) << 10)

    def kill(self):
        if self.running is not None and self.running.runs():
            self.look()
        super().kill()

    def __exit__(self, *failure):
        super().__exit__(*failure)
        TABLE.append((self.case, self.limit, self.peak))

    def wait_for(self, what, condition):
        last, since = None, time.monotonic()
        while True:
            self.running.must_run()
            now = self.status()
            if now is not None and condition(now):
                return now
            figures = now and now["ledger"]
            if figures != last:
                last, since = figures, time.monotonic()
            if time.monotonic() - since > 3 * PROGRESS_SECONDS_MAX:
                raise AssertionError(f"{what}: no progress: {json.dumps(now, indent=1)}\n{self.running.last_lines()}")
            time.sleep(0.05)


class Memory(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory(prefix="logpipe-memory-")
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)

    def case(self):
        return self.id().rsplit(".test_", 1)[1].replace("_", " ")

    def forward(self, *more):
        """A forwarder whose journal nobody reads."""
        self.listen = free_address()
        return Limited(self.case(), self.folder, ["forward", "--listen", self.listen, "--journal", "data", "--to", "none", *more])

    def run_of_all(self, *more):
        self.listen = free_address()
        return Limited(self.case(), self.folder, ["run", "--listen", self.listen, "--data-dir", "data", "--page", "none", *more])

    def assert_below(self, stage):
        stage.look()
        self.assertLess(stage.peak, stage.limit)

    def send_one(self, entries, compressed=None):
        with Client(self.listen) as client:
            client.send(message(entries, b"the one", compressed))
            client.wait_for_ack(b"the one")

    def test_the_largest_message_of_real_lines_is_acked_and_stored_by_run(self):
        count = LARGE.count(b'"time"')
        with self.run_of_all() as run:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            self.send_one(LARGE)
            run.kill_and_start_again()
            run.wait_for("all is stored", lambda now: now["ledger"]["indexed"] == count and now["ledger"]["difference"] == 0)
            self.assert_below(run)

    def test_the_largest_message_is_delivered_by_forward_after_a_kill(self):
        count = LARGE.count(b'"time"')
        with self.forward() as forward:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            self.send_one(LARGE)
            forward.kill()
            forward.command[forward.command.index("none")] = "file:" + str(self.folder / "out.jsonl")
            forward.start()
            forward.wait_for("all is delivered", lambda now: now["ledger"]["in"] >= count and now["ledger"]["in_flight"] == 0)
            self.assert_below(forward)

    def test_many_clients_with_half_of_a_large_message_each(self):
        half = message(LARGE, b"half")[:-1]
        with self.forward() as forward:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            clients = [Client(self.listen) for _ in range(24)]

            def send(client):
                try:
                    client.send(half)
                except OSError:
                    pass  # it may be closed, or the test is over

            threads = [threading.Thread(target=send, args=(client,), daemon=True) for client in clients]
            for each in threads:
                each.start()
            waits = lambda now: now["memory"]["waits"] > 0
            forward.wait_for("clients wait", waits)
            # Another one is served all the while.
            with Client(self.listen) as client:
                for number in range(20):
                    name = b"%d" % number
                    client.send(message(lines(10, number), name))
                    client.wait_for_ack(name)
                    forward.look()
            for client in clients:
                client.socket.shutdown(socket.SHUT_RDWR)
                client.socket.close()
            for each in threads:
                each.join()
            forward.wait_for("their memory is let go", lambda now: sum(each["bytes"] for each in now["memory"]["holders"]) < 16 * MIB)
            self.assert_below(forward)

    def test_many_clients_send_large_messages_to_their_end(self):
        entries = lines(20 * MIB // (len(LINE) + 10))
        count = entries.count(b'"time"')
        with self.forward() as forward:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            failures = []

            def send(number):
                name = b"client %d" % number
                try:
                    with Client(self.listen) as client:
                        client.send(message(entries, name))
                        client.wait_for_ack(name)
                except (OSError, ConnectionError) as failure:
                    failures.append(failure)

            threads = [threading.Thread(target=send, args=(number,)) for number in range(24)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            self.assertEqual(failures, [])
            forward.wait_for("all is there", lambda now: now["ledger"]["indexed"] == 24 * count)
            self.assert_below(forward)

    def test_a_million_empty_records_in_two_kilobytes(self):
        with self.run_of_all() as run:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            self.send_one(EMPTY, b"gzip")
            run.wait_for("all is done", lambda now: now["ledger"]["in"] == 1_000_000 and now["ledger"]["in_flight"] == 0)
            self.assert_below(run)

    def test_a_large_message_that_is_broken_at_its_end(self):
        with self.run_of_all() as run:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            self.send_one(gzip.compress(os.urandom(MESSAGE_BYTES), 1)[:-1], b"gzip")
            run.wait_for("it is a dead letter", lambda now: now["ledger"]["dead"] == 1 and now["ledger"]["in_flight"] == 0)
            self.assert_below(run)

    def test_chunks_without_entries_against_a_full_journal(self):
        with self.forward("--journal-bytes-max", "64M", "--journal-segment-bytes", "16M") as forward:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            with Client(self.listen) as filler:
                filler.socket.settimeout(1)
                number = 0
                try:
                    while True:
                        filler.send(message(lines(10_000, number), b"%d" % number))
                        number += 10_000
                except TimeoutError:
                    pass
                names = b"".join(message(b"", b"%d" % number) for number in range(100_000))
                with Client(self.listen) as client:
                    client.socket.settimeout(2)
                    try:
                        for _ in range(1000):
                            client.send(names)
                    except TimeoutError:
                        pass
                    forward.look()
            self.assert_below(forward)

    def filled_journal(self, *messages):
        """A journal of nginx-logs with these messages in it, and nobody who writes it."""
        with self.forward() as forward:
            forward.case = "(fills the journal) " + forward.case
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            for entries, compressed in messages:
                self.send_one(entries, compressed)
            forward.stop()
        TABLE.pop()

    def moved(self, *words):
        count = 1_000_000 + LARGE.count(b'"time"')
        self.filled_journal((LARGE, None), (EMPTY, b"gzip"))
        with Limited(self.case(), self.folder, words) as stage:
            stage.wait_for("all is done", lambda now: now["ledger"]["in"] >= count and now["ledger"]["in_flight"] == 0)
            self.assert_below(stage)

    def test_consume_from_a_journal_to_another(self):
        self.moved("consume", "--from", "journal:data/nginx-logs", "--to", "journal:data/nginx-events")

    def test_index_from_a_journal_to_a_store(self):
        self.moved("index", "--from", "journal:data/nginx-logs", "--to", "sqlite:store.sqlite")

    def write_longest_lines(self):
        line = b'{"agent":"' + b"x" * (8 * MIB - 100) + b'"}\n'
        (self.folder / "lines.jsonl").write_bytes(line * 40)

    def test_produce_of_the_longest_lines(self):
        self.write_longest_lines()
        with self.forward() as forward:
            forward.case += ", the forwarder"
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            with Limited(self.case(), self.folder, ["produce", "--file", "lines.jsonl", "--to", f"forward://{self.listen}"]) as produce:
                while produce.running.runs():
                    try:
                        produce.look()
                    except (FileNotFoundError, ProcessLookupError):
                        break
                    time.sleep(0.01)
                produce.running.must_end_well(PROGRESS_SECONDS_MAX)
                self.assertLess(produce.peak, produce.limit)
            forward.wait_for("all is there", lambda now: now["ledger"]["indexed"] == 40)
            self.assert_below(forward)

    def test_runs_of_the_longest_lines_by_serve(self):
        self.write_longest_lines()
        with self.forward() as forward:
            forward.case += ", the forwarder"
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            words = ["serve", "--file", "lines.jsonl", "--to", f"forward://{self.listen}"]
            with Limited(self.case(), self.folder, words) as serve:
                wait_until_it_listens(serve.admin, PROGRESS_SECONDS_MAX)
                for _ in range(2):
                    request = urllib.request.Request(f"http://{serve.admin}/produceEventsToPipeline", method="POST")
                    with urllib.request.urlopen(request, timeout=10 * PROGRESS_SECONDS_MAX) as answer:
                        self.assertEqual(json.load(answer)["events"], 40)
                self.assertEqual(serve.status()["memory"]["bytes_max"], serve.limit * 3 // 8)
                self.assert_below(serve)
            forward.wait_for("all is there", lambda now: now["ledger"]["indexed"] == 80)
            self.assert_below(forward)

    def test_containers_with_long_lines_by_ship_to_a_loki_that_is_stuck(self):
        log = [b"x" * (8 * MIB - 1) + b"\n"] * 3
        with socket.create_server(("127.0.0.1", 0)) as loki, Engine(self.folder / "engine", 40, log):
            words = ["ship", "--from", f"docker:unix://{self.folder}/engine", "--to", f"loki://127.0.0.1:{loki.getsockname()[1]}"]
            with Limited(self.case(), self.folder, words) as ship:
                ship.wait_for("each has been read", lambda now: now["ledger"]["in"] >= 40)
                self.assert_below(ship)

    def test_bodies_of_empty_lines_by_http(self):
        self.listen = free_address()
        body = gzip.compress(b"{}\n" * 500_000)
        with Limited(self.case(), self.folder, ["run", "--from", f"ingest://{self.listen}", "--data-dir", "data", "--page", "none"]) as run:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)

            def post(number):
                address = f"http://{self.listen}/ingest"
                headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", "Idempotency-Key": str(number)}
                while True:
                    try:
                        with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=PROGRESS_SECONDS_MAX) as answer:
                            self.assertEqual(json.load(answer)["events"], 500_000)
                            return
                    except urllib.error.HTTPError as refused:
                        if refused.code != 503:
                            raise
                        time.sleep(0.2)

            threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            run.wait_for("all is done", lambda now: now["ledger"]["in"] == 1_000_000 and now["ledger"]["in_flight"] == 0)
            self.assert_below(run)

    def test_many_half_lines_by_syslog(self):
        self.listen = free_address()
        with Limited(self.case(), self.folder, ["run", "--from", f"syslog://{self.listen}", "--data-dir", "data", "--page", "none"]) as run:
            wait_until_it_listens(self.listen, PROGRESS_SECONDS_MAX)
            clients = [Client(self.listen) for _ in range(40)]
            threads = [threading.Thread(target=client.send, args=(b"<13>" + b"x" * (7 * MIB),)) for client in clients]
            for each in threads:
                each.daemon = True
                each.start()
            run.wait_for("clients wait", lambda now: now["memory"]["waits"] > 0)
            for client in clients:
                client.socket.shutdown(socket.SHUT_RDWR)
            for each in threads:
                each.join()
            for client in clients:
                client.socket.close()
            self.assert_below(run)


def print_table():
    if not TABLE:
        return
    print("\n| case | limit | peak |\n| --- | --- | --- |")
    for case, limit, peak in TABLE:
        print(f"| {case} | {limit / MIB:.0f} MiB | {peak / MIB:.0f} MiB |")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and pathlib.Path(sys.argv[1]).exists():
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    outcome = unittest.main(verbosity=2, exit=False)
    print_table()
    sys.exit(not outcome.result.wasSuccessful())
