#!/usr/bin/env python3
"""Drives what an operator asks of events at rest, on journals and SQLite: `dlq`, `verify`, `trace`, and wrong words for `replay` and `setup`.

    tests/program/audit_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import base64
import gzip
import json
import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import unittest

import program_test
from program_test import Case, free_address

GOOD = '{"remote_ip": "10.0.0.1", "response": 200, "serial": %d}'
BAD = "{not json %d"
JSON_ONLY = ("--format", "json", "--strict-lines")


def forward_message(tag, entry, chunk):
    """One message of the forward protocol, MessagePack by hand: [tag, entries, {"chunk": chunk}]."""
    def text(value):
        return b"\xdb" + struct.pack(">I", len(value)) + value
    return b"\x93" + text(tag) + b"\xc6" + struct.pack(">I", len(entry)) + entry + b"\x81" + text(b"chunk") + text(chunk)


def incompressible(size):
    return base64.b64encode(os.urandom(size)).decode()[:size]


class DeadLetters(Case):
    LETTERS = "journal:data/nginx-logs.dlq"

    def run_lines(self, *lines, status=0):
        """@param status  4 where all of them become dead letters"""
        (self.folder / "lines").write_text("\n".join(lines))
        return self.run_program("run", "--from", "lines", "--once", "--data-dir", "data", "--admin", "none", status=status).stdout

    def run_nothing_new(self, status=0):
        """What is in the journal and not yet through."""
        return self.run_lines("", status=status)

    def listed(self):
        return json.loads(self.run_program("dlq", "ls", self.LETTERS, "--json").stdout)

    def test_ls_counts_and_show_gives_the_original_bytes(self):
        self.run_lines(GOOD % 1, BAD % 2, GOOD % 3, "{[4]")
        listed = self.listed()
        self.assertEqual((listed["dead_letters"], listed["unreadable"]), (2, 0))
        self.assertEqual({group["stage"] for group in listed["groups"]}, {"normalize"})
        self.assertEqual(sum(group["dead_letters"] for group in listed["groups"]), 2)
        words = self.run_program("dlq", "ls", self.LETTERS, "--newest", "1").stdout
        self.assertIn("2 dead letters", words)
        self.assertEqual(words.count("Z  normalize: "), 1)
        shown = [self.run_program("dlq", "show", self.LETTERS, letter["id"]).stdout for letter in listed["newest"]]
        self.assertTrue(any(text.endswith("\n{not json 2\n") for text in shown))
        whole = json.loads(self.run_program("dlq", "show", self.LETTERS, listed["newest"][0]["id"], "--json").stdout)
        self.assertRegex(whole["origin"], "^journal nginx-logs offset [0-9]+$")
        self.assertIn("event_time", whole)

    def test_a_retry_of_what_is_still_bad_makes_it_a_letter_again_with_one_attempt_more(self):
        self.run_lines(BAD % 1, GOOD % 2)
        (before,) = self.listed()["newest"]
        dry = self.run_program("dlq", "retry", self.LETTERS, "--all", "--dry-run").stdout
        self.assertEqual(dry, "1 dead letter would go to journal:data/nginx-logs\n")
        self.assertEqual(self.listed()["dead_letters"], 1)
        self.assertEqual(self.run_program("dlq", "retry", self.LETTERS, before["id"]).stdout, "1 dead letter went to journal:data/nginx-logs\n")
        self.assertEqual(self.listed()["dead_letters"], 0)
        self.run_nothing_new(status=4)
        (after,) = self.listed()["newest"]
        self.assertEqual((after["id"], after["attempts"]), (before["id"], 2))
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 1)

    def test_a_retry_to_another_topic_goes_through_it_with_the_same_id(self):
        self.run_lines(BAD % 1, status=4)
        (letter,) = self.listed()["newest"]
        self.run_program("dlq", "retry", self.LETTERS, "--reason", letter["reason"], "--to", "journal:other/nginx-logs")
        self.assertEqual(self.run_program("journal", "export", "other/nginx-logs").stdout, "{not json 1\n")
        self.run_program("consume", "--from", "journal:other/nginx-logs", "--to", "file:out", "--once", "--admin", "none", status=4)
        again = json.loads(self.run_program("dlq", "ls", "journal:other/nginx-logs.consume.dlq", "--json").stdout)
        self.assertEqual(again["newest"][0]["id"], letter["id"])

    def test_an_event_whose_letter_was_too_large_for_a_journal_ends_as_one_letter_and_blocks_nothing(self):
        # 28 MiB of control characters are 168 MiB of JSON; as text in JSON once more they would be 196 MiB.
        entry = b"\x92\x01\x81\xa1m\xdb" + struct.pack(">I", 28 << 20) + b"\x01" * (28 << 20)
        good = b"\x92\x01\x81\xa7request\xa5GET /"
        for round in range(2):  # a restart between: the letter's own journal and the position are as they should be
            listen, admin = free_address(), free_address()
            child = self.start("run", "--listen", listen, "--page", "none", "--admin", admin, "--data-dir", "data", "--event-bytes-max", "256M")
            self.wait_ready(admin)
            host, port = listen.split(":")
            for chunk, event in enumerate((entry, good)) if round == 0 else [(2, good)]:
                with socket.create_connection((host, int(port)), timeout=program_test.TIME_MAX) as client:
                    client.sendall(forward_message(b"app.x", event, b"chunk %d" % chunk))
                    self.assertIn(b"chunk %d" % chunk, client.recv(100))
            self.wait_drained(admin, 2 + round)
            self.assertIn(f"in {2 + round} = indexed {1 + round} + already there 0 + dead 1 + in flight 0", self.end(child))
        (letter,) = self.listed()["newest"]
        with open(self.folder / "shown", "wb") as shown:
            subprocess.run([program_test.PROGRAM, "dlq", "show", self.LETTERS, letter["id"]], cwd=self.folder, stdout=shown, check=True,
                           timeout=program_test.TIME_MAX)
        original = b'{"m":"' + b"\\u0001" * (28 << 20) + b'"}\n'
        whole = (self.folder / "shown").read_bytes()
        self.assertTrue(whole.endswith(b"record    %d bytes\n" % (len(original) - 1) + original))
        self.assertLess(len(whole) - len(original), 4096)

    def test_lines_of_any_bytes_come_back_as_they_were_from_every_destination(self):
        lines = [b"\0" * 180_000, b'"' * 600_000, b"\xff\xc3\x28" * 50_000, b"\xfeLPD\x01\0 not a head", b'{"id":"x","stage":"y"}}',
                 b"\x01" * (8 << 20), b"x" * ((8 << 20) + 1)]
        (self.folder / "lines").write_bytes(b"\n".join(lines) + b"\n")
        self.run_program("produce", "--file", "lines", "--to", "journal:data/nginx-logs", "--dead-letters", "file:too-long.jsonl")
        self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "file:out", "--once", "--admin", "none", "--dead-letters",
                         "journal:other", *JSON_ONLY, status=4)
        self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "file:out", "--once", "--admin", "none", "--group", "second",
                         "--dead-letters", "file:letters.jsonl", *JSON_ONLY, status=4)
        self.assertEqual((self.folder / "out").read_bytes() if (self.folder / "out").exists() else b"", b"")
        kept = [self.original(json.loads(text)) for text in (self.folder / "letters.jsonl").read_text().splitlines()]
        self.assertEqual(len(kept), 6)
        self.assertTrue(kept == lines[:6])
        shown = self.run_program("dlq", "show", "journal:other", "--all", "--json").stdout.splitlines()
        self.assertTrue([self.original(json.loads(text)) for text in shown] == lines[:6])
        # Its end is cut off where it is read, so that no memory is taken: what is left has its letter.
        (long,) = (self.folder / "too-long.jsonl").read_text().splitlines()
        self.assertTrue(lines[6].startswith(self.original(json.loads(long))))

    @staticmethod
    def original(letter):
        return base64.b64decode(letter["record_base64"]) if "record_base64" in letter else letter["record"].encode()

    def test_purge_asks_first_and_takes_only_what_is_named(self):
        self.run_lines(BAD % 1, BAD % 2, "{[3]", status=4)
        refused = self.run_program("dlq", "purge", self.LETTERS, "--all", stdin="", status=2)
        self.assertIn("--yes", refused.stderr)
        self.assertEqual(self.listed()["dead_letters"], 3)
        first = self.listed()["newest"][0]["id"]
        self.run_program("dlq", "purge", self.LETTERS, first, "--yes")
        self.assertEqual(self.listed()["dead_letters"], 2)
        self.assertIn(first, self.run_program("dlq", "purge", self.LETTERS, first, "--yes", status=1).stderr)
        self.run_program("dlq", "purge", self.LETTERS, "--all", "--yes")
        self.assertEqual(self.run_program("dlq", "ls", self.LETTERS).stdout, "0 dead letters\n")

    def test_letters_of_a_running_pipeline_can_be_purged_but_not_retried(self):
        listen, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)
        self.run_program("produce", "-", "--to", f"forward://{listen}", stdin=f"{BAD % 1}\n{BAD % 2}\n")
        self.wait_drained(admin, 2)
        refused = self.run_program("dlq", "retry", self.LETTERS, "--all", status=1)
        self.assertIn("data/nginx-logs is written by another logpipe: stop it, retry, and start it again", refused.stderr)
        self.run_program("dlq", "purge", self.LETTERS, self.listed()["newest"][0]["id"], "--yes")
        self.assertEqual(self.listed()["dead_letters"], 1)
        self.end(pipeline)

    def test_a_message_of_a_hundred_thousand_bad_entries_is_one_small_letter(self):
        tag = b"app." + b"t" * 1000
        payload = gzip.compress(bytes(100_000))
        listen, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)
        host, port = listen.split(":")
        with socket.create_connection((host, int(port)), timeout=program_test.TIME_MAX) as client:
            def text(value):
                return b"\xdb" + struct.pack(">I", len(value)) + value
            client.sendall(b"\x93" + text(tag) + b"\xc6" + struct.pack(">I", len(payload)) + payload + b"\x82" + text(b"chunk") + text(b"c") +
                           text(b"compressed") + text(b"gzip"))
            self.assertTrue(client.recv(100))
        self.wait_drained(admin, 1)
        self.assertIn("in 1 = indexed 0 + already there 0 + dead 1 + in flight 0", self.end(pipeline))
        size = sum(file.stat().st_size for file in (self.folder / "data/nginx-logs.dlq").glob("*.seg"))
        self.assertLess(size, 10_000)
        listed = self.listed()
        self.assertEqual((listed["dead_letters"], listed["events"]), (1, 100_000))
        (letter,) = listed["newest"]
        self.assertEqual(letter["entries"], 100_000)
        shown = self.run_program("dlq", "show", self.LETTERS, letter["id"], "--newest", "2").stdout
        self.assertIn("entry 0 (an entry is not an array of a time and a record), 1 bytes: 00\n", shown)
        self.assertIn("and 99998 more entries\n", shown)
        self.run_program("dlq", "retry", self.LETTERS, "--all", "--to", "journal:again/nginx-logs")
        self.assertEqual(self.run_program("journal", "export", "again/nginx-logs").stdout, "\0\n" * 100_000)
        self.assertEqual(self.listed()["dead_letters"], 0)

    def test_a_hole_in_a_file_costs_no_line(self):
        lines = [GOOD % number for number in range(199)]
        (self.folder / "holed").write_bytes(b"\0" * 200_000 + "\n".join(lines[:100]).encode() + b"\n" + b"\0" * 5_000 +
                                            "\n".join(lines[100:]).encode())
        self.run_program("run", "--from", "holed", "--once", "--data-dir", "data", "--admin", "none")
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 199)
        self.assertEqual(self.listed()["dead_letters"], 2)

    def test_full_letters_lose_their_oldest_and_stop_nothing(self):
        lines = [f"{BAD % number} {incompressible(1000)}" for number in range(3000)]
        (self.folder / "lines").write_text("\n".join([*lines, GOOD % 1]))
        done = self.run_program("run", "--from", "lines", "--once", "--data-dir", "data", "--admin", "none", "--dead-letters-bytes-max", "1M")
        self.assertIn("in 3001 = indexed 1 + already there 0 + dead 3000 + in flight 0", done.stdout)
        self.assertIn("dropped the oldest events", done.stderr)
        kept = self.listed()["dead_letters"]
        self.assertTrue(300 < kept < 1000, kept)

    def test_purge_gives_room_back_of_a_pipeline_that_runs(self):
        listen, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin)
        self.wait_ready(admin)
        lines = "".join(f"{BAD % number} {incompressible(1000)}\n" for number in range(2000))
        self.run_program("produce", "-", "--to", f"forward://{listen}", stdin=lines)
        self.wait_drained(admin, 2000)
        folder = self.folder / "data/nginx-logs.dlq"
        before = sum(file.stat().st_size for file in folder.glob("*.seg"))
        self.assertGreater(before, 2_000_000)
        purged = self.run_program("dlq", "purge", self.LETTERS, "--all", "--yes")
        self.assertEqual(purged.stdout.splitlines()[-1], "2000 dead letters purged")
        (freed,) = re.findall("([0-9]+) bytes are free now", purged.stderr)
        self.assertGreaterEqual(int(freed), before)
        self.assertEqual(sum(file.stat().st_size for file in folder.glob("*.seg")), 0)
        self.end(pipeline)

    def test_skip_passes_a_group_over_events_into_the_letters(self):
        (self.folder / "lines").write_text("\n".join(GOOD % number for number in range(10)))
        self.run_program("produce", "--file", "lines", "--to", "journal:data/nginx-logs")
        consume = ("consume", "--from", "journal:data/nginx-logs", "--to", "file:out", "--once", "--admin", "none")
        self.run_program(*consume)
        more = "\n".join(GOOD % number for number in range(10, 15))
        self.run_program("produce", "-", "--to", "journal:data/nginx-logs", stdin=more)
        skip = ("skip", "--group", "consume", "--from", "journal:data/nginx-logs", "--at")
        self.assertIn("from offset 10 to 12; 2 events become dead letters", self.run_program(*skip, "11", "--dry-run").stdout)
        self.assertIn("--yes", self.run_program(*skip, "11", stdin="", status=2).stderr)
        self.run_program(*skip, "11", "--yes")
        self.assertIn("it is at 12", self.run_program(*skip, "11", "--yes", status=2).stderr)
        self.assertIn("ends at 15", self.run_program(*skip, "15", "--yes", status=2).stderr)
        letters = json.loads(self.run_program("dlq", "ls", "journal:data/nginx-logs.consume.dlq", "--json").stdout)
        self.assertEqual(letters["groups"], [{"stage": "operator", "reason": "skipped by operator", "dead_letters": 2}])
        last = self.run_program(*consume).stdout
        self.assertIn("in 15 = indexed 13 + already there 0 + dead 2 + in flight 0", last)

    def test_skip_moves_the_position_that_a_store_keeps(self):
        (self.folder / "lines").write_text("\n".join(GOOD % number for number in range(10)))
        self.run_program("produce", "--file", "lines", "--to", "journal:data/nginx-logs")
        run = ("run", "--data-dir", "data", "--admin", "none", "--page", "none", "--once", "--from")
        (self.folder / "nothing").write_text("")
        self.run_program(*run, "nothing")
        more = "\n".join(GOOD % number for number in range(10, 15))
        self.run_program("produce", "-", "--to", "journal:data/nginx-logs", stdin=more)
        skip = ("skip", "--group", "index", "--from", "journal:data/nginx-logs", "--at", "11", "--yes")
        self.assertIn("from offset 10 to 12; 2 events become dead letters in journal:data/nginx-logs.dlq", self.run_program(*skip).stdout)
        self.assertIn("in 15 = indexed 13 + already there 0 + dead 2 + in flight 0", self.run_program(*run, "nothing").stdout)
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 13)
        self.assertEqual(self.listed()["dead_letters"], 2)
        self.run_program("dlq", "retry", self.LETTERS, "--all")
        self.run_program(*run, "nothing")
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 15)

    def test_wrong_words_say_what_is_right(self):
        self.run_lines(BAD % 1, status=4)
        for arguments, word in ((("dlq", "ls"), "ls|show|retry|purge"), (("dlq", "explode", self.LETTERS), "ls|show|retry|purge"),
                                (("dlq", "retry", self.LETTERS), "--all"), (("dlq", "retry", self.LETTERS, "--all", "--reason", "x"), "one of"),
                                (("dlq", "show", self.LETTERS, "nope"), "invalid id"), (("dlq", "ls", "file:x"), "kafka:, journal:"),
                                (("dlq", "retry", "journal:data/nginx-logs", "--all"), "--to"),
                                (("replay", "--to", "end"), "--group"), (("replay", "--group", "x"), "--to"),
                                (("replay", "--group", "x", "--to", "end", "--from", "journal:x/y"), "kafka:"),
                                (("skip", "--at", "1"), "--group"), (("skip", "--group", "x"), "--at"),
                                (("skip", "--group", "x", "--at", "a:1"), "--at"),
                                (("setup",), "setup opensearch"), (("setup", "opensearch", "--to", "sqlite:x"), "opensearch://"),
                                (("verify", "--to", "file:x", "--from", "journal:data/nginx-logs"), "sqlite:"),
                                # Before a broker is asked that does not answer.
                                (("verify", "--to", "file:x", "--from", "kafka://127.0.0.1:1/nginx-logs"), "sqlite:")):
            with self.subTest(arguments):
                self.assertIn(word, self.run_program(*arguments, status=2).stderr)
        self.assertIn("no journal", self.run_program("dlq", "ls", "journal:none/x.dlq", status=1).stderr)


class Verify(Case):
    def setUp(self):
        super().setUp()
        lines = [GOOD % number for number in range(2000)] + [BAD % number for number in range(20)]
        (self.folder / "lines").write_text("\n".join(lines))
        self.run_program("run", "--from", "lines", "--once", "--data-dir", "data", "--admin", "none")

    def verify(self, *arguments, status=0):
        done = self.run_program("verify", "--from", "journal:data/nginx-logs", "--to", "sqlite:data/store.sqlite", "--json", *arguments,
                                status=status)
        return json.loads(done.stdout)

    def change(self, statement, *values):
        with sqlite3.connect(self.folder / "data/store.sqlite") as database:
            return database.execute(statement, values).fetchall()

    def test_a_good_pipeline_is_all_accounted_for(self):
        self.assertTrue(self.verify()["accounted_for"])
        told = self.verify("--ids", "--memory", "1K")
        self.assertTrue(told["accounted_for"])
        self.assertEqual(told["ids"], 2020)
        self.assertEqual([place["ids"] for place in told["endpoints"]], [2020, 20, 2000])
        self.assertEqual(told["missing"], {"events": 0, "first": []})

    def test_a_document_that_was_deleted_is_missing_by_name(self):
        ((lost,),) = self.change("SELECT id FROM documents ORDER BY row LIMIT 1 OFFSET 700")
        self.change("DELETE FROM documents WHERE id = ?", lost)
        told = self.verify("--ids", status=1)
        self.assertEqual(told["missing"], {"events": 1, "first": [{"id": lost, "endpoint": "journal data/nginx-logs"}]})
        self.assertIn("1 events more", self.verify(status=1)["differences"][0])
        words = self.run_program("verify", "--ids", "--from", "journal:data/nginx-logs", "--to", "sqlite:data/store.sqlite", status=1).stdout
        self.assertIn(lost, words)
        self.assertTrue(words.endswith("not all events are accounted for\n"))

    def test_a_letter_that_was_purged_is_missing(self):
        letters = "journal:data/nginx-logs.dlq"
        newest = json.loads(self.run_program("dlq", "ls", letters, "--json").stdout)["newest"][0]["id"]
        self.run_program("dlq", "purge", letters, newest, "--yes")
        self.assertEqual([each["id"] for each in self.verify("--ids", status=1)["missing"]["first"]], [newest])

    def test_a_document_from_elsewhere_and_one_that_is_dead_as_well_are_told(self):
        dead = json.loads(self.run_program("dlq", "ls", "journal:data/nginx-logs.dlq", "--json").stdout)["newest"][0]["id"]
        stranger = "0" * 25 + "4"
        for each in (dead, stranger):
            self.change("INSERT INTO documents (id, received_ms, doc) VALUES (?, 0, '{}')", each)
        told = self.verify("--ids", status=1)
        self.assertEqual([each["id"] for each in told["doubled"]["first"]], [dead])
        self.assertEqual([each["id"] for each in told["strange"]["first"]], [stranger])
        self.assertEqual(told["missing"]["events"], 0)

    def trace(self, of, *arguments, status=0):
        done = self.run_program("trace", of, "--from", "journal:data/nginx-logs", "--to", "sqlite:data/store.sqlite", "--json", *arguments, status=status)
        return json.loads(done.stdout)

    def test_an_event_is_traced_by_its_line_and_by_its_id(self):
        told = self.trace('"serial": 1700}')
        (event,) = told["events"]
        self.assertEqual((told["matched"], event["state"], event["line"]), (1, "stored", GOOD % 1700))
        received, stored = event["steps"]
        self.assertEqual((received["endpoint"], received["offset"], received["waiting_for"]), ("journal data/nginx-logs", 1700, []))
        self.assertRegex(received["segment"], r"^\d{20}\.seg$")
        self.assertEqual(stored["id"], event["id"])
        self.assertEqual(self.trace(event["id"])["events"], [event])
        self.assertEqual(self.change("DELETE FROM documents WHERE id = ?", event["id"]), [])
        self.assertEqual(self.trace(event["id"], status=1)["events"][0]["state"], "lost")

    def test_a_part_of_many_lines_is_counted_and_some_are_traced(self):
        told = self.trace("10.0.0.1", "--count", "3")
        self.assertEqual((told["matched"], len(told["events"])), (2000, 3))

    def test_a_dead_letter_is_traced_through_its_retry_and_purge(self):
        letters = "journal:data/nginx-logs.dlq"

        def life():
            (event,) = self.trace(BAD % 7)["events"]
            return event["state"], [step["what"] for step in event["steps"]]

        self.assertEqual(life(), ("dead letter", ["received", "dead letter"]))
        self.run_program("dlq", "retry", letters, self.trace(BAD % 7)["events"][0]["id"])
        (event,) = self.trace(BAD % 7, status=1)["events"]
        self.assertEqual((event["state"], event["steps"][-1]["waiting_for"]), ("waiting", ["index"]))
        self.run_program("run", "--from", os.devnull, "--once", "--data-dir", "data", "--admin", "none", status=4)
        self.assertEqual(life(), ("dead letter", ["received", "dead letter", "retried", "received", "dead letter"]))
        self.run_program("dlq", "purge", letters, event["id"], "--yes")
        self.assertEqual(life()[0], "purged")

    def test_what_nothing_is_seen_of_says_so(self):
        self.trace("no such line", status=3)
        self.assertIn("say which event", self.run_program("trace", status=2).stderr)
        self.assertIn("at least one", self.run_program("trace", "x", "--count", "0", status=2).stderr)

    def test_what_no_reader_has_passed_is_on_its_way(self):
        self.run_program("run", "--from", "demo:nginx?lines=5&seed=1", "--once", "--data-dir", "data", "--admin", "none")
        (self.folder / "data/nginx-logs/cursors/behind").write_bytes((self.folder / "data/nginx-logs/cursors/index").read_bytes())
        self.run_program("run", "--from", "demo:nginx?lines=2000&seed=2", "--once", "--data-dir", "data", "--admin", "none")
        self.change("DELETE FROM documents WHERE row > 2005")
        told = self.verify("--ids")
        self.assertEqual(told["in_flight"], 2000)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
