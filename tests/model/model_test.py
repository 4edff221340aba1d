#!/usr/bin/env python3
"""The models of delivery, all of whose states Spin looks at; and that each fault put into one is found.

    tests/model/model_test.py [UNITTEST ARGUMENTS…]
    tests/model/model_test.py --trail MODEL.pml MUTATION     the shortest way into the fault, step by step

Needs spin (https://spinroot.com) and a C compiler.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
STATES_MIN = 1_000_000  # a model that has fewer lost an action on the way


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def searched(folder, model, mutation=None, *more):
    """@return what Spin's verifier says after it looked at all states, or met a fault"""
    shutil.copy(HERE / model, folder)  # the verifier writes its trail beside it
    run(["spin", *([f"-D{mutation}"] if mutation else []), "-a", model], folder)
    run(["cc", "-O2", "-w", "-DSAFETY", *more, "-o", "pan", "pan.c"], folder)
    return run([folder / "pan", "-m1000000", "-n", *(["-i"] if more else [])], folder)


def mutations_of(model):
    return sorted(set(re.findall(r"^#ifn?def ([A-Z_]+)$", (HERE / model).read_text(encoding="utf-8"), re.MULTILINE)) - {"MISHAPS"})


class Models(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory(prefix="logpipe-model-")
        self.addCleanup(kept.cleanup)
        self.folder = pathlib.Path(kept.name)

    def holds(self, model):
        said = searched(self.folder, model)
        self.assertIn("errors: 0\n", said)
        self.assertNotIn("max search depth too small", said)
        self.assertGreater(int(re.search(r"(\d+) states, stored", said)[1]), STATES_MIN, said)

    def is_broken_by_each_mutation(self, model, count):
        self.assertEqual(len(mutations_of(model)), count)
        for mutation in mutations_of(model):
            with self.subTest(mutation):
                self.assertRegex(searched(self.folder, model, mutation), r"assertion violated[\s\S]*errors: 1\n")

    def test_from_client_to_store_nothing_is_lost_or_doubled(self):
        self.holds("delivery.pml")

    def test_a_partition_that_moves_is_never_committed_beyond_what_is_stored(self):
        self.holds("rebalance.pml")

    def test_each_fault_put_into_delivery_is_found(self):
        self.is_broken_by_each_mutation("delivery.pml", 9)

    def test_each_fault_put_into_rebalance_is_found(self):
        self.is_broken_by_each_mutation("rebalance.pml", 3)


def print_trail(model, mutation):
    with tempfile.TemporaryDirectory(prefix="logpipe-model-") as kept:
        folder = pathlib.Path(kept)
        searched(folder, model, mutation, "-DREACH")
        print(run(["spin", f"-D{mutation}", "-t", "-p", "-g", model], folder))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--trail"]:
        print_trail(*sys.argv[2:4])
    else:
        unittest.main(verbosity=1)
