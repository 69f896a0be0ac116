# SPDX-License-Identifier: Apache-2.0
"""Proves that no call is lost when the server stops, reloads, or loses a process under load."""

import http.client
import os
import signal
import socket
import threading
import time

import pytest
from harness import FRONTS, GATEWAY, curl, poll
from metadata import Metadata, service
from target import Target

IN_FLIGHT = 200
REQUEST = b"GET /shop/slow/%s HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def running(make_server):
    """A server whose service "slow" is called, and its target."""
    targets = []

    def make(**settings):
        targets.append(Target())
        server = make_server(settings={**GATEWAY, **settings})
        server.cli("app", "create", "shop")
        m = Metadata(server, "shop")
        m.register(service("slow", targetUrl=targets[-1].url))
        m.close()
        assert curl(f"http://{server.address('proxy')}/shop/slow/x").status == 200
        return server, targets[-1]

    yield make
    for each in targets:
        each.close()


def connect(server):
    host, port = server.address("proxy").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=60)


def answer(sock):
    """(status, lower-case head) of the next answer, its body read; (0, "") when there is none."""
    with sock.makefile("rb") as f:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = f.readline()
            if not line:
                return 0, ""
            head += line
        text = head.decode("latin-1").lower()
        length = int(text.split("content-length: ")[1].split("\r\n")[0])
        assert len(f.read(length)) == length
        return int(text.split(" ")[1]), text


class Callers:
    """Keep-alive clients that call one after the other and start anew, as a client of RFC 9112 9.3.1 does, when a kept connection was closed before a byte came."""

    def __init__(self, server, count):
        self.server, self.done, self.statuses, self.trouble = server, False, [], []
        self.threads = [threading.Thread(target=self.work) for _ in range(count)]
        for t in self.threads:
            t.start()

    def work(self):
        host, port = self.server.address("proxy").rsplit(":", 1)
        connection, kept = http.client.HTTPConnection(host, int(port), timeout=60), False
        while not self.done:
            try:
                connection.request("GET", "/shop/slow/x")
                got = connection.getresponse()
                got.read()
                self.statuses.append(got.status)
                kept = connection.sock is not None
            except (OSError, http.client.HTTPException) as e:
                if not kept or not isinstance(e, (http.client.RemoteDisconnected, ConnectionError)):
                    self.trouble.append(repr(e))
                connection.close()
                kept = False

    def stop(self):
        self.done = True
        for t in self.threads:
            t.join(120)


def test_a_stop_lets_two_hundred_calls_end_and_says_that_it_closes(running):
    server, target = running(**{"outbound.connections": "256"})
    idle, callers = [connect(server) for _ in range(16)], [connect(server) for _ in range(IN_FLIGHT)]
    for s in idle:
        s.sendall(REQUEST % b"x")
        assert answer(s)[0] == 200
    for s in callers:
        s.sendall(REQUEST % b"held")
    poll(lambda: sum(path.endswith("held") for _, path, _ in target.calls) == IN_FLIGHT, 30, "not all calls arrived")
    server.process.send_signal(signal.SIGTERM)
    for s in idle:  # enough of them for each front to have one
        assert s.recv(1) == b""  # nothing runs on it
        s.close()
    target.let_go.set()
    for s in callers:
        status, head = answer(s)
        assert status == 200 and "\r\nconnection: close\r\n" in head, head
        assert s.recv(1) == b""
        s.close()
    server.stop()


def test_a_stop_takes_what_has_been_sent_already(running):
    """Connections that the kernel has accepted for us, with their requests in them, are not taken back."""
    server, target = running()
    fronts = [pid for pid, kind in server.children().items() if kind == "front"] or [server.process.pid]
    for pid in fronts:
        os.kill(pid, signal.SIGSTOP)
    early = [connect(server) for _ in range(20)]
    for s in early:
        s.sendall(REQUEST % b"x")
    if fronts != [server.process.pid]:
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    else:
        os.kill(server.process.pid, signal.SIGTERM)
    for pid in fronts:
        os.kill(pid, signal.SIGCONT)
    assert [answer(s)[0] for s in early] == [200] * len(early)
    for s in early:
        s.close()
    server.stop()


def test_reloads_lose_nothing(running):
    server, _ = running()
    callers = Callers(server, 8)
    for _ in range(10):
        time.sleep(0.1)
        server.reload()
    poll(lambda: len(callers.statuses) > 100, 30, "hardly a call")
    callers.stop()
    assert set(callers.statuses) == {200} and callers.trouble == [], callers.trouble[:5]


@pytest.mark.skipif(FRONTS == "0", reason="one process")
def test_a_front_that_dies_takes_only_its_own_calls_along(running):
    server, target = running(**{"server.fronts": "2"})
    children = server.children()
    victim = next(pid for pid, kind in children.items() if kind == "front")
    callers = [connect(server) for _ in range(40)]
    for s in callers:
        s.sendall(REQUEST % b"held")
    poll(lambda: sum(path.endswith("held") for _, path, _ in target.calls) == len(callers), 30, "not all calls arrived")
    os.kill(victim, signal.SIGKILL)
    target.let_go.set()
    url = f"http://{server.address('proxy')}/shop/slow/x"
    for _ in range(20):  # on the other one at once, on its own when it is back: what waits there is kept
        assert curl(url).status == 200

    def end(s):
        try:
            return answer(s)[0]
        except ConnectionError:
            return 0

    statuses = [end(s) for s in callers]
    assert set(statuses) == {0, 200}, statuses
    poll(lambda: victim not in server.children() and len(server.children()) == len(children), 20, "not started again")
    for s in callers:
        s.close()


@pytest.mark.skipif(FRONTS == "0", reason="one process")
def test_known_targets_are_called_while_the_core_is_away(running):
    server, target = running(**{"server.fronts": "1"})
    core = next(pid for pid, kind in server.children().items() if kind == "core")
    running_call, kept = connect(server), connect(server)
    running_call.sendall(REQUEST % b"slow?2")
    kept.sendall(REQUEST % b"x")
    assert answer(kept)[0] == 200
    poll(lambda: any("slow?" in path for _, path, _ in target.calls), 10, "the call did not arrive")
    os.kill(core, signal.SIGSTOP)
    for _ in range(50):  # the answer about the target is good for half a minute
        kept.sendall(REQUEST % b"x")
        assert answer(kept)[0] == 200
    os.kill(core, signal.SIGKILL)
    poll(lambda: core not in server.children() and "core" in server.children().values(), 20, "not started again")
    assert answer(running_call)[0] == 200
    kept.sendall(REQUEST % b"x")
    assert answer(kept)[0] in (200, 503)
    poll(lambda: curl(f"http://{server.address('proxy')}/shop/slow/x").status == 200, 10, "no calls after the core's restart")
    running_call.close()
    kept.close()
