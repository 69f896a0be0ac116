# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 frames written by hand, since a library would refuse to send most of them; and requests that no server may take."""

import contextlib
import struct
import time

import hpack
import wire
from hyperframe import frame as h2f

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, REFUSED_STREAM, COMPRESSION_ERROR, CALM = 0, 1, 3, 6, 7, 9, 11


class Reply:
    def __init__(self):
        self.status, self.headers, self.body, self.ended, self.reset = None, None, b"", False, None

    def __repr__(self):
        return f"<{self.status} {self.body[:100]!r} reset={self.reset}>"


class Peer:
    """An HTTP/2 client that does what it is told, right or wrong."""

    def __init__(self, server, listener="connector", system=None, settings=None, window=True, preface=PREFACE):
        plain = listener in wire.PLAIN
        self.sock = wire.connect(server, listener, alpn=("h2",), system=system)
        assert plain or self.sock.selected_alpn_protocol() == "h2"
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 20
        self.window, self.buffer, self.block = window, b"", b""
        self.replies, self.goaways, self.closed, self.settings, self.pings, self.acks = {}, [], False, None, 0, 0
        self.authority = f"localhost:{server.port(listener)}"
        self.write(preface + (h2f.SettingsFrame(0, settings=settings or {}).serialize() if preface == PREFACE else b""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    # ---- sending ----
    def write(self, data):
        """False when the server has closed."""
        try:
            self.sock.sendall(data)
            return True
        except OSError:
            return False

    def fields(self, path="/v1/health", method="GET", *more):
        return [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path), *more]

    def block_of(self, fields):
        return b"".join(literal(name, value) for name, value in fields)

    def head(self, stream, fields, end=True, block=None):
        made = h2f.HeadersFrame(stream, data=self.block_of(fields) if block is None else block)
        made.flags.add("END_HEADERS")
        if end:
            made.flags.add("END_STREAM")
        return made.serialize()

    @staticmethod
    def body(stream, data, end=True):
        made = h2f.DataFrame(stream, data=data)
        if end:
            made.flags.add("END_STREAM")
        return made.serialize()

    # ---- receiving ----
    def reply(self, stream):
        return self.replies.setdefault(stream, Reply())

    def take(self, kind, flags, stream, data):
        if kind == 0:
            self.reply(stream).body += data
            if self.window and data:
                self.write(h2f.WindowUpdateFrame(0, len(data)).serialize() + h2f.WindowUpdateFrame(stream, len(data)).serialize())
        elif kind in (1, 9):
            self.block += data
            if flags & 4:
                fields, self.block = dict(self.decoder.decode(self.block)), b""
                self.reply(stream).status, self.reply(stream).headers = int(fields[":status"]), fields
        elif kind == 3:
            self.reply(stream).reset = struct.unpack(">I", data)[0]
        elif kind == 4 and not flags & 1:
            self.settings = dict(struct.iter_unpack(">HI", data))
            self.write(h2f.SettingsFrame(0, flags=["ACK"]).serialize())
        elif kind == 4:
            self.acks += 1
        elif kind == 6 and not flags & 1:
            self.write(h2f.PingFrame(0, opaque_data=data, flags=["ACK"]).serialize())
        elif kind == 6:
            self.pings += 1
        elif kind == 7:
            self.goaways.append(struct.unpack(">II", data[:8]))
        if kind in (0, 1) and flags & 1:
            self.reply(stream).ended = True

    def glance(self):
        """Reads what is there already."""
        self.sock.settimeout(0.001)
        with contextlib.suppress(TimeoutError):
            self.read()
        self.sock.settimeout(60)

    def read(self):
        try:
            got = self.sock.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            got = b""
        self.closed = not got
        self.buffer += got
        while len(self.buffer) >= 9 and len(self.buffer) >= 9 + int.from_bytes(self.buffer[:3]):
            size, kind, flags, stream = int.from_bytes(self.buffer[:3]), self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9])
            data, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
            self.take(kind, flags, stream, data)

    def pump(self, done=lambda: False, seconds=60):
        """Reads until `done` or until the server closes."""
        give_up = time.monotonic() + seconds
        while not done() and not self.closed:
            assert time.monotonic() < give_up, f"waited in vain: {self.replies} {self.goaways}"
            self.sock.settimeout(max(0.01, give_up - time.monotonic()))
            with contextlib.suppress(TimeoutError):
                self.read()
        return self

    def ended(self, stream):
        reply = self.reply(stream)
        return reply.ended or reply.reset is not None

    def ask(self, stream, fields, data=None, trailers=None):
        """One request; its reply, or None when the connection ended instead."""
        out = self.head(stream, fields, end=data is None and trailers is None)
        if data is not None:
            out += self.body(stream, data, end=trailers is None)
        if trailers is not None:
            out += self.head(stream, trailers)
        self.write(out)
        self.pump(lambda: self.ended(stream))
        return self.reply(stream) if self.ended(stream) else None

    @property
    def error(self):
        """The code of the last GOAWAY."""
        return self.goaways[-1][1] if self.goaways else None


def number(value, prefix, first):
    """An HPACK integer (RFC 7541 5.1)."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    out, value = bytes([first | limit]), value - limit
    while value >= 128:
        out, value = out + bytes([value % 128 + 128]), value // 128
    return out + bytes([value])


def literal(name, value):
    """A field as it is, never indexed: bytes that an encoder of a library would not let through."""
    name, value = (x.encode("latin-1") if isinstance(x, str) else x for x in (name, value))
    return b"\x10" + number(len(name), 7, 0) + name + number(len(value), 7, 0) + value


# ---- malformed requests ----

def without(*names):
    return lambda fields: [f for f in fields if f[0] not in names]


def instead(name, value):
    return lambda fields: [(n, value if n == name else v) for n, v in fields]


def plus(*more):
    return lambda fields: [*fields, *more]


def first(*more):
    return lambda fields: [*more, *fields]


MALFORMED = [
    # names and values (RFC 9113 8.2.1)
    ("upper case in a name", plus(("X-Upper", "a"))), ("one upper-case letter", plus(("xY", "a"))),
    ("a space in a name", plus(("x y", "a"))), ("a colon in a name", plus(("x:y", "a"))), ("a name with a line end", plus(("x\r\nhost", "a"))),
    ("an empty name", plus(("", "a"))), ("NUL in a name", plus(("x\0", "a"))), ("non-ASCII name", plus(("ä", "a"))),
    ("CR in a value", plus(("x", "a\rb"))), ("LF in a value", plus(("x", "a\nb"))), ("NUL in a value", plus(("x", "a\0b"))),
    ("a request in a value", plus(("x", "a\r\n\r\nPOST /v1/applications/tokens HTTP/1.1\r\n\r\n"))),
    ("DEL in a value", plus(("x", "a\x7f"))),
    # connection-specific fields (8.2.2)
    ("connection", plus(("connection", "close"))), ("connection that names authorization", plus(("connection", "authorization"))),
    ("proxy-connection", plus(("proxy-connection", "close"))), ("keep-alive", plus(("keep-alive", "timeout=5"))),
    ("upgrade", plus(("upgrade", "h2c"))), ("transfer-encoding", plus(("transfer-encoding", "chunked"))),
    ("te other than trailers", plus(("te", "gzip"))), ("te with more than trailers", plus(("te", "trailers, gzip"))),
    # pseudo-header fields (8.3)
    ("no :path", without(":path")), ("no :method", without(":method")), ("no :scheme", without(":scheme")), ("no :authority", without(":authority")),
    ("two :path", plus((":path", "/v1/health"))), ("two :method", first((":method", "GET"))), ("two :authority", first((":authority", "localhost"))),
    ("two :scheme", first((":scheme", "https"))),
    ("a pseudo-header behind a field", lambda fields: [("x", "a"), *fields]), ("an unknown pseudo-header", first((":x", "a"))),
    (":status in a request", first((":status", "200"))), (":protocol without CONNECT", first((":protocol", "websocket"))),
    (":path with a space", instead(":path", "/v1/health x")), (":path with a request line", instead(":path", "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /")),
    (":path empty", instead(":path", "")), (":path without slash", instead(":path", "v1/health")), (":path with a fragment", instead(":path", "/v1/health#x")),
    (":path absolute", instead(":path", "https://localhost/v1/health")), (":path with NUL", instead(":path", "/v1/health\0")),
    (":path * with GET", instead(":path", "*")), (":path with a backslash", instead(":path", "/v1\\health")),
    (":scheme unknown", instead(":scheme", "gopher")), (":scheme empty", instead(":scheme", "")),
    (":method with a space", instead(":method", "GET /v1/health")), (":method empty", instead(":method", "")),
    (":authority with userinfo", instead(":authority", "x@localhost")), (":authority empty", instead(":authority", "")),
    (":authority with a path", instead(":authority", "localhost/x")), (":authority of junk", instead(":authority", "localhost:x")),
    ("host of another", plus(("host", "other"))), ("two hosts", plus(("host", "localhost"), ("host", "other"))),
    # framing (8.1.1)
    ("content-length without a body", plus(("content-length", "5"))), ("two content-lengths", plus(("content-length", "0"), ("content-length", "5"))),
    ("content-length +0", plus(("content-length", "+0"))), ("content-length list", plus(("content-length", "0, 0"))),
    ("content-length 2^64", plus(("content-length", "18446744073709551616"))), ("content-length empty", plus(("content-length", ""))),
]
