"""What happens to the pipeline: one function a scenario, each on topics and an index of its own."""

import base64
import json
import pathlib
import random
import re
import subprocess
import time

from ack_eater import AckEater
from logpipe_process import Failed, Process, wait_while_it_moves
from oracle import digest, expected_digests, made_lines
from real_pipeline import PATIENCE, STALL_SECONDS_MAX, Load, RealPipeline
from servers import KafkaCluster

ALL = {}
BYTES_OF_DISK = "48m"


def scenario(function):
    ALL[function.__name__.replace("_", "-")] = function
    return function


class Ground:
    """What a scenario stands on: servers, chance, the options."""

    def __init__(self, options, name, folder, kafka, store):
        self.options, self.name, self.folder, self.kafka, self.store = options, name, folder, kafka, store
        self.program, self.kills = options.logpipe, options.kills
        self.chance = random.Random(f"{options.seed}-{name}")  # the same whatever else is run
        self.demo_seed = self.chance.randrange(1_000_000)

    def pipeline(self, **words):
        return RealPipeline(self.program, self.folder, words.pop("kafka", self.kafka), self.store, self.name, **words)

    def load(self, pipeline, to=None):
        return Load(self.program, pipeline.folder, f"forward://{to or pipeline.listen}", self.demo_seed, self.options.rate)

    def say(self, words):
        print(f"  {self.name}: {words}", flush=True)

    def pause(self, least=0.05, most=2.0):
        time.sleep(self.chance.uniform(least, most))

    def flow(self, pipeline, load):
        """Waits until what is sent now can be found: what was broken before works again."""
        with load.trickling():
            pipeline.documents_at_least(max(len(load.expected), 1), load)

    def end(self, pipeline, load):
        """The load ends, all of it comes through, everybody goes in order; then the proof."""
        self.prove(pipeline, load.finish())

    def prove(self, pipeline, expected):
        if not expected:
            raise Failed("no line was sent")
        pipeline.wait_through()
        pipeline.prove(expected)
        pipeline.stop()
        self.say(f"proved: each of {len(expected)} serials is indexed once, as it was sent")


@scenario
def stages_killed(ground):
    """kill -9 of forward, consume and index at random moments under load."""
    with ground.pipeline(partitions=2) as pipeline:
        pipeline.start()
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            victims = [stage for stage in pipeline.stages() for _ in range(ground.kills)]
            ground.chance.shuffle(victims)
            for number, victim in enumerate(victims):
                # Within the first milliseconds too: a kill that hits the recovery from the one before.
                ground.pause(0.0, 0.3) if ground.chance.random() < 0.3 else ground.pause(0.3, 3.0)
                victim.kill_and_start_again()
                ground.say(f"kill {number + 1} of {len(victims)}: {victim.name} at {len(load.expected)} lines")
            ground.flow(pipeline, load)
            ground.end(pipeline, load)


@scenario
def static_members_killed(ground):
    """kill -9 of consume straight to the store, whose partitions wait for it (--instance-id)."""
    with ground.pipeline(partitions=2) as pipeline:
        pipeline.start_forward()
        members = [pipeline.start_consume_to_store("--instance-id", f"member-{number}") for number in range(2)]
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            for number in range(ground.kills):
                ground.pause()
                ground.chance.choice(members).kill_and_start_again()
                ground.say(f"kill {number + 1} of {ground.kills} at {len(load.expected)} lines")
                ground.flow(pipeline, load)
            ground.end(pipeline, load)


@scenario
def produce_killed(ground):
    """kill -9 of produce, which is started again with the same run id."""
    lines = ground.options.rate * 3 * (ground.kills + 1)
    demo = f"lines={lines}&seed={ground.demo_seed}&serial=1"
    with ground.pipeline() as pipeline:
        pipeline.start()
        words = [ground.program, "produce", "--demo", demo, "--run-id", "chaos", "--to", f"forward://{pipeline.listen}", "--give-up-after",
                 PATIENCE, "--in-flight", "1"]
        for number in range(ground.kills):
            wanted = int(lines * ground.chance.uniform(number, number + 1) / (ground.kills + 1))
            with Process("produce", pipeline.folder, words) as producing:
                def reached(wanted=wanted, producing=producing):
                    ledger = pipeline.forward.ledger()
                    return not producing.runs() or (ledger is not None and ledger["in"] >= wanted), ledger
                wait_while_it_moves(reached, f"{wanted} lines at forward")
                ground.say(f"kill {number + 1} of {ground.kills}: {'running' if producing.runs() else 'had ended'}")
        with Process("produce", pipeline.folder, words) as producing:
            producing.must_end_well(300)
        ground.prove(pipeline, expected_digests(ground.program, pipeline.folder, demo))


def kill_and_start(ground, server):
    """kill -9 of a server under load, and back, again and again."""
    with ground.pipeline(partitions=2) as pipeline:
        pipeline.start()
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            for number in range(ground.kills):
                ground.pause()
                server.kill()
                sent = len(load.expected)
                ground.pause(0.0, 3.0)
                server.start()
                ground.say(f"kill {number + 1} of {ground.kills} at {sent} lines, back at {len(load.expected)}")
                ground.flow(pipeline, load)
            ground.end(pipeline, load)


@scenario
def kafka_killed(ground):
    """kill -9 of the only broker under load, and back."""
    kill_and_start(ground, ground.kafka)


@scenario
def broker_lost(ground):
    """one of three brokers killed and away for some time, each in its turn."""
    with KafkaCluster(3) as cluster, ground.pipeline(kafka=cluster, partitions=3, replication=3) as pipeline:
        pipeline.start()
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            for number in range(ground.kills):
                ground.pause()
                lost = ground.chance.choice(cluster.nodes)
                lost.kill()
                sent = len(load.expected)
                ground.flow(pipeline, load)  # two are enough
                lost.start()
                ground.say(f"loss {number + 1} of {ground.kills}: broker {lost.number} at {sent} lines, back at {len(load.expected)}")
                wait_in_sync(cluster, pipeline)
            ground.end(pipeline, load)


def wait_in_sync(cluster, pipeline):
    """Before the next one goes: a partition with one in-sync replica left takes nothing."""
    def look():
        admin = cluster.admin()
        state = [sorted(at["in_sync"]) for topic, _ in pipeline.hops() for at in admin.describe_topic(topic).values()]
        return all(len(replicas) == 3 for replicas in state), state
    wait_while_it_moves(look, "all replicas to be in sync", STALL_SECONDS_MAX, 0.2)


@scenario
def opensearch_killed(ground):
    """kill -9 of OpenSearch under load, and back."""
    kill_and_start(ground, ground.store)


@scenario
def members_come_and_go(ground):
    """members of both groups join and leave 20 times, with 4 partitions."""
    with ground.pipeline(partitions=4) as pipeline:
        pipeline.start()
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            for number in range(20):
                members, start = ground.chance.choice(((pipeline.consumers, pipeline.start_consume), (pipeline.indexers, pipeline.start_index)))
                if len(members) == 1 or (len(members) < 4 and ground.chance.random() < 0.5):
                    ground.say(f"change {number + 1} of 20: {start().name} joins {len(members) - 1}")
                else:
                    leaving = members.pop(ground.chance.randrange(len(members)))
                    abruptly = ground.chance.random() < 0.3
                    leaving.kill() if abruptly else leaving.stop()
                    ground.say(f"change {number + 1} of 20: {leaving.name} {'is killed' if abruptly else 'leaves'}, {len(members)} stay")
                ground.pause(0.1, 1.5)
            ground.flow(pipeline, load)
            ground.end(pipeline, load)


@scenario
def acks_lost(ground):
    """every third acknowledgement of forward is lost, and the connection with it."""
    with ground.pipeline() as pipeline:
        pipeline.start()
        pipeline.forward.wait_ready()
        with AckEater(pipeline.listen) as way, ground.load(pipeline, way.address) as load:
            wanted = 10 * ground.kills

            def eaten():
                load.must_run()
                return way.eaten >= wanted, way.seen
            wait_while_it_moves(eaten, f"{wanted} lost acknowledgements")
            ground.end(pipeline, load)
            if way.failures:
                raise Failed(f"forward sent something else: {way.failures[0]}")
            ground.say(f"{way.eaten} of {way.seen} acknowledgements were lost")


def private_disk(at):
    """Words before a command that give it a small disk of its own at a folder, which goes with the process; None where this
    machine does not let us. Ours to see below /proc/PID/root."""
    mount = f'mount -t tmpfs -o size={BYTES_OF_DISK} none "$0" && exec "$@"'
    for unshare in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        words = [*unshare, "sh", "-c", mount, str(at)]
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    return None


@scenario
def disk_full(ground):
    """the disk under forward's journal is full, and has room again."""
    small = ["--journal-segment-bytes", "1M"]
    disk = ground.folder / f"{ground.name}-disk"
    disk.mkdir()
    wrapper = private_disk(disk)
    if wrapper is None:
        ground.say("no disk of its own could be mounted here: the journal's own limit stands for it")
        small += ["--journal-bytes-max", "16M"]
    with ground.pipeline(forward_more=small, wrapper=wrapper or ()) as pipeline:
        if wrapper is not None:
            pipeline.journal = disk / "journal"
        pipeline.start()
        with ground.load(pipeline) as load:
            for number in range(ground.kills):
                ground.flow(pipeline, load)
                ground.pause(0.0, 1.0)
                fill(ground, pipeline, load, disk if wrapper else None)
                ground.say(f"full {number + 1} of {ground.kills} at {len(load.expected)} lines: {pipeline.forward.troubles()}")
                free(ground, pipeline, disk if wrapper else None)
            ground.flow(pipeline, load)
            ground.end(pipeline, load)


def ballast_in(pipeline, disk):
    """As it is seen from our file system, where that disk is not mounted."""
    return pathlib.Path(f"/proc/{pipeline.forward.running.child.pid}/root{disk}/ballast")


def fill(ground, pipeline, load, disk):
    """With a file that takes all there is; or, without a disk, by holding Kafka back. Until forward says that it can't."""
    if disk is None:
        ground.kafka.kill()

    def stuck():
        load.must_run()
        pipeline.forward.running.must_run()
        if disk is not None:
            try:
                with open(ballast_in(pipeline, disk), "ab", buffering=0) as ballast:
                    while ballast.write(bytes(65536)) == 65536:
                        pass
            except OSError:
                pass  # no space left on device: as wanted
        return any("space" in why or "full" in why for why in pipeline.forward.troubles()), len(load.expected)
    wait_while_it_moves(stuck, "forward to say that the disk is full", STALL_SECONDS_MAX, 0.05)


def free(ground, pipeline, disk):
    if disk is None:
        ground.kafka.start()
    else:
        ballast_in(pipeline, disk).unlink()


@scenario
def outage(ground):
    """OpenSearch is away for longer than max.poll.interval.ms, while lines keep coming."""
    with ground.pipeline(partitions=2, more=["--kafka", "max.poll.interval.ms=60000"]) as pipeline:
        pipeline.start()
        pipeline.wait_ready()
        with ground.load(pipeline) as load:
            ground.flow(pipeline, load)
            admin = ground.kafka.admin()
            before = [admin.members(group) for _, group in pipeline.hops()]
            ground.store.kill()
            sent, end = len(load.expected), time.monotonic() + ground.options.away
            while time.monotonic() < end:
                load.must_run()
                time.sleep(0.5)
            coming = len(load.expected) - sent
            if coming < ground.options.rate * ground.options.away / 4:  # a busy machine is slow; one that waits has next to none
                raise Failed(f"only {coming} lines were taken in {ground.options.away} s: forward made them wait")
            after = [admin.members(group) for _, group in pipeline.hops()]
            if after != before:
                raise Failed(f"a member was thrown out: {before}, then {after}")
            ground.store.start()
            ground.say(f"{coming} lines came in {ground.options.away} s without OpenSearch, nobody was thrown out of a group")
            ground.flow(pipeline, load)
            ground.end(pipeline, load)


# Each with a number to know it by. What is no event, then events and documents that the store refuses: an object where a text
# is due, and the other way round.
NO_EVENT = (b"{not json, poison-%d", b'{["poison-%d"]', b'{"cut": "poison-%d", ', b'{"control, poison-%d": "\x01"}', b"{\x01\x02 poison-%d",
            b'{"a string, poison-%d"')
POISON_LINES = NO_EVENT
POISON_DOCUMENTS = (*NO_EVENT, b'{"event": {"agent": {"poison-%d": 1}}}', b'{"event": "poison-%d"}')


def markers_of(letters):
    """The numbers of the poisonous lines, by the ids of their dead letters: one that was written twice has one id."""
    found = {}
    for letter in letters:
        if not letter["reason"] or not letter["stage"]:
            raise Failed(f"a dead letter without stage or reason: {letter}")
        record = base64.b64decode(letter["record_base64"]) if "record_base64" in letter else letter["record"].encode()
        marker = re.search(rb"poison-(\d+)", record)
        if marker is None:
            raise Failed(f"this is no poison: {letter}")
        found[letter["id"]] = int(marker[1])
    return sorted(found.values())


def wait_for_topic(kafka, topic):
    def look():
        return kafka.admin().describe_topic(topic) is not None, None
    wait_while_it_moves(look, f"topic {topic}", STALL_SECONDS_MAX, 0.1)


@scenario
def poison(ground):
    """one line of a hundred is poison, and so are messages put into the topics: all in the dead letters, none else."""
    demo = f"lines={ground.options.rate * 5}&seed={ground.demo_seed}&serial=1"
    expected, poisons = {}, 0
    with ground.pipeline() as pipeline:
        lines = pipeline.folder / "poisoned.jsonl"
        with open(made_lines(ground.program, pipeline.folder, demo), "rb") as good, open(lines, "wb") as out:
            for number, line in enumerate(good):
                record = json.loads(line)
                expected[record["serial"]] = digest(record)
                out.write(line)
                if number % 99 == 98:
                    out.write(POISON_LINES[poisons % len(POISON_LINES)] % poisons + b"\n")
                    poisons += 1
        pipeline.start()
        pipeline.wait_ready()
        with Process("produce", pipeline.folder, [ground.program, "produce", "--file", lines, "--to", f"forward://{pipeline.listen}"]) as sending:
            sending.must_end_well(300)
        for topic, kinds in ((pipeline.logs, POISON_LINES), (pipeline.events, POISON_DOCUMENTS)):
            wait_for_topic(ground.kafka, topic)
            text = b"".join(each % (poisons + number) + b"\n" for number, each in enumerate(kinds))
            subprocess.run(["kcat", "-P", "-b", ground.kafka.address, "-t", topic], input=text, check=True, timeout=60)
            poisons += len(kinds)
        ground.prove(pipeline, expected)
        letters = pipeline.dead_letters(pipeline.logs) + pipeline.dead_letters(pipeline.events)
        for path in pipeline.folder.glob("*.jsonl"):
            if "dead-letters" in path.name:
                letters += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        exported = subprocess.run([ground.program, "journal", "export", f"{pipeline.journal}/nginx-logs.forward.dlq"],
                                  capture_output=True, text=True, check=True, timeout=60)
        letters += [json.loads(line) for line in exported.stdout.splitlines()]
        if markers_of(letters) != list(range(poisons)):
            missing = sorted(set(range(poisons)) - set(markers_of(letters)))
            raise Failed(f"{len(letters)} dead letters of {poisons} poisonous lines; missing: {missing[:10]}")
        ground.say(f"{poisons} poisonous lines are in the dead letters, each with its reason")
