"""What the tests ask of Kafka as an operator, over its own protocol: topics, group offsets, ACLs.

Milliseconds each, where Kafka's own tools need a Java process. https://kafka.apache.org/protocol.html
"""

import socket
import struct
import time

NOT_YET = (5, 6, 7, 14, 15, 16, 41)  # leader or coordinator not there yet, timed out, not the controller: ask again
TRIES_SECONDS_MAX = 60


class KafkaError(Exception):
    """An error code of Kafka."""

    def __init__(self, what, code):
        super().__init__(f"{what}: Kafka's error {code}")
        self.code = code


def _string(text):
    if text is None:
        return struct.pack(">h", -1)
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _array(items, write):
    return struct.pack(">i", len(items)) + b"".join(map(write, items))


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        (value,) = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def string(self):
        length = self.number("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def array(self, read):
        return [read() for _ in range(self.number("i"))]


class KafkaAdmin:
    """Asks whichever of `addresses` (HOST:PORT, plaintext) answers. A connection for each question."""

    def __init__(self, addresses):
        self.addresses = addresses

    def _ask(self, key, version, body, address=None):
        request = struct.pack(">hhi", key, version, 1) + _string("logpipe-tests") + body
        failure = None
        for candidate in [address] if address else self.addresses:
            host, port = candidate.rsplit(":", 1)
            try:
                with socket.create_connection((host, int(port)), timeout=20) as connection:
                    connection.sendall(struct.pack(">i", len(request)) + request)
                    with connection.makefile("rb") as answer:
                        head = answer.read(4)
                        if len(head) == 4:
                            (length,) = struct.unpack(">i", head)
                            data = answer.read(length)
                            if len(data) == length:
                                return _Reader(data[4:])
                        failure = OSError(f"{candidate} hung up")
            except OSError as error:
                failure = error
        raise failure

    @staticmethod
    def _until_done(ask):
        """Asks again while Kafka says that it cannot tell yet."""
        end = time.monotonic() + TRIES_SECONDS_MAX
        while True:
            try:
                return ask()
            except KafkaError as failure:
                if failure.code not in NOT_YET or time.monotonic() > end:
                    raise
            except OSError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.1)

    def brokers(self, address=None):
        """HOST:PORT by id, of those that are up, as that broker (or any) sees it."""
        return self._metadata([], address)[0]

    def _metadata(self, topics, address=None):
        told = self._ask(3, 1, _array(topics, _string), address)
        brokers = {}
        for _ in range(told.number("i")):
            node, host, port = told.number("i"), told.string(), told.number("i")
            told.string()  # rack
            brokers[node] = f"{host}:{port}"
        told.number("i")  # controller
        found = {}
        for _ in range(told.number("i")):
            code, name = told.number("h"), told.string()
            told.number("b")  # internal
            partitions = {}
            for _ in range(told.number("i")):
                told.number("h")
                partition, leader = told.number("i"), told.number("i")
                replicas, in_sync = (told.array(lambda: told.number("i")) for _ in range(2))
                partitions[partition] = {"leader": leader, "replicas": replicas, "in_sync": in_sync}
            found[name] = (code, partitions)
        return brokers, found

    def describe_topic(self, name):
        """{partition: {leader, replicas, in_sync}}; None for an unknown topic."""
        code, partitions = self._metadata([name])[1][name]
        if code == 3:
            return None
        if code != 0:
            raise KafkaError(f"topic {name}", code)
        return partitions

    def create_topic(self, name, partitions=1, replication=1, **config):
        """And waits until each partition has a leader, and every broker knows it. Config as `min_insync_replicas=2`."""
        settings = [(key.replace("_", "."), str(value)) for key, value in config.items()]
        body = _array([name], lambda topic: _string(topic) + struct.pack(">ihi", partitions, replication, 0) + _array(
            settings, lambda setting: _string(setting[0]) + _string(setting[1]))) + struct.pack(">i?", 30_000, False)

        def ask():
            told = self._ask(19, 2, body)
            told.number("i"), told.number("i"), told.string()
            code = told.number("h")
            if code != 0:
                raise KafkaError(f"create topic {name}: {told.string()}", code)

        def leaders():
            for address in self.brokers().values():  # each hears of it by itself
                code, known = self._metadata([name], address)[1][name]
                if code != 0 or len(known) < partitions or any(partition["leader"] < 0 for partition in known.values()):
                    raise KafkaError(f"topic {name} has no leader", 5)
        self._until_done(ask)
        self._until_done(leaders)

    def delete_topic(self, name):
        def ask():
            told = self._ask(20, 1, _array([name], _string) + struct.pack(">i", 30_000))
            told.number("i"), told.number("i"), told.string()
            code = told.number("h")
            if code != 0:
                raise KafkaError(f"delete topic {name}", code)
        self._until_done(ask)

    def ends(self, name):
        """Offset of the next message, by partition."""
        def ask():
            found = {}
            brokers = self.brokers()
            for partition, known in (self.describe_topic(name) or {}).items():
                if known["leader"] not in brokers:
                    raise KafkaError(f"topic {name} has no leader", 5)
                body = struct.pack(">i", -1) + _array([name], lambda topic, at=partition: _string(topic) + _array(
                    [at], lambda number: struct.pack(">iq", number, -1)))
                told = self._ask(2, 1, body, brokers[known["leader"]])
                told.number("i"), told.string(), told.number("i"), told.number("i")
                code = told.number("h")
                if code != 0:
                    raise KafkaError(f"ends of {name}", code)
                told.number("q")
                found[partition] = told.number("q")
            return found
        return self._until_done(ask)

    def delete_records(self, name, offset, partition=0):
        """Everything before the offset expires, as by retention."""
        def ask():
            leader = self.brokers().get((self.describe_topic(name) or {})[partition]["leader"])
            body = _array([name], lambda topic: _string(topic) + _array(
                [partition], lambda number: struct.pack(">iq", number, offset))) + struct.pack(">i", 30_000)
            told = self._ask(21, 0, body, leader)
            told.number("i"), told.number("i"), told.string(), told.number("i"), told.number("i")
            low, code = told.number("q"), told.number("h")
            if code != 0:
                raise KafkaError(f"delete records of {name}", code)
            return low
        return self._until_done(ask)

    def _coordinator(self, group):
        told = self._ask(10, 0, _string(group))
        code = told.number("h")
        if code != 0:
            raise KafkaError(f"coordinator of {group}", code)
        told.number("i")
        host = told.string()
        return f"{host}:{told.number('i')}"

    def committed(self, group, topic):
        """Offsets of a group, by partition; those without a commit are not in it."""
        def ask():
            partitions = sorted(self.describe_topic(topic) or {})
            body = _string(group) + _array([topic], lambda name: _string(name) + _array(
                partitions, lambda number: struct.pack(">i", number)))
            told = self._ask(9, 1, body, self._coordinator(group))
            found = {}
            for _ in range(told.number("i")):
                told.string()
                for _ in range(told.number("i")):
                    partition, offset = told.number("i"), told.number("q")
                    told.string()
                    code = told.number("h")
                    if code != 0:
                        raise KafkaError(f"offsets of {group}", code)
                    if offset >= 0:
                        found[partition] = offset
            return found
        return self._until_done(ask)

    def members(self, group):
        """(client id, member id) of a group's members, sorted. Who is thrown out comes back with another member id."""
        def ask():
            told = self._ask(15, 0, _array([group], _string), self._coordinator(group))
            told.number("i")
            code = told.number("h")
            if code != 0:
                raise KafkaError(f"group {group}", code)
            for _ in range(4):  # group, state, protocol type, protocol
                told.string()
            members = []
            for _ in range(told.number("i")):
                member, client = told.string(), told.string()
                members.append((client, member))
                told.string()  # host
                for _ in range(2):  # metadata, assignment
                    told.at += told.number("i")
            return sorted(members)
        return self._until_done(ask)

    def allow(self, user, resource, name, operation):
        """An ACL for one user, on a listener that asks who he is: resource `topic` or `group`, operation `read`, `write`,
        `create`, `describe` or `all`."""
        resources = {"topic": 2, "group": 3}
        operations = {"all": 2, "read": 3, "write": 4, "create": 5, "describe": 8}
        literal, permit = 3, 3
        body = _array([name], lambda text: struct.pack(">b", resources[resource]) + _string(text) + struct.pack(
            ">b", literal) + _string(f"User:{user}") + _string("*") + struct.pack(">bb", operations[operation], permit))

        def ask():
            told = self._ask(30, 1, body)
            told.number("i"), told.number("i")
            code = told.number("h")
            if code != 0:
                raise KafkaError(f"allow {user}: {told.string()}", code)
        self._until_done(ask)
