#!/usr/bin/env python3
"""Counts what the parts take an event, in instructions, and compares with the counts that are kept: unlike times, they do
not depend on the machine's mood.

    instruction_counts.py BENCH_PARTS [--keep] [NAME…]

Each part runs under cachegrind (without caches) for 2 and for 6 rounds; the difference leaves out set-up and start. Kept
counts stand in instruction_counts.json beside this file, by compiler; --keep writes those of this compiler anew, which
belongs into a commit that says why they changed.

Exit status: 0 no part takes over 5 % more than its kept count (or none is kept for this compiler, which is said),
1 one does, or could not be counted.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

KEPT = pathlib.Path(__file__).with_name("instruction_counts.json")
RISE_MAX = 1.05
ROUNDS = (2, 6)
# The disk's and zlib's instructions are not ours.
LEFT_OUT = re.compile(r"_synced$|_open_|_gzip$")


def told(words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)


def instructions(program, name, rounds):
    ran = told(["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
                program, "--rounds", rounds, name])
    return int(re.search(r"I\s+refs:\s+([\d,]+)", ran.stderr)[1].replace(",", "")), int(ran.stdout)


def count(program, name):
    (few, events), (many, _) = (instructions(program, name, rounds) for rounds in ROUNDS)
    return round((many - few) / (ROUNDS[1] - ROUNDS[0]) / events, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, metavar="BENCH_PARTS")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep", action="store_true", help="write the counts of this compiler anew")
    options = parser.parse_args()
    compiler = told([options.program, "--compiler"]).stdout.strip()
    all_kept = json.loads(KEPT.read_text())
    kept = all_kept.get(compiler, {})
    names = options.names or [name for name in told([options.program, "--names"]).stdout.split() if not LEFT_OUT.search(name)]
    try:
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as several:
            counts = dict(zip(names, several.map(lambda name: count(options.program, name), names)))
    except subprocess.CalledProcessError as failure:
        print(f"instruction_counts: {' '.join(failure.cmd)}: {failure.stderr}", file=sys.stderr)
        return 1

    risen = 0
    print(f"{compiler}: instructions an event\n{'part':24}{'now':>10}{'kept':>10}")
    for name, now in counts.items():
        before = kept.get(name)
        rose = before is not None and now > before * RISE_MAX
        risen += rose
        change = "" if before is None else f"{100 * (now / before - 1):+9.1f} %"
        print(f"{name:24}{now:10.1f}{before if before is not None else 'none':>10}{change}{'  ROSE' if rose else ''}")
    if options.keep:
        KEPT.write_text(json.dumps(all_kept | {compiler: kept | counts}, indent=2) + "\n")
        print(f"kept in {KEPT}")
        return 0
    if not kept:
        print(f"no counts are kept for {compiler}: nothing to compare with (--keep writes them)")
    print(f"{len(counts) - risen} passed, {risen} failed")
    return 1 if risen else 0


if __name__ == "__main__":
    sys.exit(main())
