#!/usr/bin/env python3
"""Kills `logpipe run` by SIGKILL at random moments, then proves that no event was lost or doubled.

`logpipe produce` sends made-up lines and sends again what was not acked; `logpipe run` is killed and started again
under it. The proof never uses logpipe's own ids, which are unique by construction: each line carries a running
"serial", and the store must hold every serial exactly once, with the same seven fields as the line that the same seed
makes when it is written to a file.

Exit status 0: proved. 1: an event was lost, doubled or changed, or a process did not do what it should.
"""

import argparse
import ctypes
import hashlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

FIELDS = ("remote_ip", "remote_user", "request", "response", "bytes", "referrer", "agent")
PROGRESS_TIME_MAX = 60.0  # seconds without any progress before the test gives up
DEMO_SEED = 7


class Failed(Exception):
    """What is to be told to whoever runs the test."""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def die_with_parent():
    """Runs in the child before the program: a test that is killed itself leaves nothing behind (Linux)."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Process:
    """A child with its output in files. Ends with its block: no child outlives the test."""

    def __init__(self, name, folder, command):
        self.name = name
        self.error_path = folder / f"{name}.stderr"
        with open(folder / f"{name}.stdout", "ab") as out, open(self.error_path, "ab") as err:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.kill()

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def must_run(self):
        if self.child.poll() is not None:
            raise Failed(f"{self.name} ended with {self.child.returncode}:\n{self.last_lines()}")

    def must_end_well(self, seconds):
        try:
            status = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds} s:\n{self.last_lines()}") from None
        if status != 0:
            raise Failed(f"{self.name} ended with {status}:\n{self.last_lines()}")

    def last_lines(self):
        return "\n".join(self.error_path.read_text(errors="replace").splitlines()[-20:])


class Pipeline:
    """`logpipe run`, which is started again and again on the same folder and ports. Ends with its block."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.data = folder / "data"
        self.listen = f"127.0.0.1:{free_port()}"
        self.admin = f"127.0.0.1:{free_port()}"
        self.running = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.running.kill()

    def start(self):
        self.running = Process("run", self.folder, [self.program, "run", "--data-dir", self.data, "--listen",
                                                    self.listen, "--admin", self.admin])

    def kill_and_start_again(self):
        self.running.must_run()
        self.running.kill()
        self.start()

    def stop(self):
        self.running.child.send_signal(signal.SIGTERM)
        self.running.must_end_well(60)

    def ledger(self):
        """None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}/api/status", timeout=5) as answer:
                return json.load(answer)["ledger"]
        except (OSError, ValueError, http.client.HTTPException):  # refused, cut off, or half an answer
            return None

    def wait_for(self, condition, what):
        """Polls the ledger until `condition` holds for it. Gives up when the ledger does not change any more."""
        before = None
        changed = time.monotonic()
        while True:
            self.running.must_run()
            ledger = self.ledger()
            if ledger is not None and condition(ledger):
                return ledger
            if ledger != before:
                before, changed = ledger, time.monotonic()
            if time.monotonic() - changed > PROGRESS_TIME_MAX:
                raise Failed(f"nothing moved for {PROGRESS_TIME_MAX:.0f} s while waiting for {what}; ledger: {before}")
            time.sleep(0.002)


def progress(ledger, lines):
    """From 0 to `lines`: half of it for lines taken in, half for lines stored. Lines sent again count in "in" too."""
    return (min(ledger["in"], lines) + ledger["indexed"]) / 2


def kill_at_random_moments(pipeline, chance, kills, lines):
    """Kills the pipeline and starts it again, `kills` times.

    A moment is either a point of progress, one drawn from each equal part of the lines so that no part goes untried, or
    some milliseconds after the start, which hits the recovery from the kill before.
    """
    for number in range(kills):
        if number > 0 and chance.random() < 0.3:
            delay = chance.uniform(0.0, 0.3)
            time.sleep(delay)
            moment = f"{delay * 1000:.0f} ms after its start"
        else:
            goal = int(lines * chance.uniform(number, number + 1) / (kills + 1))
            ledger = pipeline.wait_for(lambda now, goal=goal: progress(now, lines) >= goal, f"progress {goal}")
            time.sleep(chance.uniform(0.0, 0.01))
            moment = f"at in {ledger['in']}, indexed {ledger['indexed']}, in flight {ledger['in_flight']}"
        pipeline.kill_and_start_again()
        print(f"kill {number + 1} of {kills}: {moment}", flush=True)


def digest(fields):
    text = json.dumps([fields.get(name) for name in FIELDS])
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def expected_digests(program, folder, demo):
    """Of the lines that the demo makes, by serial."""
    path = folder / "expected.jsonl"
    with Process("expected", folder, [program, "produce", "--demo", demo, "--to", f"file:{path}"]) as writing:
        writing.must_end_well(300)
    expected = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            expected[record["serial"]] = digest(record)
    path.unlink()
    return expected


def prove(store, expected):
    """Compares what the store holds with what was made; raises with the first few serials that differ."""
    seen = set()
    doubled, changed, strange = [], [], []
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    for (text,) in connection.execute("SELECT doc FROM documents"):
        document = json.loads(text)
        serial = document.get("serial")
        if serial not in expected:
            strange.append(serial)
        elif serial in seen:
            doubled.append(serial)
        elif digest(document["event"]) != expected[serial]:
            changed.append(serial)
        seen.add(serial)
    connection.close()
    lost = sorted(expected.keys() - seen)
    faults = [f"{len(serials)} {what}, such as serial {serials[:5]}"
              for what, serials in (("lost", lost), ("doubled", doubled), ("changed", changed), ("never sent", strange))
              if serials]
    if faults:
        raise Failed("; ".join(faults))


def run_test(options, folder):
    demo = f"lines={options.lines}&seed={DEMO_SEED}&serial=1"
    chance = random.Random(options.seed)
    with Pipeline(options.logpipe, folder) as pipeline:
        with Process("produce", folder, [options.logpipe, "produce", "--demo", demo, "--to",
                                         f"forward://{pipeline.listen}"]) as producing:
            kill_at_random_moments(pipeline, chance, options.kills, options.lines)
            producing.must_end_well(600)
        ledger = pipeline.wait_for(lambda now: now["in_flight"] == 0 and now["in"] >= options.lines,
                                   "the rest to be stored")
        pipeline.stop()
    if ledger["difference"] != 0 or ledger["dead"] != 0:
        raise Failed(f"the ledger is off: {ledger}")
    expected = expected_digests(options.logpipe, folder, demo)
    if len(expected) != options.lines:
        raise Failed(f"the demo made {len(expected)} serials for {options.lines} lines")
    prove(pipeline.data / "store.sqlite", expected)
    print(f"proved: each of {options.lines} serials is stored once, as it was sent; ledger: {ledger}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logpipe", type=pathlib.Path, nargs="?", default=os.environ.get("LOGPIPE"),
                        help="the program; without it the environment variable LOGPIPE names it")
    parser.add_argument("--kills", type=int, help="how often run is killed (5, with --long 30)")
    parser.add_argument("--lines", type=int, help="how many events (100,000, with --long 1,000,000)")
    parser.add_argument("--long", action="store_true", help="30 kills, 1,000,000 lines")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="draws the moments (random)")
    options = parser.parse_args()
    if options.logpipe is None:
        parser.error("which program?")
    options.kills = options.kills or (30 if options.long else 5)
    options.lines = options.lines or (1_000_000 if options.long else 100_000)
    options.logpipe = options.logpipe.resolve()

    print(f"{options.kills} kills, {options.lines} lines, --seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="logpipe-crash-") as folder:
        try:
            run_test(options, pathlib.Path(folder))
        except Failed as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
