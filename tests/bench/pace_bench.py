#!/usr/bin/env python3
"""How fast a real OpenSearch takes documents with fixed requests in flight, and with those that follow what it says.

    tests/bench/pace_bench.py PROGRAM [--fixed PROGRAM] [--documents N] [--rounds N] [--setting KEY=VALUE]…

PROGRAM paces its requests; the one of --fixed, from before that, does not. Both take turns, so that what else the machine does meets all.
Prints documents a second, 429s that the node counted, and documents sent again. Standard library, Java.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from logpipe_process import Stage, free_address, wait_while_it_moves  # noqa: E402
from servers import OpenSearchServer  # noqa: E402


def filled_journal(program, folder, documents):
    """A journal of lines; its folder."""
    listen = free_address()
    with Stage("forward", folder, program, ["forward", "--listen", listen, "--journal", "lines", "--to", "none"]) as forward:
        forward.wait_ready()
        subprocess.run([program, "produce", "--demo", f"lines={documents}&seed=1", "--to", f"forward://{listen}"], check=True,
                       capture_output=True)
        forward.stop()
    return folder / "lines" / "nginx-logs"


def rejections(server):
    """429s of the node since it was started: of whole requests, and of its shards."""
    (node,) = server.must("GET", "/_nodes/stats/indexing_pressure,thread_pool")["nodes"].values()
    pressure = node["indexing_pressure"]["memory"]["total"]
    return pressure["coordinating_rejections"] + pressure["primary_rejections"] + node["thread_pool"]["write"]["rejected"]


def one_run(name, program, words, folder, journal, server, documents):
    """(documents a second, rejections, documents sent again)"""
    server.must("PUT", f"/{name}", {"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "30s"}})
    before = rejections(server)
    with Stage(name, folder, program, ["consume", "--from", f"journal:{journal}", "--group", name, "--to", f"opensearch://{server.address}/{name}",
                                       "--log-level", "error", *words]) as stage:
        stage.wait_for(lambda ledger: ledger["in"] > 0, "the first document")
        begun, first = time.monotonic(), stage.ledger()["indexed"]

        def all_there():
            ledger = stage.ledger()
            return ledger is not None and ledger["indexed"] >= documents, ledger and ledger["indexed"]
        wait_while_it_moves(all_there, f"{documents} documents", 300, 0.02)
        seconds = time.monotonic() - begun
        again = stage.gauges()["documents_retried_total"]
        stage.stop()
    server.must("DELETE", f"/{name}")
    return (documents - first) / seconds, rejections(server) - before, again


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--fixed", type=pathlib.Path)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    program = options.program.resolve()
    cases = [(f"paced-{count}", program, ["--bulk-requests", count]) for count in options.requests]
    if options.fixed:
        cases += [(f"fixed-{count}", options.fixed.resolve(), ["--bulk-requests", count]) for count in options.requests]
    found = {name: [] for name, _, _ in cases}
    with tempfile.TemporaryDirectory(prefix="logpipe-pace-") as kept, OpenSearchServer(settings=tuple(options.setting)) as server:
        folder = pathlib.Path(kept)
        journal = filled_journal(program, folder, options.documents)
        for number in range(options.rounds):
            for name, binary, words in cases:
                run = one_run(f"{name}-{number}", binary, words, folder, journal, server, options.documents)
                found[name].append(run)
                print(f"{name} {number}: {run[0]:,.0f} documents/s, {run[1]} rejections, {run[2]:,.0f} sent again", flush=True)
    print("\n| requests | documents/s | 429s | sent again |\n| --- | ---: | ---: | ---: |")
    for name, runs in found.items():
        speed, refused, again = (statistics.median(each) for each in zip(*runs))
        print(f"| {name} | {speed:,.0f} | {refused:,.0f} | {again:,.0f} |")


if __name__ == "__main__":
    main()
