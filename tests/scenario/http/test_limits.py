# SPDX-License-Identifier: Apache-2.0
"""Proves that everything a peer controls has an end: time, size and number; that the client is told which one it met; and that others
do not notice.
"""

import contextlib
import json
import os
import pathlib
import select
import socket
import ssl
import threading
import time

import pytest
import wire
from harness import FRONTS, SANITIZED, Server, assert_error, curl, poll, run

HOST = b"Host: localhost\r\n"
HEALTH = b"GET /v1/health HTTP/1.1\r\n" + HOST
SIGN = b"POST /v1/applications/certificates HTTP/1.1\r\n" + HOST
TOO_LATE = {"code": 408, "error": "the request did not arrive in time"}
TOO_LARGE = "The request body is larger than this route accepts."
LATE = 60  # seconds: what drips or waits goes on for longer; a busy machine is not late
PROCESSES = max(int(FRONTS), 1) if FRONTS != "auto" else os.cpu_count()
LISTENERS = pytest.mark.parametrize("listener", ["internal", "connector"])


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A server that waits a second for everything."""
    times = {f"limits.{name}": "1s" for name in ("header", "body_idle", "idle", "handshake", "write")}
    made = Server(tmp_path_factory.mktemp("hasty"), settings=times).start()
    yield made
    made.stop()


def dribble(sock, data, pause, stop):
    """Sends a byte at a time until the peer has had enough."""
    for at in range(len(data)):
        if stop.wait(pause):
            return
        try:
            sock.sendall(data[at:at + 1])
        except OSError:
            return


def slowly(server, listener, first, rest, pause=0.1):
    """Sends `first` at once and `rest` drop by drop; (answers, seconds until the server closed)."""
    stop = threading.Event()
    with wire.connect(server, listener) as sock:
        began = time.monotonic()
        sock.sendall(first)
        drops = threading.Thread(target=dribble, args=(sock, rest, pause, stop))
        drops.start()
        try:
            data = wire.read_all(sock)
        except ConnectionResetError:
            data = b""
        seconds = time.monotonic() - began
        stop.set()
        drops.join()
    return wire.replies(data), seconds


# ---- time ----

@LISTENERS
@pytest.mark.parametrize("first", [b"G", HEALTH, HEALTH + b"X: y\r\n", b"\r\n"], ids=["a byte", "a line", "two lines", "an empty line"])
def test_a_head_that_stops_is_408(hasty, listener, first):
    answers, seconds = slowly(hasty, listener, first, b"")
    assert [json.loads(a.body) for a in answers] == [TOO_LATE] and 0.9 < seconds < LATE
    assert answers[0].headers["connection"] == "close"


@LISTENERS
def test_a_head_that_drips_has_one_deadline_for_all_of_it(hasty, listener):
    answers, seconds = slowly(hasty, listener, b"", HEALTH + b"X: " + b"y" * 1000)
    assert [json.loads(a.body) for a in answers] == [TOO_LATE] and 0.9 < seconds < LATE


@LISTENERS
def test_the_second_head_of_a_connection_has_the_same_deadline(hasty, listener):
    answers, seconds = slowly(hasty, listener, HEALTH + b"\r\n", HEALTH + b"X: " + b"y" * 1000)
    assert [a.status for a in answers] == [200, 408] and seconds < LATE


@LISTENERS
@pytest.mark.parametrize("framing", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n64\r\n"])
def test_a_body_that_stops_is_408(hasty, listener, framing):
    post = SIGN if listener == "connector" else SIGN.replace(b"/certificates", b"/tokens")
    answers, seconds = slowly(hasty, listener, post + framing + b"abc", b"")
    assert [json.loads(a.body) for a in answers] == [TOO_LATE] and 0.9 < seconds < LATE


def test_a_body_with_pauses_below_the_limit_is_waited_for(hasty):
    answers, seconds = slowly(hasty, "connector", SIGN + b"Connection: close\r\nContent-Length: 8\r\n\r\n", b"abcdefgh", 0.25)
    assert [a.status for a in answers] == [403] and seconds > 1.7


def test_a_body_below_the_least_rate_is_408(hasty):
    """Never silent for a second, and would still take an hour: the average counts from the tenth second."""
    answers, seconds = slowly(hasty, "connector", SIGN + b"Content-Length: 60000\r\n\r\n", b"x" * 60000, 0.2)
    assert [json.loads(a.body) for a in answers] == [TOO_LATE] and 9.9 < seconds < LATE


@LISTENERS
def test_a_silent_connection_is_closed_without_a_word(hasty, listener):
    for first, statuses in ((b"", []), (HEALTH + b"\r\n", [200])):
        answers, seconds = slowly(hasty, listener, first, b"")
        assert [a.status for a in answers] == statuses and 0.9 < seconds < LATE


@pytest.mark.parametrize("first", [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)], ids=["silence", "a byte", "half a hello"])
def test_a_handshake_that_stops_is_ended(hasty, first):
    with socket.create_connection(("127.0.0.1", int(hasty.port("gateway"))), timeout=60) as sock:
        sock.sendall(first)
        data, seconds = wire.seconds_until_closed(sock)
    assert b"HTTP" not in data and 0.9 < seconds < LATE


@LISTENERS
def test_who_does_not_read_is_not_waited_for(hasty, listener):
    """/v1/api.yaml for ever: the server stops reading requests when answers pile up, then gives up."""
    request = b"GET /v1/api.yaml HTTP/1.1\r\n" + HOST + b"\r\n"
    with wire.connect(hasty, listener, timeout=1) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        began, sent = time.monotonic(), 0
        with pytest.raises((ConnectionError, ssl.SSLError)):
            while time.monotonic() - began < LATE:
                with contextlib.suppress(TimeoutError):
                    sock.sendall(request * 100)
                    sent += 100
        assert sent < 100_000


def test_two_hundred_slow_heads_do_not_keep_others_waiting(hasty):
    socks = [wire.connect(hasty, "internal") for _ in range(200)]
    try:
        for sock in socks:
            sock.sendall(b"GET /v1/health HTTP/1.1\r\nX: ")
        assert hasty.curl(hasty.connector + "/v1/health").status == 200
        for sock in socks:
            assert wire.replies(wire.read_all(sock))[0].status == 408
    finally:
        for sock in socks:
            sock.close()


# ---- sizes ----

def health_of(size):
    """A request whose head is exactly so many bytes."""
    head = HEALTH + b"Connection: close\r\nX: "
    return head + b"y" * (size - len(head) - 4) + b"\r\n\r\n"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    sizes = {"limits.header_bytes": "4KiB", "limits.header_count": "16", "limits.uri_bytes": "512"}
    made = Server(tmp_path_factory.mktemp("narrow"), settings=sizes).start()
    yield made
    made.stop()


@LISTENERS
def test_header_bytes_to_the_byte(server, narrow, listener):
    for where, limit in ((server, 32768), (narrow, 4096)):
        assert wire.exchange(where, health_of(limit), listener)[0].status == 200
        answer = wire.exchange(where, health_of(limit + 1), listener)[0]
        assert answer.status == 431 and json.loads(answer.body)["error"] == "the header section is too large"


@LISTENERS
def test_header_count_to_the_line(server, narrow, listener):
    for where, limit in ((server, 100), (narrow, 16)):
        def lines(count):
            return HEALTH + b"Connection: close\r\n" + b"".join(b"X%d: y\r\n" % n for n in range(count - 2)) + b"\r\n"
        assert wire.exchange(where, lines(limit), listener)[0].status == 200
        answer = wire.exchange(where, lines(limit + 1), listener)[0]
        assert answer.status == 431 and json.loads(answer.body)["error"] == "too many header lines"


@LISTENERS
def test_uri_to_the_byte(server, narrow, listener):
    for where, limit in ((server, 8192), (narrow, 512)):
        def asking(size):
            return b"GET /v1/health?" + b"q" * (size - len("/v1/health?")) + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        assert wire.exchange(where, asking(limit), listener)[0].status == 200
        answer = wire.exchange(where, asking(limit + 1), listener)[0]
        assert answer.status == 414 and json.loads(answer.body)["error"] == "the request target is too long"


def test_a_head_without_end_is_refused_at_the_limit(server):
    """Not collected until it times out."""
    for data, status in ((HEALTH + b"X: " + b"y" * 40000, 431), (b"GET /" + b"x" * 40000, 414), (HEALTH + b"X: y\r\n" * 10000, 431)):
        with wire.connect(server) as sock:
            sock.sendall(data)
            answers, seconds = wire.seconds_until_closed(sock)
        assert wire.replies(answers)[0].status == status and seconds < 5


def body_of(size):
    return b'{"csr":"' + b"A" * (size - 10) + b'"}'


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_body_to_the_byte(server, tmp_path, version):
    url = server.sign_url("bodies")
    for size, status in ((65536, 400), (65537, 413)):
        (tmp_path / "body").write_bytes(body_of(size))
        for more in ([], ["-H", "Transfer-Encoding: chunked"] if version == "--http1.1" else ["-H", "Content-Length:"]):
            answer = server.curl(version, "-H", "Expect:", *more, "--data-binary", f"@{tmp_path / 'body'}", url)
            assert answer.status == status, (size, more, answer)
            if status == 413:
                assert_error(answer, 413, TOO_LARGE)


@pytest.mark.parametrize("version, expect, size", [
    ("--http1.1", "Expect:", 100_000), ("--http1.1", "Expect: 100-continue", 100_000), ("--http1.1", "X: as curl does it", 5_000_000),
    ("--http2", "Expect:", 100_000), ("--http2", "Expect: 100-continue", 100_000), ("--http2", "X: as curl does it", 5_000_000)])
def test_curl_is_told_413_also_while_it_is_still_sending(server, tmp_path, version, expect, size):
    (tmp_path / "body").write_bytes(body_of(size))
    for _ in range(3):
        answer = server.curl(version, "-H", expect, "--expect100-timeout", "20", "--data-binary", f"@{tmp_path / 'body'}", server.connector + "/v1/applications/certificates")
        assert_error(answer, 413, TOO_LARGE)


def test_with_an_expectation_nothing_has_to_be_sent_to_be_told_413(server):
    with wire.connect(server, "connector") as sock:
        sock.sendall(SIGN + b"Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
        data, seconds = wire.seconds_until_closed(sock)
    assert b" 100 " not in data and [a.status for a in wire.replies(data)] == [413] and seconds < LATE


@LISTENERS
def test_a_chunked_body_is_cut_off_where_it_becomes_too_large(server, listener):
    path, limit = (b"certificates", 65536) if listener == "connector" else (b"tokens", 262144)
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with wire.connect(server, listener) as sock:
        sock.sendall(b"POST /v1/applications/" + path + b" HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        sent, told, data, ended = 0, 0, b"", False
        while not ended and sent < 8_000_000:
            try:
                sock.settimeout(60)
                sock.sendall(chunk)
                sent += 4096
                sock.settimeout(0.002)
                with contextlib.suppress(TimeoutError):
                    got = sock.recv(65536)
                    data, ended, told = data + got, not got, told or sent
            except (ConnectionError, ssl.SSLError):
                ended = True
    assert [a.status for a in wire.replies(data)] == [413] and limit < told < limit + 100_000, (told, data)
    assert ended and sent < told + 1_000_000, "what nobody wants is taken without end"


def test_bodies_of_one_front_together(make_server):
    """A megabyte for all: who comes when it is used up is told to come again, and it is given back."""
    server = make_server(settings={"limits.front_body_bytes": "1MiB"})
    request = b"POST /v1/applications/tokens HTTP/1.1\r\n" + HOST + b"Application: x\r\nContent-Length: 262144\r\n\r\n" + b"x" * 262143
    socks = [wire.connect(server) for _ in range(8 * PROCESSES)]
    for sock in socks:
        sock.sendall(request)
    told = poll(lambda: (now := select.select(socks, [], [], 0.5)[0]) and len(now) >= 4 * PROCESSES and now, 30, "nobody is told to come again")
    statuses = [int(sock.recv(65536).split(b" ")[1]) for sock in told]
    for sock in socks:
        sock.close()
    assert set(statuses) == {503}
    answer = poll(lambda: wire.exchange(server, request.replace(b"Application: x", b"Application: x\r\nConnection: close") + b"x"), 5, "no answer")[0]
    assert answer.status == 201, answer


# ---- numbers ----

def is_open(sock):
    """Did the server keep it? Asks for something to be sure."""
    try:
        sock.sendall(HEALTH + b"\r\n")
        return sock.recv(1000).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.mark.parametrize("setting", ["limits.connections_per_address", "limits.connections"])
def test_connections_beyond_the_limit_are_closed_and_others_go_on(make_server, setting):
    server = make_server(settings={setting: "10"})
    refused = server.cli("status")  # by the control socket, which no limit of addresses reaches
    assert refused.returncode == 0
    socks = [socket.create_connection(("127.0.0.1", int(server.port("internal"))), timeout=60) for _ in range(40 * PROCESSES)]
    kept = [sock for sock in socks if is_open(sock)]
    assert len(kept) == 10 * PROCESSES
    assert server.cli("status").returncode == 0
    if setting.endswith("connections"):
        assert server.curl(server.connector + "/v1/health").status == 200, "the limit is one of each listener"
    assert all(is_open(sock) for sock in kept)
    for sock in socks:
        sock.close()
    poll(lambda: curl(server.internal + "/v1/health", check=False), 5, "connections are not given back")
    assert server.metric("fairlead_connections_refused_total") >= 30 * PROCESSES


def own_address():
    """An address of this host that is not loopback; the limit of handshakes leaves loopback out."""
    found = [a for a in run(["hostname", "-I"]).stdout.split() if "." in a and not a.startswith("127.")]
    assert found, "this host has no IPv4 address but loopback"
    return found[0]


def test_a_flood_of_handshakes_is_refused_before_it_costs_anything(make_server):
    server = make_server(settings={"limits.handshakes_per_address": "20", "listen.connector": "0.0.0.0:0"})
    address, port, done = own_address(), int(server.port("connector")), 0
    context = wire.tls_context(server)

    def second():
        return int(time.clock_gettime(time.CLOCK_MONOTONIC))
    time.sleep(1 - time.clock_gettime(time.CLOCK_MONOTONIC) % 1)  # the server counts by the seconds of this clock
    began = second()
    for _ in range(100 * PROCESSES):
        try:
            with socket.create_connection((address, port), timeout=60) as raw, context.wrap_socket(raw, server_hostname="localhost"):
                done += 1
        except OSError:
            pass
    windows = second() - began + 1
    assert 20 <= done <= 20 * PROCESSES * windows
    assert server.metric("fairlead_connections_refused_total") >= 100 * PROCESSES - done
    poll(lambda: server.metric("fairlead_tls_handshakes_total") == done, 10, "handshakes are counted")
    # loopback, and after a second the address too
    assert server.curl(server.connector + "/v1/health").status == 200
    time.sleep(1.1)
    with socket.create_connection((address, port), timeout=60) as raw, context.wrap_socket(raw, server_hostname="localhost") as sock:
        sock.sendall(HEALTH + b"Connection: close\r\n\r\n")
        assert wire.replies(wire.read_all(sock))[0].status == 200


# ---- memory ----

def resident(server):
    """KiB of all processes of the server."""
    pids = [server.process.pid, *server.children()]
    return sum(int(line.split()[1]) for pid in pids for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))


def refuse_malformed(server):
    assert wire.exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")[0].status == 400


def refuse_large(server):
    assert wire.exchange(server, health_of(40000))[0].status == 431


def refuse_handshake(server):
    with socket.create_connection(("127.0.0.1", int(server.port("gateway"))), timeout=10) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        wire.read_all(sock)


def refuse_identity(server):
    """Through the handshake, and then no certificate (TLS 1.3 tells the client later)."""
    with contextlib.suppress(ssl.SSLError), wire.connect(server, "gateway") as sock:
        sock.sendall(HEALTH + b"\r\n")
        assert sock.recv(100) == b""


@pytest.mark.release
@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps freed memory")
@pytest.mark.parametrize("refuse", [refuse_malformed, refuse_large, refuse_handshake, refuse_identity])
def test_memory_does_not_grow_with_refused_connections(make_server, refuse):
    server = make_server()
    for _ in range(300):
        refuse(server)
    time.sleep(1.5)  # for the trim of the second's end
    before = resident(server)
    for _ in range(2000):
        refuse(server)
    time.sleep(1.5)
    assert resident(server) - before < 1024, f"{before} KiB before"
    assert server.metric("fairlead_connections_open") <= 1
