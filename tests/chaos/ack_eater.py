"""A way between a client and `forward` on which acknowledgements are lost."""

import contextlib
import socket
import threading


def next_message(data):
    """Bytes of the first message, as far as an acknowledgement, {"ack": ID}, can be one; 0 while it is not whole."""
    head = b"\x81\xa3ack"
    if len(data) <= len(head):
        return 0
    if not data.startswith(head):
        raise ValueError(f"no acknowledgement: {data[:40]!r}")
    kind = data[len(head)]
    if 0xA0 <= kind <= 0xBF:
        total = len(head) + 1 + (kind & 0x1F)
    elif kind in (0xC4, 0xD9):
        if len(data) < len(head) + 2:
            return 0
        total = len(head) + 2 + data[len(head) + 1]
    else:
        raise ValueError(f"no acknowledgement: {data[:40]!r}")
    return total if len(data) >= total else 0


class AckEater:
    """Listens on `address` and passes all on to and from `forward`, but every third acknowledgement: that one it keeps, and
    closes the connection. `eaten` counts them. Ends with its block."""

    def __init__(self, forward, every=3):
        self.target = (forward.rsplit(":", 1)[0], int(forward.rsplit(":", 1)[1]))
        self.every = every
        self.seen = self.eaten = 0
        self.lock = threading.Lock()  # guards seen, eaten, open
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.failures = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.listener.close()
        with self.lock:
            for each in self.open:
                self._shut(each)

    @staticmethod
    def _shut(link):
        with contextlib.suppress(OSError):  # it may be gone already
            link.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # closed by our end
                return
            try:
                server = socket.create_connection(self.target, timeout=30)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self.lock:
                self.open |= {client, server}
            for work in (self._there, self._back):
                threading.Thread(target=self._until_closed, args=(work, client, server), daemon=True).start()

    def _until_closed(self, work, client, server):
        try:
            work(client, server)
        except ValueError as failure:
            self.failures.append(failure)
        except OSError:
            pass  # one side is gone; so must the other
        self._shut(client)
        self._shut(server)
        with self.lock:
            self.open -= {client, server}

    @staticmethod
    def _there(client, server):
        while data := client.recv(65536):
            server.sendall(data)

    def _back(self, client, server):
        data = b""
        while more := server.recv(65536):
            data += more
            while length := next_message(data):
                with self.lock:
                    self.seen += 1
                    eat = self.seen % self.every == 0
                    self.eaten += eat
                if eat:
                    return
                client.sendall(data[:length])
                data = data[length:]
