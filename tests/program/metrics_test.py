#!/usr/bin/env python3
"""docs/reference/metrics.md names every metric that the program serves, with its type and labels, and no other.

    tests/program/metrics_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

PROGRAM is $LOGPIPE unless given. Standard library only. Those that need a real Kafka or OpenSearch are compared by
tests/integration/pipeline_test.py.
"""

import os
import sys
import unittest

import program_test
from metrics_page import PAGE, DocumentedMetrics, ServedMetrics
from program_test import Case, free_address
from web_folder import web_folder

# Their own metrics come with their connection.
UNCONNECTED = {"kafka_source", "opensearch_sink"}


class MetricsPage(Case):
    def begin(self, subcommand, *arguments):
        admin = free_address()
        self.start(subcommand, *arguments, "--admin", admin)
        return admin

    def scrape(self, address, until="logpipe_up"):
        def look():
            status, text = self.get(f"http://{address}/metrics")
            return text if status == 200 and until in text else None
        return self.wait_for(look, f"{until} at {address}")

    def served_by_every_end(self):
        nobody, page, lines = free_address(), free_address(), self.demo(10)
        self.start("serve", "--listen", page)
        mapping = self.run_program("check", "--show-mapping").stdout
        (self.folder / "rules.toml").write_text(mapping + '\n[[rule]]\nname = "health"\nfield = "request"\nbegins = "GET /health"\n')
        run = self.begin("run", "--data-dir", "run", "--listen", free_address(), "--page", "none", "--mapping", "rules.toml")
        served = ServedMetrics(self.scrape(page), self.scrape(run, until="logpipe_pump_backlog_events"))
        for each in (self.begin("forward", "--listen", free_address(), "--journal", "data", "--to", f"kafka://{nobody}/a"),
                     self.begin("consume", "--from", f"kafka://{nobody}/a", "--to", f"kafka://{nobody}/b"),
                     self.begin("index", "--from", f"kafka://{nobody}/b", "--to", f"opensearch://{nobody}/a"),
                     self.begin("run", "--from", lines, "--data-dir", "files", "--page", "none"),
                     self.begin("consume", "--from", f"tcp://{free_address()}", "--to", f"tcp://{nobody}"),
                     self.begin("consume", "--from", f"ingest://{free_address()}", "--to", "stdout:"),
                     self.begin("consume", "--from", f"syslog://{free_address()}", "--to", "stdout:"),
                     self.begin("ship", "--from", f"docker:unix:{self.folder}/none.sock", "--to", f"loki://{nobody}")):
            served.add(self.scrape(each))
        with web_folder({"/lines": lines.read_bytes()}) as url:
            for source in (("--file", lines), ("--demo", "lines=10"), ("--url", f"{url}/lines")):
                served.add(self.scrape(self.begin("produce", *source, "--to", f"forward://{nobody}"), until="logpipe_source_size"))
        return served

    def test_the_page_and_the_program_say_the_same(self):
        page = DocumentedMetrics()
        self.assertEqual(page.problems, [])
        served = self.served_by_every_end()
        self.assertEqual(sorted(set(served.types) - set(page.types)), [], f"served, and not in {PAGE.name}")
        self.assertEqual(sorted(set(page.types) - set(served.types) - page.only_of_stages(UNCONNECTED)), [], f"in {PAGE.name}, and served by nobody")
        for name, kind in served.types.items():
            with self.subTest(name):
                self.assertEqual(page.types[name], kind)
                self.assertEqual(page.labels[name], served.labels[name])
                if name in page.stages:
                    self.assertEqual(page.stages[name] - UNCONNECTED, served.stages[name] - UNCONNECTED)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
