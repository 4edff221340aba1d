#!/usr/bin/env python3
"""Measures the paths through logpipe beside what they are measured against, in one run and in turn, and says for each
target by how much it is met or missed.

    paths_bench.py BUILD_FOLDER [--quick] [--rows N] [--rounds N] [--only A,B,C,D,L,S] [--out FOLDER]

    A  Kafka → transform (time parsed) → _bulk into a stub that answers at once; beside rsyslog, librdkafka's consuming alone,
       the transform alone, and a loader whose bodies are ready
    B  forward protocol (PackedForward, acked) → journal (fdatasync) → Kafka; beside librdkafka's producing alone; and by the
       size of the client's chunks
    C  `run` embedded: file → journal → transform → SQLite; beside a bare SQLite loader (run_bench.py)
    D  Kafka → transform → real OpenSearch; beside the loader into the same server
    L  how long an event is under way through A and B at a fifth of their rate
    S  how long a process takes to be ready

Nothing is switched off that is on by default. What a path delivered is compared with what it should have: a fast wrong answer
fails. CPU seconds are the program's own, by wait4; rates go from the first document to the last. Medians of the rounds.
A path that missed a target is run once more under perf. Table, plot and profiles go to FOLDER (build/bench).

Exit status: 0 measured (targets met or not), 1 something did not work or the documents were wrong.
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "servers"), str(HERE.parent / "support")]

from logpipe_process import Failed, die_with_parent, free_address, program_environment  # noqa: E402
from servers import KafkaServer, OpenSearchServer  # noqa: E402
from cpu_profile import Profile  # noqa: E402
import chunks_bench  # noqa: E402
import waits_bench  # noqa: E402

WAIT_MAX = 600  # seconds for any one run
TOPIC = "bench"


class Measured:
    """One run of a program: `rate` a second, `cpu` seconds a million, `rss` MiB."""

    def __init__(self, rate, cpu, rss=0.0):
        self.rate, self.cpu, self.rss = rate, cpu, rss


def median(runs):
    return Measured(*(statistics.median(getattr(each, name) for each in runs) for name in ("rate", "cpu", "rss")))


def start(words, **more):
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, env=program_environment(),
                            preexec_fn=die_with_parent, **more)


def finish(child, status=0):
    """Waits for its end. @return CPU seconds and peak RSS in MiB."""
    _, how, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(how)
    if child.returncode != status:
        raise Failed(f"{child.args[0]} {child.args[1]} ended with {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def told(words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, env=program_environment()).stdout


def probe(words):
    """The figures that kafka_probe and bulk_loader print."""
    figures = re.search(r"(\d+) (?:messages|documents)/s, ([\d.]+) CPU-s", told(words))
    return Measured(float(figures[1]), float(figures[2]))


def cpu_of_process(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate_from_first(count, rows, child):
    """Waits until count() is `rows`. @return documents a second from the first to the last."""
    first, end = None, time.monotonic() + WAIT_MAX
    while time.monotonic() < end:
        has_ended = child.poll() is not None
        now = count()
        if first is None and now:
            first = (time.monotonic(), now)
        if now >= rows:
            return (rows - first[1]) / max(time.monotonic() - first[0], 1e-3)
        if has_ended:
            raise Failed(f"{child.args[0]} ended after {now} of {rows} documents")
        time.sleep(0.02)
    raise Failed(f"{child.args[0]}: {now} of {rows} documents in {WAIT_MAX} s")


@contextlib.contextmanager
def one_partition(kafka, topic):
    """A topic of that name for as long as the block."""
    kafka.admin().create_topic(topic, partitions=1, **{"retention.ms": "-1"})
    yield
    kafka.admin().delete_topic(topic)


class Stub:
    """bulk_stub as a child. Ends with its block."""

    def __init__(self, program):
        self.child = start([program, "0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.child.terminate()
        self.child.wait()
        self.child.stdout.close()

    def took(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stub", timeout=60) as answer:
            return json.load(answer)


class Bench:
    def __init__(self, build, out, folder, rows, rounds):
        self.logpipe, self.programs = build / "logpipe", build / "tests/bench"
        self.out = out
        self.folder, self.rows, self.rounds = folder, rows, rounds
        self.table = []      # (path, what, Measured)
        self.targets = []    # (path, words, figure, bound, met)
        self.lines = folder / "lines.jsonl"

    start, told = staticmethod(start), staticmethod(told)

    def say(self, text):
        print(text, flush=True)

    def add(self, path, what, runs):
        self.table.append((path, what, median(runs)))
        return self.table[-1][2]

    def target(self, path, words, figure, bound, at_least=False):
        met = figure >= bound if at_least else figure <= bound
        self.targets.append((path, words, figure, bound, met, at_least))

    def explain_misses(self, path, run):
        """Runs a path that missed a target once more, run(profile), and keeps where its time goes."""
        if all(met for where, _, _, _, met, _ in self.targets if where == path):
            return
        profile = Profile()
        run(profile)
        text = profile.finish()
        (self.out / f"profile-{path}.txt").write_text(text + "\n")
        self.say(f"{path}: a target is missed; where the time goes (more: {self.out}/profile-{path}.txt):")
        self.say("\n".join(text.splitlines()[:15]))

    def make_lines(self):
        told([self.logpipe, "produce", "--demo", f"lines={self.rows}&seed=1", "--to", f"file:{self.lines}", "--log-level", "error"])

    def fill(self, kafka):
        told([self.programs / "kafka_probe", "produce", kafka.address, TOPIC, self.rows, self.lines])

    # --- A

    def path_a(self, kafka):
        kafka.admin().create_topic(TOPIC, partitions=1, **{"retention.ms": "-1"})
        self.fill(kafka)
        documents = self.folder / "documents.jsonl"
        told([self.logpipe, "consume", "--from", f"kafka://{kafka.address}/{TOPIC}", "--to", f"file:{documents}", "--group", "file",
              "--timestamp", "event", "--once", "--admin", "none", "--log-level", "error"])
        runs = {name: [] for name in ("librdkafka consume-only", "raw loader", "logpipe consume", "rsyslog")}
        for number in range(self.rounds):
            runs["librdkafka consume-only"].append(probe([self.programs / "kafka_probe", "consume", kafka.address, TOPIC, self.rows]))
            with Stub(self.programs / "bulk_stub") as stub:
                runs["raw loader"].append(probe([self.programs / "bulk_loader", "127.0.0.1", stub.port, "bench", documents, self.rows]))
                wanted = stub.took()["hashes"]
            with Stub(self.programs / "bulk_stub") as stub:
                runs["logpipe consume"].append(self.consume_once(kafka, stub, number))
                if stub.took()["documents"] != self.rows or stub.took()["hashes"] != wanted:
                    raise Failed("path A: the documents that came are not those that should have")
            with Stub(self.programs / "bulk_stub") as stub:
                runs["rsyslog"].append(self.rsyslog_once(kafka, stub, number))
            self.say(f"A: round {number + 1} of {self.rounds} done")
        transform = self.transform_alone()
        ours, rsyslog = self.add("A", "logpipe consume", runs["logpipe consume"]), self.add("A", "rsyslog", runs["rsyslog"])
        consuming = self.add("A", "librdkafka consume-only", runs["librdkafka consume-only"])
        self.add("A", "transform alone", [transform])
        loader = self.add("A", "raw loader", runs["raw loader"])
        parts = consuming.cpu + transform.cpu + loader.cpu
        self.target("A", "CPU: rsyslog's share of 1/25", ours.cpu / rsyslog.cpu, 1 / 25)
        self.target("A", "CPU: times the sum of the parts", ours.cpu / parts, 1.5)
        self.target("A", "rate: share of consume-only", ours.rate / consuming.rate, 0.40, at_least=True)
        self.target("A", "peak RSS, MiB", ours.rss, 100)
        with Stub(self.programs / "bulk_stub") as stub:
            self.explain_misses("A", lambda profile: self.consume_once(kafka, stub, "profile", profile))

    def consume_once(self, kafka, stub, number, profile=None):
        child = start([self.logpipe, "consume", "--from", f"kafka://{kafka.address}/{TOPIC}", "--to", f"opensearch://127.0.0.1:{stub.port}/bench",
                       "--group", f"bench-{number}", "--timestamp", "event", "--admin", "none", "--once", "--log-level", "error"],
                      stdout=subprocess.DEVNULL)
        if profile:
            profile.pid = child.pid
        rate = rate_from_first(lambda: stub.took()["documents"], self.rows, child)
        cpu, rss = finish(child)
        return Measured(rate, cpu * 1e6 / self.rows, rss)

    def rsyslog_once(self, kafka, stub, number):
        folder = self.folder / f"rsyslog-{number}"
        folder.mkdir()
        text = (HERE / "rsyslog_path_a.conf").read_text()
        for name, value in (("FOLDER", folder), ("TOPIC", TOPIC), ("BROKER", kafka.address), ("ROUND", number), ("PORT", stub.port)):
            text = text.replace(f"@{name}@", str(value))
        (folder / "rsyslog.conf").write_text(text)
        months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
        (folder / "months.json").write_text(json.dumps({"version": 1, "type": "string", "table": [
            {"index": name, "value": f"{number:02}"} for number, name in enumerate(months, 1)]}))
        child = start(["rsyslogd", "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid"], stdout=subprocess.DEVNULL)
        rate = rate_from_first(lambda: stub.took()["documents"], self.rows, child)
        child.terminate()
        cpu, rss = finish(child)
        return Measured(rate, cpu * 1e6 / self.rows, rss)

    def transform_alone(self):
        figures = json.loads(told([self.programs / "bench_parts", "--benchmark_filter=^transform_with_time$", "--benchmark_format=json"]))
        rate = float(figures["benchmarks"][0]["items_per_second"])
        return Measured(rate, 1e6 / rate)

    # --- B

    def path_b(self, kafka):
        runs, alone = [], []
        for number in range(self.rounds):
            topic = f"bench-b-{number}"
            with one_partition(kafka, f"{topic}-alone"):
                alone.append(probe([self.programs / "kafka_probe", "produce", kafka.address, f"{topic}-alone", self.rows, self.lines]))
            with one_partition(kafka, topic):
                runs.append(self.forward_once(kafka, topic, number))
            self.say(f"B: round {number + 1} of {self.rounds} done")
        ours, producing = self.add("B", "logpipe forward", runs), self.add("B", "librdkafka produce-only", alone)
        journal = self.journal_alone()
        self.add("B", "journal: append and read", [journal])
        self.target("B", "CPU: times produce-only and the journal's own", ours.cpu / (producing.cpu + journal.cpu), 1.5)
        self.target("B", "CPU-s a million", ours.cpu, 1.2)
        self.target("B", "rate, events/s", ours.rate, 800_000, at_least=True)
        self.target("B", "peak RSS, MiB", ours.rss, 100)
        chunks_bench.chunks(self, kafka, Measured, producing.cpu + journal.cpu)
        with one_partition(kafka, "bench-b-profile"):
            self.explain_misses("B", lambda profile: self.forward_once(kafka, "bench-b-profile", "profile", profile))

    def start_forwarder(self, listen, journal, kafka, topic):
        return start([self.logpipe, "forward", "--listen", listen, "--journal", self.folder / journal, "--to",
                      f"kafka://{kafka.address}/{topic}", "--admin", "none", "--log-level", "error"], stdout=subprocess.DEVNULL)

    @staticmethod
    def stop(child):
        child.terminate()
        return finish(child)

    def forward_once(self, kafka, topic, number, profile=None):
        listen = free_address()
        forwarder = self.start_forwarder(listen, f"journal-{number}", kafka, topic)
        if profile:
            profile.pid = forwarder.pid
        began = time.monotonic()
        sender = start([self.logpipe, "produce", "--file", self.lines, "--to", f"forward://{listen}", "--log-level", "error"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        finish(sender)
        admin, end = kafka.admin(), time.monotonic() + WAIT_MAX
        while sum(admin.ends(topic).values()) < self.rows:
            if time.monotonic() > end or forwarder.poll() is not None:
                raise Failed(f"path B: {sum(admin.ends(topic).values())} of {self.rows} events came to the topic")
            time.sleep(0.01)
        wall = time.monotonic() - began
        cpu, rss = self.stop(forwarder)
        if sum(admin.ends(topic).values()) != self.rows:
            raise Failed(f"path B: {sum(admin.ends(topic).values())} messages of {self.rows} events")
        return Measured(self.rows / wall, cpu * 1e6 / self.rows, rss)

    def journal_alone(self):
        figures = json.loads(told([self.programs / "bench_parts", "--benchmark_filter=^journal_append_synced|^journal_read_back$",
                                   "--benchmark_format=json"]))["benchmarks"]
        seconds = sum(each["cpu_time"] * 1e-9 * each["iterations"] / (each["items_per_second"] * each["real_time"] * 1e-9 * each["iterations"])
                      for each in figures)
        return Measured(1 / seconds, seconds * 1e6)

    # --- C

    def path_c(self):
        rows = max(self.rows // 16_000, 10) * 16_000
        text = told([HERE / "run_bench.py", self.logpipe, self.programs / "sqlite_loader", "--rows", rows, "--rounds", self.rounds])
        for words in ("", " with full text"):
            figures = {}
            for name in ("loader", "run"):
                found = re.search(rf"^{name}{words} +(\d+) +([\d.]+)(?: +(\d+))?$", text, re.MULTILINE)
                figures[name] = Measured(float(found[1]), float(found[2]), float(found[3] or 0))
            self.table.append(("C", f"logpipe run{words}", figures["run"]))
            self.table.append(("C", f"bare SQLite loader{words}", figures["loader"]))
            self.target("C", f"rate: share of the loader's{words}", figures["run"].rate / figures["loader"].rate, 0.85, at_least=True)
            self.target("C", f"CPU: times the loader's{words}", figures["run"].cpu / figures["loader"].cpu, 1.7)
        self.explain_misses("C", self.run_once)

    def run_once(self, profile):
        child = start([self.logpipe, "run", "--from", self.lines, "--once", "--data-dir", self.folder / "run-profile", "--admin", "none",
                       "--log-level", "error"], stdout=subprocess.DEVNULL)
        profile.pid = child.pid
        finish(child)

    # --- D

    def path_d(self, kafka):
        rows = min(self.rows // 2, 200_000)
        kafka.admin().create_topic("bench-d", partitions=1, **{"retention.ms": "-1"})
        # By logpipe, whose ids come with the messages and sort as they were sent, as the loader's do: scattered ones (of
        # messages by others) cost OpenSearch 8 to 16 % more CPU.
        told([self.logpipe, "produce", "--demo", f"lines={rows}&seed=1", "--to", f"kafka://{kafka.address}/bench-d",
              "--log-level", "error"])
        documents = self.folder / "documents-d.jsonl"
        told([self.logpipe, "consume", "--from", f"kafka://{kafka.address}/bench-d", "--to", f"file:{documents}", "--group", "file",
              "--once", "--admin", "none", "--log-level", "error"])
        runs, loads, shares = [], [], []
        with OpenSearchServer(heap="1g") as store:
            for number in range(self.rounds + 1):  # the first one warms the server up and does not count
                both = [lambda: loads.append(self.load_once(store, documents, rows)),
                        lambda: runs.append(self.index_once(kafka, store, rows, number, shares))]
                for measure in both if number % 2 else reversed(both):
                    measure()
                self.say(f"D: round {number} of {self.rounds} done")
            ours, loader = self.add("D", "logpipe consume, real OpenSearch", runs[1:]), self.add("D", "raw loader, real OpenSearch", loads[1:])
            self.target("D", "rate: share of the raw loader's", ours.rate / loader.rate, 0.95, at_least=True)
            self.target("D", "logpipe's share of all CPU used", statistics.median(shares[1:]), 0.05)
            self.explain_misses("D", lambda profile: self.index_once(kafka, store, rows, "profile", shares, profile))

    def in_new_index(self, store, rows, fill):
        """fill() puts so many documents into index `bench-d`; what is left of it would disturb the next."""
        told([self.logpipe, "setup", "opensearch", "--to", f"opensearch://{store.address}/bench-d"])
        measured = fill()
        if store.count("bench-d") != rows:
            raise Failed("path D: not every document is in the index")
        store.must("DELETE", "/bench-d")
        return measured

    def load_once(self, store, documents, rows):
        host, port = store.address.split(":")
        return self.in_new_index(store, rows, lambda: probe([self.programs / "bulk_loader", host, port, "bench-d", documents, rows, 4, 2400]))

    def index_once(self, kafka, store, rows, number, shares, profile=None):
        def indexed():
            status, told_us = store.request("GET", "/bench-d/_stats/indexing")
            return 0 if status == 404 else told_us["_all"]["primaries"]["indexing"]["index_total"]

        def fill():
            servers = (store.child.pid, kafka.nodes[0].child.pid)
            before = sum(map(cpu_of_process, servers))
            child = start([self.logpipe, "consume", "--from", f"kafka://{kafka.address}/bench-d", "--to", f"opensearch://{store.address}/bench-d",
                           "--group", f"bench-d-{number}", "--once", "--admin", "none", "--log-level", "error"], stdout=subprocess.DEVNULL)
            if profile:
                profile.pid = child.pid
            rate = rate_from_first(indexed, rows, child)
            cpu, rss = finish(child)
            shares.append(cpu / (cpu + sum(map(cpu_of_process, servers)) - before))
            return Measured(rate, cpu * 1e6 / rows, rss)
        return self.in_new_index(store, rows, fill)

    # --- L, S

    def path_l(self, kafka):
        rates = [figures.rate for _, what, figures in self.table if what in ("logpipe consume", "logpipe forward")]
        with Stub(self.programs / "bulk_stub") as stub:
            waits_bench.latency(self, kafka, stub, 0.2 * min(rates, default=250_000))

    # --- What came out

    def report(self):
        lines = ["| path | program | events/s | CPU-s a million | peak RSS MiB |", "| --- | --- | ---: | ---: | ---: |"]
        for path, what, figures in self.table:
            rss = f"{figures.rss:.0f}" if figures.rss else ""
            lines.append(f"| {path} | {what} | {figures.rate:,.0f} | {figures.cpu:.3f} | {rss} |")
        lines += ["", "| path | target | measured | bound | |", "| --- | --- | ---: | ---: | --- |"]
        for path, words, figure, bound, met, at_least in self.targets:
            lines.append(f"| {path} | {words} | {figure:,.3f} | {'≥' if at_least else '≤'} {bound:,.3g} | {'met' if met else 'MISSED'} |")
        head = (f"{platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}; {self.rows:,} events, medians of {self.rounds} rounds")
        text = "\n".join([head, "", *lines]) + "\n"
        (self.out / "paths.md").write_text(text)
        self.say("\n" + text)
        self.plot()

    def plot(self):
        if not self.table:
            return
        data = self.out / "paths.dat"
        data.write_text("".join(f'"{path}: {what}" {figures.cpu}\n' for path, what, figures in self.table))
        script = (f'set terminal svg size 900,{120 + 34 * len(self.table)} font "sans,13"; set output "{self.out}/paths.svg"; set style fill solid 0.8; '
                  'set logscale x; set xlabel "CPU seconds a million events (logarithmic)"; set grid x; set lmargin 38; unset key; '
                  f'set yrange [{len(self.table)}:-1]; set xrange [0.02:*]; '
                  f'plot "{data}" using (0.5*$2):0:(0.02):2:($0-0.35):($0+0.35):ytic(1) with boxxyerror lc rgb "#3b6ea5"')
        subprocess.run(["gnuplot", "-e", script], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, metavar="BUILD_FOLDER")
    parser.add_argument("--quick", action="store_true", help="one round of fewer events, in less than five minutes")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", default="A,B,C,D,L,S")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    build = options.build.resolve()
    out = options.out or build
    out.mkdir(parents=True, exist_ok=True)
    rows = options.rows or (300_000 if options.quick else 2_000_000)
    rounds = options.rounds or (1 if options.quick else 3)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    only = options.only.upper().split(",")
    with tempfile.TemporaryDirectory(prefix="logpipe-bench-") as name:
        bench = Bench(build, out, pathlib.Path(name), rows, rounds)
        try:
            bench.make_lines()
            if {"A", "B", "D", "L"} & set(only):
                with KafkaServer(heap="1g") as kafka:
                    for path, measure in (("A", bench.path_a), ("B", bench.path_b), ("L", bench.path_l), ("D", bench.path_d)):
                        if path in only:
                            measure(kafka)
            if "C" in only:
                bench.path_c()
            if "S" in only:
                waits_bench.start(bench, (1 if options.quick else 10) << 30)
            bench.report()
        except (Failed, subprocess.CalledProcessError) as failure:
            print(f"paths_bench: {failure}", getattr(failure, "stderr", None) or "", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
