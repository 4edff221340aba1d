#!/usr/bin/env python3
"""A user's own mapping (--mapping FILE): documents, the embedded store, the page's API, OpenSearch, and what is wrong with one.

    tests/program/mapping_test.py [PROGRAM [UNITTEST ARGUMENTS…]]
"""

import http.server
import json
import os
import sqlite3
import sys
import threading
import tomllib
import unittest

import program_test
from program_test import Case, free_address

MAPPING = """
name = "app"
time = "at"
time-format = "iso"
rest = "labels"

[[field]]
path = "log.level"
from = "severity"
title = "Levels"

[[field]]
path = "log.text"
from = "msg"

[[field]]
path = "http.response.code"
from = "status"
type = "integer"
convert = "number"

[[field]]
path = "http.bytes"
from = "len"
type = "long"
title = "Bytes out"

[[field]]
path = "source"
constant = "app"

[[field]]
path = "when"
value = "time-millis"
type = "millis"

[[field]]
path = "labels.host"

[store]
columns = ["level", "text", "code", "bytes"]
facets = ["code", "level"]
search = ["text"]
time = "when"
status = "code"
size = "bytes"

[page]
title = "App logs"
top = ["level", "code"]
lines = ["code", "text"]
"""

LINES = [
    '{"severity":"warn","msg":"Disk nearly full","status":"503","len":10,"at":"2026-01-31T00:00:00Z","host":"a"}',
    '{"severity":"info","msg":"all is well","status":200,"len":20,"at":"2026-01-31T00:01:00.5Z"}',
    '{"severity":"info","status":404,"at":"2026-01-31T00:02:00Z","severity2":[1]}',
]


class Index(http.server.BaseHTTPRequestHandler):
    """As much of OpenSearch as the sink asks for; `templates` and `documents` are the server's."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        self.body()
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        if self.path.startswith("/_index_template/") and name in self.server.templates:
            return self.answer(200, {"index_templates": [{"name": name, "index_template": self.server.templates[name]}]})
        return self.answer(200, {}) if self.path == "/" else self.answer(404, {"error": {"type": "x", "reason": "not there"}})

    def do_PUT(self):
        self.server.templates[self.path.split("?")[0].rsplit("/", 1)[-1]] = json.loads(self.body())
        self.server.puts += 1
        self.answer(200, {"acknowledged": True})

    def do_POST(self):
        body = self.body()
        if "_bulk" not in self.path:
            return self.answer(200, {})
        lines = body.decode().split("\n")[:-1]
        items = []
        for document in lines[1::2]:
            self.server.documents.append(json.loads(document))
            items.append({"create": {"status": 201}})
        self.answer(200, {"errors": False, "items": items})

    def log_message(self, *_):
        pass


class Mapping(Case):
    def setUp(self):
        super().setUp()
        (self.folder / "app.toml").write_text(MAPPING)
        (self.folder / "lines.jsonl").write_text("".join(line + "\n" for line in LINES))

    def run_once(self, *more, status=0):
        return self.run_program("run", "--from", "lines.jsonl", "--once", "--data-dir", "data", "--admin", "none", "--page", "none", *more,
                                status=status)

    def opensearch(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
        server.templates, server.documents, server.puts = {}, [], 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server, f"opensearch://127.0.0.1:{server.server_address[1]}/logs"

    def test_run_makes_its_documents_and_the_store_its_columns(self):
        self.run_once("--mapping", "app.toml", "--timestamp", "event")
        documents = self.documents(self.folder / "data/store.sqlite")
        self.assertEqual([json.dumps(each, separators=(",", ":")) for each in documents], [
            '{"log":{"level":"warn","text":"Disk nearly full"},"http":{"response":{"code":503},"bytes":10},"source":"app",'
            '"when":1769817600000,"labels":{"at":"2026-01-31T00:00:00Z","host":"a"}}',
            '{"log":{"level":"info","text":"all is well"},"http":{"response":{"code":200},"bytes":20},"source":"app",'
            '"when":1769817660500,"labels":{"at":"2026-01-31T00:01:00.5Z"}}',
            '{"log":{"level":"info"},"http":{"response":{"code":404}},"source":"app","when":1769817720000,'
            '"labels":{"at":"2026-01-31T00:02:00Z","severity2":[1]}}'])
        with sqlite3.connect(self.folder / "data/store.sqlite") as store:
            self.assertEqual(store.execute("SELECT level, text, code, bytes, time_ms FROM documents").fetchall(), [
                ("warn", "Disk nearly full", 503, 10, 1769817600000), ("info", "all is well", 200, 20, 1769817660500),
                ("info", None, 404, None, 1769817720000)])
        # The store remembers what it was made for.
        refused = self.run_once(status=2).stderr
        self.assertIn("this store has other fields: give the --mapping that it was made with", refused)
        self.run_once("--mapping", "app.toml")

    def test_what_a_rule_drops_is_a_term_of_the_ledger_across_restarts_and_what_is_redacted_is_not_stored(self):
        policy = '''
[[redact]]
field = "text"
how = "hash"
key-file = "hash.key"

[[redact]]
field = "host"
how = "drop"

[[rule]]
name = "quiet"
field = "level"
equals = "info"
'''
        (self.folder / "app.toml").write_text(MAPPING.replace("[store]", policy + "[store]"))
        (self.folder / "hash.key").write_text("0123456789abcdef0123456789abcdef\n")
        (self.folder / "hash.key").chmod(0o600)
        lines = (self.folder / "lines.jsonl").read_text()
        for times in (1, 2):
            (self.folder / "lines.jsonl").write_text(lines * times)
            log = self.run_once("--mapping", "app.toml").stdout
            self.assertIn(f"in {3 * times} = indexed {times} + already there 0 + dead 0 + in flight 0 + dropped {2 * times}", log)
        document = json.dumps(self.documents(self.folder / "data/store.sqlite")[0])
        self.assertNotIn("Disk", document)
        self.assertNotIn("host", document)
        self.assertRegex(document, '"text": "[0-9a-f]{32}"')
        # A batch without any event is committed as well.
        (self.folder / "lines.jsonl").write_text(lines * 2 + '{"severity":"info"}\n' * 7)
        log = self.run_once("--mapping", "app.toml").stdout
        self.assertIn("in 13 = indexed 2 + already there 0 + dead 0 + in flight 0 + dropped 11", log)
        # By a journal's cursor, and past a sink that keeps no positions.
        taken = self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "stdout:", "--once", "--group", "other", "--mapping",
                                 "app.toml", "--admin", "none")
        self.assertEqual(taken.stdout.count("\n"), 2)
        self.assertIn("in 13 = indexed 2 + already there 0 + dead 0 + in flight 0 + dropped 11", taken.stderr)

    def test_check_runs_the_cases_of_a_mapping(self):
        (self.folder / "mapping_test.toml").write_text("""
mapping = "app.toml"
[[test]]
name = "status"
line = '{"status":"503"}'
document = '{"http": {"response": {"code": 503}}}'
""")
        self.assertEqual(self.run_program("check", "--tests", "mapping_test.toml").stdout, "1 cases passed, 0 failed\n")
        summary = self.run_program("check", "--file", "lines.jsonl", "--mapping", "app.toml", "--lines", "1").stdout
        self.assertIn("lines.jsonl: json, mapping app\n           3 lines\n           3 documents\n", summary)

    def test_the_pages_api_knows_its_fields_and_no_others(self):
        page = free_address()
        self.run_once("--mapping", "app.toml")
        child = self.start("run", "--data-dir", "data", "--admin", "none", "--listen", free_address(), "--page", page, "--mapping", "app.toml")
        self.wait_for(lambda: self.get(f"http://{page}/api/page")[0] == 200, "the page")
        about = json.loads(self.get(f"http://{page}/api/page")[1])["documents"]
        self.assertEqual(about["title"], "App logs")
        self.assertEqual([each["name"] for each in about["top"]], ["level", "code"])
        self.assertEqual(about["size"], {"name": "bytes", "title": "Bytes out", "path": "http.bytes", "number": True})
        self.assertIsNone(about["unique"])
        overview = json.loads(self.get(f"http://{page}/api/logs/overview")[1])
        self.assertEqual((overview["documents"], overview["bytes"]), (3, 30))
        self.assertEqual([each["value"] for each in overview["fields"]["level"]["top"]], ["info", "warn"])
        found = json.loads(self.get(f"http://{page}/api/logs/lines?code=5xx&q=disk")[1])["lines"]
        self.assertEqual(len(found), 1)
        code, told = self.get(f"http://{page}/api/logs/overview?request=x")
        self.assertEqual(code, 400)
        self.assertIn("expected from, to, q, before, limit or one of code, level", told)
        self.end(child)

    def test_documents_go_to_opensearch_by_its_template(self):
        server, uri = self.opensearch()
        self.run_program("run", "--from", "lines.jsonl", "--once", "--data-dir", "data", "--admin", "none", "--page", "none", "--store", uri)
        self.assertIn("event", server.templates["logpipe-logs"]["template"]["mappings"]["properties"])
        self.run_program("produce", "--file", "lines.jsonl", "--to", "journal:events/in")
        self.run_program("consume", "--from", "journal:events/in", "--to", "journal:events/out", "--once", "--mapping", "app.toml", "--admin", "none")
        server.documents.clear()
        self.run_program("index", "--from", "journal:events/out", "--to", uri, "--once", "--mapping", "app.toml", "--admin", "none")
        # The template of nginx's documents, though of the same version, was not left in place.
        mappings = server.templates["logpipe-logs"]["template"]["mappings"]
        self.assertEqual(mappings, {"dynamic": False, "properties": {
            "log": {"type": "object", "dynamic": False, "properties": {
                "level": {"type": "keyword", "ignore_above": 2048},
                "text": {"type": "keyword", "ignore_above": 2048, "fields": {"text": {"type": "text", "norms": False}}}}},
            "http": {"type": "object", "dynamic": False, "properties": {
                "response": {"type": "object", "dynamic": False, "properties": {"code": {"type": "integer", "ignore_malformed": True}}},
                "bytes": {"type": "long", "ignore_malformed": True}}},
            "source": {"type": "keyword", "ignore_above": 2048},
            "when": {"type": "date", "format": "epoch_millis", "ignore_malformed": True},
            "labels": {"type": "object", "dynamic": False, "properties": {"host": {"type": "keyword", "ignore_above": 2048}}}}})
        self.assertEqual([each["log"]["level"] for each in server.documents], ["warn", "info", "info"])
        # The same template again is left alone.
        puts = server.puts
        self.run_program("index", "--from", "journal:events/out", "--to", uri, "--once", "--mapping", "app.toml", "--admin", "none")
        self.assertEqual(server.puts, puts)
        self.assertIn("logpipe-logs", self.run_program("setup", "opensearch", "--to", uri, "--mapping", "app.toml", "--dry-run").stdout)

    def test_what_is_printed_can_be_fed_back(self):
        shown = self.run_program("check", "--show-mapping").stdout
        self.assertEqual(tomllib.loads(shown)["name"], "nginx")
        (self.folder / "shown.toml").write_text(shown)
        self.assertEqual(self.run_program("check", "--show-mapping", "--mapping", "shown.toml").stdout, shown)
        line = '{"request": "GET / HTTP/1.1", "response": 200, "index": "mine", "more": {"a": 1}}'
        documents = [self.run_program("check", "--line", line, *more).stdout for more in ((), ("--mapping", "shown.toml"))]
        for document in documents:
            self.assertEqual(json.loads(document)["index_original"], "mine")
        other = self.run_program("check", "--show-mapping", "--regions", "one", "--regions", "two").stdout
        self.assertIn('choices = ["one", "two"]', other)
        self.run_program("check", "--show-mapping", "--mapping", "app.toml")

    def test_a_mapping_with_mistakes_ends_every_subcommand_with_status_2_before_anything_starts(self):
        (self.folder / "bad.toml").write_text('name = "bad"\n[[field]]\npath = "a"\nform = "b"\n[store]\ncolumns = ["b"]\n')
        for arguments in (("check", "--show-mapping"), ("check", "--line", "{}"),
                          ("run", "--from", "lines.jsonl", "--once", "--data-dir", "data"),
                          ("consume", "--from", "journal:no/such", "--to", "stdout:"),
                          ("index", "--from", "journal:no/such", "--to", "sqlite:store.sqlite"),
                          ("index", "--from", "journal:no/such", "--to", "opensearch://127.0.0.1:1/i"),
                          ("setup", "opensearch", "--to", "opensearch://127.0.0.1:1/i"),
                          ("serve", "--listen", free_address(), "--file", "lines.jsonl")):
            told = self.run_program(*arguments, "--mapping", "bad.toml", status=2).stderr
            self.assertIn('bad.toml:4: form: unknown key; did you mean', told, arguments)
            self.assertIn('bad.toml:6: columns: unknown field', told, arguments)
        self.assertIn("no/such.toml", self.run_program("check", "--show-mapping", "--mapping", "no/such.toml", status=2).stderr)
        (self.folder / "broken.toml").write_text('name = "bad"\n[[field]\n')
        self.assertIn("broken.toml:2: ", self.run_program("check", "--show-mapping", "--mapping", "broken.toml", status=2).stderr)
        (self.folder / "timeless.toml").write_text('name = "m"\n')
        self.assertIn("names no time", self.run_program("check", "--line", "{}", "--mapping", "timeless.toml", "--timestamp", "event", status=2).stderr)

    def test_raw_lines_have_a_mapping_too(self):
        (self.folder / "raw.toml").write_text('name = "raw"\nformat = "raw"\n[[field]]\npath = "text"\nfrom = "message"\n')
        self.assertEqual(self.run_program("check", "--line", 'say "hi" {', "--mapping", "raw.toml").stdout, '{"text":"say \\"hi\\" {"}\n')


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
