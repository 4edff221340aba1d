#!/usr/bin/env python3
"""Drives `logpipe monitor` and `logpipe status` in a pseudo-terminal: what they show, and that they leave the terminal as it was.

    tests/program/terminal_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import codecs
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import unittest

import program_test
from program_test import Case, TIME_MAX, free_address

SIZES = ((24, 80), (50, 200))


class Screen:
    """As much of a terminal as the monitor uses: cursor home, line ends, the modes. Everything else would be an error."""

    SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([a-zA-Z])")

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.modes = {"1049": False, "25": True, "7": True}
        self.shown = [""] * rows
        self.row, self.column, self.pending = 0, 0, ""
        self.widest = 0

    def feed(self, text):
        text = self.pending + text
        self.pending = ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                match = self.SEQUENCE.match(text, at)
                if not match:
                    self.pending = text[at:]
                    if len(self.pending) > 32:
                        raise AssertionError(f"an escape sequence that is none: {self.pending[:40]!r}")
                    return
                self.control(*match.groups())
                at = match.end()
                continue
            self.put(text[at])
            at += 1

    def control(self, private, numbers, letter):
        if private:
            self.modes[numbers] = letter == "h"
        elif letter == "H":
            self.row, self.column = 0, 0
        elif letter == "J":
            self.shown = [""] * self.rows
        elif letter == "K":
            # A cursor that does not wrap stays in the last column, and erasing takes that column's character along.
            self.shown[self.row] = self.shown[self.row][:min(self.column, self.columns - 1)]
        elif letter != "m":
            raise AssertionError(f"unexpected sequence {numbers}{letter}")

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            if self.row >= self.rows:
                if self.modes["1049"]:
                    raise AssertionError("the monitor scrolled its screen")
                self.shown = self.shown[1:] + [""]
                self.row = self.rows - 1
        else:
            line = self.shown[self.row].ljust(self.column)
            self.shown[self.row] = line[:self.column] + character + line[self.column + 1:]
            self.column += 1
            self.widest = max(self.widest, self.column)

    def text(self):
        return "\n".join(line.rstrip() for line in self.shown)


class Terminal:
    """A program on a pseudo-terminal of its own."""

    def __init__(self, case, rows, columns, *arguments):
        self.case = case
        self.screen = Screen(rows, columns)
        self.decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end within a character
        self.main, self.side = pty.openpty()
        case.addCleanup(self.close)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.side)
        self.child = subprocess.Popen([program_test.PROGRAM, *map(str, arguments)], cwd=case.folder, stdin=self.side, stdout=self.side,
                                      stderr=subprocess.DEVNULL, start_new_session=True)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for number in (self.main, self.side):
            os.close(number)

    def resize(self, rows, columns):
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.05):
        while select.select([self.main], [], [], seconds)[0]:
            self.screen.feed(self.decoder.decode(os.read(self.main, 65536)))
            seconds = 0

    def wait_for(self, words, what=None):
        def seen():
            self.read()
            return words in self.screen.text()
        try:
            self.case.wait_for(seen, what or words)
        except AssertionError:
            self.case.fail(f"{what or words!r} is not on the screen:\n{self.screen.text()}")

    def press(self, keys):
        os.write(self.main, keys.encode())

    def wait_end(self):
        def ended():
            self.read()  # a full pseudo-terminal would hold the program
            return self.child.poll() is not None
        self.case.wait_for(ended, "the program's end")
        self.read(0.2)
        return self.child.returncode

    def assert_as_it_was(self):
        self.case.assertEqual(termios.tcgetattr(self.side), self.before, "the terminal's settings are others than before")
        self.case.assertEqual(self.screen.modes, {"1049": False, "25": True, "7": True}, "a mode of the terminal is left switched")


class Monitor(Case):
    def setUp(self):
        super().setUp()
        self.listen, self.admin = free_address(), free_address()
        self.pipeline = super().start("run", "--data-dir", "data", "--listen", self.listen, "--admin", self.admin)
        self.wait_ready(self.admin)

    def monitor(self, rows, columns, *more):
        return Terminal(self, rows, columns, "monitor", "--at", self.admin, "--interval", "200ms", *more)

    def test_q_leaves_and_the_terminal_is_as_it_was(self):
        for rows, columns in SIZES:
            with self.subTest(f"{columns}x{rows}"):
                terminal = self.monitor(rows, columns)
                terminal.wait_for("run/index")
                self.assertTrue(terminal.screen.modes["1049"])
                self.assertFalse(terminal.screen.modes["25"])
                self.assertNotEqual(termios.tcgetattr(terminal.side), terminal.before)
                terminal.press("q")
                self.assertEqual(terminal.wait_end(), 0)
                terminal.assert_as_it_was()
                self.assertLessEqual(terminal.screen.widest, columns)

    def test_the_last_column_is_shown_whole(self):
        for rows, columns in ((24, 80), (24, 120)):
            with self.subTest(f"{columns}x{rows}"):
                terminal = self.monitor(rows, columns)
                terminal.wait_for("run/index")
                terminal.read()
                head = next(line for line in terminal.screen.shown if line.startswith("PUMP"))
                self.assertEqual((head[-3:], len(head)), ("P99", columns))
                terminal.press("q")
                self.assertEqual(terminal.wait_end(), 0)

    def test_signals_end_it_and_the_terminal_is_as_it_was(self):
        for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for rows, columns in SIZES:
                with self.subTest(f"{sent.name} {columns}x{rows}"):
                    terminal = self.monitor(rows, columns)
                    terminal.wait_for("run/index")
                    terminal.child.send_signal(sent)
                    self.assertEqual(terminal.wait_end(), 0)
                    terminal.assert_as_it_was()

    def test_ctrl_z_gives_the_terminal_to_the_shell_until_it_goes_on(self):
        def state():
            return pathlib.Path(f"/proc/{terminal.child.pid}/stat").read_text().rpartition(")")[2].split()[0]
        for rows, columns in SIZES:
            for how in ("signal", "key"):
                with self.subTest(f"{how} {columns}x{rows}"):
                    terminal = self.monitor(rows, columns)
                    terminal.wait_for("run/index")
                    if how == "signal":
                        terminal.child.send_signal(signal.SIGTSTP)
                    else:
                        terminal.press("\x1a")
                    self.wait_for(lambda: (terminal.read(), state() == "T")[1], "a stopped monitor")
                    terminal.read(0.2)
                    terminal.assert_as_it_was()
                    terminal.child.send_signal(signal.SIGCONT)
                    self.wait_for(lambda: (terminal.read(), terminal.screen.modes["1049"])[1], "the monitor's own screen")
                    terminal.wait_for("run/index")
                    terminal.press("q")
                    self.assertEqual(terminal.wait_end(), 0)
                    terminal.assert_as_it_was()

    def test_a_second_after_a_produce_the_numbers_move(self):
        terminal = self.monitor(24, 80)
        terminal.wait_for("in 0 = indexed 0")
        self.run_program("produce", "--demo", "lines=3000&seed=1", "--to", f"forward://{self.listen}")
        terminal.press("\x1b[B")
        terminal.wait_for("in 3000 = indexed 3000 + already there 0 + dead 0 + in flight 0")
        terminal.press("\x03")
        self.assertEqual(terminal.wait_end(), 0)
        terminal.assert_as_it_was()

    def test_keys_turn_pages_hold_the_picture_and_help(self):
        terminal = self.monitor(24, 80)
        terminal.wait_for("run/receive")
        terminal.press("?")
        terminal.wait_for("press it a second time")
        terminal.press("?")
        terminal.wait_for("run/receive")
        terminal.press("\x1b[C")
        terminal.wait_for("WHAT MATTERS")
        terminal.wait_for(f"run {self.admin}")
        terminal.press("p")
        terminal.wait_for("PAUSED")
        terminal.press("pq")
        self.assertEqual(terminal.wait_end(), 0)
        terminal.assert_as_it_was()

    def test_it_follows_the_size_of_the_terminal(self):
        terminal = self.monitor(24, 80)
        terminal.wait_for("run/index")
        terminal.read()
        terminal.screen.rows, terminal.screen.columns = 50, 200
        terminal.screen.shown += [""] * 26
        terminal.resize(50, 200)
        terminal.child.send_signal(signal.SIGWINCH)
        self.wait_for(lambda: (terminal.read(), terminal.screen.shown[49].startswith("q leave"))[1], "the foot in the last line")
        terminal.press("q")
        self.assertEqual(terminal.wait_end(), 0)
        terminal.assert_as_it_was()

    def test_a_process_that_goes_away_is_down_within_seconds(self):
        terminal = self.monitor(24, 80)
        terminal.wait_for("all 6 up")
        self.pipeline.kill()
        self.pipeline.wait()
        terminal.wait_for("1 down")
        terminal.press("q")
        self.assertEqual(terminal.wait_end(), 0)

    def test_plain_lines_where_no_terminal_is(self):
        child = self.start("monitor", "--at", self.admin, "--interval", "100ms", "--plain")
        self.wait_for(lambda: self.output_of(child).count("run/index in ") >= 3, "three looks")
        lines = self.end(child)
        self.assertNotIn("\x1b", lines)

    def test_status_has_colour_on_a_terminal_only_and_watch_looks_again(self):
        self.assertNotIn("\x1b", self.run_program("status", "--at", self.admin).stdout)
        terminal = Terminal(self, 24, 120, "status", "--at", self.admin, "--watch", "--interval", "100ms")
        terminal.wait_for("difference 0")
        self.run_program("produce", "--demo", "lines=7&seed=1", "--to", f"forward://{self.listen}")
        terminal.wait_for("in 7 = indexed 7")
        terminal.child.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.wait_end(), 0)
        terminal.assert_as_it_was()


class HostileText(Case):
    """What a client sends never drives the terminal of whoever looks at it, and is exact where no terminal is."""

    HOSTILE = "\x1b]0;owned\x07\x1b[2J \u009b2J \u202egnp.exe"
    FORBIDDEN = ("\x1b", "\x07", "\u009b", "\u202e")

    def on_terminal(self, *arguments):
        """All that the program writes to a terminal. (Its log, in colour, has a test of its own.)"""
        main, side = pty.openpty()
        child = subprocess.Popen([program_test.PROGRAM, *map(str, arguments)], cwd=self.folder, stdin=side, stdout=side, stderr=subprocess.DEVNULL)
        os.close(side)
        written = b""
        try:
            while part := os.read(main, 65536):
                written += part
        except OSError:
            pass  # the other side is closed
        finally:
            os.close(main)
        self.assertEqual(child.wait(TIME_MAX), 0, written)
        return written.decode("utf-8")

    def assert_harmless(self, text):
        for each in self.FORBIDDEN:
            self.assertNotIn(each, text)

    def test_lines_dead_letters_and_their_export(self):
        bad = "{no JSON " + self.HOSTILE
        good = json.dumps({"agent": "\u009b2J \u202egnp.exe"}, ensure_ascii=False)
        lines = self.folder / "lines"
        lines.write_text(f"{bad}\n{good}\n")
        self.run_program("run", "--data-dir", "data", "--from", lines, "--once", "--page", "none", "--admin", "none")
        letters = "journal:data/nginx-logs.dlq"
        for words in (["dlq", "ls", letters], ["dlq", "ls", letters, "--json"], ["dlq", "show", letters, "--all"],
                      ["dlq", "show", letters, "--all", "--json"], ["journal", "export", "data/nginx-logs"],
                      ["produce", "--file", lines, "--to", "stdout:"]):
            with self.subTest(words):
                shown = self.on_terminal(*words)
                self.assert_harmless(shown)
                if "ls" not in words and "--json" not in words:
                    self.assertIn("\\u009b2J", shown)
        exact = self.run_program("journal", "export", "data/nginx-logs").stdout
        self.assertEqual(exact, f"{bad}\n{good}\n")
        self.assertIn(bad, self.run_program("dlq", "show", letters, "--all").stdout)

    def test_a_tag_in_the_log_and_in_status(self):
        listen, admin = free_address(), free_address()
        forwarder = self.start("forward", "--listen", listen, "--journal", "data", "--to", "none", "--admin", admin, "--log-format", "text")
        self.wait_ready(admin)
        tag = f"x{self.HOSTILE}\r\n00:00:00 error forged".encode()
        host, port = listen.split(":")
        with socket.create_connection((host, int(port)), timeout=TIME_MAX) as client:
            client.sendall(b"\x93\xd9" + bytes([len(tag)]) + tag + b"\xce\x00\x00\x00\x01\x81\xa1k\xa1v")
        self.wait_for(lambda: (self.status(admin) or {"ledger": {"in": 0}})["ledger"]["in"] == 1, "the event")
        self.assert_harmless(self.on_terminal("status", "--at", admin, "--json"))
        log = self.end(forwarder)
        self.assert_harmless(log)
        self.assertFalse([line for line in log.splitlines() if line.startswith("00:00:00 error forged")])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
