#!/usr/bin/env python3
"""Measures a log file of `combined` lines → JSON file by logpipe beside rsyslog (imfile, mmnormalize), in turn, in CPU-seconds.

    files_bench.py LOGPIPE [--lines N] [--rounds N]

Both parse every line into its fields and write one JSON object a line; both keep how far they have read. The objects'
addresses, statuses and paths are compared: a fast wrong answer fails. Needs rsyslogd.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")
RULES = """version=2
rule=:%remote_addr:word% %ident:word% %remote_user:word% [%time_local:char-to:]%] "%request:char-to:\\x22%" %status:number% %body_bytes_sent:number% "%http_referer:char-to:\\x22%" "%http_user_agent:char-to:\\x22%"
"""
CONF = """global(workDirectory="@FOLDER@/work" maxMessageSize="64k")
module(load="imfile" mode="inotify")
module(load="mmnormalize")
main_queue(queue.type="LinkedList" queue.size="100000" queue.dequeueBatchSize="4096")
input(type="imfile" file="@FOLDER@/access.log" tag="nginx" ruleset="index" persistStateInterval="100000")
template(name="json" type="string" string="%$!all-json%\\n")
ruleset(name="index") {
    action(type="mmnormalize" ruleBase="@FOLDER@/combined.rb")
    action(type="omfile" file="@FOLDER@/rsyslog.json" template="json" ioBufferSize="1m" asyncWriting="off" flushOnTXEnd="off")
}
"""


def make_lines(path, count):
    chance = random.Random(1)
    agents = ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36", "curl/7.88.1",
              "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.22)"]
    with open(path, "w") as out:
        for i in range(count):
            out.write(f"{chance.randrange(1, 224)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)} - - "
                      f"[17/May/2015:{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02} +0000] \"GET /downloads/product_{i} HTTP/1.1\" "
                      f"{chance.choice((200, 304, 404))} {chance.randrange(100000)} \"https://example.org/{i % 97}\" "
                      f"\"{chance.choice(agents)}\"\n")


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def run_logpipe(logpipe, folder):
    out = folder / "logpipe.json"
    out.unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)
    child = subprocess.Popen([logpipe, "consume", "--from", f"file:{folder}/access.log", "--format", "combined", "--to", f"file:{out}",
                              "--once", "--state", folder / "state", "--admin", "none", "--log-level", "error"],
                             stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"logpipe ended with {status}")
    return cpu_seconds(usage), [facts(each["event"]["remote_ip"], each["event"]["response"], each["event"]["request"])
                                for each in map(json.loads, open(out))]


def run_rsyslog(folder, lines):
    out = folder / "rsyslog.json"
    out.unlink(missing_ok=True)
    shutil.rmtree(folder / "work", ignore_errors=True)
    (folder / "work").mkdir()
    (folder / "combined.rb").write_text(RULES)
    (folder / "rsyslog.conf").write_text(CONF.replace("@FOLDER@", str(folder)))
    child = subprocess.Popen([RSYSLOGD, "-n", "-f", folder / "rsyslog.conf", "-i", folder / "rsyslog.pid"], stdout=subprocess.DEVNULL)
    until = time.monotonic() + 600
    before = -1
    while True:
        time.sleep(1)
        now = out.stat().st_size if out.exists() else 0
        # Its buffer goes out at the end: the CPU time it stands still at says that it has read everything.
        used = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        if now > 0 and used == before:
            break
        before = used
        if time.monotonic() > until:
            sys.exit("rsyslogd did not read all lines")
    child.send_signal(signal.SIGTERM)
    _, _, usage = os.wait4(child.pid, 0)
    return cpu_seconds(usage), [facts(each.get("remote_addr"), each.get("status"), each.get("request"))
                                for each in map(json.loads, open(out))]


def facts(address, status, request):
    return address, int(status), request.split(" ")[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logpipe", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if RSYSLOGD is None:
        sys.exit("rsyslogd is needed: scripts/setup.sh --paths")
    with tempfile.TemporaryDirectory(prefix="logpipe-bench-") as name:
        folder = pathlib.Path(name)
        make_lines(folder / "access.log", options.lines)
        runs = {"logpipe": [], "rsyslog": []}
        for _ in range(options.rounds):
            ours, ours_read = run_logpipe(options.logpipe, folder)
            theirs, theirs_read = run_rsyslog(folder, options.lines)
            if len(ours_read) != options.lines or sorted(ours_read) != sorted(theirs_read):
                sys.exit(f"logpipe has {len(ours_read)} lines, rsyslog {len(theirs_read)} of {options.lines}, or they differ")
            runs["logpipe"].append(ours)
            runs["rsyslog"].append(theirs)
        print(f"{options.lines} lines of combined to JSON, medians of {options.rounds} rounds in turn")
        print(f"{'':12}{'CPU-s a million':>18}{'ratio':>8}")
        ours = statistics.median(runs["logpipe"])
        for each, seconds in runs.items():
            print(f"{each:12}{statistics.median(seconds) / options.lines * 1e6:18.2f}{statistics.median(seconds) / ours:8.1f}")


if __name__ == "__main__":
    main()
