#!/usr/bin/env python3
"""cmake/revision.cmake: what it says of a tree, and that it leaves its header alone where nothing changed.

    tests/scripts/revision_test.py [UNITTEST ARGUMENTS…]
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cmake" / "revision.cmake"


class Revision(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="logpipe-revision-")
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name) / "tree"
        self.tree.mkdir()
        self.header = pathlib.Path(folder.name) / "revision.hpp"
        # Not the repository that this test is run in, whoever runs it (git commit in a hook sets GIT_DIR).
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") and name != "LOGPIPE_REVISION"}
        self.environment["GIT_CEILING_DIRECTORIES"] = folder.name

    def git(self, *arguments):
        return subprocess.run(["git", "-C", self.tree, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], env=self.environment,
                              check=True, capture_output=True, text=True).stdout.strip()

    def commit(self):
        self.git("init", "-q")
        (self.tree / "file").write_text("one\n")
        self.git("add", "file")
        self.git("commit", "-q", "-m", "one")
        return self.git("rev-parse", "--short=12", "HEAD")

    def revision(self, tree=None, **environment):
        subprocess.run(["cmake", f"-DOUT={self.header}", f"-DTREE={tree or self.tree}", "-P", SCRIPT], env={**self.environment, **environment},
                       check=True, capture_output=True)
        self.assertIn("#pragma once\n", self.header.read_text())
        return self.header.read_text().partition('#define LOGPIPE_REVISION "')[2].rstrip('"\n')

    def test_without_a_repository_it_is_unknown(self):
        self.assertEqual(self.revision(), "unknown")

    def test_without_a_repository_the_environment_may_name_it(self):
        self.assertEqual(self.revision(LOGPIPE_REVISION="v0.1.0-3-g1234567"), "v0.1.0-3-g1234567")
        self.assertEqual(self.revision(LOGPIPE_REVISION='"; evil'), "unknown")

    def test_it_is_the_commit_and_says_that_files_have_changed(self):
        commit = self.commit()
        self.assertEqual(self.revision(), commit)
        (self.tree / "untracked").write_text("build result\n")
        self.assertEqual(self.revision(), commit)
        (self.tree / "file").write_text("two\n")
        self.assertEqual(self.revision(), f"{commit}-modified")

    def test_a_tree_unpacked_within_another_repository_is_not_that_one(self):
        self.commit()
        inner = self.tree / "unpacked"
        inner.mkdir()
        self.assertEqual(self.revision(inner), "unknown")

    def test_the_header_is_written_only_when_it_changes(self):
        self.commit()
        self.revision()
        os.utime(self.header, (1, 1))
        self.revision()
        self.assertEqual(self.header.stat().st_mtime, 1)
        (self.tree / "file").write_text("two\n")
        self.revision()
        self.assertNotEqual(self.header.stat().st_mtime, 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
