#!/usr/bin/env python3
"""What a real nginx logs of requests of every kind, in several formats: each document says what was sent.

    tests/program/nginx_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Needs nginx.
"""

import json
import os
import pathlib
import re
import sqlite3
import sys
import tempfile
import unittest

import program_test
from program_test import Case

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nginx_server import NAMES, Nginx, event_of, is_utf8, log_format_text, send_all_kinds  # noqa: E402

# What nginx writes where nothing was sent.
MISSING = {"combined": "-", "escaped": "", "default": "-", "variables": "", "custom": "-"}


def setUpModule():
    global nginx, sent
    folder = unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-nginx-"))
    nginx = unittest.enterModuleContext(Nginx(folder))
    sent = send_all_kinds(nginx)
    nginx.stop()


class RealLines(Case):
    def ordered_documents(self, name, *more):
        """Of one log file, in its order; nothing may be a dead letter or be carried whole."""
        done = self.run_program("run", "--from", nginx.logs[name], "--once", "--data-dir", name, "--admin", "none", "--page", "none",
                                "--timestamp", "line", *more)
        self.assertIn(f"in {len(sent)} = indexed {len(sent)} + already there 0 + dead 0 + in flight 0\n", done.stdout)
        with sqlite3.connect(f"file:{self.folder / name / 'store.sqlite'}?mode=ro", uri=True) as store:
            return [json.loads(doc) for (doc,) in store.execute("SELECT doc FROM documents ORDER BY row")]

    def assert_what_was_sent(self, documents, name):
        for document, request in zip(documents, sent, strict=True):
            with self.subTest(name, request=request.request[:60]):
                self.assertEqual(document["event"], event_of(request, MISSING[name]))
                self.assertNotIn("message", document)

    def read(self, name, *more):
        documents = self.ordered_documents(name, *more)
        self.assert_what_was_sent(documents, name)
        return documents

    def assert_repairs(self, name, documents):
        """What had to be mended is marked, and nothing else."""
        for document, request, line in zip(documents, sent, nginx.logs[name].read_bytes().splitlines(), strict=True):
            wanted = (["escapes"] if name == "default" and b"\\x" in line else []) + ([] if is_utf8(request) else ["utf8"])
            with self.subTest(name, line=line[:200]):
                self.assertEqual(document.get("_repaired", []), wanted)

    def test_combined_is_recognised(self):
        self.assert_repairs("combined", self.read("combined"))

    def test_json(self):
        self.assert_repairs("escaped", self.read("escaped"))

    def test_json_with_nginxs_own_escapes(self):
        self.assert_repairs("default", self.read("default"))

    def test_json_with_nginxs_variables_as_keys(self):
        documents = self.read("variables")
        self.assert_repairs("variables", documents)
        self.assert_upstream(documents)

    def test_a_custom_format_given_as_text(self):
        documents = self.read("custom", "--format", log_format_text("custom"))
        self.assert_repairs("custom", documents)
        self.assert_upstream(documents)

    def assert_upstream(self, documents):
        """The request that went to two upstreams, the first of which is not there."""
        (proxied,) = (document for document in documents if document["event"]["request"] == "GET /upstream HTTP/1.1")
        self.assertEqual(proxied["upstream_status"], [502, 200])
        self.assertEqual(len(proxied["upstream_response_time"]), 2)
        for document in documents:
            self.assertIsInstance(document["request_time"], float)

    def test_every_format_is_found_in_nginxs_configuration(self):
        for name in NAMES:
            self.read(name, "--nginx-conf", nginx.conf, "--nginx-log-format", name)

    def test_each_followed_file_has_the_format_that_its_access_log_names(self):
        errors = len((nginx.folder / "error.log").read_bytes().splitlines())
        done = self.run_program("run", "--from", nginx.folder / "*.log", "--once", "--data-dir", "all", "--admin", "none", "--page", "none",
                                "--nginx-conf", nginx.conf)
        count = len(NAMES) * len(sent) + errors
        self.assertIn(f"in {count} = indexed {count} + already there 0 + dead 0 + in flight 0\n", done.stdout)
        with sqlite3.connect(f"file:{self.folder / 'all' / 'store.sqlite'}?mode=ro", uri=True) as store:
            documents = [json.loads(doc) for (doc,) in store.execute("SELECT doc FROM documents")]
        self.assertEqual(len([document for document in documents if "response" in document.get("event", {})]), len(NAMES) * len(sent))
        for name in (*NAMES, "error"):
            self.assertRegex(done.stderr, rf"format of app\.follow\.\S*\.{name}\.log: {'nginx-error' if name == 'error' else name}\b")

    def test_files_side_by_side_have_each_the_format_of_their_own_lines(self):
        folder = self.folder / "logs"
        folder.mkdir()
        for name in ("combined", "escaped", "error"):
            (folder / f"{name}.log").write_bytes((nginx.folder / f"{name}.log").read_bytes())
        errors = len((folder / "error.log").read_bytes().splitlines())
        done = self.run_program("run", "--from", folder / "*.log", "--once", "--data-dir", "beside", "--admin", "none", "--page", "none")
        count = 2 * len(sent) + errors
        self.assertIn(f"in {count} = indexed {count} + already there 0 + dead 0 + in flight 0\n", done.stdout)
        self.assertRegex(done.stderr, r"format of app\.follow\.\S*\.combined\.log: combined")
        self.assertRegex(done.stderr, r"format of app\.follow\.\S*\.error\.log: nginx-error")
        with sqlite3.connect(f"file:{self.folder / 'beside' / 'store.sqlite'}?mode=ro", uri=True) as store:
            documents = [json.loads(doc) for (doc,) in store.execute("SELECT doc FROM documents")]
        self.assertEqual(len([document for document in documents if "response" in document["event"]]), 2 * len(sent))
        self.assertEqual(len([document for document in documents if document.get("level") in ("notice", "info", "error", "warn")]), errors)

    def test_check_reads_a_file_by_its_own_access_log(self):
        for name in NAMES:
            done = self.run_program("check", "--file", nginx.logs[name], "--nginx-conf", nginx.conf)
            self.assertRegex(done.stdout, rf"{len(sent)} lines\n +{len(sent)} documents\n")
            self.assertNotIn("raw, text", done.stdout)

    def test_the_format_that_the_first_access_log_names_is_taken_from_the_configuration(self):
        self.read("escaped", "--nginx-conf", nginx.conf)

    def test_all_formats_make_the_same_documents_but_for_what_was_not_sent(self):
        of_formats = [self.ordered_documents(name, *(("--format", log_format_text(name)) if name == "custom" else ())) for name in NAMES]
        for documents in zip(*of_formats, strict=True):
            events = [{key: value or "-" for key, value in document["event"].items() if key != "bytes"} for document in documents]
            self.assertEqual([event for event in events if event != events[0]], [])
            # To the second, which all of them have.
            self.assertEqual(len({re.sub(r"\.\d+Z$", "", document["@timestamp"]) for document in documents}), 1)


class Strict(Case):
    def test_lines_that_would_be_mended_are_dead_letters_with_strict_lines(self):
        broken = sum(b"\\x" in line for line in nginx.logs["default"].read_bytes().splitlines())
        done = self.run_program("run", "--from", nginx.logs["default"], "--once", "--data-dir", "data", "--admin", "none", "--page", "none",
                                "--strict-lines")
        self.assertIn(f"in {len(sent)} = indexed {len(sent) - broken} + already there 0 + dead {broken} + in flight 0\n", done.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
