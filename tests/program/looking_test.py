#!/usr/bin/env python3
"""What can be seen of a running program from outside, and who may see it: hostile requests, the token, the alert rules.

    tests/program/looking_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import json
import os
import pathlib
import re
import socket
import sys
import unittest

import program_test
from program_test import Case, TIME_MAX, free_address

ALERTS = pathlib.Path(__file__).resolve().parent.parent.parent / "compose" / "alerts.yml"


class Running(Case):
    """`run` with page and admin server."""

    def begin(self, *more):
        self.listen, self.admin, self.page = free_address(), free_address(), free_address()
        self.pipeline = self.start("run", "--data-dir", "data", "--listen", self.listen, "--admin", self.admin, "--page", self.page, *more)
        self.wait_ready(self.admin)

    def send(self, lines=10):
        self.run_program("produce", "--demo", f"lines={lines}&seed=1", "--to", f"forward://{self.listen}")


class HostileRequests(Running):
    def setUp(self):
        super().setUp()
        self.begin()

    def raw(self, request):
        """The whole answer to these bytes, as the server closed the connection behind it."""
        host, port = self.page.split(":")
        with socket.create_connection((host, int(port)), timeout=TIME_MAX) as connection:
            try:
                connection.sendall(request)
            except OSError:
                pass  # refused before all of it was there
            answer = b""
            try:
                while part := connection.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
        return answer

    def status_of(self, request):
        answer = self.raw(request)
        head = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        self.assertTrue(head, f"{request[:80]!r} has no answer: {answer[:200]!r}")
        return int(head[1]), answer

    def ask(self, target, method=b"GET", fields=b"", body=b""):
        if body:
            fields += b"Content-Length: %d\r\n" % len(body)
        return self.status_of(method + b" " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields + b"\r\n" + body)

    def assert_refused(self, target, *more, codes, **fields):
        status, answer = self.ask(target, *more, **fields)
        self.assertIn(status, codes, f"{target[:80]!r}: {answer[:300]!r}")
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"application/problem+json", head)
        if not more or more[0] != b"HEAD":
            self.assertEqual(json.loads(body)["status"], status)
        return head

    def test_no_path_leads_out_of_the_page(self):
        for path in (b"/../../etc/passwd", b"/..%2f..%2fetc%2fpasswd", b"/%2e%2e/%2e%2e/etc/passwd", b"//etc/passwd", b"/app.js/../../etc/passwd",
                     b"/./app.js", b"/app.js%00.html", b"/..\\..\\windows", b"/data/store.sqlite", b"/page/app.js", b"/APP.JS", b"/app.js/"):
            with self.subTest(path):
                head = self.assert_refused(path, codes=(400, 404))
                self.assertNotIn(b"root:", head)

    def test_nothing_of_a_request_gets_into_the_head_of_the_answer(self):
        for target in (b"/%0d%0aSet-Cookie:%20a=b", b"/api/logs/overview?q=%0d%0aSet-Cookie:a=b", b"/api/tap?stage=%0d%0aSet-Cookie:a=b", b"/?a=\nSet-Cookie:a=b"):
            with self.subTest(target):
                self.assertNotIn(b"\r\nSet-Cookie", self.assert_refused(target, codes=(400, 404)) if b"/?a" not in target else self.status_of(
                    b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")[1])
        for field in (b"X: a\rb: c\r\n", b"X: a\nSet-Cookie: b\r\n", b"X\x00: a\r\n", b"Host: other\r\n"):
            with self.subTest(field):
                status, answer = self.ask(b"/api/page", fields=field)
                self.assertIn(status, (200, 400))
                self.assertNotIn(b"\r\nSet-Cookie", answer)

    def test_methods_and_ranges_that_are_not_for_a_page(self):
        for method in (b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"POST"):
            with self.subTest(method):
                head = self.assert_refused(b"/api/logs/lines", method, codes=(405,))
                self.assertIn(b"\r\nAllow: GET", head)
        for target, allowed in ((b"/api/dead-letters/retry", b"POST"), (b"/api/session", b"POST")):
            self.assertIn(b"\r\nAllow: " + allowed, self.assert_refused(target, codes=(405,)))
        self.assertIn(b"\r\nAllow: GET, POST", self.assert_refused(b"/produceEventsToPipeline", b"HEAD", codes=(405,)))
        self.assert_refused(b"/produceEventsToPipeline", b"POST", codes=(403,), fields=b"Sec-Fetch-Site: cross-site\r\n")
        self.assert_refused(b"/produceEventsToPipeline", b"POST", codes=(415,), body=b"demo=1")
        self.assert_refused(b"/produceEventsToPipeline", b"POST", codes=(400,), body=b'{"demo":{"lines":-1}}', fields=b"Content-Type: application/json\r\n")
        self.assert_refused(b"/api/dead-letters/retry", b"POST", codes=(400,), body=b'{"ids":["\xff"]}', fields=b"Content-Type: application/json\r\n")
        for query in (b"from=-1", b"from=9999999999999999999999", b"from=2&to=1000000&from=x", b"from=120000&to=60000", b"limit=99999", b"before=-1", b"q=%ff%fe", b"nosuch=1"):
            with self.subTest(query):
                self.assert_refused(b"/api/logs/lines?" + query, codes=(400,))
        # There are no partial answers: a range, good or bad, is left aside.
        for given in (b"bytes=0-1", b"bytes=9999999-", b"bytes=x", b"bytes=5-1", b"lines=1-2"):
            status, answer = self.ask(b"/app.js", fields=b"Range: " + given + b"\r\n")
            self.assertEqual(status, 200, given)
            self.assertIn(b"addEventListener", answer)

    def test_too_much_and_too_slow_is_cut_off_and_hurts_nobody(self):
        host, port = self.page.split(":")
        slow = [socket.create_connection((host, int(port)), timeout=TIME_MAX) for _ in range(20)]
        for each in slow:
            each.sendall(b"GET /api/page HTTP/1.1\r\nHost: localhost\r\nX: ")
        self.assert_refused(b"/" + b"a" * 20_000, codes=(414,))
        self.assert_refused(b"/", codes=(431,), fields=b"X: " + b"a" * 20_000 + b"\r\n")
        self.assert_refused(b"/api/dead-letters/retry", b"POST", codes=(413,), body=b"[" * 100_000)
        status, _ = self.ask(b"/api/dead-letters/retry", b"POST", body=b"[" * 60_000, fields=b"Content-Type: application/json\r\n")
        self.assertEqual(status, 400)
        self.assertEqual(self.get(f"http://{self.page}/healthz")[0], 200)
        for each in slow:  # within request_time, though nothing more is sent
            while each.recv(4096):
                pass
            each.close()
        self.send(10)
        self.wait_drained(self.admin, 10)
        self.end(self.pipeline)


class Token(Running):
    def test_status_monitor_and_tap_show_it_by_file_or_variable(self):
        secret = self.folder / "token"
        secret.write_text("open sesame\n")
        self.begin("--auth-token-file", secret)
        self.send(10)
        self.wait_drained(self.admin, 10)
        at = ("--at", self.page)
        for told in ({"LOGPIPE_AUTH_TOKEN": "open sesame"}, {"LOGPIPE_AUTH_TOKEN_FILE": str(secret)}):
            self.assertIn("10 done", self.run_program("status", *at, env=told).stdout)
        self.assertIn("10 done", self.run_program("status", *at, "--auth-token-file", secret).stdout)
        for told in ({}, {"LOGPIPE_AUTH_TOKEN": "open barley"}):
            # It answers, and nobody can tell how it is: exit status 2.
            refused = self.run_program("status", *at, status=2, env=told)
            self.assertIn("token", refused.stdout)
            self.assertNotIn("open", refused.stdout + refused.stderr)
            self.assertIn("token", self.run_program("tap", "normalize", *at, status=1, env=told).stderr)

        lines = self.start("monitor", *at, "--plain", "--interval", "100ms", "--auth-token-file", secret)
        self.wait_for(lambda: "run/index in " in self.output_of(lines), "a look")
        self.end(lines)
        tap = self.start("tap", "normalize", "--count", "3", *at, "--auth-token-file", secret)
        self.wait_for(lambda: (self.send(5), tap.poll() is not None)[1], "three events")
        self.assertEqual(tap.returncode, 0)
        shown = [json.loads(line) for line in self.output_of(tap).splitlines() if line.startswith('{"stage"')]
        self.assertEqual([each["stage"] for each in shown], ["index/normalize"] * 3)
        self.run_program("status", *at, "--auth-token-file", self.folder / "nowhere", status=2)

    def test_status_refuses_an_address_that_it_would_not_look_at(self):
        self.assertIn("--at 127.0.0.1:1", self.run_program("status", "--admin", "127.0.0.1:1", status=2).stderr)


class Alerts(Running):
    def test_every_metric_and_label_of_the_example_rules_is_there(self):
        rules = re.findall(r"^ {6}- alert: (\w+)\n(.*?)(?=^ {6}- alert|\Z)", ALERTS.read_text(), re.M | re.S)
        self.assertGreaterEqual(len(rules), 8)
        self.begin()
        self.send(10)
        self.wait_drained(self.admin, 10)
        there = {}
        for line in self.get(f"http://{self.admin}/metrics")[1].splitlines():
            if sample := re.match(r"(\w+)(?:\{(.*)\})? ", line):
                there.setdefault(sample[1], set()).update(re.findall(r'(\w+)="', sample[2] or ""))
        for name, rule in rules:
            with self.subTest(name):
                expression = re.search(r"expr: (?:>-\n)?(.*?)\n(?: {8}\w)", rule, re.S)[1]
                self.assertIn("summary:", rule)
                self.assertIn("action:", rule)
                self.assertRegex(rule, r"severity: (page|ticket)\b")
                metrics = re.findall(r"\b(?:logpipe_|process_)\w+", expression)
                if not metrics:
                    self.assertIn("up{job=", expression)  # Prometheus's own
                labels = {"instance"}  # which Prometheus adds
                for metric in metrics:
                    self.assertIn(metric, there)
                    labels |= there[metric]
                used = {each for group in re.findall(r"by \(([^)]*)\)", expression) for each in re.split(r", *", group)}
                used |= set(re.findall(r"\$labels\.(\w+)", rule)) | {each for each in re.findall(r"(\w+)=", re.sub(r"[!<>=]= ", "", expression)) if each != "job"}
                self.assertLessEqual(used, labels)


class Metrics(Case):
    """Each metric of each subcommand: a counter's name ends in _total, it begins at 0 and never falls; nothing else's does."""

    # What only grows though it is not counted from the process's start: places, sizes, and the durable ledger.
    GROWS = re.compile(r"_offset$|_ledger_events$|^logpipe_journal_(bytes|segments)$|_bytes_max$|^process_|_size_(bytes|lines)$|^logpipe_build_info$|_(backlog|lag|held|waiting|pending)_events$|_oldest_seconds$|in_flight")

    def scrape(self, admin):
        types, values = {}, {}
        for line in self.get(f"http://{admin}/metrics")[1].splitlines():
            if head := re.match(r"# TYPE (\w+) (\w+)$", line):
                types[head[1]] = head[2]
            elif sample := re.match(r"(\w+(?:\{.*\})?) (\S+)$", line):
                values[sample[1]] = float(sample[2])
        self.assertTrue(types)
        return types, values

    def check_types(self, types):
        for name, kind in types.items():
            with self.subTest(name):
                self.assertIn(kind, ("counter", "gauge", "histogram"))
                self.assertEqual(kind == "counter", name.endswith("_total"), kind)
                self.assertNotRegex(name, r"_(ms|millis\w*|us|micro\w*|ns|nanos\w*|kb|kib|mb|mib|percent|minutes|hours)(_total)?$", "no base unit")

    def check_growth(self, types, looks):
        """Several looks at a process that works."""
        for series in looks[0]:
            name = series.partition("{")[0]
            if types.get(name) == "counter":
                seen = [look[series] for look in looks]
                self.assertEqual(seen, sorted(seen), series)
            elif name in types and not self.GROWS.search(name):
                seen = [look.get(series, 0.0) for look in looks]
                self.assertFalse(all(a < b for a, b in zip(seen, seen[1:])), f"{series} only grows, {seen}: is it a counter?")

    def test_every_metric_has_the_type_of_what_it_does(self):
        run, forward, listen, to_forward, consume, index, ship, nobody = (free_address() for _ in range(8))
        self.start("run", "--data-dir", "run", "--listen", listen, "--admin", run, "--page", "none")
        self.start("forward", "--listen", to_forward, "--journal", "data", "--to", f"kafka://{nobody}/a", "--admin", forward)
        self.wait_ready(run)
        self.wait_for(lambda: self.status(forward), "the forwarder")
        self.start("consume", "--from", "journal:data/nginx-logs", "--to", "journal:data/nginx-events", "--admin", consume)
        self.start("index", "--from", "journal:data/nginx-events", "--to", f"opensearch://{nobody}/a", "--admin", index)
        self.start("ship", "--from", f"docker:unix:{self.folder}/none.sock", "--to", f"loki://{nobody}", "--admin", ship)
        looks = {address: [] for address in (run, forward, consume, index, ship)}
        types = {}
        for address in looks:
            self.wait_for(lambda: self.status(address), f"{address}")
            types[address], values = self.scrape(address)
            self.check_types(types[address])
            # Before any event came, what is counted from the start is 0: a counter that is not is a size or a constant.
            for series, value in values.items():
                if series.partition("{")[0].endswith("_events_total"):
                    self.assertEqual(value, 0.0, series)
        for turn in range(1, 5):
            for at in (listen, to_forward):
                self.run_program("produce", "--demo", f"lines={100 * turn}&seed={turn}", "--to", f"forward://{at}")
            total = sum(100 * each for each in range(1, turn + 1))
            self.wait_drained(run, total)
            self.wait_drained(consume, total)
            for address, seen in looks.items():
                types[address], values = self.scrape(address)
                seen.append(values)
        for address, seen in looks.items():
            self.check_types(types[address])
            self.check_growth(types[address], seen)
        named = {name for each in types.values() for name in each}
        for wanted in ("logpipe_sqlite_indexed_documents_total", "logpipe_journal_syncs_total", "logpipe_journal_lost_offsets_total", "logpipe_documents_total",
                       "logpipe_pushes_total", "logpipe_kafka_messages_retried_total"):
            self.assertIn(wanted, named)

    def test_the_size_of_a_source_is_no_counter(self):
        admin, nobody = free_address(), free_address()
        lines = self.demo(1000)
        self.start("produce", "--file", lines, "--to", f"forward://{nobody}", "--admin", admin)
        self.wait_for(lambda: self.status(admin), "produce")
        types, values = self.scrape(admin)
        self.check_types(types)
        size = [value for series, value in values.items() if series.startswith("logpipe_source_size_bytes")]
        self.assertEqual(size, [lines.stat().st_size])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
