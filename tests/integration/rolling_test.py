#!/usr/bin/env python3
"""Dated indices over midnight, on real Kafka and real OpenSearch: each event is in one of them, once.

    tests/integration/rolling_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Processes see a clock that goes over the last midnight while they work (tests/integration/moved_clock). Chunks are sent to two forwarders, to one before
midnight and to the other after it; forwarders, consumers and indexers are killed; groups go back to the beginning; dead letters are
retried; a second group reads the same topic. LOGPIPE_ROLLING_ROUNDS: how often, 3 unless given. PROGRAM is $LOGPIPE unless given; it must
not be a static one.
"""

import contextlib
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from logpipe_process import free_address, wait_while_it_moves  # noqa: E402
from oracle import digest  # noqa: E402
from real_pipeline import STALL_SECONDS_MAX, RealPipeline  # noqa: E402
from servers import KafkaServer, OpenSearchServer  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE")
MOVED_CLOCK = os.environ.get("LOGPIPE_MOVED_CLOCK", "")  # the library of tests/integration/moved_clock
ROUNDS = int(os.environ.get("LOGPIPE_ROLLING_ROUNDS", "3"))
DAY = 86_400
BEFORE_SECONDS = 5  # of work, until the clock comes to midnight
CHUNKS, EVENTS = 120, 50
BAD = b"\xff\xfe"  # not UTF-8: a dead letter by --strict-lines


def setUpModule():
    global kafka, store, folder
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-rolling-"))).resolve()
    kafka = unittest.enterModuleContext(KafkaServer())
    store = unittest.enterModuleContext(OpenSearchServer())


@contextlib.contextmanager
def clock_moved_by(seconds):
    """For processes that are started in the block: the time of day; how long something takes is as it was."""
    names = {"LD_PRELOAD": MOVED_CLOCK, "MOVED_CLOCK_SECONDS": f"{seconds:.3f}"}
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name)


def text(value):
    if len(value) < 32:
        return bytes([0xA0 | len(value)]) + value
    return b"\xda" + len(value).to_bytes(2, "big") + value


def line_of(serial, seconds):
    record = {"time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(seconds)), "remote_ip": "10.0.0.1", "remote_user": "-",
              "request": f"GET /{serial} HTTP/1.1", "response": 200, "bytes": serial, "referrer": "-", "agent": "rolling", "serial": serial}
    return record, json.dumps(record).encode()


class Chunk:
    """Of entries with the time at which it was made. Some of its lines are not UTF-8."""

    def __init__(self, number, seconds, expected):
        self.name = b"chunk-%d-%d" % (number, seconds)
        entries = []
        for serial in range(number * EVENTS, (number + 1) * EVENTS):
            record, line = line_of(serial, seconds - serial % 3)
            if serial % 10 == 0:
                line = line.replace(b'"rolling"', b'"roll' + BAD + b'ing"')
                record = None
            expected[serial] = record and digest(record)
            entries.append(b"\x92\xce" + int(seconds).to_bytes(4, "big") + text(line))
        entries = b"".join(entries)
        self.message = (b"\x93" + text(b"app.follow") + b"\xc6" + len(entries).to_bytes(4, "big") + entries + b"\x81" + text(b"chunk") +
                        text(self.name))

    def send(self, address, until_acked):
        """@param until_acked  else it is only sent: the client never hears of it"""
        wanted = b"\x81" + text(b"ack") + text(self.name)
        end = time.monotonic() + STALL_SECONDS_MAX
        while True:
            try:
                host, port = address.rsplit(":", 1)
                with socket.create_connection((host, int(port)), timeout=20) as client:
                    client.sendall(self.message)
                    if not until_acked or client.recv(len(wanted), socket.MSG_WAITALL) == wanted:
                        return
            except OSError:
                if not until_acked:
                    return
            if time.monotonic() > end:
                raise AssertionError(f"no ack of {self.name}")
            time.sleep(0.1)


class DatedPipeline(RealPipeline):
    """Two forwarders into one topic, indices NAME-%Y.%m.%d."""

    def __init__(self, name):
        super().__init__(PROGRAM, folder, kafka, store, name, partitions=3)
        self.index_name = f"{name}-*"
        self.others = []

    def store_uri(self):
        return f"opensearch://{store.address}/{self.name}-%Y.%m.%d"

    def start_forward(self):
        super().start_forward()
        self.listen_too = free_address()
        self.others.append(self._start("forward-too", ["forward", "--listen", self.listen_too, "--journal", self.folder / "journal-too", "--to",
                                                       self.topic_uri(self.logs)]))

    def stages(self):
        return [*super().stages(), *self.others]


class Rolling(unittest.TestCase):
    def run_program(self, *words):
        done = subprocess.run([str(word) for word in (PROGRAM, *words)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_each_event_is_in_one_index_once_whatever_repeats_it_over_midnight(self):
        for number in range(ROUNDS):
            # Every third round the line's own time is the document's, which the entry's time is not to be needed for.
            with self.subTest(round=number), random_of(number) as chance:
                self.one_round(f"dated{number}", chance, timestamp=("receive", "line", "entry")[number % 3])

    def one_round(self, name, chance, timestamp):
        now = time.time()
        midnight = now - now % DAY
        behind = midnight - now - BEFORE_SECONDS
        clock = lambda: time.time() + behind  # noqa: E731
        expected = {}
        with clock_moved_by(behind), DatedPipeline(name) as pipeline:
            words = ["--timestamp", timestamp]
            pipeline.start_forward()
            strict = pipeline.start_consume(*words, "--strict-lines")
            pipeline.start_index()
            pipeline.start_index()
            for stage in pipeline.stages():
                stage.wait_ready()
            failures = []
            sending = threading.Thread(target=self.send_all, args=(pipeline, chance, clock, expected, failures))
            sending.start()
            # From here: a child ends with the thread that started it.
            while sending.is_alive():
                sending.join(chance.uniform(0.5, 2))
                chance.choice(pipeline.stages()).kill_and_start_again()
            self.assertEqual(failures, [])
            self.assertGreater(clock(), midnight)
            pipeline.wait_through()
            # Dead letters are retried by who takes such lines, and once more.
            bad = sum(each is None for each in expected.values())
            self.assertGreater(bad, 0)
            strict.stop()
            pipeline.consumers.remove(strict)
            pipeline.start_consume(*words)
            for _ in range(2):
                self.run_program("dlq", "retry", f"{pipeline.topic_uri(pipeline.logs)}.dlq", "--all")
            self.wait_for_all(pipeline, expected)
            # A second group, straight to the store; and the first one from the beginning.
            second = pipeline._start("second", ["consume", "--from", pipeline.topic_uri(pipeline.logs), "--to", pipeline.store_uri(), "--group",
                                                f"{name}-second", *words])
            second.wait_for(lambda ledger: ledger["in"] >= len(expected) and ledger["in_flight"] == 0, "the second group")
            for stage in pipeline.indexers:
                stage.stop()
            pipeline.indexers.clear()
            self.run_program("replay", "--group", f"{name}-index", "--from", pipeline.topic_uri(pipeline.events), "--to", "beginning")
            pipeline.start_index()
            pipeline.wait_through()
            self.prove(pipeline, expected)
            for stage in pipeline.stages():
                stage.stop()

    def send_all(self, pipeline, chance, clock, expected, failures):
        try:
            chunks = []
            for number in range(CHUNKS):
                chunks.append(Chunk(number, clock(), expected))
                chunks[-1].send(pipeline.listen, until_acked=chance.random() < 0.5)
                time.sleep(2 * BEFORE_SECONDS / CHUNKS)
            # All of it once more, to the other one: most had been acked.
            for chunk in chunks:
                chunk.send(pipeline.listen_too, until_acked=True)
        except Exception as failure:  # it is the test's thread that tells
            failures.append(failure)

    def wait_for_all(self, pipeline, expected):
        def there():
            count = store.count(pipeline.index_name)
            return count >= len(expected), count
        wait_while_it_moves(there, f"{len(expected)} documents", STALL_SECONDS_MAX, 0.5)

    def prove(self, pipeline, expected):
        found = {}
        indices = {}
        for hit in store.hits(pipeline.index_name):
            found.setdefault(hit["_source"]["serial"], []).append(hit)
            indices[hit["_index"]] = indices.get(hit["_index"], 0) + 1
        print(f"{pipeline.name}: {indices}", flush=True)
        self.assertEqual(sorted(expected.keys() - found.keys())[:5], [], "lost")
        self.assertEqual([[hit["_index"] for hit in hits] for hits in found.values() if len(hits) > 1][:5], [], "doubled")
        self.assertEqual([serial for serial, (hit,) in found.items() if expected[serial] and digest(hit["_source"]["event"]) != expected[serial]], [])
        self.assertEqual(len(indices), 2)
        # Readers have one name for all, and tomorrow's was made ahead.
        self.assertEqual(store.count(pipeline.name), len(expected))
        status, _ = store.request("GET", f"/{pipeline.name}/_alias")
        self.assertEqual(status, 200)


@contextlib.contextmanager
def random_of(number):
    seed = int(os.environ.get("LOGPIPE_ROLLING_SEED", "1")) * 1000 + number
    try:
        yield random.Random(seed)
    except BaseException:
        print(f"round {number}: seed {seed}", file=sys.stderr)
        raise


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.isfile(sys.argv[1]):
        PROGRAM = sys.argv.pop(1)
    if PROGRAM is None:
        sys.exit("rolling_test.py: which program?")
    if not os.path.isfile(MOVED_CLOCK):
        sys.exit("rolling_test.py: LOGPIPE_MOVED_CLOCK: where is the library?")
    PROGRAM = os.path.abspath(PROGRAM)
    unittest.main(verbosity=2)
