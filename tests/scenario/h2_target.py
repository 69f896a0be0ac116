# SPDX-License-Identifier: Apache-2.0
"""A system to call that speaks HTTP/2 over TLS (python-h2), and HTTP/1.1 to those who do not offer it. One object is one server on loopback."""

import base64
import hashlib
import json
import select
import socket
import ssl
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import hyperframe.frame

PIECE = bytes(range(256)) * 64


class Stream:
    def __init__(self, headers):
        self.headers = [(name.decode(), value.decode()) for name, value in headers]
        self.path = dict(self.headers)[":path"]
        self.name, _, self.query = self.path.rpartition("/")[2].partition("?")
        self.size, self.digest, self.trailers = 0, hashlib.sha256(), []
        self.left, self.after = 0, None  # bytes of the answer that are not sent yet, and what ends it
        self.data = None


class Connection(threading.Thread):
    def __init__(self, target, sock, number):
        super().__init__(daemon=True)
        self.target, self.sock, self.number = target, sock, number
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=False))
        self.h2.local_settings = h2.settings.Settings(client=False, initial_values={
            h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: target.streams, h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 20})
        self.streams, self.late, self.gone = {}, [], 0
        self.most = 0

    # ---- its turns ----
    def run(self):
        try:
            self.h2.initiate_connection()
            self.h2.increment_flow_control_window(8 << 20)
            self.flush()
            while self.turn():
                pass
        except (OSError, h2.exceptions.ProtocolError) as e:
            self.target.complaints.append(repr(e))
        finally:
            self.sock.close()

    def turn(self):
        wait = max(0.0, min((at for at, _ in self.late), default=time.monotonic() + 1) - time.monotonic())
        busy = any(s.left and self.h2.local_flow_control_window(i) > 0 for i, s in self.streams.items())
        if self.sock.pending() or select.select([self.sock], [], [], 0 if busy else min(wait, 0.2))[0]:
            data = self.sock.recv(1 << 18)
            if not data:
                return False
            for event in self.h2.receive_data(data):
                self.on(event)
        for entry in [e for e in self.late if e[0] <= time.monotonic()]:
            self.late.remove(entry)
            entry[1]()
        for i in list(self.streams):
            self.pour(i)
        self.flush()
        return not (self.gone and not self.streams)

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def on(self, event):
        if self.gone and getattr(event, "stream_id", 0) > self.gone:
            return
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = s = Stream(event.headers)
            self.most = max(self.most, len(self.streams))
            with self.target.lock:
                self.target.calls.append((self.number, s.path))
            early = getattr(self, "early_" + s.name, None)
            if early:
                early(event.stream_id, s)
        elif isinstance(event, h2.events.DataReceived):
            s = self.streams.get(event.stream_id)
            if s:
                s.size += len(event.data)
                s.digest.update(event.data)
            if not self.target.stalled:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            self.streams[event.stream_id].trailers = [(n.decode(), v.decode()) for n, v in event.headers]
        elif isinstance(event, h2.events.StreamEnded):
            s = self.streams.get(event.stream_id)
            if s:
                getattr(self, "path_" + s.name, self.path_echo)(event.stream_id, s)
        elif isinstance(event, h2.events.StreamReset):
            self.target.resets.append((self.streams[event.stream_id].path if event.stream_id in self.streams else "", event.error_code))
            self.streams.pop(event.stream_id, None)

    def pour(self, i):
        """What the windows take of an answer."""
        s = self.streams.get(i)
        while s and s.left:
            n = min(s.left, len(PIECE), self.h2.local_flow_control_window(i), self.h2.max_outbound_frame_size)
            if n <= 0:
                return
            self.h2.send_data(i, s.data[-s.left:][:n] if s.data else PIECE[:n])
            s.left -= n
            self.target.sent += n
            self.flush()
        if s and s.after:
            after, s.after = s.after, None
            after()

    # ---- what it says ----
    def end(self, i):
        self.h2.end_stream(i)
        self.streams.pop(i, None)

    def answer(self, i, status, data, more=(), after=None):
        s = self.streams[i]
        self.h2.send_headers(i, [(":status", str(status)), *more])
        s.data, s.left, s.after = data, len(data), after or (lambda: self.end(i))
        if not data:
            self.pour(i)

    def path_echo(self, i, s):
        subject = (self.sock.getpeercert() or {}).get("subject", ())
        self.answer(i, 200, json.dumps({
            "headers": s.headers, "size": s.size, "sha256": s.digest.hexdigest(), "trailers": s.trailers, "connection": self.number, "stream": i,
            "protocol": "h2", "subject": [v for part in subject for pair in part for v in pair]}).encode(), [("content-type", "application/json")])

    def path_slow(self, i, s):
        self.late.append((time.monotonic() + float(s.query), lambda: i in self.streams and self.path_echo(i, s)))

    def path_big(self, i, s):
        self.h2.send_headers(i, [(":status", "200"), ("content-length", s.query)])
        s.left, s.after = int(s.query), lambda: self.end(i)

    def path_status(self, i, s):
        self.answer(i, int(s.query), b"")

    def path_trailers(self, i, s):
        def after():
            self.h2.send_headers(i, [("grpc-status", "0"), ("x-digest", hashlib.sha256(b"message").hexdigest())], end_stream=True)
            self.streams.pop(i, None)
        self.answer(i, 200, b"message", [("content-type", "application/grpc")], after)

    def path_hints(self, i, s):
        self.h2.send_headers(i, [(":status", "103"), ("link", "</style.css>; rel=preload")])
        self.path_echo(i, s)

    def path_short(self, i, s):
        """Less than it says."""
        self.answer(i, 200, b"short", [("content-length", "100")])

    def path_cut(self, i, s):
        def after():
            self.h2.reset_stream(i, h2.errors.ErrorCodes.INTERNAL_ERROR)
            self.streams.pop(i, None)
        self.answer(i, 200, b"the beginning", [], after)

    def early_refused(self, i, s):
        """Once for each query."""
        if s.query not in self.target.refused:
            self.target.refused.add(s.query)
            self.h2.reset_stream(i, h2.errors.ErrorCodes.REFUSED_STREAM)
            self.streams.pop(i, None)

    def early_never(self, i, s):
        self.h2.reset_stream(i, h2.errors.ErrorCodes.REFUSED_STREAM)
        self.streams.pop(i, None)

    def early_error(self, i, s):
        self.h2.reset_stream(i, h2.errors.ErrorCodes.PROTOCOL_ERROR)
        self.streams.pop(i, None)

    def early_noise(self, i, s):
        self.sock.sendall(b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00" * 3)  # WINDOW_UPDATE of nothing

    def path_goaway(self, i, s):
        """This call is the last one here."""
        self.path_echo(i, s)
        if not self.gone:  # python-h2's own end is the end of every stream
            self.gone = max(self.streams)
            self.flush()
            self.sock.sendall(hyperframe.frame.GoAwayFrame(0, last_stream_id=self.gone).serialize())


class Target:
    def __init__(self, tls, streams=100):
        tls.set_alpn_protocols(["h2", "http/1.1"])
        self.tls, self.streams = tls, streams
        self.lock = threading.Lock()
        self.calls, self.resets, self.complaints, self.refused = [], [], [], set()
        self.connections, self.upgraded = [], 0
        self.stalled, self.sent = False, 0
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.sock.getsockname()[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.sock.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.welcome, args=(sock,), daemon=True).start()

    def welcome(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            sock = self.tls.wrap_socket(sock, server_side=True)
            if sock.selected_alpn_protocol() == "h2":
                with self.lock:
                    self.connections.append(Connection(self, sock, len(self.connections)))
                    c = self.connections[-1]
                c.start()
            else:
                self.http11(sock)
        except OSError:
            sock.close()

    def http11(self, sock):
        """A WebSocket, as far as its handshake, then an echo."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        key = next((line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")), None)
        if key is None:
            body = json.dumps({"protocol": "http/1.1"}).encode()
            sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            sock.close()
            return
        self.upgraded += 1
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        while data := sock.recv(65536):
            sock.sendall(data)
        sock.close()
