#!/usr/bin/env python3
"""Starts the real servers and does with them what other tests rely on. Standard library, kcat, curl."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

import jvm
from jvm import AddressInUse, free_ports, started_on_free_ports
from kafka_server import PASSWORD, STRANGER, STRANGER_PASSWORD, USER
from servers import KafkaCluster, KafkaError, KafkaServer, OpenSearchServer

HERE = pathlib.Path(__file__).resolve().parent
TIME_MAX = 120


def kcat(*arguments, stdin="", status=0):
    done = subprocess.run(["kcat", *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=TIME_MAX, check=False)
    if (done.returncode == 0) != (status == 0):
        raise AssertionError(f"kcat {arguments}: {done.returncode} {done.stdout}{done.stderr}")
    return done.stdout if status == 0 else done.stderr


def send(brokers, topic, lines):
    kcat("-P", "-b", brokers, "-t", topic, "-X", "acks=all", "-X", "message.timeout.ms=60000", stdin="".join(f"{line}\n" for line in lines))


def read(brokers, topic):
    return kcat("-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q").splitlines()


def sasl(listener, mechanism, user, password, tls):
    properties = {"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism, "sasl.username": user, "sasl.password": password,
                  "ssl.ca.location": tls / "ca.pem"}
    return ["-b", listener, *(word for name, value in properties.items() for word in ("-X", f"{name}={value}"))]


class Kafka(unittest.TestCase):
    def test_what_was_acknowledged_is_there_after_a_kill_on_the_same_port(self):
        with KafkaServer() as kafka:
            admin = kafka.admin()
            admin.create_topic("lines", partitions=2)
            self.assertEqual(sorted(admin.describe_topic("lines")), [0, 1])
            with self.assertRaises(KafkaError) as twice:
                admin.create_topic("lines")
            self.assertEqual(twice.exception.code, 36)
            address = kafka.address
            send(address, "lines", range(100))
            for _ in range(2):
                kafka.kill()
                kafka.start()
            self.assertEqual(kafka.address, address)
            self.assertEqual(sorted(map(int, read(address, "lines"))), list(range(100)))
            self.assertEqual(sum(admin.ends("lines").values()), 100)
            self.assertIn("Delivery failed", kcat("-P", "-b", address, "-t", "never-made", "-X", "message.timeout.ms=3000",
                                                stdin="x\n", status=1))
            admin.delete_topic("lines")
            self.assertIsNone(admin.describe_topic("lines"))
            folder = kafka.folder
        self.assertFalse(folder.exists())

    def test_a_cluster_goes_on_without_one_of_three(self):
        with KafkaCluster(3) as cluster:
            admin = cluster.admin()
            self.assertEqual(sorted(admin.brokers()), [1, 2, 3])
            admin.create_topic("lines", partitions=3, replication=3)
            send(cluster.address, "lines", range(50))
            cluster.nodes[0].kill()
            send(cluster.address, "lines", range(50, 100))
            self.assertEqual(sorted(map(int, read(cluster.address, "lines"))), list(range(100)))
            cluster.nodes[0].start()
            end = time.monotonic() + TIME_MAX
            while not all(len(partition["in_sync"]) == 3 for partition in admin.describe_topic("lines").values()):
                self.assertLess(time.monotonic(), end, "the node that came back never caught up")
                time.sleep(0.1)

    def test_users_certificates_and_rights_are_asked_on_the_secure_listeners_only(self):
        with KafkaServer(secure=True) as kafka:
            admin = kafka.admin()
            admin.create_topic("lines")
            send(kafka.address, "lines", ["plain"])
            for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
                known = sasl(kafka.sasl_ssl, mechanism, USER, PASSWORD, kafka.tls)
                self.assertIn('topic "lines"', kcat("-L", *known))
                wrong = sasl(kafka.sasl_ssl, mechanism, USER, "wrong", kafka.tls)
                self.assertIn("uthentication failed", kcat("-L", *wrong, status=1))
            stranger = sasl(kafka.sasl_ssl, "SCRAM-SHA-512", STRANGER, STRANGER_PASSWORD, kafka.tls)
            self.assertNotIn('topic "lines"', kcat("-L", *stranger))
            for operation in ("describe", "read"):
                admin.allow(STRANGER, "topic", "lines", operation)
            self.assertEqual(kcat("-C", *stranger, "-t", "lines", "-o", "beginning", "-e", "-q"), "plain\n")
            self.assertIn("uthorization failed", kcat("-P", *stranger, "-t", "lines", stdin="x\n", status=1))
            self.assertIn("verify", kcat("-L", "-b", kafka.ssl, "-X", "security.protocol=SSL", "-X",
                                         f"ssl.ca.location={kafka.tls / 'other-ca.pem'}", status=1))


class OpenSearch(unittest.TestCase):
    def test_what_was_indexed_is_there_after_a_kill_on_the_same_port(self):
        with OpenSearchServer() as store:
            body = b"".join(b'{"create":{"_id":"%d"}}\n{"number":%d}\n' % (number, number) for number in range(300))
            told = store.must("POST", "/lines/_bulk", body)
            self.assertFalse(told["errors"])
            address = store.address
            store.kill()
            store.start()
            self.assertEqual(store.address, address)
            self.assertEqual(store.count("lines"), 300)
            self.assertEqual(store.count("no-such-index"), 0)
            self.assertEqual(sorted(document["number"] for document in store.documents("lines", page=70)), list(range(300)))
            told = store.must("POST", "/lines/_bulk", body)
            self.assertEqual({item["create"]["status"] for item in told["items"]}, {409})

    def test_names_passwords_and_rights_are_asked_over_tls(self):
        with OpenSearchServer(secure=True) as store:
            self.assertEqual(store.request("PUT", "/lines", user=("logpipe", "Opens-sesame-0"))[0], 200)
            self.assertEqual(store.request("GET", "/lines", user=("logpipe", "wrong"))[0], 401)
            self.assertEqual(store.request("GET", "/lines", user=("stranger", "Says-simsalabim-0"))[0], 403)
            store.kill()
            store.start()
            self.assertEqual(store.request("GET", "/lines", user=("logpipe", "Opens-sesame-0"))[0], 200)


class WithServers(unittest.TestCase):
    def start(self, *words):
        return subprocess.Popen([sys.executable, HERE / "with_servers.py", *words], stdout=subprocess.PIPE, text=True)

    def test_the_command_finds_the_servers_and_its_status_is_ours(self):
        with self.start("--kafka", "--opensearch", "--", "sh", "-c",
                        "kcat -L -b $LOGPIPE_KAFKA && curl -sf $LOGPIPE_OPENSEARCH && exit 7") as child:
            told, _ = child.communicate(timeout=TIME_MAX)
        self.assertEqual(child.returncode, 7, told)
        self.assertIn("1 brokers", told)
        self.assertIn("logpipe-tests", told)

    def test_nothing_is_left_whether_it_is_asked_to_end_or_killed(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.start("--kafka", "--", "sh", "-c", "echo $$ $(pgrep -P $PPID); exec sleep 600") as child:
                pids = [int(word) for word in child.stdout.readline().split()]
                self.assertGreaterEqual(len(pids), 2)  # the command and the server
                child.send_signal(number)
                child.wait(TIME_MAX)
            end = time.monotonic() + TIME_MAX
            while any(os.path.exists(f"/proc/{pid}") for pid in pids):
                self.assertLess(time.monotonic(), end, f"some of {pids} live on")
                time.sleep(0.05)


class Ports(unittest.TestCase):
    def test_a_start_is_tried_again_with_others_when_one_was_taken(self):
        tried = []

        def start(ports):
            tried.append(tuple(ports))
            if len(tried) < 3:
                raise AddressInUse("taken")
            return ports
        started_on_free_ports(2, start)
        self.assertEqual(len(set(tried)), 3)

    def test_ports_are_distinct(self):
        self.assertEqual(len(set(free_ports(200))), 200)

    def test_a_server_whose_port_is_taken_starts_on_others(self):
        real, given = jvm.free_ports, []
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()

            def first_taken(count):
                ports = real(count)
                if not given:
                    ports[1] = taken.getsockname()[1]
                given.append(ports)
                return ports
            jvm.free_ports = first_taken
            try:
                with KafkaServer() as kafka:
                    self.assertIn(1, kafka.admin().brokers())
            finally:
                jvm.free_ports = real
        self.assertEqual(len(given), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
