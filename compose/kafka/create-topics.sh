#!/usr/bin/env bash
# Creates the topics named as arguments where they are not there yet. Runs once, in a container of Kafka's image.
# TOPIC.dlq is made as logpipe itself makes it: for the longest line and its head, one partition, kept until settled.
set -euo pipefail

for topic in "$@"; do
    wanted=(--partitions "$TOPIC_PARTITIONS")
    if [[ $topic == *.dlq ]]; then
        wanted=(--partitions 1 --config "cleanup.policy=compact,delete" --config retention.ms=-1 --config max.message.bytes=8454144)
    fi
    /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BROKER" --create --if-not-exists --topic "$topic" \
        "${wanted[@]}" --replication-factor "$TOPIC_REPLICATION"
done
