#!/usr/bin/env python3
"""What a real Apache and a real Caddy log becomes documents that say what was sent, without a word of configuration.

    tests/program/servers_real_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Needs apache2-bin and caddy.
"""

import json
import os
import pathlib
import sqlite3
import sys
import unittest

import program_test
from program_test import Case

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from nginx_server import event_of  # noqa: E402
from other_servers import Apache, Caddy, send_usual_kinds  # noqa: E402


class RealServers(Case):
    def sent_to(self, server):
        with server:
            sent = send_usual_kinds(server)
            server.stop()
        return sent

    def documents_of(self, log, count):
        done = self.run_program("run", "--from", log, "--once", "--data-dir", log.stem, "--admin", "none", "--page", "none")
        self.assertIn(f"in {count} = indexed {count} + already there 0 + dead 0 + in flight 0\n", done.stdout)
        with sqlite3.connect(f"file:{self.folder / log.stem / 'store.sqlite'}?mode=ro", uri=True) as store:
            return [json.loads(doc) for (doc,) in store.execute("SELECT doc FROM documents ORDER BY row")]

    def test_apache_in_each_of_its_formats(self):
        apache = Apache(self.folder)
        sent = self.sent_to(apache)
        for name in ("combined", "vhost_combined", "common"):
            for document, request in zip(self.documents_of(self.folder / f"{name}.log", len(sent)), sent, strict=True):
                wanted = event_of(request)
                if name == "common":
                    del wanted["referrer"], wanted["agent"]
                with self.subTest(name, request=request.request[:60]):
                    self.assertEqual(document["event"], wanted)
                    self.assertNotIn("message", document)
                    self.assertTrue(document["@timestamp"].endswith("Z"))

    def test_caddy(self):
        sent = self.sent_to(Caddy(self.folder))
        for document, request in zip(self.documents_of(self.folder / "access.log", len(sent)), sent, strict=True):
            wanted = event_of(request, missing="")
            if request.request.startswith(b"HEAD"):  # Caddy counts what a GET would have been answered
                wanted["bytes"] = len("welcome")
            # A header that was not sent is not in Caddy's line at all.
            wanted = {name: value for name, value in wanted.items() if value != "" or name == "remote_user"}
            with self.subTest(request=request.request[:60]):
                self.assertEqual(document["event"], wanted)
                self.assertNotIn("message", document)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
