#!/usr/bin/env python3
"""Shared keys, users and passwords of the forward protocol, between two programs and with a server that speaks as
Fluentd does.

    tests/program/auth_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import os
import sys
import unittest

import program_test
from fluentd_double import FluentdDouble


class ForwardUsers(program_test.Case):
    def setUp(self):
        super().setUp()
        for name, text in {"key": "the key\n", "users": "# who may send\nalice:wonder:land\nbob:builder\n",
                           "password": "wonder:land\n", "wrong": "guess\n"}.items():
            (self.folder / name).write_text(text)
        self.path = self.demo(1000)

    def produce(self, address, *words, status=0):
        give_up = ["--give-up-after", "1s"] if status else []
        return self.run_program("produce", "--file", self.path, "--to", f"forward://{address}", *words, *give_up, status=status)

    def test_a_user_with_the_right_password_gets_in_and_no_other(self):
        for key in (["--shared-key-file", "key"], []):
            listen, admin = program_test.free_address(), program_test.free_address()
            folder = "with-key" if key else "without-key"
            forwarder = self.start("forward", "--listen", listen, "--journal", folder, "--to", "none", "--admin", admin,
                                   "--users-file", "users", *key)
            self.wait_ready(admin)
            send_key = ["--send-key-file", "key"] if key else []
            self.produce(listen, "--send-user", "alice", "--send-password-file", "password", *send_key)
            for user, password in (("alice", "wrong"), ("bob", "password"), ("carol", "password")):
                refused = self.produce(listen, "--send-user", user, "--send-password-file", password, *send_key, status=3)
                self.assertIn("the server rejected the login: username/password mismatch", refused.stderr)
            nobody = self.produce(listen, *send_key, status=3)
            self.assertIn("--send-user", nobody.stderr)
            self.assertIn("in 1000 = ", self.end(forwarder))
            log = self.output_of(forwarder)
            self.assertIn("username/password mismatch", log)
            self.assertNotIn("wonder", log)

    def test_what_fluentd_asks_for_is_given(self):
        with FluentdDouble("the key") as fluentd:  # it sends a salt and knows no users
            self.produce(fluentd.address, "--send-key-file", "key")
            self.assertEqual(fluentd.pings, [("", "")])
            self.assertTrue(fluentd.chunks)
        with FluentdDouble("the key", {"alice": "wonder:land"}) as fluentd:
            user = ["--send-key-file", "key", "--send-user", "alice", "--send-password-file"]
            self.produce(fluentd.address, *user, "password")
            self.assertEqual([name for name, _ in fluentd.pings], ["alice"])
            taken = len(fluentd.chunks)
            self.assertIn("username/password mismatch", self.produce(fluentd.address, *user, "wrong", status=3).stderr)
            self.assertIn("--send-user", self.produce(fluentd.address, "--send-key-file", "key", status=3).stderr)
            self.assertEqual(len(fluentd.chunks), taken)

    def test_half_a_login_and_a_bad_users_file_end_at_start(self):
        half = self.produce("127.0.0.1:1", "--send-user", "alice", status=2)
        self.assertIn("--send-password-file", half.stderr)
        (self.folder / "bad").write_text("alice:x\nno colon here\n")
        bad = self.run_program("forward", "--listen", "127.0.0.1:0", "--journal", "j", "--to", "none", "--admin", "none",
                               "--users-file", "bad", status=2)
        self.assertIn("line 2", bad.stderr)
        self.assertNotIn("no colon", bad.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
