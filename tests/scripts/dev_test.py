#!/usr/bin/env python3
"""scripts/dev.sh tests the folders that were changed since the last commit, and no others."""
import os
import shutil
import subprocess
import tempfile
import unittest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
FILES = ("src/core/clock.cpp", "src/ends/kafka/sink.cpp", "src/ends/kafka/include/kafka/kafka.hpp", "README.md",
         "tests/unit/core/CMakeLists.txt", "tests/unit/ends/kafka/CMakeLists.txt", "tests/unit/ends/kafka/sink_test.cpp")


class Changed(unittest.TestCase):
    def setUp(self):
        self.tree = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.tree)
        os.mkdir(os.path.join(self.tree, "scripts"))
        for script in ("dev.sh", "common.sh"):
            shutil.copy(os.path.join(SCRIPTS, script), os.path.join(self.tree, "scripts"))
        for file in FILES:
            self.write(file, "")
        self.write(".gitignore", "build/\n")
        self.git("init", "--quiet")
        self.git("add", ".")
        self.git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "all")

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.tree, check=True)

    def write(self, file, text):
        path = os.path.join(self.tree, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)

    def listed(self):
        return subprocess.run(["scripts/dev.sh", "--list"], cwd=self.tree, check=True, capture_output=True,
                              text=True).stdout.split()

    def test_a_clean_tree_has_none(self):
        self.assertEqual(self.listed(), [])

    def test_a_changed_source_is_its_folder(self):
        self.write("src/core/clock.cpp", "// changed\n")
        self.assertEqual(self.listed(), ["core"])

    def test_a_folder_is_named_once_for_sources_headers_and_tests_new_ones_too(self):
        self.write("src/ends/kafka/sink.cpp", "// changed\n")
        self.write("src/ends/kafka/include/kafka/kafka.hpp", "// changed\n")
        self.write("tests/unit/ends/kafka/source_test.cpp", "// new\n")
        self.write("src/core/new.cpp", "// new\n")
        self.assertEqual(self.listed(), ["core", "kafka"])

    def test_what_has_no_unit_tests_is_not_named(self):
        self.write("README.md", "changed\n")
        self.write("src/ends/loki/sink.cpp", "// a folder without tests\n")
        self.assertEqual(self.listed(), [])


if __name__ == "__main__":
    unittest.main()
