#!/usr/bin/env python3
"""docs/reference/http-api.yaml against a running process: the paths, their methods, and the name of every field.

    tests/program/http_api_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import json
import os
import pathlib
import re
import sys
import threading
import unittest
import urllib.error
import urllib.request

import program_test
from program_test import Case, TIME_MAX, free_address

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "http-api.yaml"
# Fields that only appear where something is wrong: no complete run of the program shows them.
RARE = {"text", "base64", "record_base64", "reason", "rejected", "lines", "rate", "seed", "demo", "ids", "all"}


def keys_by_parent(text):
    """(parents, key) for each line "key: …" of YAML that has one key a line."""
    path = []
    for line in text.splitlines():
        if found := re.match(r'( *)(?:- )?"?([\w/{}.-]+)"?:( |$)', line):
            indent = len(found[1])
            while path and path[-1][0] >= indent:
                path.pop()
            yield [key for _, key in path], found[2]
            path.append((indent, found[2]))


def documented_routes(text):
    routes = {}
    for parents, key in keys_by_parent(text):
        if parents == ["paths"]:
            routes[key] = set()
        elif parents[:1] == ["paths"] and len(parents) == 2 and key != "servers":
            routes[parents[1]].add(key.upper())
    return routes


def documented_fields(text):
    return {key for parents, key in keys_by_parent(text) if parents and parents[-1] == "properties"}


def fields_of(value, into):
    if isinstance(value, list):
        for each in value:
            fields_of(each, into)
    elif isinstance(value, dict):
        for key, each in value.items():
            into.add(key)
            if key == "fields":  # its own keys are the schema's fields
                for field in each.values():
                    fields_of(field, into)
            elif key not in ("metrics", "event"):
                fields_of(each, into)


class HttpApi(Case):
    def setUp(self):
        super().setUp()
        self.text = PAGE.read_text(encoding="utf-8")
        listen, self.page, self.ingest = free_address(), free_address(), free_address()
        (self.folder / "lines.jsonl").write_text('{"remote_ip":"10.0.0.1","request":"GET / HTTP/1.1","response":200,"bytes":1}\n{no JSON\n')
        self.pipeline = self.start("run", "--data-dir", "data", "--from", f"forward://{listen}", "--from", f"ingest://{self.ingest}", "--admin", "none", "--page", self.page)
        self.wait_for(lambda: self.get(f"http://{self.page}/readyz")[0] == 200, "the page")
        self.run_program("produce", "--file", "lines.jsonl", "--to", f"forward://{listen}")
        self.wait_drained(self.page, 2)

    def ask(self, method, path, body=None):
        at = self.ingest if path == "/ingest" else self.page
        request = urllib.request.Request(f"http://{at}{path}", method=method, data=body, headers={"Content-Type": "application/json"} if body else {})
        try:
            with urllib.request.urlopen(request, timeout=TIME_MAX) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as failure:
            return failure.code, failure.headers, failure.read().decode()

    def test_paths_and_methods_are_those_of_the_server(self):
        routes = documented_routes(self.text)
        for path, methods in routes.items():
            with self.subTest(path):
                # HEAD is answered wherever GET only reads, and is no entry of its own.
                status, headers, _ = self.ask("PATCH", path)
                self.assertEqual(status, 405, path)
                self.assertEqual({each.strip() for each in headers["Allow"].split(",")} - {"HEAD"}, methods)

    def test_no_path_of_the_server_is_missing(self):
        (routes,) = ROOT.glob("src/**/web/routes.cpp")
        known = set(re.findall(r'"(/[A-Za-z/-]*)"', routes.read_text(encoding="utf-8")))
        self.assertIn("/healthz", known)
        self.assertEqual(sorted(known - set(documented_routes(self.text))), [], f"in {routes.name}, and not in {PAGE.name}")
        _, _, words = self.ask("GET", "/nosuch")
        for path in re.findall(r" (/\S*)", json.loads(words)["detail"]):
            self.assertIn(path, documented_routes(self.text))

    def test_fields_of_answers_are_those_that_are_documented(self):
        served = set()
        for path in ("/api/status", "/api/page", "/api/processes", "/api/logs/overview", "/api/logs/lines", "/api/dead-letters", "/nosuch"):
            fields_of(json.loads(self.ask("GET", path)[2]), served)
        for method, path, body in (("POST", "/produceEventsToPipeline", b'{"demo":{"lines":1}}'), ("POST", "/produceEventsToPipeline", b'{"demo":{"lines":0}}'),
                                   ("POST", "/api/dead-letters/retry", b'{"all":true}'),
                                   ("POST", "/ingest", b'{"response":200}'), ("POST", "/ingest", b"{")):
            fields_of(json.loads(self.ask(method, path, body)[2]), served)
        served |= self.fields_of_a_tap() | self.fields_of_a_stop()
        documented = documented_fields(self.text)
        self.assertEqual(sorted(served - documented), [], f"served, and not in {PAGE.name}")
        self.assertEqual(sorted(documented - served - RARE), [], f"in {PAGE.name}, and served by nobody")

    def fields_of_a_tap(self):
        with urllib.request.urlopen(f"http://{self.page}/api/tap?stage=index/normalize", timeout=TIME_MAX) as tap:
            tap.readline()
            self.ask("POST", "/produceEventsToPipeline", b'{"demo":{"lines":10}}')
            for line in tap:
                if "stage" in (event := json.loads(line)):
                    return set(event)
        self.fail("no event came by")

    def fields_of_a_stop(self):
        """Of a run that has so much to do that it is still at it."""
        run = threading.Thread(target=self.ask, args=("POST", "/produceEventsToPipeline", b'{"demo":{"lines":1000000,"rate":10}}'))
        run.start()
        try:
            _, _, said = self.wait_for(lambda: (answer := self.ask("DELETE", "/produceEventsToPipeline"))[0] == 200 and answer, "the run to be stopped")
            return set(json.loads(said))
        finally:
            run.join()


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
