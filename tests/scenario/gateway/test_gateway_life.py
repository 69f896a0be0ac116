# SPDX-License-Identifier: Apache-2.0
"""Proves that running calls outlive what they may and nothing else: tunnels, a deleted service, a core that dies, a stop under load, changed trust."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest
from harness import GATEWAY, Server, curl, poll, run
from metadata import Metadata, service
from target import Target

UPGRADE = (b"GET /shop/%s/chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n")


class Echo:
    """Accepts an upgrade to websocket, then sends back what it gets, in capitals, and says bye at the end. Any other request: ok."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listening.getsockname()[1]
        self.heads = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with peer:
            head = read_until(peer, b"\r\n\r\n")
            self.heads.append(head)
            if b"\r\nUpgrade: websocket\r\n" not in head:
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                return
            peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
            try:
                while piece := peer.recv(65536):
                    peer.sendall(piece.upper())
                peer.sendall(b"bye")
            except OSError:
                pass  # the caller was cut off


def read_until(peer, mark):
    data = b""
    while mark not in data:
        piece = peer.recv(65536)
        assert piece, data
        data += piece
    return data


def tunnel(server, name):
    """A socket through the gateway, after the upgrade."""
    host, port = server.address("proxy").rsplit(":", 1)
    s = socket.create_connection((host, int(port)), timeout=60)
    s.sendall(UPGRADE % name.encode())
    head = read_until(s, b"hello")
    assert head.startswith(b"HTTP/1.1 101 ") and head.lower().count(b"\r\nupgrade: websocket\r\n") == 1, head
    return s


def with_gateway(directory, **settings):
    s = Server(directory, settings={**GATEWAY, **settings}).start()
    s.cli("app", "create", "shop")
    return s


@pytest.fixture
def echo():
    e = Echo()
    yield e
    e.listening.close()


def test_health_is_the_gateways_own(server):
    answer = curl(f"http://{server.address('proxy')}/v1/health")
    assert answer.status == 200 and answer.body == "", answer


def test_a_websocket_passes_both_ways_and_ends_in_order(server, registry, echo):
    id = registry.register(service("socket", targetUrl=echo.url + "/base"))
    s = tunnel(server, "socket")
    head = echo.heads[0]
    assert head.startswith(b"GET /base/chat HTTP/1.1\r\n") and head.count(b"\r\nConnection: Upgrade\r\n") == 1, head
    s.sendall(b"ping")
    assert s.recv(100) == b"PING"
    big = os.urandom(1 << 20).hex().encode()
    threading.Thread(target=s.sendall, args=(big,), daemon=True).start()
    got = b""
    while len(got) < len(big):
        got += s.recv(65536)
    assert got == big.upper()
    s.shutdown(socket.SHUT_WR)
    assert read_until(s, b"bye") == b"bye" and s.recv(1) == b""
    registry.delete(id)


def test_an_offer_of_http2_is_not_passed_on(server, registry, echo):
    id = registry.register(service("clear", targetUrl=echo.url))
    answer = curl("-H", "Connection: Upgrade, HTTP2-Settings", "-H", "Upgrade: h2c", "-H", "HTTP2-Settings: AAMAAABk",
                  f"http://{server.address('proxy')}/shop/clear/x")
    assert answer.status == 200 and not re.search(rb"(?i)\r\n(upgrade|http2-settings):", echo.heads[0]), echo.heads
    registry.delete(id)


def test_a_tunnel_ends_when_its_service_is_deleted(server, registry, echo):
    id, other = registry.register(service("gone", targetUrl=echo.url)), registry.register(service("stays", targetUrl=echo.url))
    s, t = tunnel(server, "gone"), tunnel(server, "stays")
    registry.delete(id)
    assert s.recv(1) == b""
    t.sendall(b"ping")
    assert t.recv(100) == b"PING"  # asked about anew, since something of the application changed
    t.close()
    registry.delete(other)


def test_a_body_is_repeated_after_a_refusal_over_http2_too(server, registry):
    target = Target()
    target.need = ("basic", "user", "s3cret-basic")
    id = registry.register(service("again", targetUrl=target.url, credentials={"basic": {"username": "user", "password": "s3cret-old"}}))
    url = f"http://{server.address('proxy')}/shop/again/x"
    answer = curl("--http2-prior-knowledge", "-d", "x" * 1000, url)
    assert answer.status == 401, answer
    registry.put(id, service("again", targetUrl=target.url, credentials={"basic": {"username": "user", "password": "s3cret-basic"}}))
    assert curl("--http2-prior-knowledge", "-d", "x" * 1000, url).status == 200
    registry.delete(id)
    target.close()


def test_calls_outlive_a_core_that_dies(server, registry, echo):
    core = [pid for pid, kind in server.children().items() if kind == "core"]
    if not core:
        pytest.skip("front and core are one process")
    id = registry.register(service("core", targetUrl=echo.url))
    s = tunnel(server, "core")
    os.kill(core[0], signal.SIGKILL)
    url = f"http://{server.address('proxy')}/shop/core/x"
    statuses = {curl(url).status for _ in range(10)}
    assert statuses <= {200, 503}
    poll(lambda: curl(url).status == 200, 10, "no calls after the core's restart")
    s.sendall(b"ping")
    assert s.recv(100) == b"PING"
    s.close()
    registry.close()
    registry.delete(id)


def test_a_stop_lets_running_calls_end(tmp_path):
    target = Target()
    server = with_gateway(tmp_path)
    m = Metadata(server, "shop")
    m.register(service("slow", targetUrl=target.url))
    m.close()
    caller = subprocess.Popen(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{server.address('proxy')}/shop/slow/slow?1"],
                              stdout=subprocess.PIPE, text=True)
    poll(lambda: target.calls, 5, "the call did not arrive")
    server.stop()
    assert caller.communicate()[0] == "200"
    target.close()


def test_changed_trust_is_taken_with_a_reload(tmp_path):
    names = ["target", "other"]
    for each in names:
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / f"{each}.key", "-out", tmp_path / f"{each}.crt",
             "-days", "3", "-subj", f"/CN={each}", "-addext", "subjectAltName=DNS:localhost"])
    crt = {each: (tmp_path / f"{each}.crt").read_text() for each in names}
    trust = tmp_path / "trust.pem"
    trust.write_text(crt["other"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "target.crt", tmp_path / "target.key")
    target = Target(tls)
    server = with_gateway(tmp_path / "server", **{"outbound.ca_file": str(trust)})
    m = Metadata(server, "shop")
    m.register(service("private", targetUrl=target.url))
    m.close()
    url = f"http://{server.address('proxy')}/shop/private/x"
    assert curl(url).status == 502
    trust.write_text(crt["other"] + crt["target"])
    server.reload()
    poll(lambda: curl(url).status == 200, 5, "the new trust was not taken")
    trust.write_text("no certificate at all")
    server.reload()
    poll(lambda: "outbound.ca_file: no PEM certificate found" in server.log(), 5, "nonsense was not refused")
    assert curl(url).status == 200
    server.stop()
    target.close()
