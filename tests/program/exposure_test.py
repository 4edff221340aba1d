#!/usr/bin/env python3
"""Who may ask a page that other machines, or other sites' pages in a browser, can reach; and what one run may do.

    tests/program/exposure_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import program_test  # noqa: E402
from program_test import Case, TIME_MAX, free_address  # noqa: E402
from tls import make_tls  # noqa: E402

COMPOSE = pathlib.Path(__file__).resolve().parent.parent.parent / "compose" / "docker-compose.yml"
PRODUCE = "/produceEventsToPipeline"


def compose_switches():
    """What the stack's producer is told about its page."""
    text = COMPOSE.read_text()
    producer = text[text.index("  producer:"):text.index("  forwarder:")]
    return dict(re.findall(r'(LOGPIPE_(?:PAGE_OPEN|PRODUCE_BY_GET)): "?(\w+)', producer))


class Exposed(Case):
    def everywhere(self):
        return "0.0.0.0:" + free_address().split(":")[1]

    def ask(self, address, target, method="GET", body=None, **fields):
        host, port = address.replace("0.0.0.0", "127.0.0.1").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=TIME_MAX)
        try:
            headers = {name.replace("_", "-"): value for name, value in fields.items()}
            connection.request(method, target, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def start_with(self, env, *words):
        with unittest.mock.patch.dict(os.environ, env):
            return self.start(*words)

    def run_with_page(self, page, *more, env=None):
        self.admin = free_address()
        child = self.start_with(env or {}, "run", "--data-dir", "data", "--listen", free_address(), "--admin", self.admin, "--page", page, *more)
        self.wait_ready(self.admin)
        return child


class WhoMayAsk(Exposed):
    def test_off_loopback_a_page_without_a_token_does_not_start_and_says_both_ways_out(self):
        for words in (["run", "--data-dir", "data", "--listen", free_address(), "--admin", "none", "--page", self.everywhere()],
                      ["serve", "--listen", self.everywhere()], ["serve", "--listen", ":" + free_address().split(":")[1]]):
            with self.subTest(words[0]):
                said = self.run_program(*words, status=2).stderr
                self.assertIn("--auth-token-file", said)
                self.assertIn("--page-open yes", said)

    def test_another_sites_name_is_refused_on_every_address_and_one_that_was_said_is_not(self):
        page = self.everywhere()
        self.run_with_page(page, "--page-open", "yes", "--page-host", "logs.example.com")
        for where in (page, self.admin):
            for target in ("/api/status", "/metrics"):
                self.assertEqual(self.ask(where, target, Host="evil.example:8000")[0], 421)
                self.assertEqual(self.ask(where, target, Host="logs.example.com:8000")[0], 200)
                self.assertEqual(self.ask(where, target, Host="localhost")[0], 200)
            self.assertEqual(self.ask(where, "/healthz", Host="evil.example")[0], 200)
        self.assertIn("--page-host", self.ask(page, "/", Host="evil.example")[1])

    def test_off_loopback_a_get_starts_nothing(self):
        page = self.everywhere()
        lines = self.demo(100)
        self.start("serve", "--listen", page, "--page-open", "yes", "--file", lines, "--to", "file:got.jsonl")
        self.wait_for(lambda: self.get(f"http://{page}/healthz")[0] == 200, "serve")
        self.assertEqual(self.ask(page, PRODUCE)[0], 405)
        self.assertEqual(self.ask(page, PRODUCE, "POST", Referer="http://evil.example/")[0], 403)
        self.assertFalse((self.folder / "got.jsonl").exists())
        self.assertEqual(self.ask(page, PRODUCE, "POST")[0], 200)

    def test_with_the_stacks_switches_a_get_starts_a_run_and_another_sites_does_not(self):
        switches = compose_switches()
        self.assertEqual(set(switches), {"LOGPIPE_PAGE_OPEN", "LOGPIPE_PRODUCE_BY_GET"})
        page = self.everywhere()
        lines = self.demo(100)
        self.start_with(switches, "serve", "--listen", page, "--file", lines, "--to", "file:got.jsonl")
        self.wait_for(lambda: self.get(f"http://{page}/healthz")[0] == 200, "serve")
        for foreign in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Referer": "http://evil.example/"}):
            self.assertEqual(self.ask(page, PRODUCE, **foreign)[0], 403, foreign)
        code, text = self.ask(page, PRODUCE)
        self.assertEqual((code, json.loads(text)["events"]), (200, 100))
        self.assertEqual(len((self.folder / "got.jsonl").read_text().splitlines()), 100)


class Runs(Exposed):
    def produce(self, page, **demo):
        return self.ask(page, PRODUCE, "POST", json.dumps({"demo": demo}), Content_Type="application/json")

    def test_more_lines_than_the_bound_are_refused_before_one_is_made(self):
        page = free_address()
        pipeline = self.run_with_page(page)
        code, text = self.produce(page, lines=1_000_000_000)
        self.assertEqual(code, 400, text)
        self.assertIn("--produce-lines-max", json.loads(text)["detail"])
        self.assertEqual(self.produce(page, lines=50)[0], 200)
        self.wait_drained(self.admin, 50)
        self.assertIn("in 50 = ", self.end(pipeline))

    def test_a_run_ends_at_its_bound_with_what_is_safe(self):
        lines = self.demo(1_000_000)
        for bound, given in (("--produce-lines-max", "20000"), ("--produce-bytes-max", "4M")):
            page = free_address()
            self.start("serve", "--listen", page, "--file", lines, "--to", f"file:{bound}.jsonl", bound, given)
            self.wait_for(lambda: self.get(f"http://{page}/healthz")[0] == 200, "serve")
            code, text = self.ask(page, PRODUCE, "POST")
            self.assertEqual(code, 413, text)
            self.assertIn(f"{bound} {given}", json.loads(text)["detail"])
            got = len((self.folder / f"{bound}.jsonl").read_text().splitlines())
            self.assertEqual(json.loads(text)["events"], got)
            self.assertLess(got, 1_000_000)

    def test_a_run_is_stopped_and_what_it_read_is_safe(self):
        page = free_address()
        pipeline = self.run_with_page(page)
        self.assertEqual(self.ask(page, PRODUCE, "DELETE")[0], 409)
        got = {}
        waiting = threading.Thread(target=lambda: got.update(answer=self.produce(page, lines=1_000_000, rate=1000)))
        waiting.start()
        self.wait_for(lambda: self.status(self.admin)["ledger"]["indexed"] > 0, "the first lines")
        self.assertEqual(self.ask(page, PRODUCE, "DELETE", Sec_Fetch_Site="cross-site")[0], 403)
        self.assertEqual(self.ask(page, PRODUCE, "DELETE"), (200, '{"stopping":true}\n'))
        waiting.join(TIME_MAX)
        code, text = got["answer"]
        self.assertEqual(code, 409, text)
        events = json.loads(text)["events"]
        self.assertGreater(events, 0)
        self.assertLess(events, 1_000_000)
        self.wait_drained(self.admin, events)
        self.assertEqual(self.produce(page, lines=50)[0], 200)  # another one may follow
        self.wait_drained(self.admin, events + 50)
        self.assertIn(f"in {events + 50} = ", self.end(pipeline))


class Tls(Exposed):
    def setUp(self):
        super().setUp()
        self.old, self.new = make_tls(self.folder / "old"), make_tls(self.folder / "new")
        self.live = self.folder / "live"
        self.live.mkdir()
        self.install(self.old)
        (self.folder / "token").write_text("open sesame\n")
        (self.folder / "token").chmod(0o600)
        self.tls = ["--page-certificate", "live/server.pem", "--page-key", "live/server.key"]

    def install(self, folder):
        for name in ("server.pem", "server.key"):
            (self.live / "part").write_bytes((folder / name).read_bytes())
            (self.live / "part").chmod(0o600)
            os.replace(self.live / "part", self.live / name)

    def https(self, address, target, folder, method="GET", body=None, **fields):
        host, port = address.split(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=TIME_MAX, context=ssl.create_default_context(cafile=folder / "ca.pem"))
        try:
            connection.request(method, target, body=body, headers=fields)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            connection.close()

    def test_the_page_by_tls_with_a_secure_cookie_and_a_new_certificate_by_sighup(self):
        page = free_address()
        child = self.run_with_page(page, "--auth-token-file", "token", *self.tls)
        self.assertEqual(self.https(page, "/", self.old)[0], 200)
        code, _, headers = self.https(page, "/api/session", self.old, "POST", "open sesame")
        self.assertEqual(code, 200)
        self.assertIn("; Secure", headers["Set-Cookie"])
        self.assertEqual(self.get(f"http://{page}/healthz")[0], 0)
        status = ["status", "--at", f"https://{page}", "--auth-token-file", "token", "--ca-file"]
        self.run_program(*status, self.old / "ca.pem")
        self.run_program(*status, self.new / "ca.pem", status=1)
        self.run_program("tap", "index", "--at", f"https://{page}", "--auth-token-file", "token", "--ca-file", self.new / "ca.pem", status=1)
        # The admin server is on loopback, where nobody is on the way.
        self.assertEqual(self.get(f"http://{self.admin}/healthz")[0], 200)
        self.install(self.new)
        child.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "web reloaded" in self.output_of(child), "the new certificate")
        self.run_program(*status, self.new / "ca.pem")
        self.end(child)

    def test_an_admin_server_off_loopback_has_it_too(self):
        admin = free_address()
        everywhere = "0.0.0.0:" + admin.split(":")[1]
        child = self.start("forward", "--listen", free_address(), "--journal", "data", "--to", "none", "--admin", everywhere, *self.tls)
        self.wait_for(lambda: self.self_is_alive(everywhere), "the admin server")
        self.wait_for(lambda: self.https(admin, "/readyz", self.old)[0] == 200, "it to be ready")
        self.run_program("status", "--at", f"https://{admin}", "--ca-file", self.old / "ca.pem")
        self.assertEqual(self.get(f"http://{admin}/healthz")[0], 0)
        self.end(child)

    def self_is_alive(self, admin):
        env = {**os.environ, "LOGPIPE_ADMIN": admin, "LOGPIPE_PAGE_CERTIFICATE": "live/server.pem"}
        return subprocess.run([program_test.PROGRAM, "status", "--self"], cwd=self.folder, env=env, capture_output=True, timeout=TIME_MAX).returncode == 0

    def test_a_token_in_clear_is_warned_about_on_both_sides(self):
        page = self.everywhere()
        child = self.run_with_page(page, "--auth-token-file", "token")
        self.assertIn("--page-certificate", self.output_of(child))
        host = socket.gethostname()
        address = f"{host}:{page.split(':')[1]}"
        said = self.run_program("status", "--at", f"127.0.0.1:{page.split(':')[1]}", "--auth-token-file", "token")
        self.assertNotIn("the token crosses the network", said.stderr)
        if self.get(f"http://{address}/healthz")[0] == 200:
            said = self.run_program("status", "--at", address, "--auth-token-file", "token")
            self.assertIn("the token crosses the network", said.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
