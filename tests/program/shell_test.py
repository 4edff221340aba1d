#!/usr/bin/env python3
"""Completions and manual page: shells and groff accept them, and every option of every subcommand is there.

    tests/program/shell_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only; what is not installed (zsh, fish, groff) is skipped.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

import program_test
from program_test import Case

SHELLS = ("bash", "zsh", "fish")


class Shell(Case):
    def printed(self, *arguments):
        return self.run_program("help", *arguments).stdout

    def options(self):
        """Of each subcommand, as its own help names them."""
        names = re.findall(r"^  (\w+) ", self.printed().partition("Ends")[0], re.M)
        return {name: set(re.findall(r"^\s+--([a-z][a-z0-9-]*)", self.run_program(name, "--help").stdout, re.M)) & self.known() for name in names}

    def known(self):
        """Every option there is, without words of examples."""
        return set(re.findall(r"^\| `--([a-z0-9-]+)", self.run_program("check", "--show-options").stdout, re.M))

    def test_shells_accept_their_completions(self):
        for shell in SHELLS:
            if not shutil.which(shell):
                continue
            with self.subTest(shell):
                done = subprocess.run([shell, "-n"], input=self.printed("--completions", shell), text=True, capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_completions_have_every_option_of_every_subcommand(self):
        options = self.options()
        self.assertIn("data-dir", options["run"])
        bash, zsh = (re.split(r"^        (\w+)\)$", self.printed("--completions", shell), flags=re.M) for shell in ("bash", "zsh"))
        fish = self.printed("--completions", "fish")
        for texts in (dict(zip(bash[1::2], bash[2::2])), dict(zip(zsh[1::2], zsh[2::2]))):
            self.assertEqual(set(texts), set(options))
            for name, wanted in options.items():
                self.assertEqual(wanted - set(re.findall(r"--([a-z0-9-]+)", texts[name])), set(), name)
        for name, wanted in options.items():
            self.assertEqual(wanted - set(re.findall(rf"from {name}' -l ([a-z0-9-]+)", fish)), set(), name)

    def test_bash_completes_subcommands_options_and_choices(self):
        script = self.printed("--completions", "bash")
        for words, wanted in ((["logpipe", "ver"], ["verify", "version"]), (["logpipe", "run", "--data-d"], ["--data-dir"]), (["logpipe", "run", "--log-format", "j"], ["json"])):
            shown = subprocess.run(["bash"], input=f"{script}\nCOMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _logpipe; echo \"${{COMPREPLY[@]}}\"", text=True, capture_output=True, check=True)
            self.assertEqual(shown.stdout.split(), wanted)

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_groff_formats_the_manual_page_without_warnings(self):
        page = self.printed("--man")
        self.assertTrue(page.isascii())
        done = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z"], input=page, text=True, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in self.known():
            self.assertIn("--" + option, page.replace("\\-", "-"))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
