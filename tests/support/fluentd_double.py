"""A server that greets, checks and acks as Fluentd's in_forward with a <security> section does (fluentd 1.19,
lib/fluent/plugin/in_forward.rb): to the byte where it says HELO and PONG. Standard library only."""

import hashlib
import os
import socket
import struct
import threading


def _str(text):
    data = text.encode()
    return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data


def _bin(data):
    return b"\xc4" + bytes([len(data)]) + data


class Reader:
    """msgpack from a socket, as much of it as a forward client sends in its PING and its options."""

    def __init__(self, connection):
        self.connection = connection

    def take(self, count):
        data = b""
        while len(data) < count:
            part = self.connection.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def value(self):
        first = self.take(1)[0]
        if first < 0x80:
            return first
        if first < 0x90:
            return self.map(first & 0x0F)
        if first < 0xA0:
            return [self.value() for _ in range(first & 0x0F)]
        if first < 0xC0:
            return self.take(first & 0x1F)
        if first in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[first]
        if first in (0xC4, 0xD9):
            return self.take(self.take(1)[0])
        if first in (0xC5, 0xDA):
            return self.take(struct.unpack(">H", self.take(2))[0])
        if first in (0xC6, 0xDB):
            return self.take(struct.unpack(">I", self.take(4))[0])
        sizes = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
        return struct.unpack(sizes[first], self.take(struct.calcsize(sizes[first])))[0]

    def map(self, count):
        return {self.value(): self.value() for _ in range(count)}


class FluentdDouble:
    """Serves one connection after the other on 127.0.0.1 until its block ends. `chunks` are the acked ones' entries,
    `pings` the user names and password digests that were shown."""

    def __init__(self, shared_key, users=None):
        self.shared_key = shared_key.encode()
        self.users = users or {}
        self.chunks = []
        self.pings = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *failure):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._converse(connection)
                except (EOFError, ConnectionError):
                    pass  # the client left

    def _converse(self, connection):
        nonce, auth_salt = os.urandom(16), os.urandom(16)
        # ['HELO', {'nonce' => nonce, 'auth' => user_auth_salt, 'keepalive' => true}]: with a salt, users or not.
        connection.sendall(b"\x92" + _str("HELO") + b"\x83" + _str("nonce") + _bin(nonce) + _str("auth") + _bin(auth_salt)
                           + _str("keepalive") + b"\xc3")
        reader = Reader(connection)
        reason, salt = self._check(reader.value(), nonce, auth_salt)
        if reason:
            connection.sendall(b"\x95" + _str("PONG") + b"\xc2" + _str(reason) + _str("") + _str(""))
            return
        digest = hashlib.sha512(salt + b"fluentd" + nonce + self.shared_key).hexdigest()
        connection.sendall(b"\x95" + _str("PONG") + b"\xc3" + _str("") + _str("fluentd") + _str(digest))
        while True:
            _tag, entries, options = reader.value()
            self.chunks.append(entries)
            connection.sendall(b"\x81" + _str("ack") + _str(options[b"chunk"].decode()))

    def _check(self, ping, nonce, auth_salt):
        word, hostname, salt, key_digest, username, password_digest = ping
        assert word == b"PING"
        self.pings.append((username.decode(), password_digest.decode()))
        if hashlib.sha512(salt + hostname + nonce + self.shared_key).hexdigest().encode() != key_digest:
            return "shared_key mismatch", salt
        if self.users:
            password = self.users.get(username.decode(), "")
            wanted = hashlib.sha512(auth_salt + username + password.encode()).hexdigest().encode()
            if username.decode() not in self.users or password_digest != wanted:
                return "username/password mismatch", salt
        return "", salt
