#!/usr/bin/env python3
"""Lines that Docker cuts, sent as its fluentd driver sends them: without acks, and with fluentd-request-ack.

    tests/program/partial_messages_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Standard library only.
"""

import base64
import json
import os
import random
import socket
import sys
import time
import unittest

import program_test
from program_test import TIME_MAX, Case, free_address

PART_BYTES = 16 << 10  # daemon/logger/copier.go


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    if len(value) < 32:
        return bytes([0xA0 | len(value)]) + value
    return b"\xda" + len(value).to_bytes(2, "big") + value


def record(log, part=None):
    """@param part  id, ordinal and whether it is the last one"""
    members = {"container_id": "c0ffee", "container_name": "/shop", "source": "stdout", "log": log}
    if part is not None:
        members |= {"partial_message": "true", "partial_id": part[0], "partial_ordinal": str(part[1]), "partial_last": str(part[2]).lower()}
    members = list(members.items())
    random.shuffle(members)  # Go's maps have no order
    return bytes([0x80 | len(members)]) + b"".join(text(key) + text(value) for key, value in members)


def records_of(line):
    """As the driver sends a line."""
    if len(line) < PART_BYTES:
        return [record(line)]
    pieces = [line[i:i + PART_BYTES] for i in range(0, len(line), PART_BYTES)]
    name = random.randbytes(32).hex()
    return [record(piece, (name, i + 1, i + 1 == len(pieces))) for i, piece in enumerate(pieces)]


class Driver:
    """fluent-logger-golang: a Message a record; with acks, the next one is sent when the ack has come."""

    def __init__(self, address, wants_acks=False):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=TIME_MAX)
        self.wants_acks = wants_acks

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()

    def send(self, record):
        option = b"\x80"
        if self.wants_acks:
            chunk = text(base64.b64encode(random.randbytes(16)))
            option = b"\x81" + text("chunk") + chunk
        self.socket.sendall(b"\x94" + text("docker.shop") + b"\xce" + int(time.time()).to_bytes(4, "big") + record + option)
        if self.wants_acks:
            wanted = b"\x81" + text("ack") + chunk
            got = self.socket.recv(len(wanted), socket.MSG_WAITALL)
            if got != wanted:
                raise ConnectionError(f"not the ack: {got}")


def access_line(number, bytes_count):
    """A line of JSON as a server may log it, with é cut anywhere."""
    return json.dumps({"remote_ip": "192.0.2.9", "request": f"GET /{number} HTTP/1.1", "response": 200, "bytes": number, "agent": "é" * (bytes_count // 2)},
                      ensure_ascii=False).encode()


class PartialMessages(Case):
    def begin(self, *more):
        self.at, self.admin = free_address(), free_address()
        child = self.start("run", "--from", f"forward://{self.at}", "--admin", self.admin, "--data-dir", "data", "--page", "none", *more)
        self.wait_ready(self.admin)
        return child

    def counted(self, name):
        _, metrics = self.get(f"http://{self.admin}/metrics")
        return sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith((f"logpipe_{name} ", f"logpipe_{name}{{")))

    def stored(self, child, count):
        self.wait_drained(self.admin, count)
        self.assertIn(f"in {count} = indexed {count} + already there 0 + dead 0 + in flight 0\n", self.end(child))
        return self.documents(self.folder / "data/store.sqlite")

    def test_lines_of_many_containers_are_whole_documents(self):
        child = self.begin()
        lines = [access_line(n, size) for n, size in enumerate((100, 20_000, 40_001, 70_000, 250_000))]
        with Driver(self.at) as one, Driver(self.at) as other:
            queues = [records_of(line) for line in lines]
            for i in range(max(map(len, queues))):
                for n, queue in enumerate(queues):
                    if i < len(queue):
                        # The last one's connection breaks amid its line.
                        (other if n % 2 or (n == 4 and i > 7) else one).send(queue[i])
            self.wait_for(lambda: self.counted("partial_lines_joined_total") == 4, "four lines to be joined")
        documents = self.stored(child, len(lines))
        self.assertEqual({document["event"]["bytes"]: document["event"]["agent"] for document in documents},
                         {n: json.loads(line)["agent"] for n, line in enumerate(lines)})
        for document in documents:
            self.assertEqual(document["container_name"], "/shop")
            self.assertFalse([key for key in document if key.startswith("partial_")])

    def test_with_acks_no_part_waits_for_another(self):
        child = self.begin("--partial-timeout", "100s")
        parts = records_of(access_line(1, 70_000))
        with Driver(self.at, wants_acks=True) as driver:
            begin = time.monotonic()
            for part in parts:
                driver.send(part)
            self.assertLess(time.monotonic() - begin, 50)
        self.assertEqual(self.counted("partials_unjoined_total"), len(parts))
        documents = self.stored(child, len(parts))
        self.assertEqual(sorted(int(document["partial_ordinal"]) for document in documents), list(range(1, len(parts) + 1)))

    def test_what_waits_is_passed_on_in_time_and_at_the_end(self):
        child = self.begin("--partial-timeout", "200ms")
        early, late = (records_of(access_line(n, 40_000)) for n in (1, 2))
        with Driver(self.at) as driver:
            driver.send(early[0])
            self.wait_for(lambda: self.counted("partials_timed_out_total") == 1, "the time-out")
            self.wait_drained(self.admin, 1)
            self.end(child)
        child = self.begin("--partial-timeout", "100s")
        with Driver(self.at) as driver:
            driver.send(late[0])
            driver.send(late[1])
            self.wait_for(lambda: self.counted("partials_held") == 2, "two parts to be held")
            self.assertIn(" = indexed 3 + already there 0 + dead 0 + in flight 0\n", self.end(child))
        self.assertEqual(len(self.documents(self.folder / "data/store.sqlite")), 3)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
