#!/usr/bin/env bash
# shellcheck disable=SC2086  # several options
exec java ${KAFKA_HEAP_OPTS:-} -XX:TieredStopAtLevel=1 -cp '/opt/kafka/libs/*' \
    -Dlog4j.configuration=file:/etc/kafka/docker/tools-log4j.properties org.apache.kafka.tools.consumer.ConsoleConsumer "$@"
