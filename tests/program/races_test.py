#!/usr/bin/env python3
"""The whole of `logpipe run`, built with ThreadSanitizer, under everything at once: several senders over TLS, the page's requests and live
streams over TLS, taps, dead letters that are retried, runs that the page starts, metrics, and reloads.

    tests/program/races_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given; it takes $LOGPIPE_RACES_SECONDS, 20 unless given. Standard library, openssl.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import ssl
import sys
import threading
import unittest

import program_test
from program_test import TIME_MAX, Case, free_address

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from tls import make_tls  # noqa: E402

SECONDS = int(os.environ.get("LOGPIPE_RACES_SECONDS", "20"))
SENDERS = 3
RATE = 300  # lines a second of each sender: ThreadSanitizer leaves a tenth of the speed, or less
STREAM_BYTES = 20_000


class Races(Case):
    def setUp(self):
        super().setUp()
        self.reports = self.folder / "races"
        self.reports.mkdir()
        os.environ["TSAN_OPTIONS"] = f"log_path={self.reports}/report second_deadlock_stack=1"
        self.addCleanup(os.environ.pop, "TSAN_OPTIONS")
        self.over = threading.Event()
        self.answered = {}

    def connect(self, address):
        host, port = address.rsplit(":", 1)
        trusted = ssl.create_default_context(cafile=self.tls / "ca.pem")
        return http.client.HTTPSConnection(host, int(port), timeout=TIME_MAX, context=trusted)

    def ask(self, address, target, method="GET", body=None, bytes_max=None):
        """@param bytes_max  of a stream, which is left then. @return its status"""
        with contextlib.closing(self.connect(address)) as connection:
            connection.request(method, target, body=body and json.dumps(body), headers={"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            answer.read(bytes_max)
            self.answered.setdefault((target, answer.status), 0)
            self.answered[target, answer.status] += 1
            return answer.status

    def again_and_again(self, pause, action, *arguments, **named):
        def run():
            while not self.over.wait(pause):
                action(*arguments, **named)
        return threading.Thread(target=run)

    def send_bad_lines(self, listen):
        path = self.folder / "bad"
        path.write_text("".join(f"{{not json {number}\n" for number in range(100)))
        self.run_program("produce", "--file", path, "--to", f"forwards://{listen}", "--ca-file", self.tls / "ca.pem")

    def senders(self, listen):
        return [self.start("produce", "--demo", f"lines={RATE * SECONDS}&rate={RATE}&seed={number}", "--to", f"forwards://{listen}",
                           "--ca-file", self.tls / "ca.pem") for number in range(1, SENDERS + 1)]

    def is_through(self, admin):
        ledger = self.status(admin)["ledger"]
        return ledger["in_flight"] == 0 and ledger["difference"] == 0

    def test_nothing_races_under_load(self):
        self.tls = make_tls(self.folder / "tls")
        listen, admin, page = free_address(), free_address(), free_address()
        child = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", page, "--strict-lines", "--format", "json",
                           "--certificate-file", self.tls / "server.pem", "--key-file", self.tls / "server.key",
                           "--page-certificate", self.tls / "server.pem", "--page-key", self.tls / "server.key")
        self.wait_ready(admin)
        senders = self.senders(listen)
        threads = [
            self.again_and_again(0.05, self.ask, page, "/api/logs/overview?q=product&from=0"),
            self.again_and_again(0.05, self.ask, page, "/api/logs/lines?limit=50"),
            self.again_and_again(0.1, self.ask, page, "/api/dead-letters?limit=50"),
            self.again_and_again(0.1, self.ask, page, "/api/processes"),
            self.again_and_again(0.05, self.ask, page, "/metrics"),
            self.again_and_again(0.05, self.ask, page, "/api/status"),
            self.again_and_again(0.05, self.get, f"http://{admin}/metrics"),
            self.again_and_again(0.1, self.ask, page, "/api/live", bytes_max=STREAM_BYTES),
            self.again_and_again(0.1, self.ask, page, "/api/live", bytes_max=1),
            self.again_and_again(0.1, self.ask, page, "/api/tap?stage=normalize", bytes_max=STREAM_BYTES),
            self.again_and_again(0.1, self.ask, page, "/api/tap?stage=sqlite_sink&form=readable", bytes_max=1),
            self.again_and_again(1, self.send_bad_lines, listen),
            self.again_and_again(2, self.ask, page, "/api/dead-letters/retry", "POST", {"all": True}),
            self.again_and_again(3, self.ask, page, "/produceEventsToPipeline", "POST", {"demo": {"lines": 300}}),
            self.again_and_again(2, child.send_signal, signal.SIGHUP),
        ]
        for thread in threads:
            thread.start()
        self.over.wait(SECONDS)
        self.over.set()
        for sender in senders:
            self.assertEqual(sender.wait(TIME_MAX), 0, self.output_of(sender)[-2000:])
        for thread in threads:
            thread.join(TIME_MAX)
        self.wait_for(lambda: self.is_through(admin), "the ledger to come to 0")
        self.end(child)
        self.assertEqual([status for _, status in self.answered if status not in (200, 202, 409, 503)], [], self.answered)
        self.assertGreaterEqual(len(self.answered), 10)  # each of them was served
        print(json.dumps({f"{target} {status}": count for (target, status), count in sorted(self.answered.items())}, indent=1))
        found = [path.read_text(errors="replace") for path in sorted(self.reports.iterdir())]
        self.assertEqual(found, [])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
