#!/usr/bin/env python3
"""Kills `logpipe run` by SIGKILL at random moments, then proves that no event was lost or doubled.

`logpipe produce` sends made-up lines and sends again what was not acked; `logpipe run` is killed and started again
under it. The proof never uses logpipe's own ids, which are unique by construction: each line carries a running
"serial", and the store must hold every serial exactly once, with the same seven fields as the line that the same seed
makes when it is written to a file.

Exit status 0: proved. 1: an event was lost, doubled or changed, or a process did not do what it should.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from logpipe_process import Failed, Process, Stage, free_address  # noqa: E402
from oracle import expected_digests, prove  # noqa: E402

DEMO_SEED = 7


def progress(ledger, lines):
    """From 0 to `lines`: half of it for lines taken in, half for lines stored. Lines sent again count in "in" too."""
    return (min(ledger["in"], lines) + ledger["indexed"]) / 2


def kill_at_random_moments(pipeline, chance, kills, lines):
    """Kills the pipeline and starts it again, `kills` times.

    A moment is either a point of progress, one drawn from each equal part of the lines so that no part goes untried, or
    some milliseconds after the start, which hits the recovery from the kill before.
    """
    for number in range(kills):
        if number > 0 and chance.random() < 0.3:
            delay = chance.uniform(0.0, 0.3)
            time.sleep(delay)
            moment = f"{delay * 1000:.0f} ms after its start"
        else:
            goal = int(lines * chance.uniform(number, number + 1) / (kills + 1))
            ledger = pipeline.wait_for(lambda now, goal=goal: progress(now, lines) >= goal, f"progress {goal}")
            time.sleep(chance.uniform(0.0, 0.01))
            moment = f"at in {ledger['in']}, indexed {ledger['indexed']}, in flight {ledger['in_flight']}"
        pipeline.kill_and_start_again()
        print(f"kill {number + 1} of {kills}: {moment}", flush=True)


def documents(store):
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        for (text,) in connection.execute("SELECT doc FROM documents"):
            yield json.loads(text)


def run_test(options, folder):
    demo = f"lines={options.lines}&seed={DEMO_SEED}&serial=1"
    chance = random.Random(options.seed)
    listen = free_address()
    data = folder / "data"
    with Stage("run", folder, options.logpipe, ["run", "--data-dir", data, "--listen", listen]) as pipeline:
        with Process("produce", folder, [options.logpipe, "produce", "--demo", demo, "--to",
                                         f"forward://{listen}"]) as producing:
            kill_at_random_moments(pipeline, chance, options.kills, options.lines)
            producing.must_end_well(600)
        ledger = pipeline.wait_for(lambda now: now["in_flight"] == 0 and now["in"] >= options.lines,
                                   "the rest to be stored")
        pipeline.stop()
    if ledger["difference"] != 0 or ledger["dead"] != 0:
        raise Failed(f"the ledger is off: {ledger}")
    expected = expected_digests(options.logpipe, folder, demo)
    if len(expected) != options.lines:
        raise Failed(f"the demo made {len(expected)} serials for {options.lines} lines")
    prove(documents(data / "store.sqlite"), expected)
    print(f"proved: each of {options.lines} serials is stored once, as it was sent; ledger: {ledger}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logpipe", type=pathlib.Path, nargs="?", default=os.environ.get("LOGPIPE"),
                        help="the program; without it the environment variable LOGPIPE names it")
    parser.add_argument("--kills", type=int, help="how often run is killed (5, with --long 30)")
    parser.add_argument("--lines", type=int, help="how many events (100,000, with --long 1,000,000)")
    parser.add_argument("--long", action="store_true", help="30 kills, 1,000,000 lines")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="draws the moments (random)")
    options = parser.parse_args()
    if options.logpipe is None:
        parser.error("which program?")
    options.kills = options.kills or (30 if options.long else 5)
    options.lines = options.lines or (1_000_000 if options.long else 100_000)
    options.logpipe = options.logpipe.resolve()

    print(f"{options.kills} kills, {options.lines} lines, --seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="logpipe-crash-") as folder:
        try:
            run_test(options, pathlib.Path(folder))
        except Failed as failure:
            print(f"FAILED: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
