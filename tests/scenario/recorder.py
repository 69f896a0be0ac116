# SPDX-License-Identifier: Apache-2.0
"""The end of a chain of servers: it takes nothing but strict HTTP/1.x, and remembers every complete request, and everything that was none."""

import hashlib
import re
import socket
import threading

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t \x21-\x7e\x80-\xff]*)")
SAW = re.compile(rb"<saw (\S+) (\d+) ([0-9a-f]+)>")


def digest_of(body):
    return len(body), hashlib.sha256(body).hexdigest()[:16]


def seen_by_caller(data):
    """What the answers in `data` say that they answer."""
    return [(m[1].decode("latin-1"), int(m[2]), m[3].decode()) for m in SAW.finditer(data)]


class NotStrict(Exception):
    pass


class Request:
    def __init__(self, method, target, fields, body):
        self.method, self.target, self.fields, self.body = method, target, fields, body

    @property
    def saw(self):
        """(what follows "m=" in the target, size and digest of the body): servers in between may rewrite the rest."""
        return (self.target.rpartition("m=")[2], *digest_of(self.body))


def value_of(fields, name):
    values = [value for key, value in fields if key == name]
    if len(values) > 1:
        raise NotStrict(f"{name} twice")
    return values[0] if values else None


class Recorder:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests, self.wrong, self.begun, self.cut = [], [], 0, 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listening.close()

    def take(self):
        """What came since the last time."""
        with self.lock:
            taken, self.requests = self.requests, []
        return taken

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with peer, peer.makefile("rb") as stream:
                while self.one(peer, stream):
                    pass
        except NotStrict as e:
            self.wrong.append(str(e))
        except (EOFError, OSError):
            self.cut += 1

    def one(self, peer, stream):
        first = stream.readline(65536)
        if not first:
            return False
        match = REQUEST_LINE.fullmatch(self.stripped(first))
        if not match:
            raise NotStrict(f"request line {first!r}")
        fields = self.read_fields(stream)
        self.begun += 1
        request = Request(match[1].decode(), match[2].decode("latin-1"), fields, self.read_body(stream, fields))
        with self.lock:
            self.requests.append(request)
        said = ("<saw %s %d %s>" % request.saw).encode("latin-1")
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + (said if request.method != "HEAD" else b""))
        return True

    @staticmethod
    def stripped(line):
        if not line.endswith(b"\n"):
            raise EOFError
        if not line.endswith(b"\r\n"):
            raise NotStrict(f"line end of {line!r}")
        return line[:-2]

    def read_fields(self, stream):
        fields = []
        while line := self.stripped(stream.readline(65536)):
            match = FIELD.fullmatch(line)
            if not match:
                raise NotStrict(f"field {line!r}")
            fields.append((match[1].decode().lower(), match[2].decode("latin-1").strip()))
        return fields

    def read_body(self, stream, fields):
        length, coding = value_of(fields, "content-length"), value_of(fields, "transfer-encoding")
        if length is not None and coding is not None:
            raise NotStrict("Content-Length and Transfer-Encoding")
        if coding is None:
            if length is not None and not re.fullmatch("[0-9]{1,18}", length):
                raise NotStrict(f"Content-Length {length!r}")
            return self.exactly(stream, int(length or 0))
        if coding.lower() != "chunked":
            raise NotStrict(f"Transfer-Encoding {coding!r}")
        body = b""
        while True:
            size = self.stripped(stream.readline(65536))
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,16}", size):
                raise NotStrict(f"chunk size {size!r}")
            if int(size, 16) == 0:
                self.read_fields(stream)
                return body
            body += self.exactly(stream, int(size, 16))
            if self.exactly(stream, 2) != b"\r\n":
                raise NotStrict("end of a chunk")

    @staticmethod
    def exactly(stream, size):
        data = b""
        while len(data) < size:
            piece = stream.read(min(size - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return data
