#!/usr/bin/env python3
"""The ledger is 0 at every look: of each subcommand that moves events, under load, as often as it can be asked.

    tests/program/ledger_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Standard library only. Behind Kafka: tests/integration/pipeline_test.py.
"""

import json
import os
import pathlib
import signal
import sys
import threading
import unittest
import urllib.request

import program_test
from program_test import TIME_MAX, Case, free_address

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from ledger_looks import looking  # noqa: E402

MAPPING_RULES = """
[[rule]]
name = "product 1"
field = "request"
contains = "/downloads/product_1"
keep = 0.5
"""


class Ledger(Case):
    def send(self, listen, lines, *more):
        self.run_program("produce", "--demo", f"lines={lines}&seed=1&rate=20000", "--to", f"forward://{listen}", *more)

    def send_with_bad_lines(self, listen, lines):
        path = self.demo(lines, "mixed.jsonl")
        good = path.read_text().splitlines()
        path.write_text("".join(line + "\n" + ("{broken\n" if number % 50 == 0 else "") for number, line in enumerate(good)))
        self.run_program("produce", "--file", path, "--to", f"forward://{listen}")
        return len(good) + (len(good) + 49) // 50

    def post(self, address, path, body):
        request = urllib.request.Request(f"http://{address}{path}", method="POST", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIME_MAX) as answer:
            return json.loads(answer.read())

    def test_run_with_rejections_rules_runs_of_the_page_retries_and_kills(self):
        listen, admin, page = free_address(), free_address(), free_address()
        mapping = self.folder / "mapping.toml"
        mapping.write_text(self.run_program("check", "--show-mapping").stdout + MAPPING_RULES)
        arguments = ("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", page, "--mapping", mapping)
        child = self.start(*arguments)
        self.wait_ready(admin)
        with looking(admin):
            self.send(listen, 20_000, "--run-id", "20260131T013139Z-9f0c2b7a6d31")
            self.send_with_bad_lines(listen, 10_000)
            self.post(page, "/produceEventsToPipeline", {"demo": {"lines": 10_000}})
            self.post(page, "/api/dead-letters/retry", {"all": True})
            of_in = lambda book: book["by_runs"] == 10_000 and book["by_retries"] > 0
            self.wait_for(lambda: of_in(self.status(admin)["ledger"]), "what came beside the listener")
            for _ in range(3):
                sender = threading.Thread(target=self.send, args=(listen, 10_000))
                sender.start()
                self.wait_for(lambda: self.status(admin)["ledger"]["in_flight"] > 0, "events in flight")
                child.kill()
                child.wait()
                child = self.start(*arguments)
                sender.join()
            # Sent again: all of it is there already.
            self.send(listen, 20_000, "--run-id", "20260131T013139Z-9f0c2b7a6d31")
            self.wait_drained(admin, 70_400)
        book = self.status(admin)["ledger"]
        self.assertGreater(min(book["indexed"], book["duplicates"], book["dead"], book["dropped"]), 0)
        self.end(child)

    def test_forward_with_routes_then_consume_then_index(self):
        listen, *admins = (free_address() for _ in range(4))
        self.start("forward", "--listen", listen, "--journal", "data", "--to", "journal:broker/nginx-logs", "--admin", admins[0],
                   "--route", "audit.**=file:audit.jsonl")
        self.wait_ready(admins[0])
        self.send(listen, 100)
        consuming = ("consume", "--from", "journal:broker/nginx-logs", "--to", "journal:broker/nginx-events", "--admin", admins[1])
        consumer = self.start(*consuming)
        self.wait_ready(admins[1])
        self.send(listen, 100)
        self.wait_for(lambda: (self.folder / "broker/nginx-events").exists(), "the second topic")
        self.start("index", "--from", "journal:broker/nginx-events", "--to", "sqlite:store.sqlite", "--admin", admins[2])
        self.wait_ready(admins[2])
        with looking(*admins):
            self.send(listen, 20_000)
            self.send(listen, 5_000, "--tag", "audit.web")
            bad = self.send_with_bad_lines(listen, 10_000)
            consumer.send_signal(signal.SIGKILL)
            consumer.wait()
            self.start(*consuming)
            self.send(listen, 10_000)
            self.wait_drained(admins[0], 35_200 + bad)
            self.wait_drained(admins[1], 30_200 + bad)
            self.wait_drained(admins[2], 40_200)
        self.assertEqual(self.status(admins[0])["ledger"]["routed"], 5_000)
        self.assertEqual(self.status(admins[1])["ledger"]["dead"], 200)
        self.assertEqual(self.status(admins[2])["ledger"]["indexed"], 40_200)

    def test_produce_into_a_forwarder_that_comes_and_goes(self):
        listen, admin, own = free_address(), free_address(), free_address()
        arguments = ("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", "none")
        child = self.start(*arguments)
        self.wait_ready(admin)
        sender = self.start("produce", "--demo", "lines=60000&rate=20000", "--to", f"forward://{listen}", "--admin", own)
        self.wait_for(lambda: self.status(own), "the sender")
        with looking(own):
            for _ in range(2):
                self.wait_for(lambda: self.status(admin)["ledger"]["in_flight"] >= 0, "a look")
                child.kill()
                child.wait()
                child = self.start(*arguments)
                self.wait_ready(admin)
            self.wait_for(lambda: sender.poll() is not None or (self.status(own) or {"ledger": {"in": 60_000}})["ledger"]["in"] == 60_000, "all lines")
        self.assertEqual(sender.wait(TIME_MAX), 0)
        self.end(child)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
