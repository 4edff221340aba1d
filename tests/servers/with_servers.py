#!/usr/bin/env python3
"""Runs a command beside real servers, which end with it.

    tests/servers/with_servers.py [--kafka[=N]] [--secure-kafka] [--kafka-4] [--opensearch] [--secure-opensearch] [--] COMMAND…

The command finds them by the environment:

    LOGPIPE_KAFKA               HOST:PORT (N of them with commas), plaintext
    LOGPIPE_KAFKA_SASL_SSL      with --secure-kafka: users show PLAIN or SCRAM-SHA-256/512, over TLS
    LOGPIPE_KAFKA_SASL_PLAINTEXT, LOGPIPE_KAFKA_SSL    the same without TLS, and TLS without users
    LOGPIPE_OPENSEARCH          HOST:PORT, plain HTTP
    LOGPIPE_OPENSEARCH_TLS      with --secure-opensearch: HTTPS, users show name and password
    LOGPIPE_KAFKA_CA, LOGPIPE_OPENSEARCH_CA            the authority (PEM) of each one's certificate
    LOGPIPE_TEST_CA             the same of whichever is there; of both when both are
    LOGPIPE_TEST_OTHER_CA       an authority that signed nothing here
    LOGPIPE_KAFKA_USER, LOGPIPE_KAFKA_PASSWORD, LOGPIPE_OPENSEARCH_USER, LOGPIPE_OPENSEARCH_PASSWORD
                                somebody who may do everything
    LOGPIPE_KAFKA_STRANGER, LOGPIPE_KAFKA_STRANGER_PASSWORD, LOGPIPE_OPENSEARCH_STRANGER, …_PASSWORD
                                somebody who is known and may do nothing

Exit status: the command's; 1 when a server does not start, 2 for a wrong call.
"""

import argparse
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import kafka_server
import opensearch_server
from jars import KAFKA_4_VERSION, KAFKA_VERSION, Missing
from jvm import Failed
from logpipe_process import die_with_parent


def variables_of_kafka(cluster):
    found = {"LOGPIPE_KAFKA": cluster.address}
    if cluster.secure:
        found |= {"LOGPIPE_KAFKA_SASL_SSL": cluster.sasl_ssl, "LOGPIPE_KAFKA_SASL_PLAINTEXT": cluster.sasl_plaintext,
                  "LOGPIPE_KAFKA_SSL": cluster.ssl, "LOGPIPE_KAFKA_CA": cluster.tls / "ca.pem",
                  "LOGPIPE_TEST_OTHER_CA": cluster.tls / "other-ca.pem",
                  "LOGPIPE_KAFKA_USER": kafka_server.USER, "LOGPIPE_KAFKA_PASSWORD": kafka_server.PASSWORD,
                  "LOGPIPE_KAFKA_STRANGER": kafka_server.STRANGER,
                  "LOGPIPE_KAFKA_STRANGER_PASSWORD": kafka_server.STRANGER_PASSWORD}
    return found


def variables_of_opensearch(server):
    if not server.secure:
        return {"LOGPIPE_OPENSEARCH": server.address}
    return {"LOGPIPE_OPENSEARCH_TLS": server.address, "LOGPIPE_OPENSEARCH_CA": server.tls / "ca.pem",
            "LOGPIPE_TEST_OTHER_CA": server.tls / "other-ca.pem",
            "LOGPIPE_OPENSEARCH_USER": opensearch_server.USER, "LOGPIPE_OPENSEARCH_PASSWORD": opensearch_server.PASSWORD,
            "LOGPIPE_OPENSEARCH_STRANGER": opensearch_server.STRANGER,
            "LOGPIPE_OPENSEARCH_STRANGER_PASSWORD": opensearch_server.STRANGER_PASSWORD}


def run(command, variables):
    """Runs it to its end; a signal to us is one to it."""
    child = subprocess.Popen(command, env={**os.environ, **{name: str(value) for name, value in variables.items()}},
                             preexec_fn=die_with_parent)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, frame: child.send_signal(received))
    status = child.wait()
    return status if status >= 0 else 128 - status


def interrupted(number, frame):
    raise KeyboardInterrupt  # the blocks below end the servers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", type=int, nargs="?", const=1, default=0, metavar="N", help="so many brokers (1)")
    parser.add_argument("--kafka-4", action="store_true", help="Kafka 4.4 in place of 3.9")
    parser.add_argument("--secure-kafka", action="store_true", help="Kafka also with TLS, users and ACLs")
    parser.add_argument("--opensearch", action="store_true")
    parser.add_argument("--secure-opensearch", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("which command?")

    signal.signal(signal.SIGTERM, interrupted)
    try:
        with contextlib.ExitStack() as stack:
            variables = {}
            if options.kafka or options.secure_kafka or options.kafka_4:
                cluster = kafka_server.KafkaCluster(options.kafka or 1, options.secure_kafka,
                                                    version=KAFKA_4_VERSION if options.kafka_4 else KAFKA_VERSION)
                variables |= variables_of_kafka(stack.enter_context(cluster))
            for wanted, secure in ((options.opensearch, False), (options.secure_opensearch, True)):
                if wanted:
                    variables |= variables_of_opensearch(stack.enter_context(opensearch_server.OpenSearchServer(secure)))
            authorities = [variables[name] for name in ("LOGPIPE_KAFKA_CA", "LOGPIPE_OPENSEARCH_CA") if name in variables]
            if authorities:
                bundle = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="logpipe-ca-"))) / "ca.pem"
                bundle.write_text("".join(path.read_text(encoding="ascii") for path in authorities), encoding="ascii")
                variables["LOGPIPE_TEST_CA"] = bundle
            return run(command, variables)
    except (Failed, Missing) as failure:
        print(f"with_servers: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
