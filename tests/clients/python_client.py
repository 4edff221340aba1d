#!/usr/bin/python3
"""Sends events with Debian's python3-fluent-logger, and writes what must arrive. python_client.py HOST PORT EXPECTED"""

import json
import sys

import fluent.sender

import events

# Bytes that are no UTF-8: this client sends Python's bytes as msgpack's bin.
RAW = [b"\xff\xfe\x00", b"caf\xe9", b"\xc3\xa9 is text", b"\xee\xbe\x80", b"\xed\xa0\x80"]


def main():
    host, port, expected_path = sys.argv[1:]
    with open(expected_path, "w", encoding="utf-8") as expected:
        for precise in (False, True):
            sender = fluent.sender.FluentSender("app", host=host, port=int(port), nanosecond_precision=precise)
            for record in events.records():
                record["client"] = f"python, nanoseconds {precise}"
                send(sender, record)
                print(json.dumps(record), file=expected)
            for serial, raw in enumerate(RAW):
                record = {"client": f"python, bytes, nanoseconds {precise}", "serial": serial}
                send(sender, {**record, "raw": raw})
                print(json.dumps({**record, "raw": events.escaped(raw)}), file=expected)
            sender.close()


def send(sender, record):
    if not sender.emit("follow", record):
        raise sender.last_error


main()
