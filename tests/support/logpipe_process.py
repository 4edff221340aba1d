"""The program as a child process, as the tests that drive it from outside use it. Standard library only."""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.request

PROGRESS_SECONDS_MAX = 60.0  # without any progress: then a test gives up


class Failed(Exception):
    """What is to be told to whoever runs the test."""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def free_address():
    return f"127.0.0.1:{free_port()}"


_prctl = ctypes.CDLL(None).prctl


def wait_until_it_listens(address, seconds_max):
    """Returns when somebody takes connections there."""
    host, port = address.rsplit(":", 1)
    end = time.monotonic() + seconds_max
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=5).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise Failed(f"nobody listens on {address} after {seconds_max} s") from None
            time.sleep(0.001)


def die_with_parent():
    """Runs in the child before the program: a test that is killed itself leaves nothing behind (Linux).

    The child ends with the thread that started it, so start it from a thread that stays."""
    pr_set_pdeathsig = 1
    _prctl(pr_set_pdeathsig, signal.SIGKILL)


def program_environment():
    """Ours, without the variables that the program would take for its options: the tests have some of that name."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LOGPIPE_")}


class Process:
    """A child with its output in files. Ends with its block: no child outlives the test."""

    def __init__(self, name, folder, command, stdin=subprocess.DEVNULL, stdout=None):
        self.name = name
        self.out_path = folder / f"{name}.stdout"
        self.error_path = folder / f"{name}.stderr"
        with open(self.out_path, "ab") as out, open(self.error_path, "ab") as err:
            self.child = subprocess.Popen([str(word) for word in command], cwd=folder, stdin=stdin, stdout=stdout or out,
                                          stderr=err, env=program_environment(), preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.kill()

    def runs(self):
        return self.child.poll() is None

    def kill(self):
        if self.runs():
            self.child.kill()
        self.child.wait()

    def stop(self, seconds=60):
        self.child.send_signal(signal.SIGTERM)
        self.must_end_well(seconds)

    def must_run(self):
        if not self.runs():
            raise Failed(f"{self.name} ended with {self.child.returncode}:\n{self.last_lines()}")

    def must_end_well(self, seconds):
        try:
            status = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds} s:\n{self.last_lines()}") from None
        if status != 0:
            raise Failed(f"{self.name} ended with {status}:\n{self.last_lines()}")

    def last_lines(self):
        return "\n".join(self.error_path.read_text(errors="replace").splitlines()[-20:])


class Stage:
    """A subcommand that serves until it is stopped, started again and again with the same words. Ends with its block.

    `words` are its arguments but for --admin (--listen of serve), whose address is `self.admin`; `wrapper` is what runs the program, if any."""

    def __init__(self, name, folder, program, words, wrapper=()):
        self.name = name
        self.folder = folder
        self.admin = free_address()
        self.command = [*wrapper, program, *words, "--listen" if words[0] == "serve" else "--admin", self.admin]
        self.running = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.kill()

    def start(self):
        self.running = Process(self.name, self.folder, self.command)

    def kill(self):
        if self.running is not None:
            self.running.kill()

    def kill_and_start_again(self):
        self.running.must_run()
        self.kill()
        self.start()

    def stop(self, seconds=60):
        self.running.stop(seconds)

    def status(self):
        """/api/status as it is; None while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.admin}/api/status", timeout=5) as answer:
                return json.load(answer)
        except (OSError, ValueError, http.client.HTTPException):  # refused, cut off, or half an answer
            return None

    def metrics(self):
        """/metrics as text."""
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def gauges(self):
        """Of all its stages; equal names of several pumps are added up."""
        sums = {}
        for pump in (self.status() or {"pumps": []})["pumps"]:
            for stage in pump["stages"]:
                for name, value in stage["metrics"].items():
                    sums[name] = sums.get(name, 0) + value
        return sums

    def troubles(self):
        """Why stages are down, a line each."""
        return [stage["reason"] for pump in (self.status() or {"pumps": []})["pumps"] for stage in pump["stages"] if not stage["up"]]

    def ledger(self):
        status = self.status()
        return status and status["ledger"]

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.admin}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (OSError, http.client.HTTPException):
            return False

    def wait_for(self, condition, what):
        """Polls the ledger until `condition` holds for it. Gives up when the ledger does not change any more."""
        def reached():
            self.running.must_run()
            ledger = self.ledger()
            return ledger is not None and condition(ledger), ledger
        return wait_while_it_moves(reached, what)

    def wait_ready(self):
        def reached():
            self.running.must_run()
            return self.ready(), None
        wait_while_it_moves(reached, f"{self.name} to be ready")


def wait_while_it_moves(look, what, seconds=PROGRESS_SECONDS_MAX, pause=0.002):
    """Calls look(), which gives (reached, state), until it is reached; gives the state. Gives up when the state has not
    changed for some time: a slow machine is no failure, a stop is."""
    before = None
    changed = time.monotonic()
    while True:
        reached, state = look()
        if reached:
            return state
        if state != before:
            before, changed = state, time.monotonic()
        if time.monotonic() - changed > seconds:
            raise Failed(f"nothing moved for {seconds:.0f} s while waiting for {what}; last: {before}")
        time.sleep(pause)
