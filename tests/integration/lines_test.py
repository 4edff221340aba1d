#!/usr/bin/env python3
"""Lines of a real nginx in the embedded store and in a real OpenSearch: the same documents, found by the same values.

    tests/integration/lines_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. nginx, Java.
"""

import collections
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from logpipe_process import program_environment  # noqa: E402
from nginx_server import NAMES, Nginx, log_format_text, send_all_kinds  # noqa: E402
from servers import OpenSearchServer  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE")

# A number is one, however a line writes it.
NUMBERS = [
    '{"request":"a","response":200.0,"bytes":4.9e2}',
    '{"request":"b","response":2e2,"bytes":"0490"}',
    '{"request":"c","status":"200","body_bytes_sent":"490"}',
    '{"request":"d","response":404,"bytes":0}',
    '{"request":"e","response":"-","bytes":"-"}',
    '{"request":"f","response":null}',
]


def setUpModule():
    global store, folder, logs
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-lines-"))).resolve()
    (folder / "nginx").mkdir()
    with Nginx(folder / "nginx") as nginx:
        send_all_kinds(nginx)
        nginx.stop()
    logs = nginx.logs
    store = unittest.enterModuleContext(OpenSearchServer())


class BothStores(unittest.TestCase):
    def index(self, name, path, *more):
        """Into both. @return the columns and documents of the embedded one"""
        for where in ("sqlite:", f"opensearch://{store.address}/{name}"):
            done = subprocess.run([PROGRAM, "run", "--from", path, "--once", "--data-dir", folder / f"{name}-{where[:6]}", "--store", where,
                                   "--admin", "none", "--page", "none", "--timestamp", "line", *more], cwd=folder, capture_output=True,
                                  text=True, timeout=120, env=program_environment())
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(" + dead 0 + ", done.stdout)
        with contextlib.closing(sqlite3.connect(f"file:{folder}/{name}-sqlite/store.sqlite?mode=ro", uri=True)) as database:
            return database.execute("SELECT response, bytes, doc FROM documents").fetchall()

    def assert_same(self, name, rows):
        def canonical(document):
            """Without what comes of the id, which is another one in each run, and of the receipt."""
            return json.dumps({key: value for key, value in document.items() if key not in ("fields", "@timestamp", "time")}, sort_keys=True)
        self.assertEqual(collections.Counter(canonical(each) for each in store.documents(name)),
                         collections.Counter(canonical(json.loads(doc)) for _, _, doc in rows))
        for field, column in (("event.response", 0), ("event.bytes", 1)):
            counts = collections.Counter(row[column] for row in rows if row[column] is not None)
            for value, count in counts.items():
                with self.subTest(name, field=field, value=value):
                    found = store.must("POST", f"/{name}/_search", {"query": {"term": {field: value}}, "track_total_hits": True})
                    self.assertEqual(found["hits"]["total"]["value"], count)
            known = store.must("POST", f"/{name}/_search", {"query": {"exists": {"field": field}}, "track_total_hits": True})
            self.assertEqual(known["hits"]["total"]["value"], sum(counts.values()), f"{name}: {field}")

    def test_lines_of_a_real_nginx(self):
        for name in NAMES:
            rows = self.index(name, logs[name], *(("--format", log_format_text(name)) if name == "custom" else ()))
            self.assert_same(name, rows)

    def test_numbers_in_every_spelling(self):
        (folder / "numbers.jsonl").write_text("".join(line + "\n" for line in NUMBERS))
        rows = self.index("numbers", folder / "numbers.jsonl")
        self.assertEqual(sorted(row[:2] for row in rows if row[0] is not None), [(200, 490)] * 3 + [(404, 0)])
        self.assert_same("numbers", rows)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
