#!/usr/bin/env python3
"""docs/reference/metrics.md names every metric that the program serves, with its type and labels, and no other.

    tests/program/metrics_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only.
"""

import os
import pathlib
import re
import sys
import unittest

import program_test
from program_test import Case, free_address
from web_folder import web_folder

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
# Stages that show the metrics of the sinks within them.
WRAPPING_STAGES = {"router", "dead_letters"}


class Documented:
    """The page's rows: of each metric its type, its labels with their values where they are fixed, and its stages."""

    def __init__(self):
        self.types, self.labels, self.stages = {}, {}, {}
        self.problems = []
        third = None
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            cells = [each.strip() for each in line.strip("|").split("|")]
            if cells[0] == "metric":
                third = cells[2]
            elif re.fullmatch(r"`\w+`", cells[0]):
                self.add(cells[0].strip("`"), cells[1], third, cells[2], cells[3])

    def add(self, name, kind, third, cell, meaning):
        if name in self.types and (self.types[name] != kind or third != "stage"):
            self.problems.append(f"{name} stands there twice")
        if not meaning:
            self.problems.append(f"{name} has no meaning")
        self.types[name] = kind
        if third == "stage":
            self.labels[name] = {"pump", "stage"}
            self.stages.setdefault(name, set()).update(re.findall(r"`(\w+)`", cell))
        else:
            self.labels[name] = {each.strip() for each in re.sub(r":.*| as above", "", cell).split(",") if each.strip()}


class Served:
    def __init__(self):
        self.types, self.labels, self.stages = {}, {}, {}

    def add(self, text):
        for line in text.splitlines():
            if head := re.fullmatch(r"# TYPE (\w+) (\w+)", line):
                self.types[head[1]] = head[2]
            elif sample := re.fullmatch(r"(\w+)(?:\{(.*)\})? \S+", line):
                name = sample[1]
                if name not in self.types:
                    name = re.sub(r"_(bucket|sum|count)$", "", name)
                labels = dict(re.findall(r'(\w+)="([^"]*)"', sample[2] or ""))
                labels.pop("le", None)
                self.labels.setdefault(name, set()).update(labels)
                if stage := labels.get("stage"):
                    self.stages.setdefault(name, set()).add(stage)


class MetricsPage(Case):
    def setUp(self):
        super().setUp()
        self.served = Served()

    def scrape(self, address):
        self.wait_for(lambda: self.get(f"http://{address}/metrics")[0] == 200, address)
        self.served.add(self.get(f"http://{address}/metrics")[1])

    def begin(self, subcommand, *arguments):
        """With Kafka clients that bring a mock broker of their own, for whatever names Kafka."""
        admin = free_address()
        self.start(subcommand, *arguments, *(() if subcommand == "serve" else ("--admin", admin)))
        return admin

    def scrape_every_end(self):
        nobody, mock = free_address(), ("--kafka", "test.mock.num.brokers=1")
        lines = self.demo(10)
        with web_folder({"/lines": lines.read_bytes()}) as url:
            admins = [
                self.begin("run", "--data-dir", "run", "--listen", free_address(), "--page", "none"),
                self.begin("forward", "--listen", free_address(), "--journal", "data", "--to", "kafka://mock:1/a", *mock),
                self.begin("consume", "--from", "kafka://mock:1/a", "--to", "kafka://mock:1/b", *mock),
                self.begin("index", "--from", "kafka://mock:1/b", "--to", f"opensearch://{nobody}/a", *mock),
                self.begin("ship", "--from", f"docker:unix:{self.folder}/none.sock", "--to", f"loki://{nobody}"),
                self.begin("produce", "--file", lines, "--to", f"forward://{nobody}"),
                self.begin("produce", "--demo", "lines=10&rate=1", "--to", "stdout:"),
                self.begin("produce", "--url", f"{url}/lines", "--to", f"forward://{nobody}"),
            ]
            page = free_address()
            self.start("serve", "--listen", page)
            for each in (*admins, page):
                self.scrape(each)
            # Its figures come with its connection to the group.
            self.wait_for(lambda: "logpipe_kafka_lag_events" in self.get(f"http://{admins[2]}/metrics")[1], "the consumer")
            self.scrape(admins[2])

    def test_the_page_and_the_program_say_the_same(self):
        page = Documented()
        self.assertEqual(page.problems, [])
        self.scrape_every_end()
        served = self.served
        self.assertEqual(sorted(set(served.types) - set(page.types)), [], f"served, and not in {PAGE.name}")
        self.assertEqual(sorted(set(page.types) - set(served.types)), [], f"in {PAGE.name}, and served by nobody")
        for name, kind in served.types.items():
            with self.subTest(name):
                self.assertEqual(page.types[name], kind)
                self.assertEqual(page.labels[name], served.labels[name])
                if name in page.stages:
                    self.assertEqual(page.stages[name], served.stages[name] - WRAPPING_STAGES)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
