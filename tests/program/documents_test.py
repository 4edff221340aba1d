#!/usr/bin/env python3
"""What the documents tell people to type exists: subcommands, their options, and scripts. LOGPIPE names the program.

Commands are the lines of code blocks, and code within a sentence, that begin with `logpipe`."""
import functools
import glob
import os
import re
import shlex
import subprocess
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LOGPIPE = os.path.realpath(os.environ["LOGPIPE"])


def documents():
    for pattern in ("*.md", "docs/**/*.md"):
        yield from sorted(glob.glob(os.path.join(ROOT, pattern), recursive=True))


def commands(text):
    """All commands of a document; one that goes on after a backslash is one."""
    text = text.replace("\\\n", " ")
    code = [line for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) for line in block.split("\n")]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    code += re.findall(r"`((?:build/\w+/)?logpipe [^`]+)`", prose)
    for line in code:
        match = re.search(r"(?:^|\| *|tools )(?:build/\w+/)?logpipe +(?P<words>.*)", line.strip())
        if match:
            yield match["words"]


@functools.cache
def help_of(*subcommand):
    return subprocess.run([LOGPIPE, *subcommand, "--help"], capture_output=True, text=True, check=True).stdout


def subcommands():
    return set(re.findall(r"^  ([a-z]+)  ", help_of(), re.M))


def options(subcommand):
    return set(re.findall(r"--[a-z0-9-]+", help_of(subcommand)))


def wrong_words(words):
    """What of one command the program does not know."""
    lexer = shlex.shlex(words, posix=True, punctuation_chars="|>&;")
    lexer.whitespace_split = True
    typed = []
    for word in lexer:
        if set(word) <= set("|>&;"):
            break  # what follows is another program's
        typed.append(word)
    if not typed or typed[0].startswith("-"):
        known = re.findall(r"--[a-z-]+", help_of())
        return [word for word in typed if word.startswith("--") and word not in known]
    if typed[0] not in subcommands():
        return [] if typed[0].isupper() else [typed[0]]
    known = options(typed[0])
    return [word for word in typed[1:]
            if re.match(r"--[a-z]", word) and word.split("=")[0] not in known and not word.endswith("…")]


class Documents(unittest.TestCase):
    def test_every_command_has_words_that_the_program_knows(self):
        seen = 0
        for file in documents():
            with open(file, encoding="utf-8") as text:
                for words in commands(text.read()):
                    seen += 1
                    with self.subTest(file=os.path.relpath(file, ROOT), command=words):
                        self.assertEqual(wrong_words(words), [])
        self.assertGreater(seen, 50)

    def test_every_script_is_there(self):
        for file in documents():
            with open(file, encoding="utf-8") as text:
                for script in re.findall(r"(?<![\w/])(?:\./)?((?:scripts|tests/[\w/]+)/[\w-]+\.(?:sh|py))", text.read()):
                    with self.subTest(file=os.path.relpath(file, ROOT), script=script):
                        self.assertTrue(os.path.exists(os.path.join(ROOT, script)))

    def test_a_wrong_word_is_found(self):
        self.assertEqual(wrong_words("run --data-dir data --no-such-flag"), ["--no-such-flag"])
        self.assertEqual(wrong_words("walk --data-dir data"), ["walk"])
        self.assertEqual(wrong_words("run --data-dir data | other --flag"), [])


if __name__ == "__main__":
    unittest.main()
