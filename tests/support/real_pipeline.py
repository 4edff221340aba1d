"""The whole pipeline in processes, on real servers: forward → Kafka → consume → Kafka → index → OpenSearch.

And a load for it that is there for as long as a test wants it.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from logpipe_process import Failed, Process, Stage, free_address, wait_while_it_moves  # noqa: E402
from oracle import digest, prove  # noqa: E402

STALL_SECONDS_MAX = 180.0  # a server that comes back, an eviction, the longest back-off: all of it on a busy machine
PATIENCE = "1h"  # of `produce`: the tests say how long something is away


class RealPipeline:
    """Topics NAME-logs and NAME-events, index NAME, groups of that name. Stages end with the block.

    `more` are words for every stage, `forward_more` for forward. Members of a group that die are missed after 6 s, Kafka's
    least."""

    def __init__(self, program, folder, kafka, store, name, partitions=1, replication=1, more=(), forward_more=(), wrapper=()):
        self.program, self.folder, self.kafka, self.store, self.name = program, folder / name, kafka, store, name
        self.folder.mkdir()
        self.logs, self.events, self.index_name = f"{name}-logs", f"{name}-events", name
        self.more = ["--partitions", partitions, "--replication", replication, *more]
        self.listen = free_address()
        self.journal = self.folder / "journal"
        self.forward_more, self.wrapper = forward_more, wrapper
        self.blocks = contextlib.ExitStack()
        self.forward = None
        self.consumers, self.indexers = [], []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.blocks.close()

    def topic_uri(self, topic):
        return f"kafka://{self.kafka.address}/{topic}"

    def store_uri(self):
        return f"{'opensearchs' if self.store.secure else 'opensearch'}://{self.store.address}/{self.index_name}"

    def _start(self, name, words, wrapper=()):
        stage = Stage(name, self.folder, self.program, [*words, *self.more], wrapper)
        return self.blocks.enter_context(stage)

    def start_forward(self):
        self.forward = self._start("forward", ["forward", "--listen", self.listen, "--journal", self.journal, "--to",
                                               self.topic_uri(self.logs), *self.forward_more], self.wrapper)

    def _member(self, kind, members, words):
        number = 0  # a name for each that ever was
        while (self.folder / f"{kind}-{number}.stderr").exists():
            number += 1
        stage = self._start(f"{kind}-{number}", [kind, *words, "--group", f"{self.name}-{kind}", "--client-id", f"{kind}-{number}",
                                                 "--session-timeout", "6s"])
        members.append(stage)
        return stage

    def start_consume(self, *more):
        return self._member("consume", self.consumers, ["--from", self.topic_uri(self.logs), "--to", self.topic_uri(self.events), *more])

    def start_consume_to_store(self, *more):
        """consume and index in one process."""
        return self._member("consume", self.consumers, ["--from", self.topic_uri(self.logs), "--to", self.store_uri(), *more])

    def start_index(self, *more):
        return self._member("index", self.indexers, ["--from", self.topic_uri(self.events), "--to", self.store_uri(), *more])

    def start(self, consumers=1, indexers=1):
        """All at once: that the next one is not there yet is what each has to live with. `indexers` 0: no second topic."""
        self.start_forward()
        for _ in range(consumers):
            self.start_consume() if indexers else self.start_consume_to_store()
        for _ in range(indexers):
            self.start_index()
        return self

    def stages(self):
        return [self.forward, *self.consumers, *self.indexers]

    def wait_ready(self):
        for stage in self.stages():
            stage.wait_ready()

    def hops(self):
        """(topic, group) of each hop over Kafka."""
        return [(self.logs, f"{self.name}-consume")] + ([(self.events, f"{self.name}-index")] if self.indexers else [])

    def state(self):
        """What Kafka and OpenSearch say, in numbers that grow."""
        admin = self.kafka.admin()
        return [(admin.ends(topic), admin.committed(group, topic)) for topic, group in self.hops()], self.store.count(self.index_name)

    def wait_through(self):
        """Until forward has nothing left, the groups have committed all that is in their topics and every stage's ledger is
        even. Kafka is asked for its offsets, not logpipe."""
        def through():
            for stage in self.stages():
                stage.running.must_run()
            # In this order: what forward has handed on by now is in the topic's end.
            ledgers = [stage.ledger() for stage in self.stages()]
            hops, count = self.state()
            done = all(ledger is not None and ledger["in_flight"] == 0 and ledger["difference"] == 0 for ledger in ledgers) and all(
                ends and {at: end for at, end in ends.items() if end > 0} == committed for ends, committed in hops)
            return done, (hops, count, [ledger and (ledger["in"], ledger["indexed"]) for ledger in ledgers])
        try:
            wait_while_it_moves(through, f"everything to come through {self.name}", STALL_SECONDS_MAX, 0.2)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.what_stages_say()}") from None

    def documents_at_least(self, count, load=None, pause=0.2):
        """Waits until so many can be found."""
        def there():
            for stage in self.stages():
                stage.running.must_run()
            if load is not None:
                load.must_run()
            found = self.store.count(self.index_name)
            return found >= count, found
        try:
            return wait_while_it_moves(there, f"{count} documents in {self.name}", STALL_SECONDS_MAX, pause)
        except Failed as failure:
            raise Failed(f"{failure}\n{self.what_stages_say()}") from None

    def status(self, *more, exit_status=0):
        """What `logpipe status` says of all of it. A word of `more` that is given again takes the place of ours."""
        words = {"--brokers": self.kafka.address, "--opensearch": f"http://{self.store.address}", "--timeout": "20s",
                 **dict(zip(more[::2], more[1::2]))}
        places = [word for stage in self.stages() for word in ("--at", stage.admin)]
        hops = [word for topic, group in self.hops() for word in ("--hop", f"{topic}:{group}")]
        done = subprocess.run([self.program, "status", "--json", *places, *hops, "--index", self.index_name,
                               *[word for pair in words.items() for word in pair]], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != exit_status:
            raise Failed(f"status ends with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def what_stages_say(self):
        return "\n".join(f"{stage.name}: {stage.troubles()}\n{stage.running.last_lines()}" for stage in self.stages())

    def stop(self):
        """In the order of the data; each must end well."""
        for stage in self.stages():
            stage.stop()

    def prove(self, expected):
        prove(self.store.documents(self.index_name), expected)

    def dead_letters(self, topic):
        """Of a topic's stage, as they are in TOPIC.dlq, the newest of each id."""
        if self.kafka.admin().describe_topic(f"{topic}.dlq") is None:
            return []
        done = subprocess.run([self.program, "dlq", "show", f"{self.topic_uri(topic)}.dlq", "--all", "--json"],
                              capture_output=True, text=True, timeout=60, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


class Load:
    """Made-up lines at a steady rate until finish(), through `produce` reading its standard input. What was sent is in
    `expected`: a digest by serial. Ends with its block."""

    TRICKLE_SECONDS = 0.02  # between two lines

    def __init__(self, program, folder, to, seed, rate):
        self.expected = {}
        self.done = threading.Event()
        self.slow = threading.Event()
        self.blocks = contextlib.ExitStack()
        read_end, write_end = os.pipe()
        self.lines = open(read_end, "rb")
        self.blocks.enter_context(self.lines)
        with open(write_end, "wb") as into:
            self.making = self.blocks.enter_context(Process("made", folder, [
                program, "produce", "--demo", f"lines=1000000000&seed={seed}&serial=1&rate={rate}", "--to", "stdout:"], stdout=into))
        self.sending = self.blocks.enter_context(Process("produce", folder, [
            program, "produce", "-", "--to", to, "--give-up-after", PATIENCE], stdin=subprocess.PIPE))
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        with self.sending.child.stdin as out:
            for line in self.lines:
                if self.done.is_set():
                    return
                record = json.loads(line)
                try:
                    out.write(line)
                    out.flush()
                except BrokenPipeError:  # must_run() tells
                    return
                self.expected[record["serial"]] = digest(record)
                if self.slow.is_set():
                    self.done.wait(self.TRICKLE_SECONDS)

    @contextlib.contextmanager
    def trickling(self):
        """Few lines while the block runs: so that a slow machine catches up with what it has."""
        self.slow.set()
        try:
            yield
        finally:
            self.slow.clear()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.done.set()
        self.making.kill()
        self.sending.kill()
        self.thread.join()
        self.blocks.close()

    def must_run(self):
        self.making.must_run()
        self.sending.must_run()

    def finish(self, seconds=300):
        """Sends no more, and waits until all of it is acknowledged. @return what was sent"""
        self.must_run()
        self.done.set()
        self.thread.join()
        self.sending.must_end_well(seconds)
        return self.expected
