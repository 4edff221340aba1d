#!/usr/bin/env python3
"""What those who look cost: CPU-seconds of `logpipe run` for the same lines, without anybody and with 10 clients on the
live stream and a `logpipe tap`, in turn.

    tests/page/viewers_cost.py PROGRAM [--lines N] [--rate N] [--pairs N] [--viewers N] [--most RATIO]

Exit status 1 when those who look cost more than --most (1.05: 5 %), by the medians. CPU-seconds hardly depend on what else
the machine does. That all viewers were told of the run, and the tap shown events, is checked.
"""

import argparse
import http.client
import json
import os
import pathlib
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading


def free_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % probe.getsockname()[1]


class Viewer(threading.Thread):
    """One reader of the live stream, until the server ends it."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.told = 0

    def run(self):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("GET", "/api/live")
        answer = connection.getresponse()
        try:
            for line in answer:
                self.told += line.startswith(b"data:")
        except http.client.IncompleteRead:
            pass  # the process ended
        connection.close()


def run_once(program, lines, rate, viewers, folder):
    """CPU-seconds of one run, and how many news a viewer and events the tap had at least."""
    page, admin = free_address(), free_address()
    # The lines wait for those who look: they come by a pipe.
    child = subprocess.Popen([program, "run", "--from", "-", "--once", "--data-dir", folder, "--listen", free_address(),
                              "--page", page, "--admin", admin, "--log-level", "error"],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    wait_for(page)
    readers = [Viewer(page) for _ in range(viewers)]
    for each in readers:
        each.start()
    tap = None
    if viewers:
        tap = subprocess.Popen([program, "tap", "index/normalize", "--at", admin, "--log-level", "off"], stdout=subprocess.PIPE)
        wait_for_tap(child, tap)
        shown = []
        drain = threading.Thread(target=lambda: shown.append(sum(1 for _ in tap.stdout)))
        drain.start()
    source = subprocess.Popen([program, "produce", "--demo", f"lines={lines}&rate={rate}&seed=1", "--to", "-", "--log-level", "error"],
                              stdout=child.stdin, stderr=subprocess.DEVNULL)
    child.stdin.close()
    if source.wait() != 0:
        sys.exit("the lines could not be made")
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    if status != 0:
        sys.exit(f"logpipe run ended with {status}")
    for each in readers:
        each.join()
    seen = 0
    if tap:
        drain.join()
        tap.wait()
        seen = shown[0]
    return usage.ru_utime + usage.ru_stime, min((each.told for each in readers), default=0), seen


def wait_for_tap(child, tap):
    """Lines go in until one comes out."""
    while not select.select([tap.stdout], [], [], 0.1)[0]:
        child.stdin.write(b'{"remote_ip": "10.0.0.1", "response": 200}\n')
        child.stdin.flush()


def wait_for(address):
    while True:
        try:
            connection = http.client.HTTPConnection(address, timeout=10)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except ConnectionError:
            threading.Event().wait(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=0, help="lines a second; 0: as fast as it goes")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--most", type=float, default=1.05)
    wanted = parser.parse_args()
    program = str(wanted.program.resolve())
    alone, looked_at = [], []
    for pair in range(wanted.pairs):
        for viewers, into in ((0, alone), (wanted.viewers, looked_at)):
            with tempfile.TemporaryDirectory(prefix="logpipe-viewers-") as folder:
                seconds, told, shown = run_once(program, wanted.lines, wanted.rate, viewers, folder)
            into.append(seconds)
            if viewers and (told == 0 or shown == 0):
                sys.exit(f"nobody looked: {told} news, {shown} events of the tap")
            print(json.dumps({"pair": pair + 1, "viewers": viewers, "cpu_seconds": round(seconds, 3), "news_each": told, "tap_lines": shown}), flush=True)
    ratio = statistics.median(looked_at) / statistics.median(alone)
    print(f"{wanted.lines} lines: alone {statistics.median(alone):.2f} CPU-s, with {wanted.viewers} viewers and a tap "
          f"{statistics.median(looked_at):.2f} CPU-s: {100 * (ratio - 1):+.1f} %")
    return 0 if ratio <= wanted.most else 1


if __name__ == "__main__":
    sys.exit(main())
