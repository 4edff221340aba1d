#!/usr/bin/env python3
"""scripts/librdkafka.sh with apt and make stood in for: which version it takes, and that it puts a whole one in place.

    tests/scripts/librdkafka_test.py [UNITTEST ARGUMENTS…]
"""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "librdkafka.sh"
TIME_MAX = 120  # seconds for anything

TOOLS = {
    # What is fetched is a source whose build notes that it ran, and whose archive holds that note.
    "apt-get": """#!/bin/bash
        [[ $* == *' source '* ]] || exit 0
        echo "${*: -1}" >"$LAB/asked"
        mkdir -p librdkafka-1/src && cd librdkafka-1
        printf '#!/bin/sh\\n' >configure && chmod +x configure && touch src/rdkafka.h src/rdkafka_mock.h""",
    "apt-cache": """#!/bin/bash
        for version in $OFFERED; do printf 'Package: librdkafka\\nVersion: %s\\n\\n' "$version"; done""",
    "dpkg-source": "#!/bin/sh\n",
    "make": """#!/bin/bash
        [[ ${@: -1} == librdkafka.a ]] || exit 0  # the objects that are made with other flags
        echo built >>"$LAB/builds"
        while [[ -e $LAB/hold ]]; do sleep 0.05; done
        echo archive >src/librdkafka.a""",
}


class LibrdkafkaScript(unittest.TestCase):
    def setUp(self):
        lab = tempfile.TemporaryDirectory(prefix="logpipe-librdkafka-")
        self.addCleanup(lab.cleanup)
        self.lab = pathlib.Path(lab.name)
        for name, text in TOOLS.items():
            (self.lab / name).write_text(text, encoding="utf-8")
            (self.lab / name).chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.lab}:{os.environ['PATH']}", "LAB": str(self.lab),
                            "XDG_CACHE_HOME": str(self.lab / "cache"), "OFFERED": "2.8.0-1"}

    def start(self, *arguments):
        process = subprocess.Popen([SCRIPT, *arguments], env=self.environment, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
        return process

    def end_of(self, process, status=0):
        told, _ = process.communicate(timeout=TIME_MAX)
        self.assertEqual(process.returncode, status, told)
        return told

    def where(self):
        return pathlib.Path(self.end_of(self.start("--where")).strip())

    def builds(self):
        path = self.lab / "builds"
        return path.read_text(encoding="utf-8").count("built") if path.exists() else 0

    def wait_until(self, what):
        end = time.monotonic() + TIME_MAX
        while not what():
            self.assertLess(time.monotonic(), end, "it did not come about")
            time.sleep(0.02)

    def test_the_newest_revision_of_the_one_version_is_taken_and_kept(self):
        self.environment["OFFERED"] = "2.0.2-1 2.8.0-1 2.8.0-1+deb13u1 2.12.0-1"
        self.end_of(self.start())
        self.assertEqual((self.lab / "asked").read_text(encoding="utf-8").strip(), "librdkafka=2.8.0-1+deb13u1")
        self.assertTrue((self.where() / "lib" / "librdkafka.a").is_file())
        self.assertTrue((self.where() / "include" / "librdkafka" / "rdkafka.h").is_file())
        self.assertIn("there already", self.end_of(self.start()))
        self.assertEqual(self.builds(), 1)

    def test_where_the_version_is_not_offered_the_one_that_is_gets_named(self):
        self.environment["OFFERED"] = "2.14.0-1"
        told = self.end_of(self.start(), status=1)
        self.assertRegex(told, r"no librdkafka 2\.8\.0, but: 2\.14\.0-1")
        self.assertFalse(self.where().exists())
        self.environment["OFFERED"] = ""
        self.assertIn("but: none", self.end_of(self.start(), status=1))

    def test_two_at_once_build_it_once(self):
        (self.lab / "hold").touch()
        first = self.start()
        self.wait_until(lambda: self.builds() == 1)
        second = self.start()
        self.assertIn("waiting for another build", second.stdout.readline())
        (self.lab / "hold").unlink()
        self.end_of(first)
        self.end_of(second)
        self.assertEqual(self.builds(), 1)

    def test_a_build_that_was_killed_leaves_nothing_that_counts(self):
        (self.lab / "hold").touch()
        killed = self.start()
        self.wait_until(lambda: self.builds() == 1)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate(timeout=TIME_MAX)
        self.assertFalse(self.where().exists())
        (self.lab / "hold").unlink()
        self.end_of(self.start())
        self.assertEqual([path.name for path in self.where().parent.iterdir()
                          if path.name.startswith("librdkafka-build")], [])


if __name__ == "__main__":
    unittest.main()
