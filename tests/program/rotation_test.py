#!/usr/bin/env python3
"""Files that are followed while a real logrotate rotates them and the program is killed: each line that stands in any of
them at the end is in the store once. What a rotation itself lost is counted apart.

    tests/program/rotation_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

LOGPIPE_ROTATION_ROUNDS (3) and LOGPIPE_ROTATION_RATE, lines a second (5000), say how much; LOGPIPE_ROTATION_SEED repeats
one run.
"""

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

import program_test
from program_test import Case, free_address

ROUNDS = int(os.environ.get("LOGPIPE_ROTATION_ROUNDS", "3"))
RATE = int(os.environ.get("LOGPIPE_ROTATION_RATE", "5000"))
SEED = int(os.environ.get("LOGPIPE_ROTATION_SEED", str(time.time_ns() % 1_000_000)))
SECONDS = 5.0

# As a server writes its log: appends whole lines, and opens the name again on USR1.
WRITER = """
import os, signal, sys, time
path, rate = sys.argv[1], int(sys.argv[2])
again = [True]
signal.signal(signal.SIGUSR1, lambda *_: again.__setitem__(0, True))
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
file, serial, begun = -1, 0, time.monotonic()
while not ended:
    if again[0]:
        again[0] = False
        if file >= 0: os.close(file)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    behind = int((time.monotonic() - begun) * rate) - serial
    for first in range(serial, serial + behind, 10):
        count = min(10, serial + behind - first)
        os.write(file, b"".join(b'{"serial": %d, "remote_ip": "10.0.0.1", "request": "GET /a/page HTTP/1.1", "response": 200, '
                                b'"bytes": 4711, "agent": "Mozilla/5.0"}\\n' % n for n in range(first, first + count)))
        if ended: serial = first + count - behind; break
    serial += behind
    time.sleep(0.002)
print(serial)
"""

KINDS = {
    "create": "create 0644\n",
    "copytruncate": "copytruncate\n",
    "compress": "create 0644\ncompress\n",
    "delaycompress": "create 0644\ncompress\ndelaycompress\n",
    "copytruncate and compress": "copytruncate\ncompress\n",
}


class Rotation(Case):
    def serials_in_files(self):
        found = []
        for path in sorted((self.folder / "logs").glob("access.log*")):
            opened = gzip.open(path, "rb") if path.name.endswith(".gz") else open(path, "rb")
            with opened as lines:
                for line in lines:
                    found.append(json.loads(line)["serial"])
        return found

    def serials_in_store(self):
        try:
            with sqlite3.connect(f"file:{self.folder}/data/store.sqlite?mode=ro", uri=True) as database:
                return [row[0] for row in database.execute("SELECT json_extract(doc, '$.serial') FROM documents")]
        except sqlite3.Error:
            return []

    def rotate_and_kill(self, kind, chance):
        logs = self.folder / "logs"
        logs.mkdir()
        pattern = chance.choice(["logs/access.log", "logs/*.log", "logs/access.log*"])
        command = ("run", "--from", pattern, "--data-dir", "data", "--admin", "none", "--page", "none")
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(logs / "access.log"), str(RATE)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(writer.kill)
        postrotate = "" if "copytruncate" in KINDS[kind] else f"postrotate\nkill -USR1 {writer.pid}\nendscript\n"
        config = self.folder / "logrotate.conf"
        config.write_text(f"{logs}/access.log {{\nrotate 99\n{KINDS[kind]}{postrotate}}}\n")
        config.chmod(0o600)
        child = self.start(*command)
        # What is rotated away before anybody follows the name is nobody's.
        self.wait_for(self.serials_in_store, "the first lines in the store")
        end = time.monotonic() + SECONDS
        next_rotation = time.monotonic() + chance.uniform(0.2, 1.0)
        next_kill = time.monotonic() + chance.uniform(0.3, 1.2)
        kills = rotations = 0
        while time.monotonic() < end:
            now = time.monotonic()
            if now >= next_rotation:
                subprocess.run(["logrotate", "-f", "-s", str(self.folder / "logrotate.state"), str(config)], check=True, timeout=60)
                rotations += 1
                next_rotation = time.monotonic() + chance.uniform(0.3, 1.2)
            if now >= next_kill:
                self.assertIsNone(child.poll(), self.output_of(child)[-2000:])
                child.kill()
                child.wait()
                kills += 1
                if chance.random() < 0.3:
                    time.sleep(chance.uniform(0, 0.8))  # while a rotation may come
                child = self.start(*command)
                next_kill = time.monotonic() + chance.uniform(0.3, 1.2)
            time.sleep(0.01)
        writer.send_signal(signal.SIGTERM)
        written = int(writer.communicate(timeout=60)[0])

        files = self.serials_in_files()
        self.assertEqual(len(files), len(set(files)), "the writer or logrotate doubled lines")
        try:
            self.wait_for(lambda: set(files) <= set(self.serials_in_store()), "all lines of the files in the store")
        except AssertionError:
            missing = sorted(set(files) - set(self.serials_in_store()))
            self.keep()
            self.fail(f"seed {SEED}, {kind}, {pattern}: {len(missing)} of {len(files)} lines are missing: {missing[:5]} … {missing[-5:]}")
        self.end(child)
        stored = self.serials_in_store()
        if len(stored) != len(set(stored)):
            self.keep()
        self.assertEqual(len(stored), len(set(stored)), f"seed {SEED}, {kind}, {pattern}: lines are stored twice")
        print(f"{kind}, {pattern}: {written} lines written, {rotations} rotations, {kills} kills; {len(files)} stand in files, all "
              f"stored once; {written - len(files)} lost by the rotation, {len(set(stored) - set(files))} of them stored all the same",
              flush=True)

    def keep(self):
        """For whoever looks into a failure."""
        if folder := os.environ.get("LOGPIPE_ROTATION_KEEP"):
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)

    def test_each_line_is_stored_once_whatever_is_rotated_and_killed(self):
        if shutil.which("logrotate") is None:
            self.skipTest("logrotate is not installed")
        folder = self.folder
        for round_index in range(ROUNDS):
            for kind in KINDS:
                chance = random.Random(f"{SEED} {round_index} {kind}")
                self.folder = folder / f"{round_index}-{kind.replace(' ', '-')}"
                self.folder.mkdir()
                with self.subTest(kind=kind, seed=SEED, round=round_index):
                    self.rotate_and_kill(kind, chance)
                shutil.rmtree(self.folder)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
