#!/usr/bin/env python3
"""Events by POST /ingest: from curl, in the shapes that Fluent Bit and Vector send, again and again, and through kill -9.

    tests/program/ingest_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Needs curl and openssl.
"""

import collections
import gzip
import http.client
import itertools
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

import program_test
from program_test import TIME_MAX, Case, free_address

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from tls import make_tls  # noqa: E402

COMBINED = '192.0.2.9 - - [29/Nov/2026:10:00:01 +0000] "GET /{} HTTP/1.1" 200 7 "-" "curl/8.5.0"\n'


class Ingest(Case):
    def begin(self, *more, subcommand="run", scheme="ingest"):
        self.at, self.admin = free_address(), free_address()
        return self.start_again(*more, subcommand=subcommand, scheme=scheme)

    def start_again(self, *more, subcommand="run", scheme="ingest"):
        folder = ("--data-dir", "data", "--page", "none") if subcommand == "run" else ("--journal", "data", "--to", "none")
        child = self.start(subcommand, "--from", f"{scheme}://{self.at}", "--admin", self.admin, *folder, *more)
        self.wait_ready(self.admin)
        return child

    def curl(self, *arguments, body=b"", target="/ingest", scheme="http"):
        """@return status and answer"""
        done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "--data-binary", "@-", *map(str, arguments), f"{scheme}://{self.at}{target}"],
                              input=body, capture_output=True, timeout=TIME_MAX, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer, status = done.stdout.decode().rsplit("\n", 1)
        return int(status), json.loads(answer)

    def stored(self, child, count, again=0):
        self.wait_drained(self.admin, count + again)
        self.assertIn(f"in {count + again} = indexed {count} + already there {again} + dead 0 + in flight 0\n", self.end(child))
        return self.documents(self.folder / "data/store.sqlite")


class Requests(Ingest):
    def test_each_kind_of_body_and_coding(self):
        child = self.begin()
        lines = "".join(COMBINED.format(f"lines/{n}") for n in range(3)).encode()
        objects = [{"request": f"GET /json/{n} HTTP/1.1", "response": 200} for n in range(2)]
        ndjson = "".join(json.dumps(each) + "\n" for each in objects).encode()
        (self.folder / "lines.zst").write_bytes(subprocess.run(["zstd", "-q"], input=lines.replace(b"lines/", b"zstd/"), capture_output=True,
                                                               check=True).stdout)
        plain, json_type = ("-H", "Content-Type: text/plain"), ("-H", "Content-Type: application/json")
        self.assertEqual(self.curl(*plain, body=lines), (200, {"events": 3}))
        self.assertEqual(self.curl("-H", "Content-Type: application/x-ndjson", body=ndjson), (200, {"events": 2}))
        self.assertEqual(self.curl(*plain, "-H", "Content-Encoding: gzip", body=gzip.compress(lines.replace(b"lines/", b"gzip/"))), (200, {"events": 3}))
        self.assertEqual(self.curl(*plain, "-H", "Content-Encoding: zstd", body=(self.folder / "lines.zst").read_bytes()), (200, {"events": 3}))
        # Fluent Bit's `format json`, and what it makes of a tailed line; Vector's http sink.
        self.assertEqual(self.curl(*json_type, "-A", "Fluent-Bit", body=json.dumps([{"date": 1764410401.5, "log": COMBINED.format("fluent").strip()}]).encode()),
                         (200, {"events": 1}))
        vector = json.dumps([{"message": COMBINED.format(f"vector/{n}").strip(), "source_type": "file", "host": "web1"} for n in range(2)], indent=2)
        self.assertEqual(self.curl(*json_type, "-H", "Content-Encoding: gzip", body=gzip.compress(vector.encode())), (200, {"events": 2}))
        documents = self.stored(child, 14)
        requests = collections.Counter(document["event"]["request"].split("/")[1].split(" ")[0] for document in documents)
        self.assertEqual(requests, {"lines": 3, "json": 2, "gzip": 3, "zstd": 3, "fluent": 1, "vector": 2})

    def test_a_large_body_and_one_that_is_refused(self):
        child = self.begin("--ingest-body-bytes-max", "8M")
        body = "".join(COMBINED.format(n) for n in range(60_000)).encode()
        self.assertEqual(self.curl("-H", "Content-Type: text/plain", body=body), (200, {"events": 60_000}))
        status, answer = self.curl("-H", "Content-Type: text/plain", body=body * 2)
        self.assertEqual((status, answer), (413, {"error": f"the body has more than {8 << 20} bytes"}))
        status, answer = self.curl(body=b"a")
        self.assertEqual(status, 415)  # curl's own Content-Type
        status, answer = self.curl("-H", "Content-Type: application/json", body=b"[{}, 1]")
        self.assertEqual((status, answer), (400, {"error": "byte 5: expected an object"}))
        self.stored(child, 60_000)

    def test_the_same_request_again_adds_nothing(self):
        child = self.begin()
        body = COMBINED.format("again").encode()
        plain = ("-H", "Content-Type: text/plain")
        for _ in range(3):
            self.assertEqual(self.curl(*plain, "-H", "Idempotency-Key: one", body=body), (200, {"events": 1}))
            self.assertEqual(self.curl(*plain, "-H", "Idempotency-Key: two", body=body), (200, {"events": 1}))
            self.assertEqual(self.curl(*plain, body=body), (200, {"events": 1}))
        self.stored(child, 3, again=6)

    def test_token_and_tls(self):
        folder = make_tls(self.folder / "tls")
        (self.folder / "token").write_text("sesame\n")
        (self.folder / "token").chmod(0o600)
        child = self.begin("--certificate-file", folder / "server.pem", "--key-file", folder / "server.key", "--ingest-token-file", "token",
                           scheme="ingests")
        plain = ("-H", "Content-Type: text/plain", "--cacert", folder / "ca.pem")
        self.assertEqual(self.curl(*plain, body=b"a", scheme="https")[0], 401)
        self.assertEqual(self.curl(*plain, "-H", "Authorization: Bearer sesame", body=b"a", scheme="https"), (200, {"events": 1}))
        (self.folder / "token").write_text("simsalabim\n")
        child.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.curl(*plain, "-H", "Authorization: Bearer simsalabim", body=b"b", scheme="https")[0] == 200, "the new token")
        self.assertEqual(self.curl(*plain, "-H", "Authorization: Bearer sesame", body=b"a", scheme="https")[0], 401)
        self.stored(child, 2)

    def test_a_forwarder_takes_it_too(self):
        child = self.begin(subcommand="forward")
        self.assertEqual(self.curl("-H", "Content-Type: text/plain", body=b"a\nb\n", target="/ingest?tag=app.web"), (200, {"events": 2}))
        self.end(child)
        self.assertEqual(self.run_program("journal", "export", "data/nginx-logs").stdout, "a\nb\n")
        done = self.run_program("forward", "--from", f"ingest://{self.at}", "--listen", free_address(), status=2)
        self.assertIn("--listen", done.stderr)


class Killed(Ingest):
    """Clients that send each batch until it is answered 200, and a program that is killed all the time."""
    CLIENTS, EVENTS, KILLS = 4, 20, 8

    def send_until_taken(self, client):
        for number in itertools.count():
            if not self.killing:
                return
            name = f"{client}-{number}"
            body = "".join(json.dumps({"serial": f"{name}-{event}", "request": "GET / HTTP/1.1"}) + "\n" for event in range(self.EVENTS))
            while not self.is_taken(name, body):
                self.retries += 1
                time.sleep(0.02)
            self.taken.append(name)

    def is_taken(self, name, body):
        host, port = self.at.split(":")
        try:
            connection = http.client.HTTPConnection(host, int(port), timeout=TIME_MAX)
            # Half of them have no key: their bodies differ.
            headers = {"Content-Type": "application/x-ndjson", **({"Idempotency-Key": name} if len(name) % 2 else {})}
            connection.request("POST", "/ingest", body, headers)
            answer = connection.getresponse()
            return answer.status == 200 and json.loads(answer.read()) == {"events": self.EVENTS}
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def test_each_event_is_stored_once(self):
        self.retries, self.taken, self.killing = 0, [], True
        child = self.begin()
        clients = [threading.Thread(target=self.send_until_taken, args=(client,)) for client in range(self.CLIENTS)]
        for client in clients:
            client.start()
        chance = random.Random(7)
        for _ in range(self.KILLS):
            time.sleep(chance.uniform(0.05, 0.4))
            child.kill()
            child.wait()
            child = self.start_again()
        self.killing = False
        for client in clients:
            client.join(TIME_MAX)
        wanted = len(self.taken) * self.EVENTS
        self.wait_drained(self.admin, wanted)
        self.end(child)
        serials = collections.Counter(document["serial"] for document in self.documents(self.folder / "data/store.sqlite"))
        self.assertEqual((len(serials), set(serials.values())), (wanted, {1}))
        self.assertGreater(self.retries, 0)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
