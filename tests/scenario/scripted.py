# SPDX-License-Identifier: Apache-2.0
"""A target that says exactly what it is told, byte by byte, and breaks off when it is told to."""

import contextlib
import socket
import ssl
import struct
import threading
import time


def reset(sock):
    """The connection ends with an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Scripted:
    """
    Every connection lives through the steps in order: bytes are sent; a number is a pause in seconds; "request" waits for a head and the body that it
    announces, "head" for the head alone, "some" for whatever comes; "rest" reads until the caller ends; "half" ends our direction, "reset" everything. At the end it closes.
    With "again" as the last step the connection begins anew.
    """

    def __init__(self, *script, tls=None):
        self.script, self.tls = list(script), tls
        self.heads, self.connections = [], 0
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listening.getsockname()[1]
        self.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listening.close()

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with contextlib.suppress(OSError, EOFError):
            peer.settimeout(30)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls and self.script[:1] != ["plain"]:
                peer = self.tls.wrap_socket(peer, server_side=True, suppress_ragged_eofs=False)
            while self.run(peer):
                pass
        peer.close()

    def run(self, peer):
        for step in list(self.script):
            if isinstance(step, bytes):
                peer.sendall(step)
            elif isinstance(step, (int, float)):
                time.sleep(step)
            elif step in ("head", "request"):
                self.read(peer, whole=step == "request")
            elif step == "some":
                self.some(peer)
            elif step == "rest":
                while peer.recv(65536):
                    pass
            elif step == "half":
                peer.shutdown(socket.SHUT_WR)
            elif step == "goodbye":
                peer.unwrap()
            elif step == "reset":
                reset(peer)
            elif step == "again":
                return True
        return False

    def read(self, peer, whole):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.some(peer)
        head, _, body = data.partition(b"\r\n\r\n")
        self.heads.append(head)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        while whole and fields.get(b"transfer-encoding") and not body.endswith(b"0\r\n\r\n"):
            body += self.some(peer)
        while whole and len(body) < int(fields.get(b"content-length", 0)):
            body += self.some(peer)

    @staticmethod
    def some(peer):
        piece = peer.recv(65536)
        if not piece:
            raise EOFError
        return piece


def tls_server(certificate, key, alpn=()):
    """The context of such a target."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
