#!/usr/bin/env python3
"""Syslog from those who really send it: nginx, logger, rsyslog, and openssl for TLS.

    tests/program/syslog_test.py [PROGRAM [UNITTEST ARGUMENTS…]]

Needs nginx, logger, openssl and rsyslog.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import unittest

import program_test
from program_test import TIME_MAX, Case, free_address

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "servers"))
from tls import make_tls  # noqa: E402
from nginx_server import Nginx, event_of, is_utf8, send_all_kinds  # noqa: E402

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")

# One message by each framing and template.
RSYSLOG = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/in" UseSysTimeStamp="off")
template(name="own" type="string" string="<%PRI%>%TIMESTAMP% %HOSTNAME% %syslogtag%%msg:::sp-if-no-1st-sp%%msg%")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="udp" template="own")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" template="RSYSLOG_ForwardFormat")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
"""


def states_of_threads(pid):
    """proc_pid_stat(5): the state follows the name, which is in parentheses."""
    return {stat.read_text().rpartition(") ")[2][0] for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")}


class Syslog(Case):
    def begin(self, *more, query="", scheme="syslog"):
        """The whole pipeline on one machine; @return its child, and where it listens"""
        at, self.admin = free_address(), free_address()
        child = self.start("run", "--from", f"{scheme}://{at}{query}", "--data-dir", "data", "--admin", self.admin, "--page", "none", *more)
        self.wait_ready(self.admin)
        return child, int(at.rsplit(":", 1)[1])

    def stored(self, child, count):
        self.wait_drained(self.admin, count)
        self.assertIn(f"in {count} = indexed {count} + already there 0 + dead 0 + in flight 0\n", self.end(child))
        return self.documents(self.folder / "data/store.sqlite")

    def metric(self, name):
        return int(re.search(rf"^logpipe_syslog_{name}{{.*}} (\d+)$", self.get(f"http://{self.admin}/metrics")[1], re.MULTILINE)[1])


class FromNginx(Syslog):
    def test_access_logs_over_udp_are_the_documents_that_their_files_would_be(self):
        child, port = self.begin()
        folder = self.folder / "nginx"
        folder.mkdir()
        server = f"syslog:server=127.0.0.1:{port}"
        with Nginx(folder, (f"{server} combined", f"{server},tag=json,severity=notice escaped", f"{server},tag=bare,nohostname escaped")) as nginx:
            sent = send_all_kinds(nginx)
            nginx.stop()
        documents = self.stored(child, 3 * len(sent))
        for program, missing, severity, host in (("nginx", "-", "info", True), ("json", "", "notice", True), ("bare", "", "info", False)):
            own = [document for document in documents if document["syslog_program"] == program]
            for document, request in zip(own, sent, strict=True):
                with self.subTest(program, request=request.request[:60]):
                    self.assertEqual(document["event"], event_of(request, missing))
                    self.assertEqual(document.get("_repaired", []), [] if is_utf8(request) else ["utf8"])
                    self.assertEqual((document["syslog_severity"], "syslog_host" in document), (severity, host))
                    self.assertNotIn("message", document)

    def test_what_the_kernel_drops_is_counted_and_the_rest_is_stored(self):
        child, port = self.begin("--syslog-receive-buffer", "64K", query="?syslog-transport=udp")
        sent = 2000
        child.send_signal(signal.SIGSTOP)
        # A thread that is busy elsewhere stops the others only when it is its turn.
        self.wait_for(lambda: states_of_threads(child.pid) == {"T"}, "all threads to be stopped")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for number in range(sent):
                client.sendto(b"<13>Nov 29 10:00:01 web1 app: %d %s" % (number, b"x" * 500), ("127.0.0.1", port))
        child.send_signal(signal.SIGCONT)
        self.wait_for(lambda: self.metric("datagrams_total") + self.metric("datagrams_dropped_total") == sent, "all datagrams to be counted")
        dropped = self.metric("datagrams_dropped_total")
        documents = self.stored(child, sent - dropped)
        self.assertEqual([int(document["message"].split()[0]) for document in documents], list(range(sent - dropped)))
        self.assertIn(f"the kernel dropped {dropped} datagrams", self.output_of(child))


class FromLogger(Syslog):
    def test_each_transport_framing_and_header(self):
        child, port = self.begin("--tag", "system.logger")
        kinds = (("-d", "--rfc3164"), ("-d", "--rfc5424"), ("-T", "--rfc5424"), ("-T", "--octet-count", "--rfc5424"), ("-T", "--rfc3164"))
        for number, kind in enumerate(kinds):
            subprocess.run(["logger", "-n", "127.0.0.1", "-P", str(port), *kind, "-t", "worker", "-p", "local3.warning", "--id=4711",
                            f"message {number} of \"quotes\" and ünïcode"], check=True, timeout=TIME_MAX)
        documents = self.stored(child, len(kinds))
        self.assertEqual(sorted(document["message"] for document in documents),
                         [f"message {number} of \"quotes\" and ünïcode" for number in range(len(kinds))])
        for document in documents:
            with self.subTest(document["message"]):
                self.assertEqual((document["syslog_program"], document["syslog_pid"], document["syslog_severity"], document["syslog_priority"]),
                                 ("worker", 4711, "warning", 19 * 8 + 4))
                self.assertEqual(document["syslog_host"].split(".")[0], socket.gethostname().split(".")[0])

    def test_rsyslog_forwards_by_every_template_and_framing(self):
        child, port = self.begin()
        folder = self.folder / "rsyslog"
        folder.mkdir()
        (folder / "conf").write_text(RSYSLOG.format(folder=folder, port=port))
        daemon = subprocess.Popen([RSYSLOGD, "-n", "-f", folder / "conf", "-i", folder / "pid"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (daemon.kill(), daemon.wait()))
        self.wait_for((folder / "in").exists, "rsyslog's socket")
        subprocess.run(["logger", "-u", folder / "in", "-t", "worker", "-p", "local3.err", "by rsyslog"], check=True, timeout=TIME_MAX)
        documents = self.stored(child, 3)
        self.assertEqual([document["message"] for document in documents], ["by rsyslog"] * 3)
        self.assertEqual({(document["syslog_program"], document["syslog_severity"]) for document in documents}, {("worker", "err")})
        self.assertEqual(sum("envelope_time" in document for document in documents), 2)
        self.assertEqual(sum("syslog_time" in document for document in documents), 1)


class ByTls(Syslog):
    def send(self, port, folder, bytes_sent, *more):
        return subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", folder / "ca.pem", "-verify_return_error", "-quiet",
                               "-no_ign_eof", *more], input=bytes_sent, capture_output=True, timeout=TIME_MAX)

    def test_messages_over_tls(self):
        folder = make_tls(self.folder / "tls")
        child, port = self.begin(scheme="syslogs", query=f"?certificate-file={folder}/server.pem&key-file={folder}/server.key")
        message = b"<13>1 2026-11-29T10:00:01Z web1 app 7 ID47 - over TLS"
        done = self.send(port, folder, b"%d %s%s\n" % (len(message), message, message))
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        with socket.create_connection(("127.0.0.1", port), timeout=TIME_MAX) as plain:
            plain.sendall(b"<13>this is no TLS record, and long enough to say so\n")
            plain.settimeout(TIME_MAX)
            while plain.recv(4096):  # an alert, then the end
                pass
        self.wait_for(lambda: self.metric("handshakes_failed_total") == 1, "the failed handshake to be counted")
        documents = self.stored(child, 2)
        self.assertEqual([document["message"] for document in documents], ["over TLS"] * 2)

    def test_a_client_that_must_show_a_certificate(self):
        folder = make_tls(self.folder / "tls")
        child, port = self.begin("--certificate-file", folder / "server.pem", "--key-file", folder / "server.key", "--client-ca-file",
                                 folder / "ca.pem", scheme="syslogs")
        self.send(port, folder, b"<13>nobody\n")
        self.send(port, folder, b"<13>known\n", "-cert", folder / "server.pem", "-key", folder / "server.key")
        documents = self.stored(child, 1)
        self.assertEqual([document["message"] for document in documents], ["<13>known"])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-") and os.path.exists(sys.argv[1]):
        program_test.PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
