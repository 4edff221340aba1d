#!/usr/bin/env python3
"""The whole pipeline on real Kafka and real OpenSearch, each stage a process, as a user runs it.

    tests/integration/pipeline_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. LOGPIPE_TEST_LINES may name a file of real nginx lines, which are sent as well. Standard
library, kcat, Java.
"""

import calendar
import collections
import datetime
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
import kafka_server  # noqa: E402
import opensearch_server  # noqa: E402
from ledger_looks import looking  # noqa: E402
from logpipe_process import Process, Stage, free_address, wait_while_it_moves  # noqa: E402
from metrics_page import DocumentedMetrics, ServedMetrics  # noqa: E402
from oracle import FIELDS, made_lines  # noqa: E402
from real_pipeline import STALL_SECONDS_MAX, Load, RealPipeline  # noqa: E402
from servers import KafkaServer, OpenSearchServer  # noqa: E402
from web_folder import web_folder  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE")
REAL_LINES = os.environ.get("LOGPIPE_TEST_LINES")
LINES = 51_462
EXACT_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{6})?Z$"  # three digits where it is a whole millisecond
SHAPE = {"event": set(FIELDS), "fields": {"region", "assetid"}, "@version": None, "@timestamp": None, "time": None, "index": None,
         "sourcetype": None}


def setUpModule():
    global kafka, store, folder
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-pipeline-"))).resolve()
    kafka = unittest.enterModuleContext(KafkaServer(secure=True))
    store = unittest.enterModuleContext(OpenSearchServer())


def kcat_lines(topic, *more):
    done = subprocess.run(["kcat", "-C", "-b", kafka.address, "-t", topic, "-o", "beginning", "-e", "-q", *more], capture_output=True,
                          text=True, timeout=120, check=True)
    return done.stdout.splitlines()


def base32_number(text):
    """base32hex, as in the keys."""
    number = 0
    for digit in text:
        number = number << 5 | "0123456789abcdefghijklmnopqrstuv".index(digit)
    return number


def milliseconds_of(time):
    return nanoseconds_of(time) // 1_000_000


def nanoseconds_of(time):
    """Of "2026-01-31T01:31:39.995470770Z"; Python's own times end at microseconds."""
    seconds, fraction = time.rstrip("Z").split(".")
    return calendar.timegm(datetime.datetime.fromisoformat(seconds).timetuple()) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def canonical(record):
    return json.dumps(record, sort_keys=True)


class Whole(unittest.TestCase):
    def test_a_file_from_a_url_becomes_as_many_documents_of_the_promised_shape(self):
        files = [("made", made_lines(PROGRAM, folder, f"lines={LINES}&seed=1").read_bytes())]
        if REAL_LINES:
            files.append(("real", pathlib.Path(REAL_LINES).read_bytes()))
        for name, content in files:
            with self.subTest(name), RealPipeline(PROGRAM, folder, kafka, store, f"whole-{name}") as pipeline:
                records = [json.loads(line) for line in content.splitlines()]
                pipeline.start()
                pipeline.forward.wait_ready()
                with web_folder({"/nginx_json_logs": content}) as url, Process("produce", pipeline.folder, [
                        PROGRAM, "produce", "--url", f"{url}/nginx_json_logs", "--to", f"forward://{pipeline.listen}"]) as sending:
                    sending.must_end_well(300)
                pipeline.wait_through()
                self.check_documents(pipeline, records)
                self.check_aggregations(pipeline.index_name, records)
                self.check_topics(pipeline, records)
                self.check_status(pipeline, len(records))
                self.check_metrics(pipeline)
                pipeline.stop()

    def check_documents(self, pipeline, records):
        wanted = collections.Counter(canonical({field: record.get(field) for field in FIELDS}) for record in records)
        found, assets = collections.Counter(), set()
        for document in store.documents(pipeline.index_name):
            self.assertEqual(document.keys(), SHAPE.keys())
            for part in ("event", "fields"):
                self.assertEqual(document[part].keys(), SHAPE[part])
            self.assertEqual((document["@version"], document["index"], document["sourcetype"]), ("1", "nginx", "nginx"))
            self.assertRegex(document["@timestamp"], EXACT_TIME)
            self.assertEqual(milliseconds_of(document["@timestamp"]), document["time"])
            self.assertRegex(document["fields"]["assetid"], "^[0-9a-f]{32}$")
            assets.add(document["fields"]["assetid"])
            found[canonical({field: document["event"][field] for field in FIELDS})] += 1
        self.assertEqual(sum(found.values()), len(records))
        # Not assertEqual: what it would tell of two long lists takes minutes to work out.
        self.assertTrue(found == wanted, f"differ: {list((found - wanted).items())[:3]} {list((wanted - found).items())[:3]}")
        self.assertEqual(len(assets), len(records))

    def check_status(self, pipeline, events):
        report = pipeline.status()
        self.assertEqual(report["state"], "up")
        found = {(each["kind"], each["name"]): each for each in report["components"]}
        self.assertEqual(found["kafka", "kafka"]["numbers"]["brokers"], 1)
        self.assertEqual(found["opensearch", "opensearch"]["numbers"]["documents"], events)
        self.assertTrue(found["opensearch", "opensearch"]["version"])
        for topic, group in pipeline.hops():
            self.assertEqual(found["topic", topic]["numbers"]["messages"], events)
            self.assertEqual(found["group", group]["numbers"], {"lag_events": 0, "members": 1})
            (hop,) = [each for each in report["hops"] if each["name"] == f"kafka {topic} → {group}"]
            self.assertEqual((hop["in"], hop["indexed"] + hop["duplicates"], hop["in_flight"], hop["difference"]), (events, events, 0, 0))
        # One of them away: it is named, with the reason, and the others are told as before.
        for option, kind in (("--opensearch", "opensearch"), ("--brokers", "kafka")):
            away = pipeline.status(option, "http://127.0.0.1:1" if kind == "opensearch" else "127.0.0.1:1", "--timeout", "5s", exit_status=1)
            (down,) = [each for each in away["components"] if each["state"] != "up"]
            self.assertEqual((down["kind"], down["state"]), (kind, "down"))
            self.assertIn("127.0.0.1:1", down["address"])
            self.assertTrue(down["reason"])

    def check_metrics(self, pipeline):
        """Of the stages that need real servers: what the reference names; tests/program/metrics_test.py has the others."""
        page = DocumentedMetrics()
        for process, stage in ((pipeline.consumers[0], "kafka_source"), (pipeline.indexers[0], "opensearch_sink")):
            served = ServedMetrics(process.metrics())
            self.assertEqual(served.of_stage(stage), page.of_stage(stage))
            for name in served.of_stage(stage):
                self.assertEqual((name, served.types[name], served.labels[name]), (name, page.types[name], page.labels[name]))

    def check_aggregations(self, index, records):
        keyword = "event.remote_ip" if self.type_of(index, "event.remote_ip") == "ip" else "event.remote_ip.keyword"
        told = store.must("POST", f"/{index}/_search", {"size": 0, "track_total_hits": True, "aggs": {
            "responses": {"terms": {"field": "event.response", "size": 100}}, "bytes": {"sum": {"field": "event.bytes"}},
            "addresses": {"terms": {"field": keyword, "size": 10}}}})
        self.assertEqual(told["hits"]["total"]["value"], len(records))
        responses = collections.Counter(record["response"] for record in records)
        self.assertEqual({bucket["key"]: bucket["doc_count"] for bucket in told["aggregations"]["responses"]["buckets"]}, responses)
        self.assertEqual(told["aggregations"]["bytes"]["value"], sum(record["bytes"] for record in records))
        addresses = collections.Counter(record["remote_ip"] for record in records)
        for bucket in told["aggregations"]["addresses"]["buckets"]:
            self.assertEqual(bucket["doc_count"], addresses[bucket["key"]])

    def type_of(self, index, field):
        (mapping,) = store.must("GET", f"/{index}/_mapping/field/{field}").values()
        ((name, found),) = mapping["mappings"][field]["mapping"].items()
        self.assertEqual(name, field.rsplit(".", 1)[-1])
        return found["type"]

    def check_topics(self, pipeline, records):
        lines = kcat_lines(pipeline.logs)
        self.assertEqual(len(lines), len(records))
        self.assertTrue(collections.Counter(canonical(json.loads(line)) for line in lines) == collections.Counter(map(canonical, records)),
                        "the topic holds other records than the file")
        documents = kcat_lines(pipeline.events)
        self.assertEqual(len(documents), len(records))
        self.assertEqual(json.loads(documents[0]).keys(), SHAPE.keys())

    def test_the_nanoseconds_of_the_receipt_reach_the_document_and_the_tag_reaches_the_last_topic(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "exact") as pipeline:
            pipeline.start()
            pipeline.forward.wait_ready()
            with Process("produce", pipeline.folder, [PROGRAM, "produce", "--demo", "lines=1000&seed=5", "--tag", "app.site", "--to",
                                                      f"forward://{pipeline.listen}"]) as sending:
                sending.must_end_well(300)
            pipeline.wait_through()
            documents = self.by_id("exact")
            self.assertEqual(len(documents), 1000)
            for topic in (pipeline.logs, pipeline.events):
                keys = kcat_lines(topic, "-f", "%k\n")
                self.assertEqual({key[4:30] for key in keys}, documents.keys())
                for key in keys:
                    self.assertEqual((key[:4], key[56:]), ("lp2.", "app.site"))
                    self.assertEqual(nanoseconds_of(documents[key[4:30]]["@timestamp"]), base32_number(key[30:43]))
                    self.assertLess(abs(base32_number(key[43:56]) - base32_number(key[30:43])), 3600e9)
            self.assertTrue(any(len(document["@timestamp"]) == 30 for document in documents.values()), "no time has nanoseconds")
            # A date of OpenSearch's takes nine digits, finds and sorts by its milliseconds.
            newest = max(document["time"] for document in documents.values())
            hits = store.must("POST", "/exact/_search", {"size": 1, "sort": [{"@timestamp": "desc"}]})["hits"]["hits"]
            self.assertEqual((hits[0]["sort"], hits[0]["_source"]["time"]), ([newest], newest))
            found = store.must("POST", "/exact/_search", {"size": 0, "track_total_hits": True, "query": {
                "range": {"@timestamp": {"gte": min(each["@timestamp"] for each in documents.values())}}}})
            self.assertEqual(found["hits"]["total"]["value"], 1000)
            pipeline.stop()

    def test_consume_straight_to_the_store_makes_the_same_documents_with_the_same_ids(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "straight") as pipeline:
            pipeline.start()
            pipeline.forward.wait_ready()
            with Process("produce", pipeline.folder, [PROGRAM, "produce", "--demo", "lines=5000&seed=3", "--to",
                                                      f"forward://{pipeline.listen}"]) as sending:
                sending.must_end_well(300)
            pipeline.wait_through()
            with Stage("straight", pipeline.folder, PROGRAM, [
                    "consume", "--from", pipeline.topic_uri(pipeline.logs), "--to", f"opensearch://{store.address}/straight-too", "--group",
                    "straight-too"]) as straight:
                straight.wait_for(lambda ledger: ledger["indexed"] == 5000 and ledger["in_flight"] == 0, "5000 documents")
                straight.stop()
            self.assertTrue(self.by_id("straight") == self.by_id("straight-too"), "the documents differ")
            # The same again: each meets its id.
            with Stage("again", pipeline.folder, PROGRAM, [
                    "consume", "--from", pipeline.topic_uri(pipeline.logs), "--to", f"opensearch://{store.address}/straight-too", "--group",
                    "once-more"]) as again:
                ledger = again.wait_for(lambda ledger: ledger["in"] == 5000 and ledger["in_flight"] == 0, "5000 repeats")
                self.assertEqual((ledger["indexed"], ledger["duplicates"]), (0, 5000))
                again.stop()
            self.assertEqual(store.count("straight-too"), 5000)
            pipeline.stop()

    def by_id(self, index):
        store.count(index)
        hits = store.must("POST", f"/{index}/_search", {"size": 10_000})["hits"]["hits"]
        return {hit["_id"]: hit["_source"] for hit in hits}

    def test_run_takes_kafka_and_opensearch_in_place_of_its_own_parts(self):
        listen = free_address()
        with Stage("run", folder, PROGRAM, ["run", "--data-dir", folder / "run-data", "--listen", listen, "--broker",
                                            f"kafka://{kafka.address}/run-logs", "--store", f"opensearch://{store.address}/run-index"]) as run:
            run.wait_ready()
            with Process("produce-to-run", folder, [PROGRAM, "produce", "--demo", "lines=3000&seed=4", "--to", f"forward://{listen}"]) as sending:
                sending.must_end_well(300)
            run.wait_for(lambda ledger: ledger["indexed"] == 3000 and ledger["in_flight"] == 0 and ledger["difference"] == 0, "3000 documents")
            run.stop()
        self.assertEqual(store.count("run-index"), 3000)
        self.assertEqual(len(kcat_lines("run-logs")), 3000)

    def test_a_line_is_found_soon_after_it_was_sent_to_an_idle_pipeline(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "idle") as pipeline:
            pipeline.start()
            pipeline.wait_ready()
            host, port = pipeline.listen.rsplit(":", 1)
            seconds = []
            with socket.create_connection((host, int(port))) as client:
                for number in range(1, 6):
                    began = time.monotonic()
                    client.sendall(forward_message({"remote_ip": "10.0.0.1", "response": "200", "agent": f"idle {number}"}))
                    pipeline.documents_at_least(number, pause=0.002)
                    seconds.append(time.monotonic() - began)
                    if number == 1:  # index, mapping and topics were made for it
                        first = seconds.pop()
            print(f"socket to search: {', '.join(f'{each * 1000:.0f}' for each in sorted(seconds))} ms; the very first {first * 1000:.0f} ms")
            self.assertLess(min(seconds), 10)
            for stage in pipeline.stages():
                for histogram in ("logpipe_pump_safe_seconds", "logpipe_pump_event_age_seconds"):
                    counts = re.findall(rf"^{histogram}_count{{.*}} (\d+)$", stage.metrics(), re.MULTILINE)
                    self.assertIn("5", counts, f"{stage.name}: {histogram}")
            pipeline.stop()


def forward_message(record):
    """[tag, time, record] of the forward protocol; strings below 32 bytes."""
    def text(words):
        data = words.encode()
        return bytes([0xA0 | len(data)]) + data
    fields = b"".join(text(key) + text(value) for key, value in record.items())
    return b"\x93" + text("app.follow") + b"\xce" + int(time.time()).to_bytes(4, "big") + bytes([0x80 | len(record)]) + fields


class Groups(unittest.TestCase):
    def test_two_of_each_share_four_partitions_and_one_takes_over_from_a_dead_one(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "shared", partitions=4) as pipeline:
            pipeline.start(consumers=2, indexers=2)
            with (looking(*(stage.admin for stage in pipeline.stages())),
                  Load(PROGRAM, pipeline.folder, f"forward://{pipeline.listen}", seed=5, rate=2000) as load):
                for members in (pipeline.consumers, pipeline.indexers):
                    self.wait_for_share(members, [2, 2])
                    before = [stage.ledger()["in"] for stage in members]
                    wait_while_it_moves(lambda members=members, before=before: (
                        all(stage.ledger()["in"] > events for stage, events in zip(members, before)), len(load.expected)),
                        "both members to get events", pause=0.1)
                    for stage in members:
                        self.assertIn("kafka_lag_events", stage.gauges())
                for members in (pipeline.consumers, pipeline.indexers):
                    members.pop(0).kill()
                    began = time.monotonic()
                    self.wait_for_share(members, [4])
                    seconds = time.monotonic() - began
                    print(f"a dead member's partitions moved within {seconds:.1f} s; its session ends after 6 s")
                    self.assertLess(seconds, 60)
                pipeline.documents_at_least(len(load.expected), load)
                expected = load.finish()
            pipeline.wait_through()
            pipeline.prove(expected)
            for stage in pipeline.consumers + pipeline.indexers:
                self.assertEqual(stage.gauges()["kafka_lag_events"], 0)
            pipeline.stop()

    def wait_for_share(self, members, wanted):
        def look():
            for stage in members:
                stage.running.must_run()
            shares = [stage.gauges().get("kafka_assigned_partitions") for stage in members]
            return shares == wanted, shares
        wait_while_it_moves(look, f"shares of {wanted} partitions", STALL_SECONDS_MAX, 0.05)


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = cls.enterClassContext(OpenSearchServer(secure=True))
        cls.ca = folder / "authorities.pem"
        cls.ca.write_text((kafka.tls / "ca.pem").read_text() + (cls.store.tls / "ca.pem").read_text(), encoding="ascii")
        cls.files = {name: folder / name for name in ("kafka-password", "store-password", "stranger-password", "wrong-password")}
        for name, word in (("kafka-password", kafka_server.PASSWORD), ("store-password", opensearch_server.PASSWORD),
                           ("stranger-password", kafka_server.STRANGER_PASSWORD), ("wrong-password", "wrong")):
            cls.files[name].write_text(word + "\n", encoding="ascii")

    def words(self, user=kafka_server.USER, password="kafka-password", ca=None):
        return ["--kafka-security", "sasl_ssl", "--kafka-mechanism", "SCRAM-SHA-512", "--kafka-user", user, "--kafka-password-file",
                self.files[password], "--ca-file", ca or self.ca]

    def store_words(self, password="store-password"):
        return ["--opensearch-user", opensearch_server.USER, "--opensearch-password-file", self.files[password]]

    def test_users_and_certificates_are_shown_all_the_way(self):
        kafka_by_tls = SecureKafka(kafka)
        with RealPipeline(PROGRAM, folder, kafka_by_tls, self.store, "secure", more=self.words()) as pipeline:
            pipeline.start_forward()
            pipeline.start_consume()
            pipeline.start_index(*self.store_words())
            with Load(PROGRAM, pipeline.folder, f"forward://{pipeline.listen}", seed=6, rate=1000) as load:
                pipeline.documents_at_least(1000, load)
                expected = load.finish()
            pipeline.wait_through()
            pipeline.prove(expected)
            pipeline.stop()

    def trouble_of(self, name, command, pattern):
        """What the stage says while it is held: a clear line, once in its log for all the tries of that time."""
        with Stage(name, folder, PROGRAM, command) as stage:
            def look():
                stage.running.must_run()
                troubles = stage.troubles()
                return any(re.search(pattern, why, re.IGNORECASE) for why in troubles), troubles
            troubles = wait_while_it_moves(look, f"{name} to say /{pattern}/", STALL_SECONDS_MAX, 0.05)
            why = next(why for why in troubles if re.search(pattern, why, re.IGNORECASE))
            self.assertNotIn("\n", why)
            logged = [json.loads(line)["message"] for line in stage.running.error_path.read_text().splitlines()]
            self.assertTrue(any(re.search(pattern, line, re.IGNORECASE) for line in logged), logged)
            print(f"{name}: {why}")
            stage.running.child.terminate()
            self.assertIn(stage.running.child.wait(120), (0, 3))  # nothing was taken in that is not safe

    def from_secure(self, topic):
        return f"kafka://{kafka.sasl_ssl}/{topic}"

    def test_what_is_wrong_is_said_in_one_clear_line(self):
        admin = kafka.admin()
        admin.create_topic("forbidden-logs")
        topic, group = self.from_secure("forbidden-logs"), ["--group", "clear"]
        to_store = ["--to", f"opensearchs://{self.store.address}/clear"]
        other_kafka, other_store = kafka.tls / "other-ca.pem", self.store.tls / "other-ca.pem"
        stranger = self.words(kafka_server.STRANGER, "stranger-password")
        forward = ["forward", "--listen", "127.0.0.1:0", "--to", topic]
        consume = ["consume", "--from", topic, *group]
        index = ["index", "--from", f"kafka://{kafka.address}/forbidden-logs", *group, *to_store]
        for name, command, pattern in (
                ("kafka-wrong-password-writing", [*forward, "--journal", folder / "j1", *self.words(password="wrong-password")], "authentication"),
                ("kafka-wrong-password-reading", [*consume, *to_store, *self.words(password="wrong-password")], "authentication"),
                ("kafka-unknown-certificate", [*consume, *to_store, *self.words(ca=other_kafka)], "certificate"),
                ("kafka-no-right-to-write", [*forward, "--journal", folder / "j2", *stranger], "authoriz|not authorized"),
                ("kafka-no-right-to-read", [*consume, *to_store, *stranger], "authoriz"),
                ("opensearch-wrong-password", [*index, *self.store_words("wrong-password"), "--ca-file", self.ca], "401|password|authenticat"),
                ("opensearch-unknown-certificate", [*index, *self.store_words(), "--ca-file", other_store], "certificate")):
            with self.subTest(name):
                self.trouble_of(name, command, pattern)


class SecureKafka:
    """Kafka as who comes by SASL_SSL sees it; its operator comes by PLAINTEXT."""

    def __init__(self, server):
        self.address, self.admin = server.sasl_ssl, server.admin


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.isfile(sys.argv[1]):
        PROGRAM = sys.argv.pop(1)
    if PROGRAM is None:
        sys.exit("pipeline_test.py: which program?")
    PROGRAM = os.path.abspath(PROGRAM)
    unittest.main(verbosity=2)
