#!/usr/bin/env python3
"""Drives the built program as a user would: every subcommand, its output, its exit status, and what goes wrong.

    tests/program/program_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only; free ports; everything in a temporary folder.
"""

import collections
import gzip
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from web_folder import web_folder  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE", "logpipe")
TIME_MAX = 120  # seconds for anything


def free_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="logpipe-program-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, status=0, stdin=None, env=None):
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.folder, input=stdin, capture_output=True, text=True,
                              timeout=TIME_MAX, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def start(self, *arguments):
        # Files, not pipes: a child never waits for a reader.
        out = open(self.folder / f"{arguments[0]}.{len(os.listdir(self.folder))}.out", "w+")
        child = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        child.out = out
        self.addCleanup(out.close)
        self.addCleanup(lambda: (child.kill() if child.poll() is None else None, child.wait()))
        return child

    def output_of(self, child):
        child.out.seek(0)
        return child.out.read()

    def wait_for(self, condition, what):
        end = time.monotonic() + TIME_MAX
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.02)
        self.fail(f"not in time: {what}")

    def get(self, url, method="GET"):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=TIME_MAX) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as failure:
            return failure.code, failure.read().decode()
        except OSError:
            return 0, ""

    def status(self, admin):
        code, text = self.get(f"http://{admin}/api/status")
        return json.loads(text) if code == 200 else None

    def wait_ready(self, admin):
        self.wait_for(lambda: self.get(f"http://{admin}/readyz")[0] == 200, f"{admin} ready")

    def wait_drained(self, admin, events):
        def through():
            status = self.status(admin)
            return status and status["ledger"]["in"] >= events and status["ledger"]["in_flight"] == 0 and status["ledger"]["difference"] == 0
        self.wait_for(through, f"{events} events to pass {admin}")

    def end(self, child, status=0):
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(TIME_MAX), status, self.output_of(child)[-2000:])
        return self.output_of(child)

    def demo(self, lines, name="lines.jsonl"):
        path = self.folder / name
        self.run_program("produce", "--demo", f"lines={lines}&seed=1&serial=1", "--to", f"file:{path}")
        return path

    def documents(self, store):
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            return [json.loads(row[0]) for row in database.execute("SELECT doc FROM documents")]

    def assert_same_data(self, store, lines):
        documents = self.documents(store)
        wanted = [json.loads(line) for line in lines]
        self.assertEqual(len(documents), len(wanted))
        # Not assertEqual: what it would tell of two long lists takes minutes to work out.
        self.assertTrue(sorted(d["serial"] for d in documents) == [w["serial"] for w in wanted], "serials are missing or doubled")
        self.assertEqual(collections.Counter(d["event"]["response"] for d in documents), collections.Counter(w["response"] for w in wanted))
        self.assertEqual(sum(d["event"]["bytes"] for d in documents), sum(w["bytes"] for w in wanted))


class WholePipeline(Case):
    def test_a_file_is_indexed_once_and_equals_what_was_in_it(self):
        path = self.demo(8130)
        done = self.run_program("run", "--from", path, "--once", "--data-dir", "data", "--admin", "none")
        self.assertIn("in 8130 = indexed 8130 + already there 0 + dead 0 + in flight 0\n", done.stdout)
        self.assert_same_data(self.folder / "data/store.sqlite", path.read_text().splitlines())

    def test_documents_have_the_shape_that_is_promised(self):
        line = ('{"time": "17/May/2015:08:05:32 +0000", "remote_ip": "93.180.71.3", "remote_user": "-", "request": "GET /a HTTP/1.1", '
                '"response": 304, "bytes": 0, "referrer": "-", "agent": "x"}')
        (self.folder / "one.jsonl").write_text(line + "\n")
        self.run_program("run", "--from", "one.jsonl", "--once", "--data-dir", "data", "--admin", "none")
        (document,) = self.documents(self.folder / "data/store.sqlite")
        self.assertEqual(list(document), ["event", "fields", "@version", "@timestamp", "time", "index", "sourcetype"])
        self.assertEqual(list(document["event"]), ["remote_ip", "remote_user", "request", "response", "bytes", "referrer", "agent"])
        self.assertRegex(document["fields"]["assetid"], "^[0-9a-f]{32}$")
        self.assertEqual((document["@version"], document["index"], document["sourcetype"]), ("1", "nginx", "nginx"))
        self.assertLess(abs(document["time"] / 1000 - time.time()), TIME_MAX)
        # The journal's receipt, to the nanosecond; three digits would be one chance in a million.
        self.assertRegex(document["@timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertEqual(document["@timestamp"][20:23], f'{document["time"] % 1000:03}')

    def test_bad_lines_go_to_the_dead_letters_with_their_bytes_and_block_nothing(self):
        good = '{"remote_ip": "10.0.0.1", "response": 200}'
        (self.folder / "mixed.jsonl").write_bytes(b"\n".join([good.encode(), b"not json", b"[1]", b'{"cut": ', b'{"bad utf8": "\xff"}', good.encode()]))
        done = self.run_program("run", "--from", "mixed.jsonl", "--once", "--data-dir", "data", "--admin", "none", "--format", "json", "--strict-lines")
        self.assertIn("in 6 = indexed 2 + already there 0 + dead 4 + in flight 0\n", done.stdout)
        letters = [json.loads(line) for line in self.run_program("journal", "export", "data/nginx-logs.dlq").stdout.splitlines()]
        self.assertEqual([letter.get("record") for letter in letters], ["not json", "[1]", '{"cut": ', None])
        self.assertEqual(letters[3]["record_base64"], "eyJiYWQgdXRmOCI6ICL/In0=")
        self.assertTrue(all(letter["stage"] == "normalize" and letter["reason"] and letter["id"] for letter in letters))

    def test_a_run_that_ends_says_last_how_many_events_are_dead_letters_and_how_to_see_them(self):
        (self.folder / "mixed.jsonl").write_text('{"remote_ip": "10.0.0.1", "response": 200}\n{no json\n{[1]\n')
        (self.folder / "bad.jsonl").write_text("{no json\n{[1]\n")
        ending = ("--once", "--admin", "none")

        def last_line(done, count, command):
            line = done.stderr.splitlines()[-1]
            self.assertIn(f"{count} events are DEAD LETTERS", line)
            self.assertIn(f"list them: logpipe {command}", line)
            return int(self.run_program(*command.split()).stdout.split()[0])
        some = self.run_program("run", "--from", "mixed.jsonl", "--data-dir", "some", *ending)
        self.assertEqual(last_line(some, "2 of 3", "dlq ls journal:some/nginx-logs.dlq"), 2)
        every = self.run_program("run", "--from", "bad.jsonl", "--data-dir", "every", *ending, status=4)
        self.assertEqual(last_line(every, "all 2 of 2", "dlq ls journal:every/nginx-logs.dlq"), 2)
        again = self.run_program("consume", "--from", "journal:every/nginx-logs", "--to", "journal:every/events", *ending, status=4)
        self.assertEqual(last_line(again, "all 2 of 2", "dlq ls journal:every/nginx-logs.consume.dlq"), 2)
        none = self.run_program("run", "--from", self.demo(10), "--data-dir", "none", *ending)
        self.assertNotIn("DEAD", none.stdout + none.stderr)

    def test_a_produce_whose_lines_are_all_refused_exits_with_4(self):
        (self.folder / "long.jsonl").write_text('{"a": "' + "x" * 3000 + '"}\n')
        done = self.run_program("produce", "--file", "long.jsonl", "--line-bytes-max", "1K", "--to", "file:out.jsonl", status=4)
        self.assertIn("all 1 of 1 events are DEAD LETTERS, in file:logpipe-dead-letters.jsonl", done.stderr.splitlines()[-1])

    def test_a_run_that_was_killed_goes_on_and_adds_nothing_twice(self):
        # At this rate it runs for seconds, so the kill comes in the middle.
        arguments = ("run", "--from", "demo:nginx?lines=60000&seed=1&serial=1&rate=15000", "--once", "--data-dir", "data", "--admin", "none")
        child = self.start(*arguments)
        store = self.folder / "data/store.sqlite"

        def some_stored():
            try:
                return self.documents(store)
            except sqlite3.Error:
                return False
        self.wait_for(some_stored, "the first documents")
        self.assertIsNone(child.poll(), "it had ended before it was killed")
        child.kill()
        child.wait()
        self.run_program(*arguments)
        self.assert_same_data(store, self.demo(60000).read_text().splitlines())

    def test_the_same_demo_again_after_an_orderly_end_is_new_data(self):
        for total in (10, 20):
            self.run_program("run", "--from", "demo:nginx?lines=10&seed=1", "--once", "--data-dir", "data", "--admin", "none")
            self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), total)

    def test_the_same_file_again_or_a_copy_of_it_adds_only_what_it_has_more(self):
        path = self.demo(10)
        run = ("run", "--once", "--data-dir", "data", "--admin", "none", "--from")
        for more, total in (("", 10), ("", 10), ('{"serial": 11}\n', 11)):
            with open(path, "a") as lines:
                lines.write(more)
            self.run_program(*run, path)
            self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), total)
        shutil.copy(path, self.folder / "copy.jsonl")
        self.run_program(*run, "copy.jsonl")
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 11)
        shutil.rmtree(self.folder / "data")  # with the state
        self.run_program(*run, path)
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 11)

    def test_files_are_followed_several_at_once_beside_other_sources(self):
        admin = free_address()
        child = self.start("run", "--from", "a*.jsonl", "--from", "file:b.jsonl?tag=b", "--from", "demo:nginx?lines=7", "--data-dir", "data",
                           "--admin", admin, "--page", "none")
        self.wait_ready(admin)
        self.demo(10, "a1.jsonl")
        self.demo(20, "a2.jsonl")
        self.demo(30, "b.jsonl")
        self.wait_drained(admin, 67)
        status = self.status(admin)
        self.assertEqual((status["ledger"]["in"], status["ledger"]["indexed"]), (67, 67))
        self.assertEqual([pump["name"] for pump in status["pumps"]], ["receive", "receive-2", "receive-3", "index"])
        self.end(child)
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 67)

    def test_a_followed_produce_goes_on_where_it_was_and_a_forwarder_gets_each_line_once(self):
        path, listen, admin = self.demo(1000), free_address(), free_address()
        self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", "none")
        self.wait_ready(admin)
        total = 1000
        for _ in range(5):
            child = self.start("produce", "--file", path, "--follow", "--to", f"forward://{listen}")
            self.wait_for(lambda: self.status(admin)["ledger"]["in"] >= total, "the lines")
            with open(path, "a") as lines:
                for serial in range(total + 1, total + 11):
                    lines.write('{"serial": %d}\n' % serial)
                    lines.flush()
                    time.sleep(0.01)
            total += 10
            child.kill()
            child.wait()
        self.run_program("produce", "--file", path, "--state", "logpipe-state", "--to", f"forward://{listen}")
        self.wait_drained(admin, total)
        self.assertEqual(sorted(each["serial"] for each in self.documents(self.folder / "data/store.sqlite")), list(range(1, total + 1)))

    def test_the_ledger_goes_on_across_restarts(self):
        run = ("run", "--once", "--data-dir", "data", "--admin", "none", "--from")
        self.run_program(*run, self.demo(10))
        done = self.run_program(*run, self.demo(20, "other.jsonl"))
        self.assertIn("in 20 = indexed 20 + already there 0 + dead 0 + in flight 0\n", done.stdout)

    def test_produce_over_http_and_forward_arrives_and_status_tells(self):
        path = self.demo(20000)
        listen, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)
        with web_folder({"/nginx_json_logs": path.read_bytes()}) as url:
            self.run_program("produce", "--url", f"{url}/nginx_json_logs", "--to", f"forward://{listen}")
        self.wait_drained(admin, 20000)
        told = self.run_program("status", "--at", admin).stdout
        self.assertIn("in 20000 = indexed 20000 + already there 0 + dead 0 + in flight 0", told)
        report = json.loads(self.run_program("status", "--at", admin, "--json").stdout)
        self.assertEqual((report["state"], report["hops"][0]["name"], report["hops"][0]["difference"]), ("up", "run", 0))
        self.assertEqual(report["processes"][0]["ledger"]["indexed"], 20000)
        self.assertIn('logpipe_ledger_events{term="indexed"} 20000', self.get(f"http://{admin}/metrics")[1])
        self.assertIn("in 20000 = indexed 20000 + already there 0", self.end(pipeline))
        self.assert_same_data(self.folder / "data/store.sqlite", path.read_text().splitlines())

    def test_after_a_restart_no_figure_contradicts_another(self):
        listen, admin = free_address(), free_address()
        arguments = ("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", "none")
        for restarted in (False, True):
            pipeline = self.start(*arguments)
            self.wait_ready(admin)
            if not restarted:
                self.run_program("produce", "--demo", "lines=300&seed=1", "--to", f"forward://{listen}")
                self.wait_drained(admin, 300)
            status = self.status(admin)
            told = self.run_program("status", "--at", admin).stdout
            for book in (status["ledger"], *(pump["ledger"] for pump in status["pumps"])):
                self.assertEqual((book["in"], book["indexed"], book["difference"]), (300, 300, 0))
            self.assertIn("300 done, 0 in flight", told)
            self.assertIn("300 done", told)
            self.assertEqual(told.count("in 300 = indexed 300 + already there 0 + dead 0 + in flight 0"), 3, told)
            self.end(pipeline)

    def test_a_store_that_is_away_at_start_hides_neither_what_waits_nor_what_was_counted(self):
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin)
        self.wait_ready(admin)
        self.run_program("produce", "--demo", "lines=1200&seed=1", "--to", f"forward://{listen}")
        nobody, watched = free_address(), free_address()
        self.start("index", "--from", "journal:data/nginx-logs", "--to", f"opensearch://{nobody}/a", "--admin", watched)
        self.wait_for(lambda: (self.status(watched) or {"pumps": [{}]})["pumps"][0].get("backlog") == 1200, "the backlog")
        self.run_program("produce", "--demo", "lines=300&seed=2", "--to", f"forward://{listen}")
        self.wait_for(lambda: self.status(watched)["pumps"][0]["backlog"] == 1500, "the backlog to grow")
        told = self.run_program("status", "--at", watched, status=1).stdout
        self.assertRegex(told, r"index 127\.0\.0\.1:\d+ +down .* 0 done, 0 in flight, backlog 1,500")
        self.assertRegex(told, r"index/journal_source +up +backlog 1,500")
        self.assertIn("1 stage is down: index/opensearch_sink", told)
        self.assertRegex(self.get(f"http://{watched}/metrics")[1], r'logpipe_pump_backlog_events\{pump="index"\} 1500\n')
        self.end(forwarder)

    def test_produce_with_the_same_run_id_repeats_itself_instead_of_adding(self):
        path = self.demo(3000)
        listen, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)
        for _ in range(2):
            self.run_program("produce", "--file", path, "--run-id", "monday", "--to", f"forward://{listen}")
        self.wait_drained(admin, 6000)
        self.assertIn("in 6000 = indexed 3000 + already there 3000 + dead 0 + in flight 0", self.end(pipeline))


class InParts(Case):
    def test_forward_consume_and_index_do_what_run_does(self):
        path = self.demo(20000)
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin)
        self.wait_ready(admin)
        self.run_program("produce", "--file", path, "--to", f"forward://{listen}", "--compress")
        consumed = self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "journal:data/nginx-events", "--once", "--admin", "none")
        self.assertIn("in 20000 = indexed 20000 + already there 0 + dead 0 + in flight 0\n", consumed.stdout)
        indexed = self.run_program("index", "--from", "journal:data/nginx-events", "--to", "sqlite:data/store.sqlite", "--once", "--admin", "none")
        self.assertIn("in 20000 = indexed 20000 + already there 0 + dead 0 + in flight 0\n", indexed.stdout)
        self.assertIn("in 20000 = indexed 20000 + already there 0 + dead 0 + in flight 0", self.end(forwarder))
        self.assert_same_data(self.folder / "data/store.sqlite", path.read_text().splitlines())
        again = self.run_program("index", "--from", "journal:data/nginx-events", "--to", "sqlite:data/store.sqlite", "--once", "--admin", "none")
        self.assertIn("in 20000 = indexed 20000", again.stdout)

    def test_a_consumer_of_another_process_follows_the_forwarder(self):
        listen, admin, consumer_admin = free_address(), free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin)
        self.wait_ready(admin)
        consumer = self.start("consume", "--from", "journal:data/nginx-logs", "--to", "journal:data/nginx-events", "--admin", consumer_admin)
        self.wait_ready(consumer_admin)
        self.run_program("produce", self.demo(500), "--to", f"forward://{listen}")
        self.wait_drained(consumer_admin, 500)
        told = self.run_program("status", "--at", admin, "--at", consumer_admin).stdout
        self.assertEqual(told.count("in 500 = indexed 500"), 2)
        self.end(consumer)
        self.end(forwarder)

    def test_signals_in_one_breath_are_one_wish_to_end_and_a_later_one_ends_the_drain(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            def stopped_amid(drain_timeout):
                """Lines are on their way to who never acks them; two signals have come."""
                child = self.start("produce", "--demo", "lines=10&seed=1", "--to", f"forward://127.0.0.1:{silent.getsockname()[1]}",
                                   "--drain-timeout", drain_timeout)
                peer, _ = silent.accept()
                self.addCleanup(peer.close)
                self.assertTrue(peer.recv(1))
                child.send_signal(signal.SIGTERM)
                self.wait_for(lambda: "stopping" in self.output_of(child), "the first signal to be seen")
                child.send_signal(signal.SIGTERM)
                self.wait_for(lambda: "draining, 10 events left" in self.output_of(child) or child.poll() is not None, "the drain")
                return child

            child = stopped_amid("2s")
            self.assertEqual(child.wait(TIME_MAX), 3)
            self.assertIn("the drain timed out with 10 events not yet safe", self.output_of(child))
            child = stopped_amid("10m")
            self.assertIn("a second signal ended the drain with 10 events not yet safe", self.end(child, 3))

    def test_tags_are_routed_and_what_has_no_route_is_a_dead_letter(self):
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin, "--route", "audit.**=file:audit.jsonl")
        self.wait_ready(admin)
        path = self.demo(5)
        for tag in ("app.follow", "audit.login", "stray"):
            self.run_program("produce", "--file", path, "--tag", tag, "--to", f"forward://{listen}")
        self.wait_drained(admin, 15)
        self.assertIn("in 15 = indexed 5 + already there 0 + dead 5 + in flight 0 + routed 5", self.end(forwarder))
        self.assertEqual(len((self.folder / "audit.jsonl").read_text().splitlines()), 5)
        letters = self.run_program("journal", "export", "data/nginx-logs.forward.dlq").stdout.splitlines()
        self.assertEqual({json.loads(letter)["reason"] for letter in letters}, {'no route for the tag "stray"'})

    def test_the_shared_key_lets_in_who_knows_it(self):
        listen, admin = free_address(), free_address()
        (self.folder / "key").write_text("sesame\n")
        (self.folder / "wrong").write_text("simsalabim\n")
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin, "--shared-key-file", "key")
        self.wait_ready(admin)
        path = self.demo(5)
        self.run_program("produce", "--file", path, "--to", f"forward://{listen}", "--send-key-file", "key")
        refused = self.run_program("produce", "--file", path, "--to", f"forward://{listen}", "--send-key-file", "wrong", "--give-up-after", "1s", status=3)
        self.assertIn("shared key", refused.stderr)
        self.wait_drained(admin, 5)
        self.end(forwarder)

    def test_serve_sends_the_lines_and_answers_when_they_are_safe(self):
        listen, admin, web = free_address(), free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin)
        self.wait_ready(admin)
        server = self.start("serve", "--listen", web, "--demo", "lines=1000&seed=1", "--to", f"forward://{listen}")
        self.wait_ready(web)
        for method in ("GET", "POST"):
            code, text = self.get(f"http://{web}/produceEventsToPipeline", method)
            self.assertEqual(code, 200, text)
            answer = json.loads(text)
            self.assertEqual((answer["status"], answer["events"]), ("success", 1000))
        self.assertEqual(self.status(admin)["ledger"]["indexed"], 2000)
        self.end(server)
        self.end(forwarder)

    def test_serve_answers_502_with_the_reason_when_the_source_is_not_there(self):
        web = free_address()
        server = self.start("serve", "--listen", web, "--url", "http://127.0.0.1:1/none", "--to", "stdout:")
        self.wait_ready(web)
        code, text = self.get(f"http://{web}/produceEventsToPipeline", "POST")
        self.assertEqual(code, 502)
        self.assertIn("http://127.0.0.1:1/none", json.loads(text)["message"])
        self.end(server)


class BadInput(Case):
    def test_a_reader_that_leaves_ends_the_program(self):
        child = subprocess.Popen([PROGRAM, "produce", "--demo", "seed=1", "--to", "stdout:"], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (child.kill() if child.poll() is None else None, child.wait()))
        self.assertTrue(child.stdout.readline().startswith(b'{"time"'))
        child.stdout.close()
        self.assertEqual(child.wait(TIME_MAX), 3)

    def test_sources_that_cannot_be_read_say_why_and_exit_with_1(self):
        pages = {"/page": b"<!DOCTYPE html><html>hello</html>"}
        with web_folder(pages) as url:
            for uri, word in ((f"{url}/none", "404"), (f"{url}/page", "a page"), ("http://127.0.0.1:1/x", "refused"),
                              ("http://no-such-host.invalid/x", "no-such-host.invalid")):
                with self.subTest(uri):
                    done = self.run_program("produce", "--url", uri, "--to", "stdout:", status=1)
                    self.assertIn(word, done.stderr)
                    self.assertIn(uri, done.stderr)
        self.assertIn("/no/such/file", self.run_program("produce", "--file", "/no/such/file", "--to", "stdout:", status=1).stderr)

    def test_a_gzipped_body_is_read_as_lines(self):
        lines = self.demo(300).read_bytes()
        with web_folder({"/logs": gzip.compress(lines)}, {"Content-Encoding": "gzip"}) as url:
            done = self.run_program("produce", "--url", f"{url}/logs", "--to", "stdout:")
        self.assertEqual(done.stdout.encode(), lines)

    def test_standard_input_with_crlf_a_bom_and_no_last_newline(self):
        done = self.run_program("produce", "-", "--to", "stdout:", stdin="\ufeff{\"a\": 1}\r\n\r\n{\"b\": 2}")
        self.assertEqual(done.stdout, '{"a": 1}\n{"b": 2}\n')

    def test_wrong_words_on_the_command_line_exit_with_2_and_say_what_is_right(self):
        for arguments, word in ((("produce",), "--url"),
                                (("produce", "--fil", "x"), "--fil"),
                                (("produce", "-", "--to", "ftp://x"), "available:"),
                                (("status", "--kafka-user", "x"), "which this status does not use"),
                                (("serve", "--url", "ftp://x", "--listen", "127.0.0.1:0"), "cannot be a source"),
                                (("run", "--url", "ftp://x", "--listen", "127.0.0.1:0", "--admin", "none"), "cannot be a source"),
                                (("forward", "--journal-full", "explode"), "block|drop-oldest"),
                                (("run", "--drain-timeout", "soon"), "30s"),
                                (("journal", "explode", "x"), "ls|check|repair|export"),
                                (("index", "--from", "journal:data/a", "--to", "journal:data/a"), "read again"),
                                (("forward", "--listen", "no.such.host.invalid:1"), "cannot listen on no.such.host.invalid"),
                                ((), "subcommand")):
            with self.subTest(arguments):
                done = self.run_program(*arguments, status=2)
                self.assertIn(word.lower(), (done.stderr + done.stdout).lower())

    def test_a_second_writer_of_a_journal_is_refused(self):
        admin = free_address()
        forwarder = self.start("forward", "--listen", free_address(), "--journal", "data", "--to", "none", "--admin", admin)
        self.wait_ready(admin)
        done = self.run_program("forward", "--listen", free_address(), "--journal", "data", "--to", "none", "--admin", "none", status=1)
        self.assertIn("written by another logpipe", done.stderr)
        self.end(forwarder)

    def test_a_taken_admin_port_is_named_with_the_way_out(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.run_program("run", "--data-dir", "data", "--listen", free_address(), "--admin", address, status=1)
        self.assertIn(address, done.stderr)
        self.assertIn("or none", done.stderr)

    def test_produce_gives_up_when_nobody_listens(self):
        done = self.run_program("produce", "--demo", "lines=5", "--to", "forward://127.0.0.1:1", "--give-up-after", "1s", status=3)
        self.assertIn("nothing was acked for 1s", done.stderr)

    def test_status_says_who_is_down_and_exits_with_1(self):
        done = self.run_program("status", "--at", "127.0.0.1:1", status=1)
        self.assertIn("127.0.0.1:1", done.stdout)
        report = json.loads(self.run_program("status", "--at", "127.0.0.1:1", "--json", status=1).stdout)
        self.assertEqual((report["state"], report["components"][0]["state"]), ("down", "down"))

    def test_status_names_the_one_component_that_is_down_and_says_why(self):
        admin = free_address()
        self.start("run", "--data-dir", "data", "--listen", free_address(), "--admin", admin)
        self.wait_ready(admin)
        pages = {"/api/health": b'{"database":"ok","version":"11.1.0"}', "/ready": b"ready\n",
                 "/loki/api/v1/status/buildinfo": b'{"version":"3.1.0"}', "/metrics": b"loki_distributor_lines_received_total 5\n",
                 "/api/status": b'{"version":{"number":"2.19.0"},"status":{"overall":{"state":"green"}}}'}
        with web_folder(pages) as url:
            everything = ("status", "--at", admin, "--grafana", url, "--loki", url, "--dashboards", url)
            told = self.run_program(*everything).stdout
            for words in ("2.19.0", "11.1.0", "database ok", "5 lines received", "difference 0"):
                self.assertIn(words, told)
            down = self.run_program(*everything[:-2], "--dashboards", "http://127.0.0.1:1", status=1).stdout
            self.assertRegex(down, r"dashboards at http://127.0.0.1:1 down: .*refused")
            report = json.loads(self.run_program(*everything[:-2], "--dashboards", "http://127.0.0.1:1", "--json", status=1).stdout)
            self.assertEqual([c["kind"] for c in report["components"] if c["state"] != "up"], ["dashboards"])
            # A server that answers something else: nobody can tell.
            unknown = self.run_program(*everything[:-2], "--dashboards", f"{url}/loki/api/v1/status/buildinfo?", status=2).stdout
            self.assertRegex(unknown, r"dashboards at .* unknown: ")
            wrong = self.run_program("status", "--at", admin, "--loki", "localhost:3100", status=1).stdout
            self.assertIn("write it as http://", wrong)

    def test_self_is_a_health_check_that_finds_its_own_process(self):
        admin = free_address()
        self.run_program("status", "--self", status=1, env={"LOGPIPE_ADMIN": admin})
        self.start("run", "--data-dir", "data", "--listen", free_address(), "--admin", "0.0.0.0:" + admin.split(":")[1])
        self.wait_ready(admin)
        for own in (admin, "0.0.0.0:" + admin.split(":")[1], ":" + admin.split(":")[1]):
            self.run_program("status", "--self", env={"LOGPIPE_ADMIN": own})

    def test_a_damaged_journal_is_told_and_the_rest_is_read(self):
        path = self.demo(9000)
        self.run_program("run", "--from", path, "--once", "--data-dir", "data", "--admin", "none")
        (segment,) = (self.folder / "data/nginx-logs").glob("*.seg")
        content = bytearray(segment.read_bytes())
        content[len(content) // 2] ^= 1
        segment.write_bytes(content)
        self.assertIn("damaged", self.run_program("journal", "check", "data/nginx-logs", status=1).stdout)
        exported = self.run_program("journal", "export", "data/nginx-logs").stdout.splitlines()
        self.assertGreater(len(exported), 1000)
        self.assertTrue(set(exported) <= set(path.read_text().splitlines()))


class Looking(Case):
    def test_every_subcommand_has_help_with_examples(self):
        words = self.run_program("--help").stdout
        for name in ("run", "produce", "serve", "forward", "consume", "index", "ship", "status", "monitor", "tap", "dlq", "verify", "trace", "replay", "setup",
                     "check", "journal", "version"):
            self.assertIn(name, words)
            self.assertIn("Examples:\n  ", self.run_program(name, "--help").stdout)

    def test_check_runs_a_line_through_the_transform(self):
        document = json.loads(self.run_program("check", "--line", '{"remote_ip": "10.0.0.1", "response": 200}').stdout)
        self.assertEqual(document["event"], {"remote_ip": "10.0.0.1", "response": 200})
        self.assertIn("cut off", self.run_program("check", "--line", "{nope", status=1).stderr)
        self.assertIn('name = "nginx"', self.run_program("check", "--show-mapping").stdout)

    def test_check_tells_where_each_value_comes_from_and_what_is_wrong(self):
        (self.folder / "logpipe.toml").write_text('data-dir = "from-file"\n')
        told = self.run_program("check", "--for", "run", env={"LOGPIPE_LISTEN": "127.0.0.1:9"}).stdout
        self.assertRegex(told, r"data-dir +from-file +logpipe.toml")
        self.assertRegex(told, r"listen +127.0.0.1:9 +LOGPIPE_LISTEN")
        (self.folder / "logpipe.toml").write_text('data-dri = "x"\n')
        self.assertIn("did you mean", self.run_program("check", status=2).stderr)

    def test_version_names_what_is_within(self):
        told = json.loads(self.run_program("version", "--json").stdout)
        self.assertEqual(set(told), {"logpipe", "revision", "boost", "librdkafka", "openssl"})
        self.assertRegex(told["revision"], r"^([0-9a-f]{12}(-modified)?|unknown)$")
        short = f"logpipe {told['logpipe']} ({told['revision']})"
        self.assertEqual(self.run_program("--version").stdout, f"{short}\n")
        self.assertEqual(self.run_program("version").stdout.splitlines()[0], short)

    def test_logs_are_json_lines_where_nobody_watches(self):
        done = self.run_program("produce", "--demo", "lines=1", "--to", "file:x")
        for line in done.stderr.splitlines():
            self.assertEqual(set(json.loads(line)), {"time", "level", "message"})


class Tap(Case):
    def setUp(self):
        super().setUp()
        self.listen, self.admin = free_address(), free_address()
        self.pipeline = self.start("run", "--data-dir", "data", "--listen", self.listen, "--admin", self.admin)
        self.wait_ready(self.admin)

    def events(self, child):
        """What a tap has printed, without what it logged."""
        return [json.loads(line) for line in self.output_of(child).splitlines() if line.startswith('{"stage"')]

    def produce_until(self, condition):
        """A tap shows what passes from then on, and when that is only it knows: events come until it has seen some."""
        def more():
            self.run_program("produce", "--demo", "lines=50&seed=1", "--to", f"forward://{self.listen}")
            return condition()
        return self.wait_for(more, "the tap's events")

    def test_a_stage_shows_its_events_with_ids_and_places(self):
        child = self.start("tap", "index/normalize", "--at", self.admin, "--count", "20")
        self.produce_until(lambda: child.poll() is not None)
        self.assertEqual(child.returncode, 0)
        events = self.events(child)
        self.assertEqual(len(events), 20)
        self.assertTrue(all(e["stage"] == "index/normalize" and len(e["id"]) == 26 and e["tag"] == "app.follow" for e in events))
        self.assertEqual(list(events[0]["event"]), ["event", "fields", "@version", "@timestamp", "time", "index", "sourcetype"])
        self.assertRegex(events[0]["origin"], "^journal nginx-logs offset [0-9]+$")

    def test_a_journal_is_tapped_without_a_group(self):
        child = self.start("tap", "journal:data/nginx-logs", "--sample", "10", "--count", "3", "--readable")
        self.produce_until(lambda: child.poll() is not None)
        lines = [line for line in self.output_of(child).splitlines() if " data/nginx-logs app.follow {" in line]
        self.assertEqual(len(lines), 3)
        self.assertEqual(sorted(os.listdir(self.folder / "data/nginx-logs/cursors")), ["index", "index.lock"])

    def test_a_tap_that_nobody_reads_holds_nothing_up(self):
        with socket.create_connection(self.admin.split(":"), timeout=TIME_MAX) as silent:
            silent.sendall(b"GET /api/tap?stage=sqlite_sink HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b"200 OK", silent.recv(64))
            # More than the sockets' buffers hold.
            self.run_program("produce", "--demo", "lines=60000&seed=1", "--to", f"forward://{self.listen}")
            self.wait_drained(self.admin, 60000)

    def test_a_wrong_stage_is_refused_with_those_that_there_are(self):
        done = self.run_program("tap", "nowhere", "--at", self.admin, status=1)
        self.assertIn("index/normalize", done.stderr)
        self.assertIn("from 1 on", self.run_program("tap", "index", "--sample", "0", status=2).stderr)
        self.assertIn("say what to tap", self.run_program("tap", status=2).stderr)
        self.assertIn("no journal here yet", self.run_program("tap", "journal:data/none", status=1).stderr)

    def test_the_end_of_the_process_or_a_signal_ends_a_tap_in_order(self):
        child = self.start("tap", "index", "--at", self.admin)
        self.produce_until(lambda: self.events(child))
        self.end(child)
        child = self.start("tap", "index", "--at", self.admin)
        self.produce_until(lambda: self.events(child))
        self.end(self.pipeline)
        self.assertEqual(child.wait(TIME_MAX), 0)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
