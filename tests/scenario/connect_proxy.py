# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that knows CONNECT, on loopback: it writes down what it is asked for, knows names that nobody else resolves, and can misbehave."""

import socket
import threading


class ConnectProxy:
    def __init__(self, names=None):
        """`names`: {"host": port on loopback} of hosts that only this proxy knows."""
        self.names = names or {}
        self.asked = []  # ("host:port", {header: value})
        self.answer = None  # bytes instead of a tunnel; then the end, unless `hold`
        self.hold = False
        self.need = None  # Proxy-Authorization
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # whoever waits in accept() holds it open
        self.listener.close()

    def reset(self):
        self.asked, self.answer, self.hold, self.need = [], None, False, None

    def targets(self):
        return [target for target, _ in self.asked]

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with client:
            try:
                self.connect(client)
            except OSError:
                pass  # clients that leave are what some scenarios are about

    def connect(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(4096)
            if not piece:
                return
            head += piece
        lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, place, _ = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        self.asked.append((place if method == "CONNECT" else f"{method} {place}", headers))
        if self.answer is not None:
            client.sendall(self.answer)
            if self.hold:
                client.recv(1)
            return
        if self.need and headers.get("proxy-authorization") != self.need:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
            return
        host, port = place.rsplit(":", 1)
        try:
            target = socket.create_connection(("127.0.0.1", self.names[host]) if host in self.names else (host.strip("[]"), int(port)), timeout=10)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        with target:
            target.settimeout(None)
            client.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
            back = threading.Thread(target=self.copy, args=(target, client), daemon=True)
            back.start()
            self.copy(client, target)
            back.join()

    @staticmethod
    def copy(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
