#!/usr/bin/env python3
"""The command lines of deploy/kubernetes at work, as processes of this machine: the follower reads logs as the CRI writes them
and sends them to the forwarder, and each answers its probes, all while Kafka is away.

    LOGPIPE=build/dev/logpipe tests/deploy/kubernetes_flow_test.py [UNITTEST ARGUMENTS…]

Run by root, the follower has no capabilities, as in its container (needs util-linux's setpriv).
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import kubernetes_tools

kubernetes_tools.continue_with_tools()

for other in ("support", "servers"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / other))
from jvm import free_ports  # noqa: E402
from logpipe_process import die_with_parent, program_environment  # noqa: E402
from manifests import arguments_of, component_of, environment_of, pod_of, port_of, workloads  # noqa: E402
from tls import make_tls  # noqa: E402

LOGPIPE = os.path.realpath(os.environ["LOGPIPE"])
TIME_MAX = 120  # seconds for anything
NO_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs") if os.geteuid() == 0 else ()


class Pod:
    """The container of a workload as a process: its folders are in a temporary one, its ports free ones, Kafka is away."""

    def __init__(self, overlay, workload, folder, forward_port, nowhere):
        (self.container,) = pod_of(workload)["containers"]
        self.component = component_of(workload)
        self.root = folder / self.component
        (self.admin,) = free_ports(1)

        def here(text):
            text = re.sub(r"(?<![\w.])/(var/log/pods|var/lib/logpipe|data|secrets)(?![\w.])", rf"{self.root}/\1", text)
            text = text.replace("logpipe-forwarder.logpipe.svc:24224", f"localhost:{forward_port}").replace("0.0.0.0:24224", f"localhost:{forward_port}")
            text = text.replace(f"0.0.0.0:{port_of(self.container, 'admin')}", f"127.0.0.1:{self.admin}")
            return re.sub(r"(kafka|opensearch)[\w.-]*\.svc:\d+", f"127.0.0.1:{nowhere}", text)

        for mount in self.container.get("volumeMounts", []):
            (self.root / mount["mountPath"][1:]).mkdir(parents=True, exist_ok=True)
        self.root.mkdir(exist_ok=True)
        self.folder = pathlib.Path(here(self.container["workingDir"])) if "workingDir" in self.container else self.root
        self.command = [*(NO_CAPABILITIES if self.component == "follower" else ()), LOGPIPE,
                        *map(here, arguments_of(overlay, workload, self.container))]
        variables = environment_of(overlay, workload, self.container)
        self.environment = {**program_environment(), **{name: here(value) for name, value in variables.items()}}
        self.log = folder / f"{self.component}.log"
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          preexec_fn=die_with_parent)

    def kill(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def answers(self, probe):
        """The status of a probe by HTTP, as the kubelet sees it; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{self.container[probe]['httpGet']['path']}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as failure:
            return failure.code
        except OSError:
            return 0


class Commands(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="logpipe-deploy-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def begin(self, overlay):
        """Starts all workloads of the overlay. @return them by component"""
        forward_port, nowhere = free_ports(2)
        self.pods = {component_of(workload): Pod(overlay, workload, self.folder, forward_port, nowhere) for workload in workloads(overlay)}
        for component, pod in self.pods.items():
            if overlay.endswith("secured"):
                self.give_secrets(component, pod.root / "secrets")
            pod.start()
            self.addCleanup(pod.kill)
        return self.pods

    def give_secrets(self, component, into):
        tls = self.folder / "tls"
        if not tls.exists():
            make_tls(tls)
        files = {"ca.pem": tls / "ca.pem"}
        if component == "forwarder":
            files |= {"tls.crt": tls / "server.pem", "tls.key": tls / "server.key"}
        for name, file in files.items():
            shutil.copy(file, into / name)
        for name in ("shared.key", "kafka-password", "opensearch-password"):
            (into / name).write_text("a secret\n", encoding="ascii")
        for file in into.iterdir():
            file.chmod(0o440)

    def wait_for(self, condition, what):
        end = time.monotonic() + TIME_MAX
        while not condition():
            for pod in self.pods.values():
                self.assertIsNone(pod.child.poll(), f"{pod.component} ended: {pod.log.read_text()[-2000:]}")
            if time.monotonic() > end:
                self.fail(f"not in time: {what}: " + "".join(f"\n{pod.log.read_text()[-2000:]}" for pod in self.pods.values()))
            time.sleep(0.05)

    def journal(self):
        """The lines that the forwarder has acknowledged."""
        return subprocess.run([LOGPIPE, "journal", "export", self.pods["forwarder"].root / "data/journal/nginx-logs"], capture_output=True,
                              text=True, check=False).stdout.splitlines()

    def log_file(self):
        return self.pods["follower"].root / "var/log/pods/shop_cart-5f9c_0b1c/cart/0.log"

    def write(self, *lines):
        """As CRI-O: for root's eyes only."""
        log = self.log_file()
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "a", encoding="ascii") as out:
            out.write("".join(f"{line}\n" for line in lines))
        log.chmod(0o600)

    def rotate(self, name):
        """As the kubelet: it renames the file, and the runtime begins another."""
        self.log_file().rename(self.log_file().with_name(name))

    def compress(self, name):
        """As the kubelet does with a rotated file before the next rotation."""
        rotated = self.log_file().with_name(name)
        rotated.with_name(f"{name}.gz").write_bytes(gzip.compress(rotated.read_bytes()))
        rotated.with_name(f"{name}.gz").chmod(0o600)
        rotated.unlink()

    def check_that_lines_come_through(self, overlay):
        pods = self.begin(overlay)
        whole = [f"2026-01-31T00:00:00.{number:09}Z stdout F line {number}" for number in range(1000)]
        self.write(*whole[:600])
        self.wait_for(lambda: len(self.journal()) == 600, "the first lines to be in the journal")
        pods["follower"].kill()
        self.write(*whole[600:700])
        self.rotate("0.log.20260131-000000")
        self.write(*whole[700:800])
        self.compress("0.log.20260131-000000")
        self.rotate("0.log.20260131-001000")
        self.write(*whole[800:], "2026-01-31T00:00:01.000000000Z stderr P a long ", "2026-01-31T00:00:01.000000001Z stderr F line")
        pods["follower"].start()
        wanted = [*whole, "2026-01-31T00:00:01.000000000Z stderr F a long line"]
        self.wait_for(lambda: len(self.journal()) >= len(wanted), "the other lines to be in the journal")
        # Several files take turns.
        self.assertEqual(sorted(re.sub(r"^(\S+ stderr) \w", r"\1 F", line) for line in self.journal()), wanted)

    def test_lines_of_a_pod_come_to_the_forwarder_each_once_though_the_follower_is_killed(self):
        self.check_that_lines_come_through("examples/complete")

    def test_a_document_says_of_which_pod_its_line_is_and_has_the_time_of_the_line(self):
        pods = self.begin("examples/complete")
        self.write('2026-01-31T00:00:00.000000001Z stdout F {"level":"warn","kubernetes":{"pod_name":"other"}}')
        self.wait_for(lambda: self.journal(), "the line to be in the journal")
        for pod in pods.values():
            pod.kill()
        options = [word for word in pods["consumer"].command if not re.match("--(from|to|group|client-id|admin)=|consume$|/", word)]
        made = subprocess.run([LOGPIPE, "consume", "--from", f"journal:{pods['forwarder'].root}/data/journal/nginx-logs", "--to", "stdout:",
                               "--once", "--admin", "none", *options], capture_output=True, text=True, check=True, cwd=self.folder)
        document = json.loads(made.stdout.splitlines()[0])
        self.assertEqual(document["kubernetes"], {"namespace_name": "shop", "pod_name": "cart-5f9c", "pod_id": "0b1c", "container_name": "cart"})
        self.assertEqual(document["kubernetes_original"], {"pod_name": "other"})
        self.assertEqual((document["@timestamp"], document["level"]), ("2026-01-31T00:00:00.000000001Z", "warn"))

    def test_they_do_so_by_tls_and_with_a_shared_key(self):
        self.check_that_lines_come_through("examples/secured")
        self.assertNotIn("every user", "".join(pod.log.read_text() for pod in self.pods.values()))

    def test_a_forwarder_stays_ready_while_kafka_is_away_and_nobody_is_restarted(self):
        pods = self.begin("base")
        for pod in pods.values():
            self.wait_for(lambda pod=pod: pod.answers("livenessProbe") == 200, f"{pod.component} to be alive")
        for stage in ("consumer", "indexer"):
            self.wait_for(lambda stage=stage: pods[stage].answers("readinessProbe") == 503, f"{stage} to miss Kafka")
            self.assertEqual(pods[stage].answers("livenessProbe"), 200)
        self.wait_for(lambda: "kafka_sink" in self.reasons("forwarder"), "the forwarder to miss Kafka")
        self.assertEqual((pods["forwarder"].answers("livenessProbe"), pods["forwarder"].answers("readinessProbe")), (200, 200))

    def reasons(self, component):
        """What /readyz complains about."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.pods[component].admin}/readyz", timeout=5).close()
        except urllib.error.HTTPError as failure:
            return failure.read().decode()
        return ""


if __name__ == "__main__":
    unittest.main(verbosity=1)
