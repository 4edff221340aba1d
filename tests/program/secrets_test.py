#!/usr/bin/env python3
"""Who else on the machine can read what the program keeps and is given: folders, files, secrets.

    tests/program/secrets_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import os
import sys
import unittest

import program_test
from program_test import Case, free_address


class DataMode(Case):
    def modes(self, folder):
        """Of the folder and all below it: folders, files."""
        folders, files = {self.mode(folder)}, set()
        for at, below, names in os.walk(folder):
            folders |= {self.mode(os.path.join(at, each)) for each in below}
            files |= {self.mode(os.path.join(at, each)) for each in names}
        return folders, files

    def mode(self, path):
        return os.stat(path).st_mode & 0o777

    def once(self, data, *more):
        return self.run_program("run", "--data-dir", data, "--from", "demo:nginx?lines=100", "--once", "--page", "none", "--admin", "none", *more)

    def test_what_is_made_is_for_the_owner_alone_whatever_the_umask(self):
        before = os.umask(0)
        try:
            self.once("data")
            self.assertEqual(self.modes(self.folder / "data"), ({0o700}, {0o600}))
            listen, admin = free_address(), free_address()
            forwarder = self.start("forward", "--listen", listen, "--journal", "journal", "--to", "none", "--admin", admin)
            self.wait_ready(admin)
            self.run_program("produce", "--demo", "lines=10", "--to", f"forward://{listen}")
            self.end(forwarder)
            self.assertEqual(self.modes(self.folder / "journal"), ({0o700}, {0o600}))
        finally:
            os.umask(before)

    def test_a_group_may_be_let_in_by_name(self):
        self.once("data", "--data-mode", "0750")
        folders, files = self.modes(self.folder / "data")
        self.assertEqual(folders, {0o750})
        self.assertEqual(files, {0o640})
        for wrong in ("0500", "1777", "rwx", "", "0o700", "99999999999999999999"):
            self.assertIn("0750", self.run_program("run", "--data-dir", "other", "--data-mode", wrong, status=2).stderr)
        self.assertFalse((self.folder / "other").exists())

    def test_a_folder_that_lets_in_more_stays_and_is_named(self):
        (self.folder / "data").mkdir()
        (self.folder / "data").chmod(0o755)
        self.assertIn("chmod 0700", self.once("data").stderr)
        self.assertEqual(self.mode(self.folder / "data"), 0o755)
        self.assertNotIn("chmod", self.once("data", "--data-mode", "0755").stderr)


class Secrets(Case):
    def test_one_that_everybody_can_read_is_warned_about_once_or_refused(self):
        token = self.folder / "token"
        token.write_text("open sesame\r\n")
        page = free_address()
        serve = ["serve", "--listen", page, "--auth-token-file", token]
        for mode, warnings in ((0o444, 1), (0o400, 0)):
            token.chmod(mode)
            child = self.start(*serve, "--strict-secrets", "yes" if warnings == 0 else "no")
            self.wait_for(lambda: self.get(f"http://{page}/healthz")[0] == 200, "serve")
            self.run_program("status", "--at", page, "--auth-token-file", token, "--strict-secrets", "no")
            self.assertEqual(self.end(child).count("every user of this machine can read"), warnings)
        token.chmod(0o444)
        refused = self.run_program(*serve, "--strict-secrets", "yes", status=2).stderr
        self.assertIn("chmod 600", refused)
        self.assertNotIn("sesame", refused)

    def test_check_shows_none_and_kafkas_password_is_refused_with_the_way_to_say_it(self):
        settings = self.folder / "logpipe.toml"
        settings.write_text('url = "https://me:sesame@example.com/lines"\nkafka = ["ssl.key.password=sesame", "linger.ms=5"]\n')
        shown = self.run_program("check").stdout
        self.assertNotIn("sesame", shown)
        self.assertIn("ssl.key.password=..., linger.ms=5", shown)
        self.assertIn("https://...@example.com/lines", shown)
        for words, env in ((["check"], {"LOGPIPE_KAFKA": "sasl.password=sesame"}),
                           (["forward", "--kafka", "sasl.password=sesame"], {})):
            refused = self.run_program(*words, status=2, env=env)
            self.assertIn("--kafka-password-file", refused.stderr)
            self.assertNotIn("sesame", refused.stderr + refused.stdout)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
