#!/usr/bin/env python3
"""`logpipe ship` between a real Docker engine and a real Loki: every line of every container once, whatever is restarted.

    tests/integration/ship/ship_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Needs root (for the engine); what else, and what it starts: lab.py.
"""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from lab import Engine, Loki, free_port, program_environment, wait_for  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE", "logpipe")
# Numbered lines in bursts of a second, each when it is asked for (`burst()`): so they come while something happens, however slow the machine.
BURSTS, BURST_LINES = 3, 200
NUMBERS = f"""i=0; burst=0
while [ $burst -lt {BURSTS} ]; do
    until [ -e /burst-$burst ]; do sleep 0.05; done
    burst=$((burst + 1))
    while [ $i -lt $((burst * {BURST_LINES})) ]; do echo number $i; i=$((i + 1)); [ $((i % 20)) -ne 0 ] || sleep 0.1; done
done
sleep 1000"""


class Ship:
    """The program, with its positions file and admin address. `start()` again goes on with the same."""

    def __init__(self, folder, engine, loki):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.engine, self.loki = engine, loki
        self.child = None

    def start(self, *options, project="shiptest"):
        self.port = free_port()
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(
                [PROGRAM, "ship", "--from", f"docker:unix://{self.engine.socket}?project={project}", "--to", f"loki://127.0.0.1:{self.loki.port}",
                 "--positions", self.folder / "positions.json", "--admin", f"127.0.0.1:{self.port}", "--push-age", "200ms", *options],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=program_environment())

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait(60) != 0:
            raise AssertionError(f"ship ended with {self.child.returncode}: {self.log()}")

    def kill(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def log(self):
        return (self.folder / "log").read_text()

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/status", timeout=10) as answer:
            return json.load(answer)

    def stage(self, name):
        try:
            return next(stage for stage in self.status()["pumps"][0]["stages"] if stage["name"] == name)
        except OSError:
            return None


class Tests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A short path: a Unix socket's has 107 bytes at most, and the engine adds to it.
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lpship-", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.engine = Engine(cls.folder)
        cls.addClassCleanup(cls.engine.remove)
        cls.loki = Loki(cls.folder)
        cls.addClassCleanup(cls.loki.end)

    def setUp(self):
        # A test that failed may have left them down.
        for server in (self.engine, self.loki):
            if server.child is None or server.child.poll() is not None:
                server.start()
        self.ship = Ship(self.folder, self.engine, self.loki)
        self.addCleanup(self.ship.kill)
        self.names = []
        self.addCleanup(lambda: [self.engine.try_docker("rm", "--force", name) for name in self.names])

    def run_container(self, name, script, *options, **more):
        self.names.append(name)
        return self.engine.run(name, script, *options, **more)

    def lines_of(self, container):
        return [line for _, _, line in self.loki.lines(f'{{container="{container}"}}')]

    def wait_for_lines(self, container, count):
        wait_for(lambda: len(self.lines_of(container)) >= count, f"{count} lines of {container}; there are {self.lines_of(container)[-3:]}")
        return self.lines_of(container)

    def burst(self, container, number):
        self.engine.docker("exec", container, "sh", "-c", f": >/burst-{number}")

    def assert_each_once(self, container):
        """Every number of all bursts, once, in order."""
        count = BURSTS * BURST_LINES
        lines = self.wait_for_lines(container, count)
        numbers = collections.Counter(lines)
        self.assertEqual([line for line in (f"number {i}" for i in range(count)) if numbers[line] != 1], [], f"of {container}")
        self.assertEqual(lines, [f"number {i}" for i in range(count)])

    def test_lines_arrive_once_with_their_labels(self):
        self.run_container("c_old", 'echo "before ship was there"', service="old")
        self.ship.start()
        long_id = self.run_container("c_web", 'echo "level=warn msg=careful"; echo "[error] 1#1: broken" >&2; sleep 1000', service="web")
        self.run_container("c_plain", "echo 'INFO started'; printf 'bad \\377 byte\\n'; sleep 1000")
        self.run_container("c_other", "echo other; sleep 1000", service="other", project="another")
        self.wait_for_lines("c_web", 2)
        self.wait_for_lines("c_plain", 2)
        self.wait_for_lines("c_old", 1)
        by_stream = {labels["stream"]: (labels, line) for labels, _, line in self.loki.lines('{service="web"}')}
        self.assertEqual(by_stream["stdout"][1], "level=warn msg=careful")
        self.assertEqual(by_stream["stderr"][1], "[error] 1#1: broken")
        labels = by_stream["stderr"][0]
        self.assertEqual({name: labels[name] for name in ("service", "container", "stream", "level", "topic", "container_id")},
                         {"service": "web", "container": "c_web", "stream": "stderr", "level": "error", "topic": "web", "container_id": long_id})
        plain = self.loki.lines('{container="c_plain"}')
        self.assertEqual([(labels["service"], labels["level"], line) for labels, _, line in plain],
                         [("c_plain", "info", "INFO started"), ("c_plain", "unknown", "bad \ufffd byte")])
        self.assertEqual(self.lines_of("c_other"), [])
        self.ship.stop()
        self.assertRegex(self.ship.log(), r"in (\d+) = indexed \1 \+ already there 0 \+ dead 0 \+ in flight 0")

    def test_the_level_is_that_of_the_lines_format_and_the_line_stays_as_it_was(self):
        self.ship.start()
        request = '10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /error HTTP/1.1" 200 5'
        json_line = '{"message":"an ERROR","nested":{"level":"debug"}}'
        self.run_container("c_levels", f"printf '\\033[31mERROR\\033[0m broke\\n'; echo '{request}'; echo '{json_line}'; sleep 1000")
        self.wait_for_lines("c_levels", 3)
        found = {line: labels["level"] for labels, _, line in self.loki.lines('{container="c_levels"}')}
        self.assertEqual(found, {"\x1b[31mERROR\x1b[0m broke": "error", request: "info", json_line: "debug"})

    def test_times_are_the_engines(self):
        self.ship.start()
        self.run_container("c_time", "echo now; sleep 1000")
        self.wait_for_lines("c_time", 1)
        stamp = self.engine.docker("logs", "--timestamps", "c_time").split(" ")[0]
        (_, time_ns, _), = self.loki.lines('{container="c_time"}')
        self.assertEqual(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ns // 10**9)) + f".{time_ns % 10**9:09}Z", stamp)

    def test_long_lines_are_whole_with_and_without_a_terminal(self):
        script = "echo begin; head -c 100000 /dev/zero | tr '\\0' x; echo; echo end; sleep 1000"
        self.ship.start()
        self.run_container("c_long", script)
        self.run_container("c_tty", script, "--tty")
        for name in ("c_long", "c_tty"):
            self.assertEqual(self.wait_for_lines(name, 3), ["begin", "x" * 100000, "end"], name)

    def test_a_restart_of_ship_loses_and_doubles_nothing(self):
        self.run_container("c_restart", NUMBERS)
        for number, ending in enumerate((self.ship.stop, self.ship.kill, self.ship.stop)):
            self.ship.start()
            self.burst("c_restart", number)
            self.wait_for_lines("c_restart", number * BURST_LINES + 1)
            ending()
        self.ship.start()
        self.assert_each_once("c_restart")

    def test_a_restarted_container_is_followed_on(self):
        self.ship.start()
        self.run_container("c_again", "echo started; sleep 1000", "--stop-timeout", "0")
        for count in (1, 2, 3):
            self.wait_for_lines("c_again", count)
            self.engine.docker("restart", "--time", "0", "c_again")
        self.assertEqual(self.wait_for_lines("c_again", 4), ["started"] * 4)
        self.engine.docker("rm", "--force", "c_again")
        wait_for(lambda: (at := self.ship.stage("docker_source")) and at["metrics"]["containers_followed"] == 0, "nothing to follow")

    def test_the_engines_restart_loses_and_doubles_nothing(self):
        self.ship.start()
        self.run_container("c_engine", "i=0; while [ $i -lt 100 ]; do echo boot $i; i=$((i+1)); done; sleep 1000", "--restart", "always")
        self.wait_for_lines("c_engine", 100)
        self.engine.stop()
        wait_for(lambda: not self.ship.stage("docker_source")["up"], "ship says that the engine is away")
        self.assertIn("docker.sock", self.ship.stage("docker_source")["reason"])
        self.engine.start()
        lines = self.wait_for_lines("c_engine", 200)
        self.assertEqual(lines, [f"boot {i}" for i in range(100)] * 2)
        wait_for(lambda: self.ship.stage("docker_source")["up"], "ship says that the engine is back")

    def test_lines_wait_while_loki_is_away(self):
        self.ship.start()
        self.run_container("c_wait", NUMBERS)
        self.burst("c_wait", 0)
        self.wait_for_lines("c_wait", 1)
        self.loki.end()
        self.burst("c_wait", 1)
        wait_for(lambda: not self.ship.stage("loki_sink")["up"], "ship says that Loki is away")
        self.loki.start()
        self.burst("c_wait", 2)
        self.assert_each_once("c_wait")

    def test_what_loki_refuses_is_counted_and_dropped(self):
        self.ship.start()
        long_ago = (time.time_ns() - 365 * 86400 * 10**9) // 1000
        container = self.run_container("c_old_lines", "echo fresh; sleep 1000")
        self.wait_for_lines("c_old_lines", 1)
        self.ship.stop()
        # A log of last year, as a container has that was never shipped: the engine's own file, written while it is down.
        self.engine.docker("stop", "--time", "0", "c_old_lines")
        log = self.folder / "data" / "containers" / container / f"{container}-json.log"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(long_ago // 10**6)) + ".000000001Z"
        log.write_text("".join(json.dumps({"log": f"ancient {i}\n", "stream": "stdout", "time": stamp}) + "\n" for i in range(5)) + log.read_text())
        (self.ship.folder / "positions.json").unlink()
        self.ship.start()
        wait_for(lambda: (at := self.ship.stage("loki_sink")) and at["metrics"]["lines_dropped_too_old_total"] >= 1, "old lines are refused")
        self.run_container("c_after", "echo after; sleep 1000")
        self.wait_for_lines("c_after", 1)
        self.assertEqual(self.lines_of("c_old_lines"), ["fresh"])
        self.assertIn("lines rejected by Loki (too_old) are dropped", self.ship.log())

    def test_a_stream_that_loki_throttles_waits_and_the_others_go_on(self):
        # A line above the limit is taken only once the limit is raised.
        loki = Loki(self.folder / "narrow", "per_stream_rate_limit: 2KB, per_stream_rate_limit_burst: 4KB")
        self.addCleanup(loki.end)
        self.loki = self.ship.loki = loki
        self.ship.start()
        large = "x" * 6000
        self.run_container("c_loud", f"echo first; echo {large}; echo last; sleep 1000")
        wait_for(lambda: (at := self.ship.stage("loki_sink")) and at["metrics"]["throttled_streams"] == 1, "the stream is parked")
        for number in range(3):
            self.run_container(f"c_quiet{number}", "echo quiet; sleep 1000")
            self.assertEqual(self.wait_for_lines(f"c_quiet{number}", 1), ["quiet"])
        stage = wait_for(lambda: (at := self.ship.stage("loki_sink"))["reason"] and at, "the reason")
        self.assertTrue(stage["up"])
        self.assertRegex(stage["reason"], '"container":"c_loud".* responds with status 429: .*[Pp]er stream rate limit')
        self.assertEqual(stage["metrics"]["throttled_streams"], 1)
        loki.end()
        loki.limit("per_stream_rate_limit: 1MB")
        loki.start()
        self.assertEqual(self.wait_for_lines("c_loud", 3), ["first", large, "last"])
        wait_for(lambda: self.ship.stage("loki_sink")["metrics"]["throttled_streams"] == 0, "nothing is parked any more")
        self.ship.stop()
        self.assertRegex(self.ship.log(), r"in (\d+) = indexed \1 \+ already there 0 \+ dead 0 \+ in flight 0")

    def test_what_feeds_back_is_bounded(self):
        self.ship.start("--limited-rate", "50", "--limited-services", "echoing")
        began = time.monotonic()
        # As fast as it can, as if each line that is shipped made it log more of them.
        self.run_container("c_loop", "seq 1 20000; sleep 1000", service="echoing")
        self.run_container("c_fast", "seq 1 2000; sleep 1000", service="free")
        self.wait_for_lines("c_fast", 2000)
        self.wait_for_lines("c_loop", 200)
        time.sleep(3)  # not for anything to happen, but so that a rate can be told
        shipped = self.ship.stage("docker_source")["metrics"]["lines_total"] - 2000
        seconds = time.monotonic() - began
        piece = 4096 // len("1 2026-11-24T21:35:31.128553500Z ") + 1
        self.assertLessEqual(shipped, 50 * (seconds + 1) + 2 * piece)
        self.assertGreaterEqual(self.ship.stage("docker_source")["metrics"]["throttled_reads_total"], 1)
        self.ship.stop()  # what waits in the engine does not hold it up


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and "." not in sys.argv[1].split("/")[0]:
        PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
