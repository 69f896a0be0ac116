# SPDX-License-Identifier: Apache-2.0
"""Proves that numbers do not matter: clients that idle, descriptors that run out, bodies of any size.

Larger bodies are asked for by hand, with the release binary; FAIRLEAD_TEST_IDLE_CLIENTS is for machines that cannot have so many:
    FAIRLEAD_TEST_BODY=10GiB FAIRLEAD_BINARY=build/fairlead python3 -m pytest -m release tests/scenario/gateway/test_gateway_scale.py
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

import pytest
from harness import GATEWAY, Server, curl, poll, run
from metadata import Metadata, service
from scripted import Scripted
from target import Target

IDLE = int(os.environ.get("FAIRLEAD_TEST_IDLE_CLIENTS", "100000"))
BODY = int(os.environ.get("FAIRLEAD_TEST_BODY", "5GiB").removesuffix("GiB")) << 30  # more than 32 bits count
PER_PROCESS = 10_000  # descriptors of one process of the tests; one of the server holds no more, either
BYTES_PER_CLIENT = 2048
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def memory_of(server):
    """Bytes of all processes, shared pages counted once."""
    total = 0
    for pid in [server.process.pid, *server.children()]:
        total += next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return total * 1024


def ticks_of(pids):
    """Processor time used, in hundredths of a second: what a busy loop cannot hide, however slow the machine is."""
    return sum(sum(int(f) for f in pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]) for pid in pids)


def with_gateway(directory, fronts, **settings):
    s = Server(directory, settings={**GATEWAY, "outbound.eject_after": "0", **settings}, fronts=fronts).start()
    s.cli("app", "create", "shop")
    return s


def register(server, name, url):
    m = Metadata(server, "shop")
    m.register(service(name, targetUrl=url))
    m.close()
    return f"http://{server.address('proxy')}/shop/{name}"


# ---- clients that idle ----

HOLDER = r"""
import socket, sys
port, count, first = map(int, sys.argv[1:])
held, request = [], b"HEAD /shop/fine/x HTTP/1.1\r\nHost: localhost\r\n\r\n"
for i in range(count):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: the port is chosen per destination
    s.bind((f"127.0.{1 + (first + i) // 10000}.{1 + i % 100}", 0))
    s.connect(("127.0.0.1", port))
    if i % 20 == 0:  # some have called something before they fall silent
        s.sendall(request)
        assert s.recv(65536).startswith(b"HTTP/1.1 200"), "no answer"
    held.append(s)
print("held", flush=True)
sys.stdin.readline()
open_still = 0
for s in held:
    s.setblocking(False)
    try:
        open_still += bool(s.recv(1))
    except BlockingIOError:
        open_still += 1
for s in held[::100]:
    s.setblocking(True)
    s.sendall(request)
    assert s.recv(65536).startswith(b"HTTP/1.1 200"), "no answer after the silence"
print(open_still, flush=True)
"""


@pytest.mark.slow
@pytest.mark.release
def test_clients_that_idle_cost_little_and_nobody_waits_for_them(tmp_path):
    target = Target()
    holders = -(-IDLE // PER_PROCESS)
    server = with_gateway(tmp_path, max(2, -(-IDLE // (PER_PROCESS * 4 // 3))), **{
        "limits.connections": "1000000", "limits.connections_per_address": "1000000", "limits.idle": "1h"})
    url = register(server, "fine", target.url)
    for _ in range(20):
        assert curl(url + "/x").status == 200
    before, began = memory_of(server), time.monotonic()
    running = [subprocess.Popen([sys.executable, "-c", HOLDER, server.port("proxy"), str(min(PER_PROCESS, IDLE - n * PER_PROCESS)), str(n * PER_PROCESS)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for n in range(holders)]
    assert [p.stdout.readline() for p in running] == ["held\n"] * holders
    each = (memory_of(server) - before) / IDLE
    print(f"{IDLE} idle clients in {time.monotonic() - began:.1f} s, {each:.0f} bytes each")
    assert server.metric("fairlead_connections_open") >= IDLE
    pids = list(server.children())
    used = ticks_of(pids)
    time.sleep(2)
    assert ticks_of(pids) - used < 50, "silence costs nothing"
    for _ in range(20):
        assert curl(url + "/x").status == 200
    answers = [p.communicate("\n")[0] for p in running]
    assert sum(int(a) for a in answers) == IDLE and each < BYTES_PER_CLIENT, (answers, each)
    poll(lambda: server.metric("fairlead_connections_open") < 100, 30, "connections stay open")
    server.stop()
    target.close()


# ---- descriptors that run out ----

def fronts_of(server):
    return [pid for pid, kind in server.children().items() if kind == "front"] or [server.process.pid, *server.children()]


def open_files(pid):
    return max(int(n) for n in os.listdir(f"/proc/{pid}/fd")) + 1


@contextlib.contextmanager
def descriptors_left(pids, count):
    """No process gets more than so many further descriptors."""
    for pid in pids:
        run(["prlimit", "--pid", pid, f"--nofile={open_files(pid) + count}:"])
    try:
        yield
    finally:
        for pid in pids:
            run(["prlimit", "--pid", pid, "--nofile=4096:"])


@pytest.fixture
def tight(tmp_path):
    s = with_gateway(tmp_path, "1")
    yield s
    s.stop()


def ask(server, path):
    s = socket.create_connection(("127.0.0.1", int(server.port("proxy"))), timeout=30)
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return s


def test_without_descriptors_accepting_pauses_and_running_calls_go_on(tight):
    """The last descriptor is gone: who is connected is served, who is not waits in the kernel, and nothing spins."""
    target = Scripted("request", CHUNKS, *[b"1\r\na\r\n", 0.1] * 30, b"0\r\n\r\n")
    register(tight, "slow", target.url)
    running = ask(tight, "/shop/slow/x")
    assert running.recv(1000).startswith(b"HTTP/1.1 200")
    pids = fronts_of(tight)
    with descriptors_left(pids, 5):
        waiting = [ask(tight, "/v1/health") for _ in range(30)]
        time.sleep(0.5)
        used = ticks_of(pids)
        time.sleep(1.5)
        assert ticks_of(pids) - used < 75, "it spins"
        assert 0 < tight.log().count("accept.failed") < 20
        served = 0
        while waiting:  # one answered and gone makes room for the next
            waiting[0].settimeout(20)
            assert waiting[0].recv(1000).startswith(b"HTTP/1.1 200"), served
            waiting.pop(0).close()
            served += 1
        assert served == 30
        body = b""
        while not body.endswith(b"0\r\n\r\n"):
            piece = running.recv(65536)
            assert piece, "the running call was cut"
            body += piece
    running.close()
    assert curl(f"http://{tight.address('proxy')}/v1/health").status == 200


def test_a_call_without_a_descriptor_is_503_and_the_next_one_works(tight):
    down, fine = Scripted("request", "reset"), Target()
    first, second = register(tight, "down", down.url), register(tight, "fine", fine.url)
    assert curl(first + "/x").status == 502  # known from now on, and no connection is left idle
    caller = ask(tight, "/v1/health")
    assert caller.recv(1000)
    with descriptors_left(fronts_of(tight), 0):
        caller.sendall(b"GET /shop/down/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head, _, body = caller.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: " in head and "no file descriptor left" in json.loads(body)["error"], (head, body)
    caller.close()
    assert curl(second + "/x").status == 200
    fine.close()
    down.close()


# ---- bodies of any size ----

class Plain:
    """A target that reads and writes as fast as it can: GET /N answers N bytes, anything else how many came."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listening.accept()[0],), daemon=True).start()

    def serve(self, peer):
        with peer:
            buffer = bytearray(1 << 20)
            got = bytes(buffer[:peer.recv_into(buffer)])
            while b"\r\n\r\n" not in got:
                got += bytes(buffer[:peer.recv_into(buffer)])
            head, _, body = got.partition(b"\r\n\r\n")
            method, path = head.split(b" ")[:2]
            if method == b"GET":
                self.send(peer, int(path.rpartition(b"/")[2]))
                return
            wanted = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
            size = len(body)
            while size < wanted and (n := peer.recv_into(buffer)):
                size += n
            said = str(size).encode()
            peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(said) + said)

    @staticmethod
    def send(peer, size):
        peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
        piece = memoryview(bytes(1 << 20))
        while size:
            size -= peer.send(piece[:min(size, len(piece))])


class Watching:
    """The most memory that a server has while something runs."""

    def __init__(self, server):
        self.server, self.most, self.stop = server, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.stop.wait(0.1):
            self.most = max(self.most, memory_of(self.server))

    def __enter__(self):
        self.before = memory_of(self.server)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.grown = self.most - self.before


@pytest.fixture(scope="module")
def roomy(tmp_path_factory):
    s = with_gateway(tmp_path_factory.mktemp("roomy"), "1")
    yield s
    s.stop()


@pytest.fixture(scope="module")
def plain(roomy):
    p = Plain()
    yield register(roomy, "plain", p.url)
    p.listening.close()


@pytest.mark.slow
@pytest.mark.release
def test_a_download_of_any_size_takes_the_same_memory(roomy, plain):
    assert curl(plain + "/1000").status == 200
    began, size, buffer = time.monotonic(), 0, bytearray(1 << 20)
    with Watching(roomy) as watch, ask(roomy, f"/shop/plain/{BODY}") as s:
        head = b""
        while b"\r\n\r\n" not in head:
            head += s.recv(65536)
        size = len(head.partition(b"\r\n\r\n")[2])
        while size < BODY:
            n = s.recv_into(buffer)
            assert n, f"cut after {size} bytes"
            size += n
    seconds = time.monotonic() - began
    print(f"{BODY >> 20} MiB down in {seconds:.1f} s, {BODY / seconds / 1e9:.2f} GB/s, {watch.grown >> 10} KiB more memory")
    assert size == BODY and watch.grown < 8 << 20


@pytest.mark.slow
@pytest.mark.release
def test_an_upload_of_any_size_takes_the_same_memory(roomy, plain):
    assert curl("-d", "x", plain + "/x").body == "1"
    began, left, piece = time.monotonic(), BODY, memoryview(bytes(1 << 20))
    with Watching(roomy) as watch, socket.create_connection(("127.0.0.1", int(roomy.port("proxy"))), timeout=120) as s:
        s.sendall(f"POST /shop/plain/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY}\r\n\r\n".encode())
        while left:
            left -= s.send(piece[:min(left, len(piece))])
        answer = s.recv(65536)
        assert answer.endswith(str(BODY).encode()), answer
    seconds = time.monotonic() - began
    print(f"{BODY >> 20} MiB up in {seconds:.1f} s, {BODY / seconds / 1e9:.2f} GB/s, {watch.grown >> 10} KiB more memory")
    assert watch.grown < 8 << 20
