#!/usr/bin/env python3
"""What deploy/kubernetes says, without a cluster: it is built, valid by the schemas, asks for no more rights than it needs,
and its names and command lines fit together.

    LOGPIPE=build/dev/logpipe tests/deploy/kubernetes_test.py [UNITTEST ARGUMENTS…]
"""

import collections
import os
import re
import subprocess
import unittest

import kubernetes_tools

kubernetes_tools.continue_with_tools()

import kubernetes_validate  # noqa: E402
import yaml  # noqa: E402
from manifests import (arguments_of, component_of, containers_of, environment_of, labels_of, name_of, objects_of, of_kind,  # noqa: E402
                       pod_of, port_of, workloads)

LOGPIPE = os.path.realpath(os.environ["LOGPIPE"])
OVERLAYS = ("base", "pod-logs", "examples/complete", "examples/autoscaled", "examples/secured")
# The oldest that docs/operate/kubernetes.md names, and the newest known here.
VERSIONS = ("1.27.1", "1.37.0")
PLAIN_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("LOGPIPE")}


def each_container(test):
    """Calls test(self, overlay, workload, container) for all."""
    def calls(self):
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                for container in containers_of(workload):
                    with self.subTest(overlay=overlay, workload=name_of(workload), container=container["name"]):
                        test(self, overlay, workload, container)
    return calls


def fits(labels, selector):
    return all(labels.get(key) == value for key, value in selector["matchLabels"].items())


def quantity(text):
    """Bytes of a quantity of Kubernetes in Mi or Gi."""
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi)", text).groups()
    return int(number) << {"Mi": 20, "Gi": 30}[unit]


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


def size(text):
    number, unit = re.fullmatch(r"(\d+)([MG])", text).groups()
    return int(number) << {"M": 20, "G": 30}[unit]


def checked(subcommand, options):
    """Values of all options, as `logpipe check` prints them. @return its exit status, they, and its log"""
    done = subprocess.run([LOGPIPE, "check", "--for", subcommand], capture_output=True, text=True, check=False,
                          env={**PLAIN_ENVIRONMENT, **options}, cwd="/")
    return done.returncode, dict(re.findall(r"^([a-z-]+) +(\S+) +\S+$", done.stdout, re.M)), done.stderr


def options_of(arguments):
    """The variables of the options of a command line, for which `logpipe check` can be asked."""
    found = {}
    for argument in arguments:
        name, _, value = argument.partition("=")
        found["LOGPIPE_" + name.removeprefix("--").upper().replace("-", "_")] = value or "on"
    return found


def options_in_force(overlay, workload, container):
    subcommand, *options = [argument for argument in arguments_of(overlay, workload, container) if argument != "opensearch"]
    variables = {name: value for name, value in environment_of(overlay, workload, container).items() if name.startswith("LOGPIPE_")}
    return checked(subcommand, variables | options_of(options))


class Objects(unittest.TestCase):
    def test_each_is_valid_by_the_strict_schema(self):
        for overlay in OVERLAYS:
            for each in objects_of(overlay):
                for version in VERSIONS:
                    with self.subTest(overlay=overlay, object=each["metadata"]["name"], version=version):
                        kubernetes_validate.validate(each, version, strict=True)

    def test_a_wrong_field_is_found(self):
        wrong = yaml.safe_load(yaml.safe_dump(workloads("base")[0]))
        pod_of(wrong)["terminationGraceSeconds"] = 45
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)

    def test_every_object_has_a_namespace_that_is_made(self):
        for overlay in OVERLAYS:
            made = {each["metadata"]["name"] for each in of_kind(overlay, "Namespace")}
            for each in objects_of(overlay):
                with self.subTest(overlay=overlay, object=each["metadata"]["name"]):
                    self.assertIn(each["metadata"]["name" if each["kind"] == "Namespace" else "namespace"], made)

    def test_what_selects_pods_selects_those_that_it_means(self):
        for overlay in OVERLAYS:
            for each in of_kind(overlay, "Service", "PodDisruptionBudget", "StatefulSet", "Deployment", "DaemonSet"):
                selector = each["spec"]["selector"] if each["kind"] != "Service" else {"matchLabels": each["spec"]["selector"]}
                with self.subTest(overlay=overlay, object=name_of(each)):
                    self.assertEqual([component_of(workload) for workload in workloads(overlay) if fits(labels_of(workload), selector)],
                                     [component_of(each)])

    def test_services_and_probes_and_policies_name_ports_that_are_there(self):
        for overlay in OVERLAYS:
            ports = {port["name"] for workload in workloads(overlay) for container in pod_of(workload)["containers"] for port in container["ports"]}
            wanted = {port["targetPort"] for service in of_kind(overlay, "Service") for port in service["spec"]["ports"]}
            for policy in of_kind(overlay, "NetworkPolicy"):
                wanted |= {port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]}
            with self.subTest(overlay=overlay):
                self.assertLessEqual(wanted, ports)
                self.assertIn("admin", wanted)

    def test_both_directions_are_denied_in_each_namespace_unless_a_policy_allows_them(self):
        for overlay in OVERLAYS:
            policies = of_kind(overlay, "NetworkPolicy")
            for namespace in of_kind(overlay, "Namespace"):
                with self.subTest(overlay=overlay, namespace=namespace["metadata"]["name"]):
                    self.assertIn({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
                                  [each["spec"] for each in policies if each["metadata"]["namespace"] == namespace["metadata"]["name"]])
            for policy in policies:
                for rule in policy["spec"].get("ingress", []):
                    with self.subTest(overlay=overlay, policy=name_of(policy)):
                        self.assertTrue(rule["from"] and rule["ports"])

    def test_followers_may_send_to_forwarders(self):
        (node,) = [each for each in of_kind("examples/complete", "Namespace") if each["metadata"]["name"] == "logpipe-node"]
        (senders,) = [each for each in of_kind("examples/complete", "NetworkPolicy") if each["metadata"]["name"] == "senders"]
        (peer,) = senders["spec"]["ingress"][0]["from"]
        self.assertTrue(fits(node["metadata"]["labels"], peer["namespaceSelector"]))
        (follower,) = [each for each in workloads("examples/complete") if each["kind"] == "DaemonSet"]
        (service,) = [each for each in of_kind("examples/complete", "Service") if each["spec"].get("clusterIP") != "None"]
        self.assertIn(f"--to=forward://{service['metadata']['name']}.{service['metadata']['namespace']}.svc:{service['spec']['ports'][0]['port']}",
                      arguments_of("examples/complete", follower, pod_of(follower)["containers"][0]))

    def test_what_can_be_drained_has_a_budget_that_lets_it_be(self):
        for overlay in ("base", "examples/complete"):
            budgets = {component_of(each): each["spec"] for each in of_kind(overlay, "PodDisruptionBudget")}
            for workload in workloads(overlay):
                if workload["kind"] != "DaemonSet":
                    with self.subTest(overlay=overlay, workload=name_of(workload)):
                        self.assertEqual(budgets[component_of(workload)]["maxUnavailable"], 1)
                        self.assertGreater(workload["spec"]["replicas"], 1)

    def test_an_autoscaler_has_the_number_to_itself_and_no_more_pods_than_partitions(self):
        overlay = "examples/autoscaled"
        scalers = of_kind(overlay, "HorizontalPodAutoscaler")
        self.assertEqual([component_of(each) for each in scalers], ["consumer", "indexer"])
        for scaler in scalers:
            (target,) = [each for each in workloads(overlay) if each["metadata"]["name"] == scaler["spec"]["scaleTargetRef"]["name"]]
            self.assertNotIn("replicas", target["spec"])
            partitions = environment_of(overlay, target, pod_of(target)["containers"][0])["LOGPIPE_PARTITIONS"]
            self.assertEqual(scaler["spec"]["maxReplicas"], int(partitions))

    def test_an_autoscaler_watches_a_metric_that_there_is(self):
        known = subprocess.run([LOGPIPE, "check", "--show-metrics"], capture_output=True, text=True, check=True).stdout
        for scaler in of_kind("examples/autoscaled", "HorizontalPodAutoscaler"):
            for metric in scaler["spec"]["metrics"]:
                self.assertIn(f"| `{metric['pods']['metric']['name']}` | gauge |", known)


class Rights(unittest.TestCase):
    @each_container
    def test_a_container_has_no_rights_that_it_does_not_need(self, _overlay, _workload, container):
        self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                        "capabilities": {"drop": ["ALL"]}})

    def test_no_pod_runs_as_root_but_the_one_that_reads_the_nodes_logs(self):
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                with self.subTest(overlay=overlay, workload=name_of(workload)):
                    pod = pod_of(workload)
                    user = {key: pod["securityContext"].get(key) for key in ("runAsNonRoot", "runAsUser", "runAsGroup")}
                    if workload["kind"] == "DaemonSet":
                        self.assertEqual(user, {"runAsNonRoot": None, "runAsUser": 0, "runAsGroup": 0})
                    else:
                        self.assertEqual(user, {"runAsNonRoot": True, "runAsUser": 65532, "runAsGroup": 65532})
                    self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                    self.assertIs(pod["automountServiceAccountToken"], False)
                    for shared in ("hostNetwork", "hostPID", "hostIPC"):
                        self.assertNotIn(shared, pod)

    def test_a_folder_of_the_node_is_mounted_by_the_follower_only_and_the_logs_read_only(self):
        mounted = collections.defaultdict(set)
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                hosts = {volume["name"]: volume["hostPath"]["path"] for volume in pod_of(workload).get("volumes", []) if "hostPath" in volume}
                for mount in [mount for container in containers_of(workload) for mount in container.get("volumeMounts", [])]:
                    if mount["name"] in hosts:
                        mounted[component_of(workload)].add((hosts[mount["name"]], mount["mountPath"], mount.get("readOnly", False)))
        self.assertEqual(mounted, {"follower": {("/var/log/pods", "/var/log/pods", True), ("/var/lib/logpipe", "/var/lib/logpipe", False)}})

    def test_the_namespace_of_the_others_is_held_to_the_strictest_standard(self):
        (namespace,) = of_kind("base", "Namespace")
        self.assertEqual(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")

    def test_a_secret_is_a_file_that_only_its_process_can_read(self):
        mounted = set()
        for workload in workloads("examples/secured"):
            for volume in pod_of(workload)["volumes"]:
                if "secret" in volume:
                    mounted.add(volume["secret"]["secretName"])
                    self.assertEqual(volume["secret"]["defaultMode"] & 0o007, 0)
            for container in containers_of(workload):
                values = environment_of("examples/secured", workload, container)
                self.assertEqual(values["LOGPIPE_STRICT_SECRETS"], "yes")
                self.assertIn({"name": "secrets", "mountPath": "/secrets", "readOnly": True}, container["volumeMounts"])
                self.assertEqual([name for name in values if re.search("PASSWORD|TOKEN|KEY", name) and not name.endswith("_FILE")], [])
        self.assertEqual(mounted, {f"logpipe-{component_of(workload)}" for workload in workloads("examples/secured")})
        self.assertEqual(of_kind("examples/secured", "Secret"), [])


class Containers(unittest.TestCase):
    @each_container
    def test_its_command_line_is_one_that_the_program_knows(self, overlay, workload, container):
        subcommand, *arguments = arguments_of(overlay, workload, container)
        known = set(re.findall(r"--[a-z0-9-]+", subprocess.run([LOGPIPE, subcommand, "--help"], capture_output=True, text=True, check=True).stdout))
        self.assertEqual([argument for argument in arguments if argument.startswith("--") and argument.split("=")[0] not in known], [])
        status, _, log = options_in_force(overlay, workload, container)
        self.assertEqual((status, log), (0, ""))

    def test_a_wrong_value_or_name_is_found(self):
        self.assertEqual(checked("forward", options_of(["--journal-bytes-max=much"]))[0], 2)
        self.assertIn("LOGPIPE_LISEN is not the variable of an option", checked("forward", options_of(["--lisen=0.0.0.0:24224"]))[2])

    @each_container
    def test_its_memory_is_what_the_program_keeps_to(self, overlay, workload, container):
        resources = container["resources"]
        self.assertEqual(set(resources["limits"]), {"cpu", "memory"})
        # Never above what is reserved: the node cannot run out of it by this pod.
        self.assertEqual(resources["requests"]["memory"], resources["limits"]["memory"])
        # 0 is the limit of the control group; `setup` has no such option.
        self.assertEqual(options_in_force(overlay, workload, container)[1].get("memory-max", "0"), "0")

    def test_a_pod_has_more_time_to_stop_than_the_program_takes(self):
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                for container in pod_of(workload)["containers"]:
                    with self.subTest(overlay=overlay, workload=name_of(workload)):
                        _, options, _ = options_in_force(overlay, workload, container)
                        self.assertGreater(pod_of(workload)["terminationGracePeriodSeconds"], seconds(options["drain-timeout"]) + 10)

    def test_a_volume_holds_what_the_journal_may_grow_to(self):
        for overlay in ("base", "examples/secured"):
            for workload in of_kind(overlay, "StatefulSet"):
                _, options, _ = options_in_force(overlay, workload, pod_of(workload)["containers"][0])
                (claim,) = workload["spec"]["volumeClaimTemplates"]
                self.assertGreater(quantity(claim["spec"]["resources"]["requests"]["storage"]),
                                   size(options["journal-bytes-max"]) + size(options["dead-letters-bytes-max"]))
                self.assertTrue(options["journal"].startswith("/data/"))

    def test_each_is_probed_and_scraped_where_it_listens(self):
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                for container in pod_of(workload)["containers"]:
                    with self.subTest(overlay=overlay, workload=name_of(workload)):
                        admin = port_of(container, "admin")
                        self.assertEqual(options_in_force(overlay, workload, container)[1]["admin"], f"0.0.0.0:{admin}")
                        annotations = workload["spec"]["template"]["metadata"]["annotations"]
                        self.assertEqual((annotations["prometheus.io/port"], annotations["prometheus.io/path"]), (str(admin), "/metrics"))
                        self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/healthz", "port": "admin"})
                        for probe in ("startupProbe", "readinessProbe"):
                            self.assertIn(container[probe].get("httpGet", container[probe].get("tcpSocket"))["port"], ("admin", "forward"))

    def test_no_service_looks_like_an_option(self):
        for overlay in OVERLAYS:
            for workload in workloads(overlay):
                with self.subTest(overlay=overlay, workload=name_of(workload)):
                    self.assertIs(pod_of(workload)["enableServiceLinks"], False)


if __name__ == "__main__":
    unittest.main(verbosity=1)
