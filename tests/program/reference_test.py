#!/usr/bin/env python3
"""docs/reference/uris.md and exit-codes.md say what the program does.

    tests/program/reference_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import os
import pathlib
import re
import sys
import unittest

import program_test
from program_test import Case

ROOT = pathlib.Path(__file__).resolve().parents[2]


def rows_of(page):
    """The cells of the first table of a page, without its head."""
    text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    lines = re.search(r"(?:^\|.*\n)+", text, re.M)[0].splitlines()[2:]
    return [[each.strip() for each in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


class Uris(Case):
    def schemes_of(self, *arguments):
        """Those that the program names when it is given another one."""
        log = self.run_program(*arguments, status=2).stderr
        return set(re.findall(r"\b([a-z]+):", log.partition("available: ")[2]))

    def test_every_scheme_is_there_as_the_source_or_sink_that_it_is(self):
        sources, sinks = set(), set()
        for _, _, source, sink, _ in rows_of("uris.md"):
            sources |= set(re.findall(r"`([a-z]+):`", source))
            sinks |= set(re.findall(r"`([a-z]+):`", sink))
        self.assertEqual(sources, self.schemes_of("produce", "--from", "nosuch:x", "--to", "stdout:"))
        self.assertEqual(sinks, self.schemes_of("produce", "--demo", "lines=1", "--to", "nosuch:x"))


    def test_the_table_is_what_the_program_prints(self):
        page = (ROOT / "docs" / "reference" / "uris.md").read_text(encoding="utf-8")
        self.assertIn("\n\n" + self.run_program("check", "--show-uris").stdout + "\n", page)


class ExitStatuses(unittest.TestCase):
    def test_every_status_of_the_program_is_there(self):
        (header,) = ROOT.glob("src/*/subcommands.hpp")
        known = re.findall(r"\bexit_\w+ = (\d+)", header.read_text(encoding="utf-8"))
        self.assertIn("0", known)
        self.assertEqual([status for status, _ in rows_of("exit-codes.md")], known)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
