# SPDX-License-Identifier: Apache-2.0
"""Bytes to a listener and bytes back, without an HTTP library in between: for what no well-behaved client sends."""

import socket
import ssl
import time


PLAIN = ("internal", "proxy")  # listeners without TLS


def tls_context(server, system=None, alpn=("http/1.1",)):
    context = ssl.create_default_context(cafile=str(server.ca))
    context.check_hostname = False  # some handshakes name another server, or none
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if system:
        context.load_cert_chain(system.crt, system.key)
    return context


def connect(server, listener="internal", sni="localhost", alpn=("http/1.1",), system=None, timeout=60):
    """A connected socket; TLS but on listeners without. sni=None sends no server name."""
    raw = socket.create_connection(("127.0.0.1", int(server.port(listener))), timeout=timeout)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if listener in PLAIN:
        return raw
    return tls_context(server, system, alpn).wrap_socket(raw, server_hostname=sni)


def read_all(sock):
    """What comes until the server closes; a reset or a time-out is an error of the test's."""
    got = b""
    while True:
        try:
            data = sock.recv(65536)
        except ssl.SSLEOFError:
            data = b""
        if not data:
            return got
        got += data


def seconds_until_closed(sock):
    began = time.monotonic()
    return read_all(sock), time.monotonic() - began


class Reply:
    """One answer as it stood on the wire."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"<{self.status} {self.body[:200]!r}>"


def read_chunked(rest):
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if length == 0:
            assert rest.startswith(b"\r\n"), rest[:100]
            return body, rest[2:]
        body, rest = body + rest[:length], rest[length + 2:]


def replies(data, heads=()):
    """The answers in `data`, read strictly; `heads` are the positions of answers to HEAD. Interim answers are left out."""
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end and head.startswith(b"HTTP/1.1 "), head[:200]
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        headers = {}
        for line in lines:
            name, colon, value = line.partition(":")
            assert colon and name.lower() not in headers, f"field twice or without colon: {line}"
            headers[name.lower()] = value.strip()
        if status < 200:
            continue
        body = b""
        if len(found) not in heads and status not in (204, 304):
            if headers.get("transfer-encoding") == "chunked":
                body, data = read_chunked(data)
            else:
                length = int(headers["content-length"])
                body, data = data[:length], data[length:]
                assert len(body) == length, "the answer was cut off"
        found.append(Reply(status, headers, body))
    return found


def exchange(server, data, listener="internal", heads=(), **more):
    """Sends everything, reads until the server closes, and returns the answers."""
    with connect(server, listener, **more) as sock:
        sock.sendall(data)
        return replies(read_all(sock), heads)
