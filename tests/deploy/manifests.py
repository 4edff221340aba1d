"""The objects of an overlay of deploy/kubernetes, and what the kubelet makes of a container: its command line."""

import functools
import re

import yaml

from kubernetes_tools import DEPLOY, kustomize


@functools.cache
def objects_of(overlay):
    return tuple(each for each in yaml.safe_load_all(kustomize(DEPLOY / overlay)) if each)


def of_kind(overlay, *kinds):
    return [each for each in objects_of(overlay) if each["kind"] in kinds]


def workloads(overlay):
    """What makes pods."""
    return of_kind(overlay, "StatefulSet", "Deployment", "DaemonSet")


def name_of(thing):
    return f"{thing['kind']} {thing['metadata']['namespace']}/{thing['metadata']['name']}"


def component_of(thing):
    return thing["metadata"]["labels"]["app.kubernetes.io/component"]


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def containers_of(workload):
    return pod_of(workload).get("initContainers", []) + pod_of(workload)["containers"]


def port_of(container, name):
    (number,) = [port["containerPort"] for port in container["ports"] if port["name"] == name]
    return number


def environment_of(overlay, workload, container):
    """First what envFrom names, then env, as the kubelet does."""
    values = {}
    for source in container.get("envFrom", []):
        (found,) = [each for each in of_kind(overlay, "ConfigMap")
                    if each["metadata"]["name"] == source["configMapRef"]["name"]
                    and each["metadata"]["namespace"] == workload["metadata"]["namespace"]]
        values |= found["data"]
    return values | {each["name"]: each["value"] for each in container.get("env", [])}


def arguments_of(overlay, workload, container):
    """With $(NAME) replaced by the container's environment, as the kubelet does."""
    values = environment_of(overlay, workload, container)
    return [re.sub(r"\$\((\w+)\)", lambda name: values[name[1]], argument) for argument in container["args"]]
