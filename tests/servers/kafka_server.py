"""Real Kafka (KRaft, without ZooKeeper) on free ports of localhost."""

import base64
import subprocess
import uuid

from jars import KAFKA_VERSION, class_path, fetched_kafka
from jvm import JAVA_OPTIONS, AddressInUse, Failed, Folder, JavaServer, started_on_free_ports
from kafka_wire import KafkaAdmin
from tls import make_tls

USER, PASSWORD = "logpipe", "logpipe-secret"  # may do everything
STRANGER, STRANGER_PASSWORD = "stranger", "stranger-secret"  # is known, and may do nothing but what an ACL allows
SECURE_LISTENERS = ("SASL_SSL", "SASL_PLAINTEXT", "SSL")

LOG4J = """log4j.rootLogger=INFO, file
log4j.appender.file=org.apache.log4j.FileAppender
log4j.appender.file.File={log}
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=[%d] %p %m (%c)%n
"""

# Topics are made on purpose only. Nothing is waited for that a test could see sooner, and what has an old time stays.
PROPERTIES = """process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners={listeners},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={listeners}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor={replication}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replication}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replication}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=6000
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.backoff.ms=500
"""

# Who comes over PLAINTEXT, which is us and the other brokers, may do everything as well.
SECURE = """authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{user}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={tls}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={tls}/ca.pem
ssl.client.auth=requested
"""
JAAS = """listener.name.{listener}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_{user}="{password}" user_{stranger}="{stranger_password}";
listener.name.{listener}.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.{listener}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class KafkaNode(JavaServer):
    """One broker and controller of a cluster, on ports that stay the same when it is started again."""

    def __init__(self, cluster, number, ports, voters):
        super().__init__(f"kafka-{number}", cluster.folder / f"node-{number}")
        self.cluster, self.number = cluster, number
        self.controller_port, *listener_ports = ports
        self.listeners = {name: f"127.0.0.1:{port}" for name, port in zip(("PLAINTEXT", *SECURE_LISTENERS), listener_ports)}
        self.address = self.listeners["PLAINTEXT"]
        self.folder.mkdir(parents=True)
        self.properties = self.folder / "server.properties"
        self.properties.write_text(self._properties(voters), encoding="ascii")
        (self.folder / "log4j.properties").write_text(LOG4J.format(log=self.log), encoding="ascii")

    def _properties(self, voters):
        replication = min(self.cluster.count, 3)
        text = PROPERTIES.format(
            node=self.number, voters=voters, controller_port=self.controller_port, folder=self.folder, replication=replication,
            in_sync=max(1, replication - 1), listeners=",".join(f"{name}://{at}" for name, at in self.listeners.items()))
        if self.cluster.tls is not None:
            text += SECURE.format(user=USER, tls=self.cluster.tls)
            for listener in ("sasl_ssl", "sasl_plaintext"):
                text += JAAS.format(listener=listener, user=USER, password=PASSWORD, stranger=STRANGER,
                                    stranger_password=STRANGER_PASSWORD)
        return text + "".join(f"{line}\n" for line in self.cluster.properties)

    def format(self):
        """Starts writing what a node needs before its first start."""
        users = [word for user, password in ((USER, PASSWORD), (STRANGER, STRANGER_PASSWORD)) for mechanism in (256, 512)
                 for word in ("--add-scram", f"SCRAM-SHA-{mechanism}=[name={user},password={password}]")]
        return subprocess.Popen(["java", *JAVA_OPTIONS, "-cp", class_path(fetched_kafka(self.cluster.version)), "kafka.tools.StorageTool",
                                 "format", "-t", self.cluster.identity, "-c", self.properties, *users],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def launch_server(self):
        self.log.unlink(missing_ok=True)
        self.launch([f"-Xmx{self.cluster.heap}", "-cp", class_path(fetched_kafka(self.cluster.version)),
                     f"-Dlog4j.configuration=file:{self.folder / 'log4j.properties'}", "kafka.Kafka", self.properties])

    def wait_ready(self):
        def ready():
            # Said when all listeners accept; the nodes know one another a moment later.
            if "Kafka Server started" not in self.told():
                return False
            running = {node.number for node in self.cluster.nodes if node.runs()}
            try:
                return running <= KafkaAdmin([self.address]).brokers(self.address).keys()
            except OSError:
                return False
        self.wait_until(ready)

    def start(self):
        """On the data and ports of before."""
        self.launch_server()
        self.wait_ready()


class KafkaCluster:
    """`count` nodes, each broker and controller, of Kafka 3.9 or that version. With `secure` each also has
    SASL_SSL, SASL_PLAINTEXT (PLAIN and SCRAM) and SSL listeners, and asks ACLs there; PLAINTEXT stays open. Ends with its
    block.

    `address`, `sasl_ssl`, `sasl_plaintext`, `ssl`: HOST:PORT,HOST:PORT…; `tls`: folder of the certificates."""

    def __init__(self, count=3, secure=False, folder=None, heap="384m", properties=(), version=KAFKA_VERSION):
        self.count, self.secure, self.heap, self.properties, self.version = count, secure, heap, properties, version
        self.kept = Folder(folder, "kafka")
        self.folder = self.kept.path
        # "L" first: an identity that begins with "-" would be taken for a flag of the storage tool.
        self.identity = "L" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")
        self.tls = None
        self.nodes = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self.kill()  # no data to be kept
        self.kept.remove()

    def start(self):
        """All nodes that do not run; those of before on their data and ports."""
        if self.nodes:
            for node in self.nodes:
                if not node.runs():
                    node.launch_server()
            for node in self.nodes:
                node.wait_ready()
            return
        fetched_kafka(self.version)  # before ports are chosen
        started_on_free_ports(self.count * (2 + len(SECURE_LISTENERS)), self._start_new)

    def _start_new(self, ports):
        self.kept.empty()
        self.tls = make_tls(self.folder / "tls") if self.secure else None
        each = 2 + len(SECURE_LISTENERS) if self.secure else 2
        own = [ports[number * each:(number + 1) * each] for number in range(self.count)]
        voters = ",".join(f"{number + 1}@127.0.0.1:{own[number][0]}" for number in range(self.count))
        self.nodes = [KafkaNode(self, number + 1, own[number], voters) for number in range(self.count)]
        formats = [node.format() for node in self.nodes]
        for formatting in formats:
            told, _ = formatting.communicate()
            if formatting.returncode != 0:
                raise Failed(f"kafka's storage could not be formatted:\n{told}")
        try:
            for node in self.nodes:
                node.launch_server()
            for node in self.nodes:
                node.wait_ready()
        except AddressInUse:
            self.kill()
            raise

    def kill(self):
        for node in self.nodes:
            node.kill()

    def stop(self):
        for node in self.nodes:
            node.stop()

    def admin(self):
        return KafkaAdmin([node.address for node in self.nodes])

    def _addresses(self, listener):
        return ",".join(node.listeners[listener] for node in self.nodes)

    @property
    def address(self):
        return self._addresses("PLAINTEXT")

    @property
    def sasl_ssl(self):
        return self._addresses("SASL_SSL")

    @property
    def sasl_plaintext(self):
        return self._addresses("SASL_PLAINTEXT")

    @property
    def ssl(self):
        return self._addresses("SSL")


class KafkaServer(KafkaCluster):
    """One node."""

    def __init__(self, secure=False, folder=None, heap="512m", properties=(), version=KAFKA_VERSION):
        super().__init__(1, secure, folder, heap, properties, version)
