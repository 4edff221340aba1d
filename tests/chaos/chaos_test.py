#!/usr/bin/env python3
"""Breaks the pipeline on real Kafka and real OpenSearch in every way that it must bear, and proves each time that nothing was
lost, doubled or changed.

    tests/chaos/chaos_test.py [LOGPIPE] [--only SCENARIO]… [--kills N] [--seed S]

The proof never uses logpipe's own ids, which are unique by construction: each line carries a running "serial", and the
index must hold every serial once, with the same seven fields as the line that was sent. Standard library, kcat, Java.

Exit status 0: proved. 1: an event was lost, doubled or changed, or a process did not do what it should.
"""

import argparse
import contextlib
import os
import pathlib
import random
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import scenarios  # noqa: E402
from logpipe_process import Failed  # noqa: E402
from servers import KafkaServer, OpenSearchServer  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="scenarios:\n" + "\n".join(f"  {name:22} {scenario.__doc__.splitlines()[0]}"
                                                                       for name, scenario in scenarios.ALL.items()))
    parser.add_argument("logpipe", type=pathlib.Path, nargs="?", default=os.environ.get("LOGPIPE"),
                        help="the program; without it the environment variable LOGPIPE names it")
    parser.add_argument("--only", action="append", choices=scenarios.ALL, metavar="SCENARIO", help="these alone; may be given often")
    parser.add_argument("--kills", type=int, default=3, help="how often each thing is killed (3)")
    parser.add_argument("--away", type=int, default=75, metavar="SECONDS", help="how long OpenSearch is away in outage (75)")
    parser.add_argument("--rate", type=int, default=1_000, help="lines a second (1,000)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="draws the moments (random)")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="leave logs and journals there")
    options = parser.parse_args()
    if options.logpipe is None:
        parser.error("which program?")
    options.logpipe = options.logpipe.resolve()

    failed = []
    with contextlib.ExitStack() as stack:
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
        folder = options.keep or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logpipe-chaos-")))
        kafka, store = stack.enter_context(KafkaServer()), stack.enter_context(OpenSearchServer())
        for name in options.only or scenarios.ALL:
            began = time.monotonic()
            print(f"{name}: --seed {options.seed}", flush=True)
            ground = scenarios.Ground(options, name, folder.resolve(), kafka, store)
            try:
                scenarios.ALL[name](ground)
            except Exception as failure:  # whatever it was, the others are tried
                failed.append(name)
                told = failure if isinstance(failure, Failed) else "".join(traceback.format_exception(failure))
                print(f"{name}: FAILED: {told}", flush=True)
                for server in (kafka, store):  # it may have left one down
                    server.start()
            # A server that comes back reads the translog of every index it has; the next scenario waits for its own alone.
            store.must("DELETE", f"/{name}?ignore_unavailable=true")
            print(f"{name}: {'failed' if name in failed else 'passed'} in {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"FAILED: {' '.join(failed)}; --seed {options.seed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
