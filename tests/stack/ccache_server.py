#!/usr/bin/env python3
"""Keeps compiler results for the builds of the image, which have no disk of their own that would outlive them.

Usage: ccache_server.py HOST PORT FOLDER

Speaks what ccache asks of an HTTP storage: GET, HEAD, PUT and DELETE of small files. FOLDER has the layout that ccache's own
`file:` storage makes, so a build on this machine and one in a container share results (CCACHE_REMOTE_STORAGE=file:FOLDER).
"""
import http.server
import os
import re
import sys
import tempfile

host, port, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ENTRY = re.compile(r"/[0-9a-f]{2}/[0-9a-z]{10,80}")
BYTES_MAX = 64 << 20


class Storage(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def place(self):
        return folder + self.path if ENTRY.fullmatch(self.path) else None

    def do_GET(self):
        try:
            with open(self.place() or "", "rb") as entry:
                self.answer(200, entry.read())
        except FileNotFoundError:
            self.answer(404)

    do_HEAD = do_GET

    def do_PUT(self):
        size = int(self.headers.get("Content-Length", -1))
        place = self.place()
        if not place or not 0 <= size <= BYTES_MAX:
            self.close_connection = True
            return self.answer(400)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        # Whole or not at all: another build may be reading.
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(place), delete=False) as entry:
            entry.write(self.rfile.read(size))
        os.replace(entry.name, place)
        return self.answer(201)

    def do_DELETE(self):
        try:
            os.unlink(self.place() or "")
            self.answer(204)
        except FileNotFoundError:
            self.answer(404)

    def log_message(self, *arguments):
        pass


os.makedirs(folder, exist_ok=True)
server = http.server.ThreadingHTTPServer((host, port), Storage)
server.daemon_threads = True
server.serve_forever()
