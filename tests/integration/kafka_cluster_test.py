#!/usr/bin/env python3
"""What Kafka does to a reader: a leader that lacks what was read, and a member that is killed where the broker assigns.

    tests/integration/kafka_cluster_test.py [UNITTEST ARGUMENTS…]

The program is $LOGPIPE. Standard library, kcat, Java.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from jars import KAFKA_4_VERSION  # noqa: E402
from logpipe_process import Stage, wait_while_it_moves  # noqa: E402
from oracle import made_lines  # noqa: E402
from servers import KafkaCluster, KafkaServer  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE")
SECONDS_MAX = 120  # without anything moving


def setUpModule():
    global folder
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-cluster-"))).resolve()


def write(address, topic, lines, acks):
    subprocess.run(["kcat", "-P", "-b", address, "-t", topic, "-X", f"acks={acks}"], input=b"\n".join(lines) + b"\n", check=True,
                   timeout=SECONDS_MAX)


class Reader(Stage):
    """`consume` into a file of documents."""

    def __init__(self, name, address, topic, *more):
        self.out = folder / f"{name}.jsonl"
        super().__init__(name, folder, PROGRAM, ["consume", "--from", f"kafka://{address}/{topic}", "--to", f"file:{self.out}",
                                                 "--group", topic, *more])

    def agents(self):
        """Of the documents that are there in whole; the lines' agents are numbers here."""
        text = self.out.read_text(encoding="utf-8") if self.out.exists() else ""
        return [int(json.loads(line)["event"]["agent"]) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def wait_for_all(self, numbers):
        def look():
            self.running.must_run()
            found = self.agents()
            return set(numbers) <= set(found), len(set(found))
        wait_while_it_moves(look, f"{self.name} to have {len(numbers)} lines", SECONDS_MAX, 0.2)


def numbered(first, count):
    line = json.loads(made_lines(PROGRAM, folder, "lines=1&seed=1").read_text(encoding="utf-8"))
    return [json.dumps({**line, "agent": str(number)}).encode() for number in range(first, first + count)]


class UncleanElection(unittest.TestCase):
    def test_what_is_written_to_a_leader_that_lacks_what_was_read_is_read_too(self):
        with KafkaCluster(3) as cluster:
            admin, topic = cluster.admin(), "unclean"
            admin.create_topic(topic, replication=2, min_insync_replicas=1, unclean_leader_election_enable="true")
            with Reader("reader", cluster.address, topic) as reader:
                write(cluster.address, topic, numbered(0, 500), "all")
                reader.wait_for_all(range(500))
                first, second = (next(node for node in cluster.nodes if node.number == number)
                                 for number in (admin.describe_topic(topic)[0]["leader"],
                                                *(set(admin.describe_topic(topic)[0]["replicas"])
                                                  - {admin.describe_topic(topic)[0]["leader"]})))
                second.kill()
                wait_while_it_moves(lambda: (admin.describe_topic(topic)[0]["in_sync"] == [first.number], None),
                                    "the replica to be out of sync", SECONDS_MAX, 0.2)
                write(cluster.address, topic, numbered(500, 1000), "1")
                reader.wait_for_all(range(1500))
                first.kill()
                second.launch_server()
                others = ",".join(node.address for node in cluster.nodes if node is not first)
                wait_while_it_moves(lambda: (admin.describe_topic(topic)[0]["leader"] == second.number, None),
                                    "the replica to lead", SECONDS_MAX, 0.2)
                write(others, topic, numbered(10_000, 1500), "1")
                reader.wait_for_all([*range(1500), *range(10_000, 11_500)])


class BrokerAssigns(unittest.TestCase):
    def test_a_member_that_is_killed_gives_its_partitions_to_the_other(self):
        session = ["group.consumer.session.timeout.ms=6000", "group.consumer.min.session.timeout.ms=1000",
                   "group.consumer.heartbeat.interval.ms=1000", "group.consumer.min.heartbeat.interval.ms=500"]
        with KafkaServer(version=KAFKA_4_VERSION, properties=session) as kafka:
            kafka.admin().create_topic("shared", partitions=4)
            protocol = ["--kafka", "group.protocol=consumer"]
            with Reader("one", kafka.address, "shared", *protocol) as one, Reader("two", kafka.address, "shared", *protocol) as two:
                self.wait_for_partitions({one: 2, two: 2})
                write(kafka.address, "shared", numbered(0, 400), "all")
                self.wait_for_both((one, two), range(400))
                one.kill()
                self.wait_for_partitions({two: 4})
                write(kafka.address, "shared", numbered(400, 400), "all")
                self.wait_for_both((one, two), range(800))

    def wait_for_partitions(self, wanted):
        def look():
            held = {reader: reader.gauges().get("kafka_assigned_partitions") for reader in wanted}
            return held == wanted, list(held.values())
        wait_while_it_moves(look, f"partitions: {list(wanted.values())}", SECONDS_MAX, 0.2)

    def wait_for_both(self, readers, numbers):
        def look():
            found = {number for reader in readers for number in reader.agents()}
            return set(numbers) <= found, len(found)
        wait_while_it_moves(look, f"{len(numbers)} lines", SECONDS_MAX, 0.2)


if __name__ == "__main__":
    unittest.main()
