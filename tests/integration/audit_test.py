#!/usr/bin/env python3
"""Dead letters, audit and replay on real Kafka and real OpenSearch.

    tests/integration/audit_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library, kcat, Java.
"""

import base64
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from logpipe_process import Process, program_environment, wait_while_it_moves  # noqa: E402
from real_pipeline import RealPipeline  # noqa: E402
from servers import KafkaServer, OpenSearchServer  # noqa: E402

PROGRAM = os.environ.get("LOGPIPE")
LINES = 200
BYTE_MAX = 127


def setUpModule():
    global kafka, store, folder
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="logpipe-audit-"))).resolve()
    kafka = unittest.enterModuleContext(KafkaServer())
    store = unittest.enterModuleContext(OpenSearchServer())


class Case(unittest.TestCase):
    def run_program(self, *words, status=0):
        done = subprocess.run([PROGRAM, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=120, env=program_environment())
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def send(self, pipeline):
        with Process("produce", pipeline.folder, [PROGRAM, "produce", "--demo", f"lines={LINES}&seed=7&serial=1", "--to",
                                                  f"forward://{pipeline.listen}"]) as sending:
            sending.must_end_well(120)
        pipeline.forward.wait_for(lambda ledger: ledger["in"] == LINES, "the lines to be counted")
        pipeline.wait_through()

    def ids(self, index):
        """Serial by id."""
        store.count(index)
        hits = store.must("POST", f"/{index}/_search", {"size": 10_000, "_source": ["serial"]})["hits"]["hits"]
        return {hit["_id"]: hit["_source"]["serial"] for hit in hits}

    def audit(self, subcommand, pipeline, *words, status=0):
        hops = [word for topic, group in pipeline.hops() for word in ("--from", pipeline.topic_uri(topic), "--group", group)]
        return json.loads(self.run_program(subcommand, *hops, "--to", pipeline.store_uri(), "--json", *words, status=status).stdout)

    def verify(self, pipeline, *words, status=0):
        return self.audit("verify", pipeline, *words, status=status)

    def trace(self, pipeline, of, status=0):
        """@return its state, and the steps as (where, what)"""
        (event,) = self.audit("trace", pipeline, of, status=status)["events"]
        return event["state"], event["steps"]


class DeadLetters(Case):
    def test_a_retry_after_the_mapping_is_mended_indexes_exactly_what_was_rejected(self):
        # A byte holds no serial above 127.
        store.must("PUT", "/letters", {"mappings": {"properties": {"serial": {"type": "byte", "ignore_malformed": False}}}})
        with RealPipeline(PROGRAM, folder, kafka, store, "letters") as pipeline:
            pipeline.start(indexers=0)
            pipeline.wait_ready()
            self.send(pipeline)
            before = self.ids("letters")
            self.assertEqual(sorted(before.values()), list(range(1, BYTE_MAX + 1)))
            letters = f"{pipeline.topic_uri(pipeline.logs)}.dlq"
            listed = json.loads(self.run_program("dlq", "ls", letters, "--json", "--newest", 1000).stdout)
            self.assertEqual(listed["dead_letters"], LINES - BYTE_MAX)
            self.assertEqual([group["dead_letters"] for group in listed["groups"]], [LINES - BYTE_MAX])  # whatever values they name
            dead = {letter["id"] for letter in listed["newest"]}
            self.assertTrue(self.verify(pipeline)["accounted_for"])
            self.assertTrue(self.verify(pipeline, "--ids")["accounted_for"])

            state, steps = self.trace(pipeline, min(dead))
            self.assertEqual((state, [step["what"] for step in steps]), ("dead letter", ["in the topic", "dead letter"]))
            self.assertEqual(steps[1]["stage"], "opensearch")

            # Not mended yet: they come back. (Few of them, or the breaker would hold the stage.)
            self.run_program("dlq", "retry", letters, *sorted(dead)[:10])
            pipeline.wait_through()
            again = json.loads(self.run_program("dlq", "ls", letters, "--json", "--newest", 1000).stdout)
            self.assertEqual({letter["id"] for letter in again["newest"]}, dead)
            self.assertEqual(sum(letter["attempts"] == 2 for letter in again["newest"]), 10)
            self.assertEqual(self.ids("letters"), before)

            store.must("PUT", "/letters/_mapping", {"properties": {"serial": {"type": "byte", "ignore_malformed": True}}})
            self.assertIn(f"{len(dead)} dead letters would go", self.run_program("dlq", "retry", letters, "--all", "--dry-run").stdout)
            self.run_program("dlq", "retry", letters, "--all")
            pipeline.wait_through()
            after = self.ids("letters")
            self.assertEqual(after.keys() - before.keys(), dead)
            self.assertEqual(sorted(after.values()), list(range(1, LINES + 1)))
            self.assertEqual(json.loads(self.run_program("dlq", "ls", letters, "--json").stdout)["dead_letters"], 0)
            told = self.verify(pipeline, "--ids")
            self.assertTrue(told["accounted_for"])
            self.assertEqual((told["ids"], told["endpoints"][0]["duplicates"]), (LINES, 10 + len(dead)))
            state, steps = self.trace(pipeline, min(dead))
            life = ["in the topic", "dead letter", "retried or purged"]
            self.assertEqual((state, [step["what"] for step in steps]), ("stored", [*life, *life, "in the topic", "stored"]))
            offsets = [step["offset"] for step in steps if step["what"] == "in the topic"]
            self.assertEqual(offsets, sorted(set(offsets)))
            self.assertEqual((steps[-1]["id"], steps[-1]["index"]), (min(dead), "letters"))
            self.assertTrue(steps[-1]["@timestamp"])
            pipeline.stop()

    def test_documents_that_opensearch_alone_fails_become_letters_and_stop_nobody(self):
        if store.version.startswith("3."):
            self.skipTest("Maven Central has no ingest module of OpenSearch 3, whose processors fail a document")
        store.must("PUT", "/_ingest/pipeline/poison", {"processors": [{"fail": {"if": "ctx.serial % 50 == 0", "message": "poison"}}]})
        store.must("PUT", "/apart", {"settings": {"index.default_pipeline": "poison"}})
        done = self.run_program("run", "--from", f"demo:nginx?lines={LINES}&seed=7&serial=1", "--once", "--store", f"opensearch://{store.address}/apart",
                                "--data-dir", "apart", "--page", "none", "--admin", "none", "--document-tries", 3, "--document-retry-time", "1s")
        self.assertIn(f"in {LINES} = indexed 196 + already there 0 + dead 4 + in flight 0\n", done.stdout)
        self.assertIn(f"4 of {LINES} events are DEAD LETTERS", done.stderr.splitlines()[-1])
        listed = json.loads(self.run_program("dlq", "ls", "journal:apart/nginx-logs.dlq", "--json").stdout)
        self.assertEqual([(group["dead_letters"], group["reason"].partition(";")[0]) for group in listed["groups"]],
                         [(4, "500 fail_processor_exception: poison")])
        self.assertEqual(sorted(self.ids("apart").values()), [serial for serial in range(1, LINES + 1) if serial % 50 != 0])


class LargeLetters(Case):
    """Each message is one that its topic takes just so; a topic of letters with the broker's own limits may not."""

    MESSAGES = {"nuls": b"\0" * 180_000, "quotes": b'"' * 600_000, "not UTF-8": b"\xff\xc3\x28" * 100_000, "looks like a letter": b'{"id":"x"}}',
                "noise": random.Random(1).randbytes(1_048_400)}

    def letters(self, uri):
        shown = self.run_program("dlq", "show", uri, "--all", "--json").stdout.splitlines()
        return sorted(base64.b64decode(letter["record_base64"]) if "record_base64" in letter else letter["record"].encode()
                      for letter in map(json.loads, shown))

    def put(self, topic):
        for name, message in self.MESSAGES.items():
            (folder / name).write_bytes(message)
        subprocess.run(["kcat", "-P", "-b", kafka.address, "-t", topic, "-X", "message.max.bytes=2000000", *[str(folder / name) for name in self.MESSAGES]],
                       check=True, timeout=60)

    def moves_on(self, kind, topic, dead, *words):
        """To the end of the topic, and so again: nothing is left. @param dead  letters that there have been by then"""
        for left in (len(self.MESSAGES), 0):
            done = self.run_program(kind, "--from", f"kafka://{kafka.address}/{topic}", *words, "--once", "--admin", "none", "--group", f"{topic}-{kind}",
                                    status=4 if left else 0)
            self.assertIn(f"dead {dead} + in flight 0", done.stdout)

    def test_what_is_rejected_is_a_letter_that_fits_and_comes_back_to_the_byte(self):
        wanted = sorted(self.MESSAGES.values())
        for kind, to in (("consume", f"kafka://{kafka.address}/large-out"), ("index", f"sqlite:{folder}/large.sqlite")):
            strict = ("--format", "json", "--strict-lines") if kind == "consume" else ()  # else text is a document
            for made_before in (True, False):
                topic = f"large-{kind}-{to.split(':')[0]}-{'old' if made_before else 'new'}"
                with self.subTest(topic):
                    kafka.admin().create_topic(topic)
                    if made_before:
                        kafka.admin().create_topic(f"{topic}.dlq", cleanup_policy="compact")
                    self.put(topic)
                    self.moves_on(kind, topic, len(wanted), "--to", to, *strict)
                    letters = f"kafka://{kafka.address}/{topic}.dlq"
                    self.assertTrue(self.letters(letters) == wanted)
                    listed = json.loads(self.run_program("dlq", "ls", letters, "--json").stdout)
                    self.assertEqual((listed["dead_letters"], listed["incomplete"], listed["unreadable"]), (len(wanted), 0, 0))
                    self.assertEqual(sum(letter["parts"] > 1 for letter in listed["newest"]), int(made_before))
                    self.run_program("dlq", "retry", letters, "--all")
                    self.assertEqual(self.letters(letters), [])
                    self.moves_on(kind, topic, 2 * len(wanted), "--to", to, *strict)
                    self.assertTrue(self.letters(letters) == wanted)


class ReplayAndVerify(Case):
    def test_a_replay_of_a_whole_topic_changes_nothing_and_the_audit_sees_what_is_missing(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "again") as pipeline:
            pipeline.start()
            pipeline.wait_ready()
            self.send(pipeline)
            before = self.ids("again")
            self.assertEqual(len(before), LINES)
            self.assertTrue(self.verify(pipeline)["accounted_for"])
            self.assertEqual(self.verify(pipeline, "--ids", "--memory", "1K")["ids"], LINES)

            (indexer,) = pipeline.indexers
            replay = ["replay", "--group", "again-index", "--from", pipeline.topic_uri(pipeline.events), "--to"]
            refused = self.run_program(*replay, "beginning", status=1).stderr
            self.assertIn("index-0 on ", refused)
            indexer.stop()
            self.assertIn(f"{LINES} events come again", self.run_program(*replay, "beginning", "--dry-run").stdout)
            self.assertIn("moved", self.run_program(*replay, "beginning").stdout)
            indexer.start()
            pipeline.wait_through()
            (pump,) = indexer.status()["pumps"]
            self.assertEqual((pump["this_run"]["indexed"], pump["this_run"]["duplicates"]), (0, LINES))
            self.assertEqual(self.ids("again"), before)

            # A document that goes behind our back, and a message that its group is moved past.
            lost = next(iter(before))
            store.must("DELETE", f"/again/_doc/{lost}")
            unread = "0" * 25 + "4"
            indexer.stop()
            subprocess.run(["kcat", "-P", "-b", kafka.address, "-t", pipeline.events, "-p", "0", "-K", "|"], input=f"lp1.{unread}|{{}}", text=True,
                           check=True, timeout=60)
            self.assertEqual(self.verify(pipeline, "--ids", status=1)["missing"]["first"][0]["id"], lost)  # the message is on its way
            self.assertEqual(self.trace(pipeline, lost, status=1)[0], "lost")
            state, (step,) = self.trace(pipeline, unread, status=1)
            self.assertEqual((state, step["endpoint"], step["offset"], step["waiting_for"]), ("waiting", f"kafka {pipeline.events}", LINES, ["again-index"]))
            (event,) = self.audit("trace", pipeline, '"serial":17}')["events"]
            self.assertEqual((event["id"], event["state"]), ({serial: each for each, serial in before.items()}[17], "stored"))
            self.assertEqual([step["endpoint"] for step in event["steps"]], [f"kafka {pipeline.logs}", f"kafka {pipeline.events}", "opensearch again"])
            self.run_program(*replay, "end")
            told = self.verify(pipeline, "--ids", status=1)
            self.assertEqual({each["id"] for each in told["missing"]["first"]}, {lost, unread})
            self.assertEqual((told["doubled"]["events"], told["strange"]["events"]), (0, 0))
            self.assertFalse(self.verify(pipeline, status=1)["accounted_for"])
            pipeline.forward.stop()
            for stage in pipeline.consumers:
                stage.stop()


class Offsets(Case):
    def test_tombstones_and_expired_offsets_leave_no_difference_and_hide_no_missing_event(self):
        with RealPipeline(PROGRAM, folder, kafka, store, "holes") as pipeline:
            pipeline.start()
            pipeline.wait_ready()
            self.send(pipeline)
            subprocess.run(["kcat", "-P", "-Z", "-b", kafka.address, "-t", pipeline.events, "-K", "|"], input="a|\nb|\nc|\n", text=True, check=True,
                           timeout=60)
            pipeline.wait_through()
            self.assert_hops(pipeline, {"tombstones": 3, "gaps": 0, "expired": 0})
            self.assertEqual(pipeline.status()["state"], "up")
            for words in ((), ("--ids",)):
                told = self.verify(pipeline, *words)
                self.assertTrue(told["accounted_for"])
            self.assertEqual([place["tombstones"] for place in told["endpoints"] if place["name"] == f"kafka {pipeline.events}"], [3])
            self.assertEqual(pipeline.indexers[0].ledger()["tombstones"], 3)

            # What was read may expire; what was not is told, until somebody says that he knows.
            kafka.admin().delete_records(pipeline.events, LINES // 2)
            self.assertTrue(self.verify(pipeline)["accounted_for"])
            (indexer,) = pipeline.indexers
            indexer.stop()
            with Process("produce", pipeline.folder, [PROGRAM, "produce", "--demo", "lines=50&seed=8&serial=1", "--to",
                                                      f"forward://{pipeline.listen}"]) as sending:
                sending.must_end_well(120)
            end = LINES + 3 + 50
            wait_while_it_moves(lambda: (kafka.admin().ends(pipeline.events) == {0: end}, kafka.admin().ends(pipeline.events)), "50 documents")
            kafka.admin().delete_records(pipeline.events, end - 10)
            self.assertEqual(self.verify(pipeline, status=1)["expired"], 40)
            indexer.start()
            pipeline.wait_through()
            self.assert_hops(pipeline, {"tombstones": 3, "gaps": 0, "expired": 40})
            self.assertEqual(self.verify(pipeline, "--ids", status=1)["expired"], 40)
            self.assertTrue(self.verify(pipeline, "--accept-expired")["accounted_for"])
            # By ids the first topic still has what expired in the second, and tells which.
            self.assertEqual(self.verify(pipeline, "--ids", "--accept-expired", status=1)["missing"]["events"], 40)
            hop = ("--from", pipeline.topic_uri(pipeline.events), "--group", "holes-index", "--to", pipeline.store_uri())
            self.assertIn("40 offsets were gone before they were read (accepted)", self.run_program("verify", *hop, "--accept-expired").stdout)
            self.assertIn("--accept-expired", self.run_program("verify", *hop, status=1).stdout)
            lost = next(iter(self.ids("holes")))
            store.must("DELETE", f"/holes/_doc/{lost}")
            self.run_program("verify", *hop, "--accept-expired", status=1)
            pipeline.stop()

    def assert_hops(self, pipeline, terms):
        (hop,) = [each for each in pipeline.status()["hops"] if each["name"].startswith(f"kafka {pipeline.events} ")]
        self.assertEqual({name: hop[name] for name in (*terms, "in_flight", "difference")}, {**terms, "in_flight": 0, "difference": 0})


class SetUp(Case):
    def test_the_template_is_put_once_and_a_dry_run_puts_nothing(self):
        uri = f"opensearch://{store.address}/prepared"
        self.assertTrue(self.run_program("setup", "opensearch", "--to", uri, "--dry-run").stdout)
        before = store.must("GET", "/_index_template")["index_templates"]
        self.run_program("setup", "opensearch", "--to", uri)
        after = store.must("GET", "/_index_template")["index_templates"]
        self.assertEqual(len(after), len(before) + 1)
        self.run_program("setup", "opensearch", "--to", uri)
        self.assertEqual(len(store.must("GET", "/_index_template")["index_templates"]), len(after))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
