#!/usr/bin/env python3
"""Measures `logpipe run` end to end beside a bare SQLite loader of the same rows, in turn, and prints ratios.

    run_bench.py LOGPIPE SQLITE_LOADER [--rows N] [--rounds N]

The rows are 16,000 made-up nginx lines, repeated; both insert them with the same table, pragmas and ids that come in the
same order. Medians of the rounds. Timings of a shared machine are noisy, so the ratios count. What `run` stored is counted:
a fast wrong answer fails.
"""

import argparse
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

DISTINCT_LINES = 16_000


def run_once(logpipe, lines_path, rows, folder, full_text):
    shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    child = subprocess.Popen([logpipe, "run", "--from", lines_path, "--once", "--data-dir", folder, "--admin", "none",
                              "--full-text", "yes" if full_text else "no", "--log-level", "error"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    if status != 0:
        sys.exit(f"logpipe run ended with {status}")
    with sqlite3.connect(folder / "store.sqlite") as store:
        (stored,) = store.execute("SELECT count(*) FROM documents").fetchone()
    if stored != rows:
        sys.exit(f"{stored} documents of {rows} lines are in the store")
    return rows / wall, (usage.ru_utime + usage.ru_stime) * 1e6 / rows, usage.ru_maxrss / 1024


def load_once(loader, lines_path, rows, folder):
    """By full text: (rows a second, CPU seconds a million) of the bare loader."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    told = subprocess.run([loader, str(rows), "50000", folder, lines_path], capture_output=True, text=True, check=True).stdout
    figures = {}
    for line in told.splitlines():
        found = re.match(r" *loader( +with full text)? +(\d+) rows/s +[\d.]+ s and +([\d.]+) CPU-s", line)
        if found:
            figures[bool(found[1])] = (float(found[2]), float(found[3]))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logpipe", type=pathlib.Path)
    parser.add_argument("loader", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1_008_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.rows % DISTINCT_LINES != 0:
        parser.error(f"--rows must be a multiple of {DISTINCT_LINES}")

    with tempfile.TemporaryDirectory(prefix="logpipe-bench-") as name:
        folder = pathlib.Path(name)
        distinct = folder / "distinct.jsonl"
        subprocess.run([options.logpipe, "produce", "--demo", f"lines={DISTINCT_LINES}&seed=1", "--to", f"file:{distinct}",
                        "--log-level", "error"], check=True, stdout=subprocess.DEVNULL)
        lines = folder / "lines.jsonl"
        with open(lines, "wb") as out:
            for _ in range(options.rows // DISTINCT_LINES):
                out.write(distinct.read_bytes())
        runs = {False: [], True: []}
        loads = {False: [], True: []}
        for _ in range(options.rounds):
            for full_text, figures in load_once(options.loader, distinct, options.rows, folder / "load").items():
                loads[full_text].append(figures)
            for full_text in (False, True):
                runs[full_text].append(run_once(options.logpipe, lines, options.rows, folder / "run", full_text))

    print(f"{options.rows} rows, medians of {options.rounds} rounds in turn")
    print(f"{'':24}{'rows/s':>10}{'CPU-s a million':>18}{'peak RSS MiB':>14}")
    for full_text in (False, True):
        words = " with full text" if full_text else ""
        load = [statistics.median(each) for each in zip(*loads[full_text])]
        run = [statistics.median(each) for each in zip(*runs[full_text])]
        print(f"{'loader' + words:24}{load[0]:10.0f}{load[1]:18.2f}")
        print(f"{'run' + words:24}{run[0]:10.0f}{run[1]:18.2f}{run[2]:14.0f}")
        print(f"{'ratio' + words:24}{run[0] / load[0]:10.2f}{run[1] / load[1]:18.2f}")


if __name__ == "__main__":
    main()
