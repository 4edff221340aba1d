#!/usr/bin/python3
"""Compares what was sent with what was exported, record by record and field by field, their order included.
compare.py EXPECTED EXPORTED [--any-order]   where the client's own maps have no order"""

import json
import sys

in_order = "--any-order" not in sys.argv


def read(path):
    found = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            key = (record["client"], record["serial"])
            if key in found:
                sys.exit(f"{path}: {key} is there twice")
            found[key] = record
    return found


def same(left, right):
    """Equal, where 1 and 1.0 differ as they do in msgpack, but not 1 and True as Python has it."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        same_keys = list(left) == list(right) if in_order else left.keys() == right.keys()
        return same_keys and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def main():
    expected, exported = read(sys.argv[1]), read(sys.argv[2])
    missing = expected.keys() - exported.keys()
    unknown = exported.keys() - expected.keys()
    different = [key for key in expected.keys() & exported.keys() if not same(expected[key], exported[key])]
    for what, keys in ("missing", missing), ("unknown", unknown), ("different", different):
        for key in sorted(keys)[:5]:
            print(f"{what}: {key}\n  sent {str(expected.get(key))[:300]}\n  got  {str(exported.get(key))[:300]}")
    print(f"{len(expected)} events sent, {len(exported)} exported, {len(missing)} missing, {len(unknown)} unknown, "
          f"{len(different)} different")
    sys.exit(1 if missing or unknown or different else 0)


main()
