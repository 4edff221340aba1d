"""What a user waits for: an event from the socket to the store at a load that leaves room, and a process to be ready.

Parts of paths_bench.py: each function takes its Bench and adds rows and targets to it."""

import re
import statistics
import time

from logpipe_process import Failed, Stage, free_address, wait_until_it_listens, wait_while_it_moves

LOADED_SECONDS = 20
STARTS = 11
READY_SECONDS_MAX = 60


def quantile(metrics, name, share):
    """Of a Prometheus histogram, all label sets together, linear within the bucket."""
    counts = {}
    for bound, count in re.findall(rf'^{name}_bucket{{[^}}]*le="([^"]+)"[^}}]*}} (\d+)', metrics, re.MULTILINE):
        counts[float(bound)] = counts.get(float(bound), 0) + int(count)
    wanted, below, count_below = share * max(counts.values()), 0.0, 0
    for bound, count in sorted(counts.items()):
        if count >= wanted:
            return below if bound == float("inf") else below + (bound - below) * (wanted - count_below) / max(count - count_below, 1)
        below, count_below = bound, count
    raise Failed(f"no events in {name}")


def latency(bench, kafka, stub, rate):
    """Socket → journal (fdatasync) → Kafka → transform → `_bulk` answered, at `rate` lines a second."""
    listen, topic, folder = free_address(), "bench-latency", bench.folder / "latency"
    folder.mkdir()
    kafka.admin().create_topic(topic, partitions=1)
    lines = int(rate) * LOADED_SECONDS
    forward = Stage("forward", folder, bench.logpipe, ["forward", "--listen", listen, "--journal", folder / "journal",
                                                       "--to", f"kafka://{kafka.address}/{topic}", "--log-level", "error"])
    consume = Stage("consume", folder, bench.logpipe, ["consume", "--from", f"kafka://{kafka.address}/{topic}", "--to",
                                                       f"opensearch://127.0.0.1:{stub.port}/bench", "--group", "latency", "--log-level", "error"])
    with forward, consume:
        # The group's first join takes seconds: it is over when the first line has come through.
        for demo in ("lines=1", f"lines={lines}&rate={int(rate)}&seed=2"):
            before = stub.took()["documents"]
            wanted = before + (1 if demo == "lines=1" else lines)
            bench.told([bench.logpipe, "produce", "--demo", demo, "--to", f"forward://{listen}", "--log-level", "error"])
            wait_while_it_moves(lambda: (stub.took()["documents"] >= wanted, stub.took()["documents"]), f"{wanted} documents")
        metrics = consume.metrics()
    p50, p99 = (quantile(metrics, "logpipe_pump_event_age_seconds", share) for share in (0.5, 0.99))
    bench.say(f"latency at {int(rate):,} lines/s: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    bench.target("A+B", f"p99 at 20 % load ({int(rate):,} lines/s), journal to bulk answered, s", p99, 0.150)


def start_forward(bench, listen, journal):
    return bench.start([bench.logpipe, "forward", "--listen", listen, "--journal", journal, "--to", "none", "--admin", "none",
                        "--log-level", "error", "--journal-bytes-max", "64G"])


def seconds_to_ready(bench, journal):
    """From the start of `forward` until it takes connections."""
    listen = free_address()
    began = time.monotonic()
    child = start_forward(bench, listen, journal)
    try:
        wait_until_it_listens(listen, READY_SECONDS_MAX)
        return time.monotonic() - began
    finally:
        child.kill()
        child.wait()


def start(bench, journal_bytes):
    """Without a journal, and with a large one that nobody closed."""
    empty = statistics.median(seconds_to_ready(bench, bench.folder / f"start-{number}") for number in range(STARTS))
    journal, listen = bench.folder / "start-large", free_address()
    child = start_forward(bench, listen, journal)
    try:
        while bytes_in(journal) < journal_bytes:
            bench.told([bench.logpipe, "produce", "--file", bench.lines, "--to", f"forward://{listen}", "--run-id", str(bytes_in(journal)),
                        "--log-level", "error"])
    finally:
        child.kill()
        child.wait()
    large = seconds_to_ready(bench, journal)  # the first one recovers
    bench.say(f"ready after {empty * 1000:.0f} ms; with {bytes_in(journal) / 2**30:.1f} GiB of journal after a kill -9 {large * 1000:.0f} ms")
    bench.target("start", "ready, s", empty, 0.050)
    bench.target("start", f"ready with {bytes_in(journal) / 2**30:.1f} GiB of journal to recover, s", large, 1.0)


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
