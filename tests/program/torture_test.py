#!/usr/bin/env python3
"""`logpipe torture`: what it promises to those who try it on their own disk.

    tests/program/torture_test.py [PROGRAM [UNITTEST ARGUMENTS…]]
"""

import os
import pathlib
import re
import signal
import sys
import unittest

import program_test
from program_test import Case


def children_of(pid):
    return {int(child) for each in pathlib.Path(f"/proc/{pid}/task").glob("*/children") for child in each.read_text().split()}


class Torture(Case):
    def test_kills_are_survived_and_nothing_is_left_behind(self):
        disk = self.folder / "disk"
        report = self.run_program("torture", "--data-dir", disk, "--kills", "6", "--lines", "20000", "--rate", "10000", "--seed", "7").stdout
        self.assertIn("torture: passed, each line is stored once", report)
        self.assertIn("stored    20000 documents: 0 missing, 0 doubled, 0 foreign", report)
        kills = re.search(r"kill -9   (\d+) of the pipeline, (\d+) of the sender \(--seed 7\)", report)
        self.assertEqual(int(kills[1]) + int(kills[2]), 6)
        self.assertIn("all 20000 ids are accounted for", report)
        self.assertEqual(list(disk.iterdir()), [])

    def test_its_children_read_no_configuration_of_the_folder_it_is_called_in(self):
        (self.folder / "logpipe.toml").write_text('[run]\nstore = "sqlite:elsewhere.sqlite"\n')
        self.run_program("torture", "--data-dir", "disk", "--kills", "1", "--lines", "100", "--rate", "1000", env={"LOGPIPE_LOG_LEVEL": "debug"})

    def test_interrupted_it_ends_its_children_and_names_what_is_left(self):
        child = self.start("torture", "--data-dir", "disk", "--rate", "100")
        self.wait_for(lambda: len(children_of(child.pid)) == 2, "its children")
        children = children_of(child.pid)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(program_test.TIME_MAX), 1)
        self.assertIn(f"interrupted; all that is left is in disk/torture-{child.pid}", self.output_of(child))
        for each in children:
            self.assertFalse(pathlib.Path(f"/proc/{each}").exists())

    def test_wrong_calls_say_what_is_missing(self):
        for arguments, word in (((), "--data-dir DIR"), (("--data-dir", "disk", "--lines", "0"), "--lines: expected at least 1"),
                                (("--data-dir", "disk", "--rate", "0"), "--rate: expected at least 1")):
            with self.subTest(arguments):
                self.assertIn(word, self.run_program("torture", *arguments, status=2).stderr)
        (self.folder / "file").write_text("")
        self.assertIn("file", self.run_program("torture", "--data-dir", "file", status=1).stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
