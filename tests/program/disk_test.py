#!/usr/bin/env python3
"""What the built program does on disks that are full, that vanish, and with stores that are empty or damaged.

    tests/program/disk_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Needs root, for small disks of its own: tmpfs, and ext4 on a loop device. Standard
library only; free ports; everything in a temporary folder.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
import unittest

import program_test
from program_test import Case, free_address

DISK_MEGABYTES = 24
LINES = 150_000  # more than the disk holds


class DiskCase(Case):
    def disk(self, kind, name="disk", megabytes=DISK_MEGABYTES):
        """An empty disk, mounted."""
        place = self.folder / name
        place.mkdir()
        if kind == "tmpfs":
            command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", place]
        else:
            image = self.folder / f"{name}.image"
            with open(image, "wb") as file:
                file.truncate(megabytes << 20)
            subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
            command = ["mount", "-o", "loop", image, place]
        subprocess.run(command, check=True)
        # Lazily: a process that a failed test leaves may still have files there.
        self.addCleanup(subprocess.run, ["umount", "-l", place], stderr=subprocess.DEVNULL)
        return place

    def fill(self, disk):
        """To the last byte."""
        with open(disk / "filler", "ab", buffering=0) as filler:
            piece = 1 << 20
            while piece > 0:
                try:
                    filler.write(bytes(piece))
                except OSError:
                    piece //= 2
            try:
                os.fsync(filler.fileno())
            except OSError:
                pass
        self.assertEqual(os.statvfs(disk).f_bavail, 0)

    def gauge(self, admin, name):
        status = self.status(admin) or {"pumps": []}
        return sum(stage["metrics"].get(name, 0) for pump in status["pumps"] for stage in pump["stages"])

    def reason(self, admin):
        status = self.status(admin) or {"pumps": []}
        return " ".join(stage["reason"] for pump in status["pumps"] for stage in pump["stages"])

    def produce(self, listen, lines=LINES, patience="10m", status=None):
        """In the background, sending again what is not acknowledged."""
        words = ("produce", "--demo", f"lines={lines}&seed=1&serial=1", "--to", f"forward://{listen}", "--give-up-after", patience,
                 "--dead-letters", "file:" + str(self.folder / "produce.dlq"))
        return self.start(*words) if status is None else self.run_program(*words, status=status)

    def wait_full(self, admin):
        """Until the journal takes nothing more."""
        self.wait_for(lambda: "disk is full" in self.reason(admin) or "No space left" in self.reason(admin), "a full disk")
        self.wait_for(lambda: self.get(f"http://{admin}/readyz")[0] != 200, "not to be ready")

    def serials_of(self, store, lines):
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
            serials = [row[0] for row in database.execute("SELECT json_extract(doc, '$.serial') FROM documents")]
        self.assertEqual(len(serials), lines)
        self.assertEqual(len(set(serials)), lines)


def lock_store(test, path):
    """Nobody else writes to the store until the connection is closed: it is away."""
    locked = sqlite3.connect(path, isolation_level=None)
    test.addCleanup(locked.close)
    locked.execute("BEGIN IMMEDIATE")
    return locked


class FullDisks(DiskCase):
    def heals(self, producing, began):
        """The client's last line is acknowledged."""
        self.assertEqual(producing.wait(program_test.TIME_MAX), 0, self.output_of(producing)[-2000:])
        print(f"\n{self.id().split('.')[-1]}: all acknowledged {time.monotonic() - began:.1f} s after the next hop came back", file=sys.stderr)

    def forward_goes_on(self, kind):
        disk = self.disk(kind)
        listen, admin, next_hop, next_admin = (free_address() for _ in range(4))
        self.start("forward", "--journal", disk / "data", "--listen", listen, "--admin", admin, "--to", f"forward://{next_hop}")
        producing = self.produce(listen)
        self.wait_full(admin)
        self.fill(disk)
        self.looking_makes_nothing(disk, admin)
        began = time.monotonic()
        self.start("run", "--data-dir", "next", "--listen", next_hop, "--admin", next_admin, "--page", "none")
        self.heals(producing, began)
        self.wait_drained(next_admin, LINES)
        self.wait_ready(admin)
        self.serials_of(self.folder / "next/store.sqlite", LINES)

    def looking_makes_nothing(self, disk, admin):
        """Those who only look start on a full disk, and leave it as it is."""
        before = sorted(os.walk(disk))
        for words in (("journal", "ls", disk / "data/nginx-logs"), ("journal", "check", disk / "data/nginx-logs"),
                      ("dlq", "ls", f"journal:{disk}/data/nginx-logs.forward.dlq")):
            self.run_program(*words)
        self.run_program("status", "--at", admin, status=1)
        self.assertEqual(sorted(os.walk(disk)), before)

    def test_forward_on_tmpfs(self):
        self.forward_goes_on("tmpfs")

    def test_forward_on_ext4(self):
        self.forward_goes_on("ext4")

    def run_goes_on(self, kind):
        disk = self.disk(kind)
        store = self.folder / "store.sqlite"
        listen, admin = free_address(), free_address()
        words = ("run", "--data-dir", disk / "data", "--listen", listen, "--admin", admin, "--page", "none", "--store", f"sqlite:{store}")
        first = self.start(*words)
        self.wait_ready(admin)
        locked = lock_store(self, store)
        producing = self.produce(listen)
        self.wait_full(admin)
        self.fill(disk)
        began = time.monotonic()
        locked.close()
        self.heals(producing, began)
        self.wait_drained(admin, LINES)
        self.end(first)
        self.serials_of(store, LINES)

    def test_run_on_tmpfs(self):
        self.run_goes_on("tmpfs")

    def test_run_on_ext4(self):
        self.run_goes_on("ext4")

    def index_goes_on(self, kind):
        """A group that has no position yet, in a process of its own."""
        disk = self.disk(kind)
        listen, admin, index_admin = (free_address() for _ in range(3))
        self.start("forward", "--journal", disk / "data", "--listen", listen, "--admin", admin, "--to", "none")
        producing = self.produce(listen)
        self.wait_full(admin)
        self.fill(disk)
        began = time.monotonic()
        self.start("consume", "--from", f"journal:{disk}/data/nginx-logs", "--to", "sqlite:" + str(self.folder / "store.sqlite"),
                   "--admin", index_admin)
        self.heals(producing, began)
        self.wait_drained(index_admin, LINES)
        self.serials_of(self.folder / "store.sqlite", LINES)

    def test_a_separate_reader_on_tmpfs(self):
        self.index_goes_on("tmpfs")

    def test_a_separate_reader_on_ext4(self):
        self.index_goes_on("ext4")

    def test_what_a_disk_takes_is_shown(self):
        disk = self.disk("tmpfs")
        admin = free_address()
        forward = self.start("forward", "--journal", disk / "data", "--listen", free_address(), "--admin", admin, "--to", "none")
        self.wait_ready(admin)
        self.assertLess(self.gauge(admin, "journal_limit_bytes"), DISK_MEGABYTES << 20)
        self.assertGreater(self.gauge(admin, "journal_reserve_bytes"), 0)
        self.assertRegex(self.end(forward), "its limit is 8589934592 bytes, but its disk has room for")


class VanishingFolders(DiskCase):
    def acknowledges_nothing_after(self, take_away):
        for words in (("forward", "--to", "none", "--journal"), ("run", "--page", "none", "--data-dir")):
            with self.subTest(words[0]):
                disk = self.disk("tmpfs", f"disk-{words[0]}")
                listen, admin = free_address(), free_address()
                self.start(*words, disk / "data", "--listen", listen, "--admin", admin)
                self.wait_ready(admin)
                self.produce(listen, 100, "30s", 0)
                take_away(disk)
                done = self.produce(listen, 300, "3s", 3)
                self.assertIn("0 of 300 lines safe", done.stderr)
                self.assertIn("gone", self.reason(admin))
                self.assertNotEqual(self.get(f"http://{admin}/readyz")[0], 200)

    def test_that_are_removed(self):
        self.acknowledges_nothing_after(lambda disk: shutil.rmtree(disk / "data"))

    def test_that_are_unmounted(self):
        self.acknowledges_nothing_after(lambda disk: subprocess.run(["umount", "-l", disk], check=True))


class Stores(DiskCase):
    def start_run(self, *words):
        listen, admin = free_address(), free_address()
        child = self.start("run", "--data-dir", "data", "--listen", listen, "--admin", admin, "--page", "none", *words)
        return child, listen, admin

    def test_an_empty_store_is_filled_with_all_that_the_journal_holds(self):
        child, listen, admin = self.start_run()
        self.wait_ready(admin)
        self.produce(listen, 20_000, "30s", 0)
        self.wait_drained(admin, 20_000)
        self.end(child)
        for path in (self.folder / "data").glob("store.sqlite*"):
            path.unlink()
        child, listen, admin = self.start_run()
        self.wait_for(lambda: (self.status(admin) or {"ledger": {"indexed": 0}})["ledger"]["indexed"] == 20_000, "all documents")
        self.wait_drained(admin, 20_000)
        self.end(child)
        self.serials_of(self.folder / "data/store.sqlite", 20_000)

    def test_a_damaged_store_is_named_with_what_to_do(self):
        child, listen, admin = self.start_run()
        self.wait_ready(admin)
        self.produce(listen, 5_000, "30s", 0)
        self.wait_drained(admin, 5_000)
        self.end(child)
        store = self.folder / "data/store.sqlite"
        bytes_before = store.read_bytes()
        store.write_bytes(bytes_before[:4096] + os.urandom(len(bytes_before) - 4096))
        child, listen, admin = self.start_run()
        if child.poll() is None:
            self.produce(listen, 100, "2s")
        self.wait_for(lambda: "is damaged" in self.reason(admin) + self.output_of(child), "the store to be named")
        told = self.reason(admin) + self.output_of(child)
        self.assertIn(str(store.resolve()), told)
        self.assertIn("move the file away", told)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
