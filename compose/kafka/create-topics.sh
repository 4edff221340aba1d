#!/usr/bin/env bash
# Creates the topics named as arguments where they are not there yet. Runs once, in a container of Kafka's image.
set -euo pipefail

for topic in "$@"; do
    /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BROKER" --create --if-not-exists --topic "$topic" \
        --partitions "$TOPIC_PARTITIONS" --replication-factor "$TOPIC_REPLICATION"
done
