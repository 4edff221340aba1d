"""Forward protocol → journal → Kafka by the size of the client's chunks: whatever that is, what is acknowledged must be
in Kafka at about the same rate.

Part of paths_bench.py: adds rows and targets to its Bench."""

import re
import time

from logpipe_process import Failed, free_address, wait_until_it_listens

WAIT_MAX = 600
SMALL = 200  # a chunk of a client that flushes often: its fsync is shared with the others'
SIZES = (500, 1_000, 5_000, 20_000, 50_000)


def chunks(bench, kafka, measured, parts_cpu):
    """`measured(rate, cpu, rss)` makes a row; `parts_cpu` is what producing and the journal cost by themselves."""
    runs = {size: [] for size in (SMALL, *SIZES)}
    for number in range(bench.rounds):
        for size, found in runs.items():
            found.append(one_run(bench, kafka, size, number, measured))
        bench.say(f"chunks: round {number + 1} of {bench.rounds} done")
    rows = {size: bench.add("B", f"in Kafka, chunks of {size:,}, {connections(size)} connections", found)
            for size, found in runs.items()}
    rates = [rows[size].rate for size in SIZES]
    bench.target("B", f"rate: slowest chunk size's share of the fastest ({SIZES[0]:,} to {SIZES[-1]:,} events)",
                 min(rates) / max(rates), 0.95, at_least=True)
    bench.target("B", "CPU: dearest chunk size, times produce-only and the journal's own",
                 max(rows[size].cpu for size in SIZES) / parts_cpu, 1.1)


def connections(size):
    return 4 if size == SMALL else 2


def one_run(bench, kafka, size, number, measured):
    """Counts until the last event is in the topic; the forwarder's CPU until then."""
    topic, listen = f"bench-chunks-{size}-{number}", free_address()
    admin = kafka.admin()
    admin.create_topic(topic, partitions=1, **{"retention.ms": "-1"})
    forwarder = bench.start_forwarder(listen, f"chunks-{size}-{number}", kafka, topic)
    wait_until_it_listens(listen, WAIT_MAX)
    count = -(-bench.rows // size) * size
    began = time.monotonic()
    acked = bench.told([bench.programs / "forward_load", listen, connections(size), size, count])
    end = time.monotonic() + WAIT_MAX
    while sum(admin.ends(topic).values()) < count:
        if time.monotonic() > end or forwarder.poll() is not None:
            raise Failed(f"chunks of {size}: {sum(admin.ends(topic).values())} of {count} events came to the topic")
        time.sleep(0.01)
    wall = time.monotonic() - began
    cpu, rss = bench.stop(forwarder)
    admin.delete_topic(topic)
    rate = float(re.search(r"(\d+) messages/s", acked)[1])
    bench.say(f"chunks of {size:,}: {rate:,.0f} acked/s, {count / wall:,.0f} in Kafka/s, {cpu * 1e6 / count:.2f} CPU-s a million")
    return measured(count / wall, cpu * 1e6 / count, rss)
