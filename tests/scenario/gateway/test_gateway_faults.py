# SPDX-License-Identifier: Apache-2.0
"""Proves what a caller sees when a target fails, at every point of a call: a status and a word for it, or an answer that is visibly cut; that the next call
works, and that nothing is left behind.

Malformed answers are in test_gateway_smuggling.py, trust in test_gateway_trust.py, tokens in test_gateway_credentials.py.
"""

import contextlib
import http.client
import socket
import ssl
import threading

import pki
import pytest
from harness import GATEWAY, Answer, Server, curl, curl_failure, poll, run
from metadata import service
from recorder import Recorder
from scripted import Scripted, reset, tls_server
from target import Target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SIZED, CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
TIMES = {"connect_timeout": "1s", "first_byte_timeout": "1s", "idle_timeout": "1s", "timeout": "3s", "keep_alive": "1s"}


def connections(server):
    """Open TCP connections of all processes of the server. (Those between its processes, which stay, are Unix sockets.)"""
    ours = [f"pid={pid}," for pid in [server.process.pid, *server.children()]]
    return [line for line in run(["ss", "-tnpH"]).stdout.splitlines() if any(pid in line for pid in ours)]


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("CN=Fault CA", which=30)


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """One that waits a second for everything, never leaves an address out, and trusts the authority of this file."""
    directory = tmp_path_factory.mktemp("server")
    trust = pki.write(directory / "trust.pem", authority.pem)
    s = Server(directory, settings={**GATEWAY, **{f"outbound.{name}": value for name, value in TIMES.items()},
                                    "outbound.eject_after": "0", "outbound.ca_file": str(trust)}).start()
    s.cli("app", "create", "shop")
    yield s
    s.stop()


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_behind(server, registry):
    yield
    registry.close()
    poll(lambda: not connections(server), 15, "connections stay open")


@pytest.fixture(scope="module")
def fine(server, registry):
    """A call to a target that works."""
    target = Target()
    registry.register(service("fine", targetUrl=target.url))
    yield lambda: curl(f"http://{server.address('proxy')}/shop/fine/x").status
    target.close()


@pytest.fixture
def call(server, registry):
    """call(url) registers a service and returns what calls it."""
    ids = []

    def make(url):
        ids.append(registry.register(service("faulty", targetUrl=url)))
        where = f"http://{server.address('proxy')}/shop/faulty/x"
        return lambda *words, get=curl: get(*words, where)

    yield make
    for id in ids:
        registry.delete(id)


@pytest.fixture
def scripted():
    made = []

    def make(*script, **more):
        made.append(Scripted(*script, **more))
        return made[-1]

    yield make
    for t in made:
        t.close()


def failed(answer, status, kind, words=""):
    assert answer.status == status and answer.headers["content-type"] == "application/json;charset=UTF-8" and answer.headers["x-request-id"], answer
    assert answer.json()["code"] == status and answer.json()["error"].startswith(f"the call to the target failed: {kind}") and words in answer.json()["error"], answer


# ---- before an answer ----

BEFORE = [
    ("closes at once", [], 502, "reset"), ("resets before the request", [0.3, "reset"], 502, "reset"), ("closes half at once", ["half", "rest"], 502, "reset"),
    ("closes after the request", ["request"], 502, "reset"), ("resets after the request", ["request", "reset"], 502, "reset"),
    ("closes half after the request", ["request", "half", "rest"], 502, "reset"),
    ("closes in the status line", ["request", b"HTTP/1.1 20"], 502, "reset"), ("resets in the status line", ["request", b"HTTP/1.1 20", 0.05, "reset"], 502, "reset"),
    ("closes in a field", ["request", SIZED[:30], "half", "rest"], 502, "reset"), ("resets in a field", ["request", SIZED[:30], 0.05, "reset"], 502, "reset"),
    ("closes before the empty line", ["request", SIZED[:-2], "half", "rest"], 502, "reset"),
    ("closes after 100", ["request", b"HTTP/1.1 100 Continue\r\n\r\n"], 502, "reset"), ("resets after 100", ["request", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, "reset"], 502, "reset"),
    ("closes inside 103", ["request", b"HTTP/1.1 103 Early Hints\r\nLink: <x"], 502, "reset"),
    # time-outs: a second each
    ("never answers", ["request", "rest"], 504, "first_byte_timeout"), ("nothing after 100", ["request", b"HTTP/1.1 100 Continue\r\n\r\n", "rest"], 504, "first_byte_timeout"),
    ("half a head", ["request", SIZED[:30], "rest"], 504, "first_byte_timeout"),
    ("a head in drops", ["request", *[step for i in range(30) for step in (CHUNKED[i:i + 1], 0.1)], "rest"], 504, "first_byte_timeout"),
]


@pytest.mark.parametrize("method, name, script, status, kind", [(m, *row) for m in ("GET", "POST") for row in BEFORE if m == "GET" or row[2] == 502],
                         ids=lambda v: v if isinstance(v, str) else "")
def test_a_failure_before_the_answer_has_a_status_and_a_name(server, call, scripted, fine, method, name, script, status, kind):
    target = scripted(*script)
    words = ["-d", "x=y"] if method == "POST" else []
    counted = server.metric(f"fairlead_outbound_failures_{kind}_total")
    failed(call(target.url)(*words), status, kind)
    assert server.metric(f"fairlead_outbound_failures_{kind}_total") == counted + 1
    assert target.connections == 1, "nothing is sent twice on a connection that was never used before"
    assert fine() == 200
    target.script = ["request", OK]
    assert curl(f"http://{server.address('proxy')}/shop/faulty/x").body == "ok", "the target works again, so do calls"


def test_a_kept_connection_that_is_closed_meanwhile_is_no_failure(server, call, scripted):
    """RFC 9112 9.3.1: a safe request goes out again, a POST whose body was sent does not."""
    target = scripted("request", OK, "request", "reset")
    call(target.url)
    caller = http.client.HTTPConnection(*server.address("proxy").rsplit(":", 1), timeout=60)  # one, so that it is one front with its connections

    def say(method, body=None):
        caller.request(method, "/shop/faulty/x", body)
        got = caller.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read().decode(), "HTTP/1.1")

    assert say("GET").body == "ok"
    assert say("GET").body == "ok" and target.connections == 2
    target.script = ["request", OK, "head", "reset"]
    failed(say("POST", "x=y"), 502, "reset")
    caller.close()


# ---- inside an answer ----

INSIDE = [
    ("closes in a sized body", [SIZED, b"abc"]), ("resets in a sized body", [SIZED, b"abc", 0.05, "reset"]), ("stops in a sized body", [SIZED, b"abc", "rest"]),
    ("resets before the body", [SIZED, 0.05, "reset"]),
    ("resets in a chunk", [CHUNKED, b"a\r\nabc", 0.05, "reset"]), ("resets between chunks", [CHUNKED, b"3\r\nabc\r\n", 0.05, "reset"]),
    ("resets in the last chunk", [CHUNKED, b"3\r\nabc\r\n0\r\n", 0.05, "reset"]), ("resets a body that runs until the end", [UNTIL_CLOSE, b"abc", 0.05, "reset"]),
    # time-outs: a second or three
    ("stops in a sized body", [SIZED, b"abc", "rest"]), ("stops in a chunk", [CHUNKED, b"a\r\nabc", "rest"]),
    ("drips longer than the whole call may take", [CHUNKED, *[b"1\r\na\r\n", 0.2] * 40, b"0\r\n\r\n"]),
]
VERSIONS = ["--http1.1", "--http1.0", "--http2-prior-knowledge"]


@pytest.mark.parametrize("name, script, version", [(*row, v) for row in INSIDE[:-3] for v in VERSIONS] + [(*row, v) for row, v in zip(INSIDE[-3:], VERSIONS)],
                         ids=lambda v: v if isinstance(v, str) else "")
def test_a_failure_inside_the_answer_is_visible(server, call, scripted, fine, name, script, version):
    target = scripted("request", *script)
    said = call(target.url)(version, get=curl_failure)
    assert said.startswith(("curl: (18)", "curl: (56)", "curl: (92)", "curl: (52)")), said
    assert fine() == 200


@pytest.mark.parametrize("script", [[OK], [OK, "half", "rest"], [CHUNKED, b"2\r\nok\r\n0\r\n\r\n", "reset"], [UNTIL_CLOSE, b"ok", "half", "rest"],
                                    [SIZED.replace(b"10", b"2"), *[b"o", 0.5, b"k"]]])
def test_what_is_complete_is_complete_however_the_connection_ends(call, scripted, script):
    assert call(scripted("request", *script).url)().body == "ok"


# ---- request bodies ----

def test_an_answer_before_the_end_of_the_request_arrives(call, scripted, tmp_path):
    """413 and the end while the caller is still sending: the caller gets it."""
    data = tmp_path / "data"
    data.write_bytes(bytes(8 << 20))
    target = scripted("head", b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlong", 0.2)
    answer = call(target.url)("-H", "Expect:", "-T", data)
    assert (answer.status, answer.body) == (413, "long")


@pytest.mark.parametrize("end", ["reset", "half"])
def test_a_target_that_breaks_off_while_it_is_sent_a_body(call, scripted, fine, tmp_path, end):
    data = tmp_path / "data"
    data.write_bytes(bytes(8 << 20))
    failed(call(scripted("head", end).url)("-H", "Expect:", "-T", data), 502, "reset")
    assert fine() == 200


def test_a_target_that_reads_no_further_times_out(call, scripted, fine, tmp_path):
    data = tmp_path / "data"
    data.write_bytes(bytes(32 << 20))
    failed(call(scripted("head", 10).url)("-H", "Expect:", "-T", data), 504, "idle_timeout")
    assert fine() == 200


@pytest.mark.parametrize("body", ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"])
@pytest.mark.parametrize("end", ["close", "reset", "half"])
def test_a_caller_that_breaks_off_inside_its_body_makes_no_request(server, call, fine, body, end):
    target = Recorder()
    call(target.url)
    with socket.create_connection(("127.0.0.1", int(server.port("proxy")))) as s:
        s.sendall(f"POST /shop/faulty/x HTTP/1.1\r\nHost: localhost\r\n{body}".encode())
        poll(lambda: target.begun, 10, "the call did not arrive")
        if end == "reset":
            reset(s)
        elif end == "half":
            s.shutdown(socket.SHUT_WR)
            assert not s.recv(100).startswith(b"HTTP/1.1 2")
    poll(lambda: target.cut == 1, 10, "the call goes on")
    assert target.take() == [] and fine() == 200
    target.close()


# ---- before the connection ----

def test_a_name_that_does_not_resolve(call):
    answer = call(f"http://{'a' * 60}.invalid/")()
    assert answer.status == 502 and answer.json()["error"].startswith("dns: "), answer


def test_an_address_where_nobody_listens_is_passed_over(call):
    """localhost is ::1 and 127.0.0.1; the target has one of them."""
    target = Target()
    made = call(f"http://localhost:{target.port}")
    target.script = None
    assert made().status == 200
    target.close()


def test_an_address_that_does_not_answer(call):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(3):  # nobody accepts, and the queue is full
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(full.getsockname())
        failed(call("http://127.0.0.1:%d" % full.getsockname()[1])(), 504, "connect_timeout")


# ---- TLS ----

def certificate(authority, directory, days=(-1, 30), name="localhost"):
    key = pki.key("ec:P-256", 31)
    issued = authority.issue(f"CN={name}", key, (pki.SERVER_AUTH,), days=days, sans=(name,))
    return pki.write(directory / "target.crt", pki.pem(issued)), pki.write(directory / "target.key", pki.key_pem(key))


@pytest.mark.parametrize("trouble, words", [
    ({"days": (-30, -1)}, "expired"), ({"days": (1, 30)}, "not yet valid"), ({"name": "elsewhere.example"}, "name"), ({"unknown": True}, "certificate"),
], ids=["expired", "not yet valid", "another name", "unknown authority"])
def test_a_certificate_that_is_not_good(call, scripted, authority, fine, tmp_path, trouble, words):
    by = pki.Authority("CN=Nobody", which=32) if trouble.pop("unknown", False) else authority
    target = scripted("request", OK, tls=tls_server(*certificate(by, tmp_path, **trouble)))
    answer = call(target.url)()
    failed(answer, 502, "tls")
    assert words in answer.json()["error"].lower() and target.heads == [], answer
    assert fine() == 200


@pytest.mark.parametrize("script, status, kind", [
    (["plain", "rest"], 504, "connect_timeout"), (["plain"], 502, "tls"), (["plain", "some", "reset"], 502, "tls"), (["plain", b"HTTP/1.1 400 Bad Request\r\n\r\n", "rest"], 502, "tls"),
    (["plain", b"\x15\x03\x03\x00\x02\x02\x28", "rest"], 502, "tls"), (["plain", b"\x16\x03\x03\x40\x00", "rest"], 504, "connect_timeout"),
    (["plain", *[step for i in range(30) for step in (b"\x16\x03\x03\x3f\xf0\x02\x00"[i:i + 1], 0.1)]], 504, "connect_timeout"),
], ids=["silence", "closes", "resets", "plain HTTP", "an alert", "half a record", "drops"])
def test_a_handshake_that_fails(call, scripted, authority, fine, tmp_path, script, status, kind):
    target = scripted(*script, tls=tls_server(*certificate(authority, tmp_path)))
    failed(call(target.url)(), status, kind)
    assert fine() == 200


@pytest.mark.parametrize("alpn", [(), ("h2", "http/1.1")], ids=["http/1.1", "h2"])
def test_a_target_that_wants_a_certificate(call, scripted, authority, tmp_path, alpn):
    tls = tls_server(*certificate(authority, tmp_path), alpn)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=authority.pem)
    answer = call(scripted("request", OK, tls=tls).url)()
    if "reset" not in answer.body:  # in TLS 1.3 the refusal comes after the handshake, and the target's reset may overtake it
        failed(answer, 502, "tls: the peer requires a certificate")


@pytest.mark.parametrize("end, whole", [(["goodbye"], True), ([], False)], ids=["close_notify", "truncated"])
def test_the_end_of_tls_must_be_said(call, scripted, authority, tmp_path, end, whole):
    """A body that runs until the connection closes: whoever can cut the connection could shorten it (RFC 8446 6.1)."""
    target = scripted("request", UNTIL_CLOSE, b"ok", *end, tls=tls_server(*certificate(authority, tmp_path)))
    made = call(target.url)
    if whole:
        assert made().body == "ok"
    else:
        assert made(get=curl_failure)


def test_a_reset_inside_a_tls_answer_is_visible(call, scripted, authority, tmp_path):
    target = scripted("request", CHUNKED, b"a\r\nabc", 0.05, "reset", tls=tls_server(*certificate(authority, tmp_path)))
    assert call(target.url)(get=curl_failure)


# ---- all at once ----

def test_failures_among_many_calls_touch_only_themselves(server, call, fine):
    """Half of the calls go to a target that resets, while the other half is answered."""
    bad = Scripted("request", CHUNKED, b"3\r\nabc\r\n", "reset")
    call(bad.url)
    seen = []

    def calls(path, count):
        for _ in range(count):
            connection = http.client.HTTPConnection("127.0.0.1", int(server.port("proxy")), timeout=30)
            try:
                connection.request("GET", path)
                connection.getresponse().read()
                seen.append((path, "whole"))
            except (http.client.HTTPException, OSError):
                seen.append((path, "cut"))
            connection.close()

    threads = [threading.Thread(target=calls, args=(path, 20)) for path in ("/shop/fine/x", "/shop/faulty/x") for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert sorted(set(seen)) == [("/shop/faulty/x", "cut"), ("/shop/fine/x", "whole")] and len(seen) == 320
    bad.close()
