#!/usr/bin/env python3
"""Puts faults into the real code, one at a time, and demands that the simulation finds each.

    tests/sim/mutations.py [--folder FOLDER] [--seeds N] [--minutes M] [--other-tests] [--list] [NAME…]

Builds what the simulation needs in a copy of the tree in FOLDER (default: a new one, removed at the end), where a fault
is an exact text that is replaced by another one. It fails where a text is not found, or the fault by no seed; before
that, the code as it is must pass the same seeds. With --other-tests it also says by which other test of the libraries
each fault is found.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

OTHER_TESTS = ["core_tests", "journal_tests", "kafka_tests", "runtime_tests", "forward_tests", "audit_tests", "flow_tests", "sim_tests"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "include", "scripts", "src", "tests"]

# name: [(file, text, text that replaces it), …]
MUTATIONS = {
    "ack before sync": [
        ("src/ends/journal/topic_log.cpp", "bool const never = how == journal_sync::never;", "bool const never = true || how == journal_sync::never;"),
    ],
    "commit before done": [
        (
            "src/ends/journal/journal_source.cpp",
            "cursor_.move(std::max(step.safe.offset, cursor_.at().offset), step.counts);",
            "cursor_.move(std::max(reader_.position(), cursor_.at().offset), step.counts);",
        ),
    ],
    "chunk window without its sum": [
        ("src/ends/journal/segment_format.hpp", "return {chunk.high, chunk.low | payload_crc};", "return {chunk.high, chunk.low};"),
    ],
    "segment freed before the cursor is safe": [
        (
            "src/ends/journal/retention.cpp",
            "    if (segments_.oldest_end() > last) return removal{.segments = 0, .last_cursor = last};\n",
            "",
        ),
        (
            "src/ends/journal/segment_list.cpp",
            "while (oldest_end() <= offset && entries_.front()",
            "while (entries_.size() > 1 && entries_.front().first_offset <= offset && entries_.front()",
        ),
    ],
    "epoch reused after a cut": [
        ("src/ends/journal/topic_log.cpp", "epoch_ = world_.random();", "epoch_ = 1;"),
    ],
    "position moved on a revoked partition": [
        ("src/ends/kafka/group_positions.cpp", "    assigned_.erase(assigned_.begin() + (lost - assigned_.data()));\n", ""),
    ],
    "letter after position": [
        (
            "src/runtime/sink_stepper.cpp",
            "if (auto put = pump_.stages.dead->put(letters_); !put) return failed(put.error());",
            "late_.insert(late_.end(), letters_.begin(), letters_.end());",
        ),
        (
            "src/runtime/sink_stepper.cpp",
            "next_step sink_stepper::pick() {\n",
            "next_step sink_stepper::pick() {\n    if (!late_.empty() && pump_.stages.dead->put(late_)) late_.clear();\n",
        ),
        ("src/runtime/sink_stepper.hpp", "    log_limit dead_lines_;\n", "    log_limit dead_lines_;\n    std::vector<dead_letter> late_;\n"),
    ],
    "retry count lost on restart": [
        ("src/ops/audit/tombstone.cpp", "iso_time(letter.time_ms * ns_per_ms), letter.attempts,", "iso_time(letter.time_ms * ns_per_ms), 0,"),
    ],
    "cursor slot written over the newer one": [
        ("src/core/slot_file.cpp", "auto const older = 1 - newest_;", "auto const older = newest_;"),
    ],
    "directory not synced after rotation": [
        (
            "src/ends/journal/segment_writer.cpp",
            "    if (auto synced = files.sync_folder(folder); !synced) return synced.error();\n",
            "",
        ),
    ],
}


def quiet(*command, **more):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, errors="replace", check=False, **more)


class Tree:
    """A copy of the tree, with a build of its simulation."""

    def __init__(self, folder):
        self.folder = folder
        self.build = folder / "build/dev"  # as deep as the preset's, for the compiler cache
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
            else:
                shutil.copy2(ROOT / name, folder / name)
        # One folder for all mutations: what none of them changes is compiled once.
        self.environment = os.environ | {"CCACHE_BASEDIR": str(folder), "CCACHE_NOHASHDIR": "1"}
        self.must(
            "cmake", "-G", "Ninja", "-S", folder, "-B", self.build, "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-g1",
            "-DLOGPIPE_WERROR=ON",
        )

    def must(self, *command):
        done = quiet(*command, env=self.environment, cwd=self.folder)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")

    def make(self, *targets):
        self.must("ninja", "-C", self.build, *targets)

    def put_in(self, edits):
        """@return what undoes it"""
        before = {}
        for file, text, replacement in edits:
            path = self.folder / file
            now = path.read_text(encoding="utf-8")
            before.setdefault(path, now)
            if now.count(text) != 1:
                sys.exit(f"{file} has {now.count(text)} times: {text}")
            path.write_text(now.replace(text, replacement), encoding="utf-8")

        def undo():
            for path, contents in before.items():
                path.write_text(contents, encoding="utf-8")

        return undo

    def other_test(self):
        """@return the first other test that fails; None where none does"""
        self.make(*OTHER_TESTS)
        suites = "|".join(each.removesuffix("_tests") for each in OTHER_TESTS)
        done = quiet(
            "ctest", "--test-dir", self.build, "-R", f"^({suites}):", "-E", "pipeline keeps|seed of the pipeline|wrong store", "--timeout", "120",
            "--stop-on-failure", "-j2", "--no-tests=error",
        )
        failed = re.findall(r"Test +#\d+: (.*?) \.*\*\*\*", done.stdout)
        if done.returncode != 0 and not failed:
            sys.exit(f"ctest: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return failed[0] if failed else None

    def seeds(self, count, minutes):
        """@return the first seed that fails and why; None where none does"""
        done = quiet(self.build / "tests/sim/sim_seeds", minutes, count, 1)
        if done.returncode != 0:
            story = re.search(r"^seed (\d+): ([\w-]+): (.*)$", done.stdout, re.MULTILINE)
            aborted = re.search(r"an assertion failed with seed (\d+)", done.stderr)
            if story:
                return int(story[1]), story[2], story[3]
            if aborted:
                return int(aborted[1]), "assertion", done.stderr.strip().splitlines()[-1]
            return 0, "ended", f"status {done.returncode}: {done.stderr[-500:]}"
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, help="where the copy is built; it is kept")
    parser.add_argument("--seeds", type=int, default=2000, help="that each may take")
    parser.add_argument("--minutes", type=int, default=4, help="of virtual time a history")
    parser.add_argument("--other-tests", action="store_true", help="also says which other test finds it")
    parser.add_argument("--list", action="store_true", help="only checks that each text is there")
    parser.add_argument("names", nargs="*", choices=[[], *MUTATIONS], metavar="NAME")
    options = parser.parse_args()
    wanted = options.names or list(MUTATIONS)
    if options.list:
        for name in wanted:
            counts = [(ROOT / file).read_text(encoding="utf-8").count(text) for file, text, _ in MUTATIONS[name]]
            if set(counts) != {1}:
                sys.exit(f"{name}: its texts are there {counts} times")
            print(name)
        return 0

    with tempfile.TemporaryDirectory(prefix="logpipe-mutations-") as kept:
        folder = options.folder or pathlib.Path(kept)
        folder.mkdir(exist_ok=True)
        tree = Tree(folder.resolve())
        tree.make("sim_seeds")
        if found := tree.seeds(50, options.minutes):
            sys.exit(f"without a mutation, seed {found[0]} fails: {found[1]}: {found[2]}")
        missed = []
        for name in wanted:
            undo = tree.put_in(MUTATIONS[name])
            try:
                tree.make("sim_seeds")
                begun = time.monotonic()
                found = tree.seeds(options.seeds, options.minutes)
                took = time.monotonic() - begun
                if options.other_tests:
                    print(f"{name}: other tests: {tree.other_test()}", flush=True)
            finally:
                undo()
            if found:
                print(f"{name}: found by seed {found[0]} in {took:.0f} s: {found[1]}: {found[2][:100]}", flush=True)
            else:
                missed.append(name)
                print(f"{name}: NOT found by {options.seeds} seeds in {took:.0f} s", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
