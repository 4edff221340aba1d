"""Looks at the ledgers of processes without a pause, as long as a block lasts: each must be 0 at every look.

    with looking("127.0.0.1:24230", "127.0.0.1:24231"):
        …
"""

import contextlib
import json
import threading
import time
import urllib.request

LOOKS_MIN = 50  # fewer have shown little


class _Looks(threading.Thread):
    def __init__(self, admin):
        super().__init__()
        self.admin, self.looks, self.off, self.ended = admin, 0, [], threading.Event()

    def run(self):
        while not self.ended.is_set():
            try:
                with urllib.request.urlopen(f"http://{self.admin}/api/status", timeout=30) as answer:
                    status = json.loads(answer.read())
            except OSError:  # it is down, or starts
                time.sleep(0.005)
                continue
            self.looks += 1
            books = [status["ledger"], *(pump["ledger"] for pump in status["pumps"])]
            self.off += [book for book in books if book["difference"] != 0]


@contextlib.contextmanager
def looking(*admins):
    """@param admins  addresses; a process may be away for a while"""
    all_looks = [_Looks(admin) for admin in admins]
    for each in all_looks:
        each.start()
    try:
        yield
    finally:
        for each in all_looks:
            each.ended.set()
        for each in all_looks:
            each.join()
    for each in all_looks:
        if each.off:
            raise AssertionError(f"{each.admin}: {len(each.off)} ledgers in {each.looks} looks are off, as {each.off[:3]}")
        if each.looks < LOOKS_MIN:
            raise AssertionError(f"{each.admin}: only {each.looks} looks")
