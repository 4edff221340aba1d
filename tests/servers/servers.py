"""Real servers for tests: Kafka and OpenSearch on free ports of localhost, each with its own data folder.

    with KafkaServer(secure=True) as kafka, OpenSearchServer() as store:
        kafka.admin().create_topic("nginx-logs", partitions=4)
        kafka.kill()
        kafka.start()           # on the same data and ports

Standard library only; Java and Maven are needed. with_servers.py is the same for a command.
"""

from jvm import Failed
from kafka_server import KafkaCluster, KafkaServer
from kafka_wire import KafkaAdmin, KafkaError
from opensearch_server import OpenSearchServer
from tls import make_tls

__all__ = ["Failed", "KafkaAdmin", "KafkaCluster", "KafkaError", "KafkaServer", "OpenSearchServer", "make_tls"]
