#!/usr/bin/env python3
"""THIRD_PARTY.md names every library that the build looks for, and the version of the one that is pinned.

    tests/scripts/third_party_test.py [UNITTEST ARGUMENTS…]
"""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What CMake calls otherwise than its people do.
NAMES = {"TOMLPLUSPLUS_INCLUDE_DIR": "toml++", "XXHASH_INCLUDE_DIR": "xxHash", "ZSTD_INCLUDE_DIR": "Zstandard", "ZSTD_LIBRARY": "Zstandard",
         "LZ4_LIBRARY": "LZ4", "SQLite3": "SQLite", "ZLIB": "zlib"}


class ThirdParty(unittest.TestCase):
    def setUp(self):
        page = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
        self.versions = {name.removesuffix(" (library)"): version for name, version in re.findall(r"^\| (\S[^|]*?) \| ([\d.]+) \|", page, re.M)}

    def test_every_library_of_the_build_is_named(self):
        found = re.findall(r"find_(?:package|path|library)\((\w+)", (ROOT / "cmake" / "dependencies.cmake").read_text(encoding="utf-8"))
        self.assertIn("Boost", found)
        for name in set(found) - {"Threads"}:
            self.assertIn(NAMES.get(name, name), self.versions)

    def test_the_pinned_version_is_the_one_that_is_built(self):
        pinned = re.search(r"^readonly version=(\S+)$", (ROOT / "scripts" / "librdkafka.sh").read_text(encoding="utf-8"), re.M)
        self.assertEqual(self.versions["librdkafka"], pinned[1])


if __name__ == "__main__":
    unittest.main(verbosity=1)
