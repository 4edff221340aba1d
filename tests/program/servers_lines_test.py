#!/usr/bin/env python3
"""Lines as nginx, Apache, Caddy, Traefik and Kubernetes' ingress write them: address, request, status and bytes are those
that a plain regular expression finds, and the totals those of GoAccess.

    tests/program/servers_lines_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Needs GoAccess.
"""

import collections
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import unittest

import program_test
from program_test import Case

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from access_lines import JSON_READERS, JSON_SERVERS, TEXT_SERVERS, made_requests, nginx_combined, read_text_line  # noqa: E402
from nginx_server import text_of  # noqa: E402

LINES = 3_000
SEED = 16


class ServersLines(Case):
    def written(self, write):
        dice = random.Random(SEED)
        lines = [write(request, dice) for request in made_requests(LINES, SEED)]
        (self.folder / f"{write.__name__}.log").write_text("".join(line + "\n" for line in lines))
        return lines

    def indexed(self, write):
        data = self.folder / write.__name__
        done = self.run_program("run", "--from", f"{data}.log", "--once", "--data-dir", data, "--admin", "none", "--page", "none")
        self.assertIn(f"in {LINES} = indexed {LINES} + already there 0 + dead 0 + in flight 0\n", done.stdout)
        with sqlite3.connect(f"file:{data}/store.sqlite?mode=ro", uri=True) as store:
            return done.stderr, [json.loads(doc) for (doc,) in store.execute("SELECT doc FROM documents ORDER BY row")]

    def assert_equal(self, server, lines, documents, read):
        different = []
        for line, document in zip(lines, documents, strict=True):
            wanted = read(line)
            event = document["event"]
            found = (event.get("remote_ip"), event.get("request"), event.get("response"), event.get("bytes"))
            if found != (wanted.address, text_of(wanted.request.encode("utf-8", "surrogateescape")), wanted.status, wanted.bytes):
                different.append((line, found))
        self.assertEqual(different[:5], [], f"{server}: {len(different)} of {len(lines)}")

    def test_text_is_recognised_and_read_as_a_regular_expression_reads_it(self):
        for server, (write, format_name) in TEXT_SERVERS.items():
            with self.subTest(server):
                lines = self.written(write)
                said, documents = self.indexed(write)
                self.assertRegex(said, rf"format of app\.follow\.\S*\.{write.__name__}\.log: {format_name}\"")
                self.assert_equal(server, lines, documents, read_text_line)

    def test_json_is_read_by_its_servers_names(self):
        for server, write in JSON_SERVERS.items():
            with self.subTest(server):
                lines = self.written(write)
                _, documents = self.indexed(write)
                self.assert_equal(server, lines, documents, JSON_READERS[server])

    def test_totals_are_those_of_goaccess(self):
        self.written(nginx_combined)
        _, documents = self.indexed(nginx_combined)
        subprocess.run(["goaccess", "nginx_combined.log", "--no-global-config", "--log-format=COMBINED", "--output=totals.json", "--no-progress"],
                       cwd=self.folder, check=True, capture_output=True, timeout=60)
        totals = json.loads((self.folder / "totals.json").read_text())
        self.assertEqual(totals["general"]["total_requests"], LINES)
        self.assertEqual(totals["general"]["failed_requests"], 0)
        self.assertEqual(totals["general"]["bandwidth"], sum(document["event"]["bytes"] for document in documents))
        statuses = {int(item["data"][:3]): item["hits"]["count"] for group in totals["status_codes"]["data"] for item in group["items"]}
        self.assertEqual(statuses, collections.Counter(document["event"]["response"] for document in documents))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
