#!/usr/bin/env python3
"""What the built program does at its edges: runs that fail are logged, what can never work ends at start, SIGHUP reloads
files and loses nothing, input that is not lines is refused as a whole.

    tests/program/edges_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library and openssl; free ports; everything in a temporary folder.
"""

import collections
import gzip
import json
import lzma
import os
import pathlib
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import program_test  # noqa: E402
from program_test import Case, TIME_MAX, free_address  # noqa: E402
from tls import make_tls  # noqa: E402
from web_folder import web_folder  # noqa: E402

UTF_16 = b"\xff\xfe" + '{"a": 1}\n'.encode("utf-16-le")
ZSTD = bytes.fromhex("28b52ffd2009490000") + b'{"a": 1}\n'


def taken_address(test):
    taken = socket.socket()
    test.addCleanup(taken.close)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return f"127.0.0.1:{taken.getsockname()[1]}"


class ProduceRuns(Case):
    def produce(self, web, source):
        server = self.start("serve", "--listen", web, *source, "--to", "file:out.jsonl")
        self.wait_ready(web)
        answer = self.get(f"http://{web}/produceEventsToPipeline", "POST")
        return answer, self.end(server)

    def lines_of(self, output, word):
        return [json.loads(line) for line in output.splitlines() if line.startswith("{") and word in line]

    def test_a_run_that_fails_is_logged_and_answered(self):
        (code, _), output = self.produce(free_address(), ("--url", "http://127.0.0.1:1/lines"))
        self.assertEqual(code, 502)
        [line] = self.lines_of(output, "failed after 0 lines read and 0 acked")
        self.assertEqual(line["level"], "error")
        self.assertIn("produce: http://127.0.0.1:1/lines failed", line["message"])
        self.assertIn("refused", line["message"])

    def test_no_password_of_a_url_is_logged(self):
        (code, text), output = self.produce(free_address(), ("--url", "http://me:sesame@127.0.0.1:1/lines"))
        self.assertEqual(code, 502)
        self.assertIn("produce: http://...@127.0.0.1:1/lines failed", output)
        self.assertNotIn("sesame", output + text)

    def test_a_run_that_ends_well_is_one_line_with_its_counts(self):
        (code, text), output = self.produce(free_address(), ("--demo", "lines=30&seed=1"))
        self.assertEqual(code, 200, text)
        [line] = self.lines_of(output, "produce: demo:nginx?lines=30&seed=1: 30 lines read, 30 acked")
        self.assertEqual(line["level"], "info")

    def test_a_run_from_the_page_of_run_is_logged_too(self):
        page, admin = free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", free_address(), "--admin", admin, "--page", page,
                              "--url", "http://127.0.0.1:1/lines")
        self.wait_ready(admin)
        self.assertEqual(self.get(f"http://{page}/produceEventsToPipeline", "POST")[0], 502)
        self.assertIn("produce: http://127.0.0.1:1/lines failed after 0 lines read and 0 acked", self.end(pipeline))

    def test_where_source_and_forwarder_both_refuse_both_are_named_at_once(self):
        done = self.run_program("produce", "--url", "http://127.0.0.1:1/lines", "--to", "forward://127.0.0.1:2",
                                "--give-up-after", "1h", status=1)
        self.assertRegex(done.stderr, r"http://127\.0\.0\.1:1/lines.*refused")
        self.assertRegex(done.stderr, r"forward_sink is down: .*127\.0\.0\.1:2.*refused")


class EndsAtStart(Case):
    def ends(self, *arguments, status, words):
        done = self.run_program(*arguments, "--admin", "none", status=status)
        self.assertIn(words, done.stderr)
        return done

    def test_an_address_that_is_taken(self):
        address = taken_address(self)
        for arguments in (("forward", "--journal", "data", "--to", "none"), ("run", "--data-dir", "data")):
            with self.subTest(arguments):
                self.ends(*arguments, "--listen", address, status=1, words=f"on {address}: Address already in use")
        done = self.run_program("serve", "--demo", "lines=1", "--listen", address, status=1)
        self.assertIn(f"cannot listen on {address}: Address already in use", done.stderr)
        self.ends("run", "--data-dir", "data", "--listen", free_address(), "--page", address, status=1, words=address)

    def test_an_address_that_is_wrong(self):
        for address in ("nonsense", "127.0.0.1:70000", "[::1", "192.0.2.1:1"):
            with self.subTest(address):
                self.ends("forward", "--journal", "data", "--to", "none", "--listen", address, status=2, words=address)
                self.run_program("serve", "--demo", "lines=1", "--listen", address, status=2)
                self.run_program("run", "--data-dir", "data", "--listen", free_address(), "--admin", address, status=2)
                self.ends("run", "--data-dir", "data", "--listen", free_address(), "--page", address, status=2, words=address)

    def run_into(self, store, *, status, words):
        self.ends("run", "--data-dir", "data", "--listen", free_address(), "--page", "none", "--store", store, status=status, words=words)

    def test_a_store_that_is_not_one(self):
        (self.folder / "text").write_text("this is text, and longer than the head of a database would be\n" * 50)
        self.run_into("sqlite:text", status=1, words="file is not a database")
        with sqlite3.connect(self.folder / "other.sqlite") as other:
            other.execute("CREATE TABLE things (name TEXT)")
        self.run_into("sqlite:other.sqlite", status=2, words="not a store of logpipe")
        self.run_into("sqlite:text/store.sqlite", status=1, words="text/store.sqlite")

    def test_a_folder_that_cannot_be_written(self):
        (self.folder / "file").write_text("")
        self.ends("run", "--data-dir", "file/data", "--listen", free_address(), status=1, words="Not a directory")
        self.ends("forward", "--journal", "file/data", "--to", "none", "--listen", free_address(), status=1, words="Not a directory")

    def test_certificates_and_secrets_that_cannot_be_used(self):
        (self.folder / "garbage").write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
        (self.folder / "empty").write_text("")
        listen = ("--journal", "data", "--listen", free_address())
        for bad in ("nothing", "garbage"):
            for arguments in (("produce", "--demo", "lines=1", "--to", "forwards://127.0.0.1:1", "--ca-file", bad),
                              ("forward", *listen, "--to", "none", "--certificate-file", bad, "--key-file", bad),
                              ("forward", *listen, "--to", "kafka://127.0.0.1:1/t", "--kafka-security", "ssl", "--ca-file", bad),
                              ("index", "--from", "kafka://127.0.0.1:1/t", "--to", "opensearchs://127.0.0.1:1/i", "--ca-file", bad),
                              ("ship", "--from", "docker:nowhere.sock", "--to", "lokis://127.0.0.1:1", "--ca-file", bad)):
                with self.subTest(arguments):
                    self.ends(*arguments, status=2, words=bad)
        for bad in ("nothing", "empty"):
            for arguments in (("produce", "--demo", "lines=1", "--to", "forward://127.0.0.1:1", "--send-key-file", bad),
                              ("forward", *listen, "--to", "none", "--shared-key-file", bad),
                              ("index", "--from", "kafka://127.0.0.1:1/t", "--to", "opensearch://127.0.0.1:1/i",
                               "--opensearch-user", "me", "--opensearch-password-file", bad),
                              ("ship", "--from", "docker:nowhere.sock", "--to", "loki://127.0.0.1:1", "--loki-user", "me",
                               "--loki-password-file", bad)):
                with self.subTest(arguments):
                    self.ends(*arguments, status=2, words=bad)

    def test_a_sink_that_can_never_work_ends_the_process_with_2_and_the_journal_keeps_what_was_acked(self):
        listen = free_address()
        first = self.start("forward", "--journal", "data", "--to", "none", "--listen", listen, "--admin", "none")
        path = self.demo(50)
        self.run_program("produce", "--file", path, "--to", f"forward://{listen}")
        self.end(first)
        done = self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "sqlite:store.sqlite", "--admin", "none", "--once")
        self.assertIn("in 50 = indexed 50", done.stdout)
        with sqlite3.connect(self.folder / "other.sqlite") as other:
            other.execute("CREATE TABLE things (name TEXT)")
        self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "sqlite:other.sqlite", "--group", "b",
                         "--admin", "none", status=2)
        done = self.run_program("consume", "--from", "journal:data/nginx-logs", "--to", "sqlite:second.sqlite", "--group", "b",
                                "--admin", "none", "--once")
        self.assertIn("in 50 = indexed 50", done.stdout)


class NotLines(Case):
    def inputs(self):
        return {"lines.xz": (lzma.compress(b'{"a": 1}\n' * 5), "xz data"), "utf-16.txt": (UTF_16, "UTF-16 text")}

    def refused(self, *arguments, word, stdin=None):
        done = subprocess.run([program_test.PROGRAM, "produce", *map(str, arguments), "--to", "file:out.jsonl"], cwd=self.folder,
                              input=stdin, capture_output=True, timeout=TIME_MAX)
        errors = done.stderr.decode()
        self.assertEqual(done.returncode, 1, errors)
        self.assertEqual(errors.count(word), 1, errors)
        self.assertEqual((self.folder / "out.jsonl").read_bytes() if (self.folder / "out.jsonl").exists() else b"", b"")

    def test_files_standard_input_and_urls_that_are_not_lines_are_refused_as_a_whole(self):
        with web_folder({f"/{name}": content for name, (content, _) in self.inputs().items()}) as url:
            for name, (content, word) in self.inputs().items():
                with self.subTest(name):
                    (self.folder / name).write_bytes(content)
                    self.refused("--file", name, word=word)
                    self.refused("-", word=word, stdin=content)
                    self.refused("--url", f"{url}/{name}", word=word)

    def test_files_standard_input_and_urls_that_are_compressed_are_read_as_what_is_in_them(self):
        lines = '{"a": 1}\n'
        for name, content in {"lines.gz": gzip.compress(lines.encode()), "lines.zst": ZSTD}.items():
            with self.subTest(name), web_folder({f"/{name}": content}) as url:
                (self.folder / name).write_bytes(content)
                self.assertEqual(self.run_program("produce", "--file", name, "--to", "stdout:").stdout, lines)
                self.assertEqual(self.run_program("produce", "--url", f"{url}/{name}", "--to", "stdout:").stdout, lines)
                done = subprocess.run([program_test.PROGRAM, "produce", "-", "--to", "stdout:"], input=content, capture_output=True,
                                      timeout=TIME_MAX)
                self.assertEqual((done.returncode, done.stdout.decode()), (0, lines))

    def test_a_body_that_the_server_says_is_gzip_is_read_as_lines(self):
        with web_folder({"/lines.gz": gzip.compress(b'{"a": 1}\n')}, {"Content-Encoding": "gzip"}) as url:
            self.assertEqual(self.run_program("produce", "--url", f"{url}/lines.gz", "--to", "stdout:").stdout, '{"a": 1}\n')

    def test_what_a_pipe_gave_is_kept_until_somebody_takes_it(self):
        listen = free_address()
        errors = open(self.folder / "produce.err", "w")
        child = subprocess.Popen([program_test.PROGRAM, "produce", "-", "--to", f"forward://{listen}", "--give-up-after", "0"],
                                 cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors)
        errors.close()
        self.addCleanup(lambda: (child.kill() if child.poll() is None else None, child.wait()))
        child.stdin.write(b'{"a": 1}\n')
        child.stdin.close()
        self.wait_for(lambda: "refused" in (self.folder / "produce.err").read_text(), "produce to meet nobody")
        forwarder = self.start("forward", "--journal", "data", "--to", "none", "--listen", listen, "--admin", "none")
        self.assertEqual(child.wait(TIME_MAX), 0)
        self.end(forwarder)
        exported = self.run_program("journal", "export", "data/nginx-logs").stdout
        self.assertEqual([json.loads(line) for line in exported.splitlines()], [{"a": 1}])


class Hangup(Case):
    def wait_for_output(self, child, words, times=1):
        self.wait_for(lambda: self.output_of(child).count(words) >= times, words)

    def certificate_at(self, listen):
        host, port = listen.split(":")
        return ssl.get_server_certificate((host, int(port)))

    def test_a_status_that_is_watched_ends_when_nobody_can_read_it_any_more(self):
        with open("/dev/full", "w") as gone:
            done = subprocess.run([program_test.PROGRAM, "status", "--watch", "--interval", "50ms", "--at", free_address()], cwd=self.folder,
                                  stdout=gone, stderr=subprocess.DEVNULL, timeout=TIME_MAX)
        self.assertNotEqual(done.returncode, 0)

    def test_a_new_certificate_is_served_under_load_and_every_line_is_there_once(self):
        old, new = make_tls(self.folder / "old"), make_tls(self.folder / "new")
        live = self.folder / "live"
        live.mkdir()

        def install(folder):
            for name in ("server.pem", "server.key"):
                (live / "part").write_bytes((folder / name).read_bytes())
                os.replace(live / "part", live / name)

        install(old)
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--journal", "data", "--to", "none", "--listen", listen, "--admin", admin,
                               "--certificate-file", live / "server.pem", "--key-file", live / "server.key")
        self.wait_ready(admin)
        sender = subprocess.Popen([program_test.PROGRAM, "produce", "-", "--to", f"forwards://{listen}", "--ca-file", str(old / "ca.pem")],
                                  cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (sender.kill() if sender.poll() is None else None, sender.wait()))
        sent = 0

        def send(count):
            nonlocal sent
            for _ in range(count):
                sender.stdin.write(b'{"n": %d}\n' % sent)
                sent += 1
            sender.stdin.flush()

        send(2000)
        self.wait_drained(admin, 1)
        for times, folder in enumerate((new, old, new), start=1):
            install(folder)
            send(500)
            forwarder.send_signal(signal.SIGHUP)
            send(500)
            self.wait_for_output(forwarder, "forward_source reloaded its certificates and secrets", times)
            self.assertEqual(self.certificate_at(listen).split(), (folder / "server.pem").read_text().split())
        # The sender's connection was made under the first certificate, and it trusts no other.
        send(1000)
        sender.stdin.close()
        self.assertEqual(sender.wait(TIME_MAX), 0)
        self.run_program("produce", "--demo", "lines=10", "--to", f"forwards://{listen}", "--ca-file", new / "ca.pem")
        self.wait_drained(admin, sent + 10)
        self.end(forwarder)
        lines = self.run_program("journal", "export", "data/nginx-logs").stdout.splitlines()
        numbers = collections.Counter(n for n in (json.loads(line).get("n") for line in lines) if n is not None)
        self.assertEqual((len(numbers), set(numbers.values())), (sent, {1}))

    def test_what_cannot_be_read_again_leaves_what_was_there(self):
        folder = make_tls(self.folder / "tls")
        (self.folder / "key").write_text("sesame\n")
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--journal", "data", "--to", "none", "--listen", listen, "--admin", admin, "--shared-key-file", "key",
                               "--certificate-file", folder / "server.pem", "--key-file", folder / "server.key")
        self.wait_ready(admin)
        served = self.certificate_at(listen)
        (folder / "server.pem").write_text("nothing")
        forwarder.send_signal(signal.SIGHUP)
        self.wait_for_output(forwarder, "forward_source keeps its previous certificates and secrets")
        self.assertEqual(self.certificate_at(listen), served)
        produce = ("produce", "--demo", "lines=5", "--to", f"forwards://{listen}", "--ca-file", folder / "ca.pem", "--send-key-file", "key")
        self.run_program(*produce)
        (folder / "server.pem").write_text(served)
        (self.folder / "key").write_text("simsalabim\n")
        forwarder.send_signal(signal.SIGHUP)
        self.wait_for_output(forwarder, "reloaded its certificates and secrets")
        self.run_program(*produce)
        self.end(forwarder)

    def test_a_new_token_is_asked_for_and_the_old_one_refused(self):
        web = free_address()
        (self.folder / "token").write_text("old\n")
        server = self.start("serve", "--listen", web, "--demo", "lines=5", "--to", "file:out.jsonl", "--auth-token-file", "token")
        self.wait_for(lambda: self.get(f"http://{web}/healthz")[0] == 200, "serve to answer")

        def answer_with(token):
            request = urllib.request.Request(f"http://{web}/api/status", headers={"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, timeout=TIME_MAX) as answer:
                    return answer.status
            except urllib.error.HTTPError as failure:
                return failure.code

        self.assertEqual((answer_with("old"), answer_with("new")), (200, 401))
        (self.folder / "token").write_text("new\n")
        server.send_signal(signal.SIGHUP)
        self.wait_for(lambda: answer_with("new") == 200, "the new token to be taken")
        self.assertEqual(answer_with("old"), 401)
        self.end(server)

    def test_a_run_that_ends_by_itself_does_not_mind(self):
        child = self.start("produce", "--demo", "lines=3000&rate=3000&seed=1", "--to", "file:out.jsonl")
        self.wait_for(lambda: (self.folder / "out.jsonl").exists(), "produce to begin")
        while child.poll() is None:
            child.send_signal(signal.SIGHUP)
        self.assertEqual(child.returncode, 0, self.output_of(child))
        self.assertEqual(len((self.folder / "out.jsonl").read_text().splitlines()), 3000)


class Smuggling(Case):
    """Over the real listeners; tests/unit/ui/web/request_table_test.cpp has the whole table."""

    def answers_to(self, address, request):
        host, port = address.split(":")
        with socket.create_connection((host, int(port)), timeout=TIME_MAX) as connection:
            connection.sendall(request)
            answer = b""
            try:
                while part := connection.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
        return answer

    def test_a_second_request_within_a_body_is_not_carried_out(self):
        page, admin, web = free_address(), free_address(), free_address()
        pipeline = self.start("run", "--data-dir", "data", "--listen", free_address(), "--admin", admin, "--page", page)
        server = self.start("serve", "--listen", web, "--demo", "lines=1", "--to", "file:out.jsonl")
        self.wait_ready(admin)
        self.wait_ready(web)
        smuggled = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for address in (page, admin, web):
            for field in (b"Transfer-Encoding: chunked, gzip", b"Transfer-Encoding:", b"Transfer-Encoding : chunked",
                          b"Content-Length: 0\r\nContent-Length: 50", b"Content-Length: 5\r\nTransfer-Encoding: chunked"):
                with self.subTest((address, field)):
                    answer = self.answers_to(address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + field + b"\r\n\r\n0\r\n\r\n" + smuggled)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:200])
                    self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
        self.end(server)
        self.end(pipeline)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
