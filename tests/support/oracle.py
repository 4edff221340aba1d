"""The serial oracle: proves that what was sent is stored once and unchanged, without logpipe's own ids.

Those are unique by construction. So each made-up line carries a running "serial", and the store must hold every serial
exactly once, with the same seven fields as the line that the same seed makes when it is written to a file."""

import hashlib
import json

from logpipe_process import Failed, Process

FIELDS = ("remote_ip", "remote_user", "request", "response", "bytes", "referrer", "agent")
SHOWN_MAX = 5


def digest(fields):
    text = json.dumps([fields.get(name) for name in FIELDS])
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def made_lines(program, folder, demo):
    """Path of a file with the lines that the demo makes."""
    path = folder / "made.jsonl"
    path.unlink(missing_ok=True)
    with Process("made", folder, [program, "produce", "--demo", demo, "--to", f"file:{path}"]) as writing:
        writing.must_end_well(300)
    return path


def expected_digests(program, folder, demo):
    """Of the lines that the demo makes, by serial."""
    path = made_lines(program, folder, demo)
    expected = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            expected[record["serial"]] = digest(record)
    path.unlink()
    return expected


def prove(documents, expected):
    """Compares documents with what was made; raises with the first few serials that differ."""
    seen = set()
    doubled, changed, strange = [], [], []
    for document in documents:
        serial = document.get("serial")
        if serial not in expected:
            strange.append(serial)
        elif serial in seen:
            doubled.append(serial)
        elif digest(document["event"]) != expected[serial]:
            changed.append(serial)
        seen.add(serial)
    lost = sorted(expected.keys() - seen)
    faults = [f"{len(serials)} {what}, such as serial {serials[:SHOWN_MAX]}"
              for what, serials in (("lost", lost), ("doubled", doubled), ("changed", changed), ("never sent", strange))
              if serials]
    if faults:
        raise Failed("; ".join(faults))
