# SPDX-License-Identifier: Apache-2.0
"""Proves that the gateway and whoever stands behind it or in front of it never disagree about where a request or an answer ends.

Behind every message of the table stands a second request, and in some a third is hidden. What the end of the chain saw is compared with what it
sees when the gateway, or the other server, is left out. The other servers are real ones, as lenient as their settings allow.
"""

import itertools
import json
import re
import socket
import time

import h2wire
import peers
import pytest
from harness import curl_failure
from metadata import service
from recorder import Recorder, digest_of, seen_by_caller
from scripted import Scripted
from smuggling import ACCEPTED, BOTH_301, BOTH_404, INNER, REFUSED

INSIDE = b"/shop/inside/x?m=inside"
assert INNER.count(b"/v1/applications/tokens") == 1 and len(INSIDE) == len(b"/v1/applications/tokens")
PATHS = ("%2f", "%2e%2e", "..;/", ";jsessionid", "%5c", "%00", "..", "//", "/./", "encoded letters")  # of ACCEPTED: no matter of framing
NOT_HERE = ("HTTP/2 preface", "CL of 16 nines")  # the first is no HTTP/1 here, and bodies may be of any size
REFUSED_BEHIND = {("a websocket offer", "haproxy")}  # without a key it is 400 there
TARGETS = ["direct", *peers.BEHIND]
numbers = itertools.count()


@pytest.fixture(scope="module")
def recorder():
    r = Recorder()
    yield r
    r.close()
    assert not r.wrong, "the gateway, or a server behind it, sent what a careful reader does not take"


@pytest.fixture(scope="module")
def behind(server, registry, recorder, tmp_path_factory):
    """Every server as the target of a service of its name, each in front of the recorder; "direct" is the recorder itself."""
    directory = tmp_path_factory.mktemp("behind")
    running = {name: make(directory / name, recorder.port) for name, make in peers.BEHIND.items()}
    registry.register(service("direct", targetUrl=recorder.url))
    registry.register(service("inside", targetUrl=recorder.url))
    for name, peer in running.items():
        registry.register(service(name, targetUrl=peer.url))
    forbidden = set()
    yield forbidden
    for peer in running.values():
        peer.close()
    assert not forbidden & {r.saw[0] for r in recorder.take()}


def fill(message, port, name, number):
    path = f"/shop/{name}/x?m=carrier-{number}".encode()
    filled = message.replace(b"/v1/applications/tokens", INSIDE).replace(b"/v1/health", path).replace(b"/POST", path)
    second = f"GET /shop/{name}/x?m=behind-{number} HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n".encode()
    return [part.replace(b"@", f"127.0.0.1:{port}".encode()) for part in (filled, second)]


def say(port, data, timeout=60):
    """Everything that comes back until the other side closes."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        try:
            s.sendall(data)
            while piece := s.recv(65536):
                got += piece
        except (ConnectionError, TimeoutError):
            pass
    return got


def body_of(message):
    """The body of a message that is not ambiguous."""
    head, _, rest = message.partition(b"\r\n\r\n")
    if not re.search(rb"(?im)^transfer-encoding:", head):
        length = re.search(rb"(?im)^content-length:\s*([0-9]+)", head)
        return rest[:int(length[1])] if length else b""
    body = b""
    while size := int(re.match(rb"[0-9A-Fa-f]+", rest)[0], 16):
        rest = rest.partition(b"\r\n")[2]
        body, rest = body + rest[:size], rest[size + 2:]
    return body


def judged(rows):
    return pytest.mark.parametrize("name, message, status", rows, ids=[row[0] for row in rows])


# ---- requests, to servers behind us ----

@pytest.mark.parametrize("target", TARGETS)
@judged([row for row in REFUSED if row[0] not in NOT_HERE])
def test_what_is_ambiguous_is_refused_before_the_target_sees_a_request(server, behind, recorder, target, name, message, status):
    number, port = next(numbers), int(server.port("proxy"))
    recorder.take()
    answer = say(port, b"".join(fill(message, port, target, number)))
    behind.update({f"carrier-{number}", f"behind-{number}", "inside"})
    assert answer.startswith(b"HTTP/1.1 %d " % status) and answer.count(b"\r\nContent-Length: ") == 1, answer
    assert recorder.take() == []


@pytest.mark.parametrize("target", TARGETS)
@judged([row for row in ACCEPTED if row[0] not in PATHS])
def test_what_is_not_is_read_the_same_by_both(server, behind, recorder, target, name, message, status):
    number, port = next(numbers), int(server.port("proxy"))
    recorder.take()
    answer = say(port, b"".join(fill(message, port, target, number)))
    seen = [r.saw for r in recorder.take()]
    assert seen == seen_by_caller(answer), answer
    carried = status not in (BOTH_301, BOTH_404) and (name, target) not in REFUSED_BEHIND
    assert [marker for marker, _, _ in seen] == [f"carrier-{number}"] * carried + [f"behind-{number}"], answer
    if carried:
        assert seen[0][1:] == digest_of(body_of(message.replace(b"/v1/applications/tokens", INSIDE)))


@pytest.mark.parametrize("target", TARGETS)
def test_a_body_without_end_is_no_request(server, behind, recorder, target):
    """The gateway streams bodies of any size, so only their end makes a request of them; never what follows."""
    number, port = next(numbers), int(server.port("proxy"))
    recorder.take()
    message = dict((row[0], row[1]) for row in REFUSED)["CL of 16 nines"]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as s:
        s.sendall(b"".join(fill(message, port, target, number)) + INNER)
        s.shutdown(socket.SHUT_WR)
        assert not seen_by_caller(s.recv(65536))
    assert recorder.take() == []


# ---- requests, from servers in front of us ----

@pytest.fixture(scope="module")
def before(server, recorder, behind, tmp_path_factory):
    """Every server in front of the gateway; and in front of a recorder alone, which shows how that server reads a message."""
    directory, other = tmp_path_factory.mktemp("before"), Recorder()
    ours = {name: make(directory / f"{name}-ours", int(server.port("proxy"))) for name, make in peers.BEFORE.items()}
    alone = {name: make(directory / f"{name}-alone", other.port, reuse=False) for name, make in peers.BEFORE.items()}
    yield {name: ((ours[name], recorder), (alone[name], other)) for name in peers.BEFORE}
    for peer in (*ours.values(), *alone.values()):
        peer.close()
    other.close()


def through(peer, recorder, message, number, patience):
    """What the end of the chain saw, and what the caller was told."""
    recorder.take()
    answer = say(peer.port, b"".join(fill(message, peer.port, "direct", number)), timeout=patience)
    return [r.saw for r in recorder.take()], seen_by_caller(answer)


@pytest.mark.parametrize("front", peers.BEFORE)
@judged([row for row in REFUSED + ACCEPTED if row[0] not in PATHS])
def test_behind_another_server_both_read_the_same(before, front, name, message, status):
    """The gateway may refuse what that server and the recorder take, but never take anything for something else."""
    for patience in (1, 20):  # seconds for a server that says nothing more; a busy machine gets a second, longer chance
        number = next(numbers)
        (seen, told), (wanted, _) = (through(*where, message, number, patience) for where in before[front])
        if told == seen and seen in (wanted, wanted[1:], wanted[:1], []):
            break
    assert told == seen, "an answer that belongs to no request, or to another"
    assert seen in (wanted, wanted[1:], wanted[:1], []), (seen, wanted)


# ---- requests that come over HTTP/2 ----

@pytest.mark.parametrize("name, change", h2wire.MALFORMED, ids=[row[0] for row in h2wire.MALFORMED])
def test_nothing_of_http2_becomes_a_second_request(server, behind, recorder, name, change):
    number = next(numbers)
    recorder.take()
    with h2wire.Peer(server, "proxy") as peer:
        reply = peer.ask(1, change(peer.fields(f"/shop/direct/x?m=carrier-{number}")))
        assert reply is None or reply.status in (400, None), reply
        if reply:
            assert peer.ask(3, peer.fields(f"/shop/direct/x?m=behind-{number}")).status == 200
        behind.add(f"carrier-{number}")
    assert [r.saw[0] for r in recorder.take()] == ([f"behind-{number}"] if reply else [])


@pytest.mark.parametrize("length, data", [("3", b"{}"), ("1", b"{}"), ("0", b"{}"), ("200", b"")])
def test_a_body_of_another_length_than_announced_makes_no_request(server, behind, recorder, length, data):
    """The head may have been sent when the mistake is seen: then the target sees a request that was cut off, or one without a body as it was announced."""
    number = next(numbers)
    recorder.take()
    with h2wire.Peer(server, "proxy") as peer:
        reply = peer.ask(1, peer.fields(f"/shop/direct/x?m=carrier-{number}", "POST", ("content-length", length)), data)
        assert reply.status in (400, None) and (reply.status or reply.reset), reply
        assert peer.ask(3, peer.fields(f"/shop/direct/x?m=behind-{number}")).status == 200
    seen = [r.saw[:2] for r in recorder.take()]
    assert seen in ([(f"behind-{number}", 0)], [(f"carrier-{number}", int(length)), (f"behind-{number}", 0)]) and (length == "0" or len(seen) == 1), seen


@pytest.mark.parametrize("fields", [[], [("te", "trailers")], [("content-length", "9")], [("expect", "100-continue")]], ids=lambda f: f[0][0] if f else "none")
def test_bodies_of_http2_arrive_whole(server, behind, recorder, fields):
    number = next(numbers)
    recorder.take()
    with h2wire.Peer(server, "proxy") as peer:
        assert peer.ask(1, peer.fields(f"/shop/direct/x?m=whole-{number}", "POST", *fields), b"0\r\n\r\nGET ").status == 200
    assert [r.saw for r in recorder.take()] == [(f"whole-{number}", *digest_of(b"0\r\n\r\nGET "))]


# ---- paths ----

CLIMBS = ["..", "%2e%2e", ".%2e", "%2E.", "x/../..", "x/..%2f..", "..%5c", "x%5c..%5c..", "..;/", "..;x=y", "%2e%2e;", "x//../..", "./..", "x/%2e%2e/%2e%2e", "..\\",
          "x/..%2F%2e%2e", "%2e%2e%2f", ".%2e%5c"]


@pytest.fixture(scope="module")
def normalising(server, registry, recorder, tmp_path_factory):
    """The same servers, set to decode and clean paths before they pass them on; registered with a base that nobody may leave."""
    directory = tmp_path_factory.mktemp("normalising")
    running = {
        "clean nginx": peers.nginx(directory / "nginx", recorder.port, path="/"),
        "clean apache": peers.apache(directory / "apache", recorder.port, slashes="On", words=""),
        "clean lighttpd": peers.lighttpd(directory / "lighttpd", recorder.port, normal="enable", options='"url-path-2f-decode" => "enable", '
                                         '"url-path-backslash-trans" => "enable", "url-path-dotseg-remove" => "enable"'),
        "clean haproxy": peers.haproxy(directory / "haproxy", recorder.port, frontend="\n    ".join(
            f"http-request normalize-uri {how}" for how in ("percent-decode-unreserved", "path-merge-slashes", "path-strip-dotdot full"))),
    }
    for name, peer in running.items():
        registry.register(service(name, targetUrl=peer.url + "/base/inner"))
    yield [name.replace(" ", "-") for name in running]
    for peer in running.values():
        peer.close()


@pytest.mark.parametrize("rest", CLIMBS)
def test_no_spelling_of_a_path_leaves_the_registered_one(server, normalising, recorder, rest):
    recorder.take()
    for target in normalising:
        for path in (rest, rest + "/", rest + "/secret", "a/../" + rest + "/secret"):
            head = f"GET /shop/{target}/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = say(int(server.port("proxy")), head.encode())
            assert answer.startswith(b"HTTP/1.1 400 ") or b"#" in head.encode(), (target, path, answer)
    assert recorder.take() == []


@pytest.mark.parametrize("rest", ["a%2fb", "a;x=y/b", "a%5cb", "a//b", "a/./b", "a/b/..", "%61", "a%25%32%65%25%32%65/b", "a%252e%252e/b", "a..b", "...", "a/%2e/b"])
def test_what_stays_inside_stays_inside(server, normalising, recorder, rest):
    recorder.take()
    for target in normalising:
        say(int(server.port("proxy")), f"GET /shop/{target}/{rest} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    seen = [r.target for r in recorder.take()]
    assert all(target.startswith("/base/inner/") for target in seen) and len(seen) >= len(normalising) - 1, seen  # one or another refuses by itself


# ---- answers ----

LEAK = b"LEAK-4711"
HEAD = b"HTTP/1.1 200 OK\r\nX-Leak: " + LEAK + b"\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def answer_of(*fields, body=LEAK):
    return HEAD + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


MALFORMED_ANSWERS = [
    ("CL and TE", answer_of(b"Content-Length: 9", b"Transfer-Encoding: chunked", body=b"9\r\n" + LEAK + b"\r\n0\r\n\r\n")),
    ("TE and CL", answer_of(b"Transfer-Encoding: chunked", b"Content-Length: 9", body=b"9\r\n" + LEAK + b"\r\n0\r\n\r\n")),
    ("two CL, equal", answer_of(b"Content-Length: 9", b"Content-Length: 9")),
    ("two CL, different", answer_of(b"Content-Length: 9", b"content-length: 5")),
    ("CL list, equal", answer_of(b"Content-Length: 9, 9")), ("CL list, different", answer_of(b"Content-Length: 9, 5")),
    ("CL empty", answer_of(b"Content-Length:")), ("CL +9", answer_of(b"Content-Length: +9")), ("CL -9", answer_of(b"Content-Length: -9")),
    ("CL 0x9", answer_of(b"Content-Length: 0x9")), ("CL 9 9", answer_of(b"Content-Length: 9 9")), ("CL 9;", answer_of(b"Content-Length: 9;")),
    ("CL 9.0", answer_of(b"Content-Length: 9.0")), ("CL 2^64+9", answer_of(b"Content-Length: 18446744073709551625")),
    ("CL with a vertical tab", answer_of(b"Content-Length: 9\x0b")), ("CL in other digits", answer_of("Content-Length: ٩".encode())),
    ("CL with a space before the colon", answer_of(b"Content-Length : 9")),
    ("TE identity", answer_of(b"Transfer-Encoding: identity")), ("TE chunked, identity", answer_of(b"Transfer-Encoding: chunked, identity")),
    ("TE identity, chunked", answer_of(b"Transfer-Encoding: identity, chunked", body=b"9\r\n" + LEAK + b"\r\n0\r\n\r\n")),
    ("TE gzip, chunked", answer_of(b"Transfer-Encoding: gzip, chunked", body=b"9\r\n" + LEAK + b"\r\n0\r\n\r\n")),
    ("TE repeated", answer_of(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    ("TE xchunked", answer_of(b"Transfer-Encoding: xchunked")), ("TE empty", answer_of(b"Transfer-Encoding:")),
    ("TE with a vertical tab", answer_of(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n")),
    ("TE in HTTP/1.0", answer_of(b"Transfer-Encoding: chunked", body=b"9\r\n" + LEAK + b"\r\n0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0")),
    ("TE with a space before the colon", answer_of(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n")),
    ("TE behind a bare LF", answer_of(b"Content-Length: 9", b"X: y\nTransfer-Encoding: chunked")),
    ("obs-fold", answer_of(b"X: a\r\n folded", b"Content-Length: 9")), ("obs-fold by a tab", answer_of(b"X: a\r\n\tfolded", b"Content-Length: 9")),
    ("first field folded", b"HTTP/1.1 200 OK\r\n X: " + LEAK + b"\r\nContent-Length: 0\r\n\r\n"),
    ("bare LF everywhere", answer_of(b"Content-Length: 9").replace(b"\r\n", b"\n")), ("one line ends in bare LF", answer_of(b"X: a\nY: b", b"Content-Length: 9")),
    ("bare CR", answer_of(b"X: a\rY: b", b"Content-Length: 9")), ("CR CR LF", answer_of(b"X: a\r", b"Content-Length: 9")),
    ("NUL in a value", answer_of(b"X: a\0b", b"Content-Length: 9")), ("NUL in a name", answer_of(b"X\0: a", b"Content-Length: 9")),
    ("DEL in a value", answer_of(b"X: \x7f", b"Content-Length: 9")), ("no colon", answer_of(b"X", b"Content-Length: 9")),
    ("empty name", answer_of(b": a", b"Content-Length: 9")), ("space in a name", answer_of(b"X Y: a", b"Content-Length: 9")),
    ("non-ASCII name", answer_of("ü: a".encode(), b"Content-Length: 9")),
    ("a head without end", HEAD + b"X: " + b"a" * 300_000), ("5000 fields", answer_of(*[b"X: a"] * 5000, b"Content-Length: 9")),
    ("no status", b"HTTP/1.1\r\nX: " + LEAK + b"\r\n\r\n"), ("status 99", answer_of(b"Content-Length: 9").replace(b" 200 ", b" 99 ")),
    ("status 1000", answer_of(b"Content-Length: 9").replace(b" 200 ", b" 1000 ")), ("status 2x0", answer_of(b"Content-Length: 9").replace(b" 200 ", b" 2x0 ")),
    ("status +200", answer_of(b"Content-Length: 9").replace(b" 200 ", b" +200 ")), ("HTTP/0.9", LEAK + b"\r\n\r\n"), ("HTTP/2.0", answer_of(b"Content-Length: 9").replace(b"HTTP/1.1", b"HTTP/2.0")),
    ("HTTP/1.2", answer_of(b"Content-Length: 9").replace(b"HTTP/1.1", b"HTTP/1.2")), ("http/1.1", answer_of(b"Content-Length: 9").replace(b"HTTP/1.1", b"http/1.1")),
    ("two spaces before the status", answer_of(b"Content-Length: 9").replace(b"HTTP/1.1 ", b"HTTP/1.1  ")),
    ("an empty line first", b"\r\n" + answer_of(b"Content-Length: 9")), ("a request", b"GET / HTTP/1.1\r\nX: " + LEAK + b"\r\n\r\n"),
    ("SMTP", b"220 mail ESMTP " + LEAK + b"\r\n\r\n"), ("a TLS record", b"\x15\x03\x03\x00\x02\x02\x28"),
    ("101 unasked", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + LEAK),
    ("a flood of 1xx", b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 10_000 + answer_of(b"Content-Length: 9")),
    ("1xx with a body", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n" + LEAK + answer_of(b"Content-Length: 9")),
    ("204 with TE", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nX: " + LEAK + b"\r\n\r\n0\r\n\r\n"),
]


@pytest.fixture(scope="module")
def target(server, registry, behind):
    t = Scripted("head")
    registry.register(service("scripted", targetUrl=t.url))
    yield t
    t.close()


def call(server, method="GET", name="scripted"):
    head = f"{method} /shop/{name}/x HTTP/1.1\r\nHost: localhost\r\n{'Content-Length: 0' if method == 'POST' else 'X: y'}\r\n\r\n"
    after = "GET /shop/direct/x?m=after HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return say(int(server.port("proxy")), (head + after).encode())


AFTER = ("after", *digest_of(b""))


@pytest.mark.parametrize("name, bytes_of_it", MALFORMED_ANSWERS, ids=[row[0] for row in MALFORMED_ANSWERS])
@pytest.mark.parametrize("end", ["rest", "half"], ids=["stays", "ends"])
def test_an_ambiguous_answer_is_502_and_nothing_of_it_is_passed_on(server, target, name, bytes_of_it, end):
    target.script = ["request", bytes_of_it, end, "rest"]
    got = call(server)
    while got.startswith(b"HTTP/1.1 103 "):  # a sound 103 in front of it passes
        got = got.partition(b"\r\n\r\n")[2]
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 ") and LEAK not in got, got
    assert json.loads(rest.partition(b"\n")[0])["error"].startswith("the call to the target failed: malformed: "), got
    assert seen_by_caller(got) == [AFTER], "the caller's connection goes on"


CUT_ANSWERS = [
    ("chunk size +9", b"+9\r\n" + LEAK + b"\r\n0\r\n\r\n"), ("chunk size 0x9", b"0x9\r\n" + LEAK + b"\r\n0\r\n\r\n"), ("chunk size 9 and a space", b"9 \r\n" + LEAK + b"\r\n0\r\n\r\n"),
    ("chunk size empty", b"\r\n" + LEAK + b"\r\n0\r\n\r\n"), ("chunk size 2^64+9", b"10000000000000009\r\n" + LEAK + b"\r\n0\r\n\r\n"),
    ("chunk size 17 digits", b"00000000000000009\r\n" + LEAK + b"\r\n0\r\n\r\n"),
    ("chunk size line with bare LF", b"9\n" + LEAK + b"\r\n0\r\n\r\n"),
    ("chunk longer than its size", b"3\r\nabcLEAK\r\n0\r\n\r\n"), ("chunk without CRLF", b"3\r\nabc9\r\n" + LEAK + b"\r\n0\r\n\r\n"), ("chunk end with bare LF", b"3\r\nabc\n9\r\n" + LEAK),
    ("extension with bare LF", b"3;a\nabc\r\n9\r\n" + LEAK + b"\r\n0\r\n\r\n"), ("extension with CR", b"3;a\rb\r\nabc\r\n9\r\n" + LEAK), ("extension with NUL", b"3;a\0b\r\nabc\r\n"),
    ("extensions of 20 KiB", b"3;" + b"a" * 20_000 + b"\r\nabc\r\n9\r\n" + LEAK + b"\r\n0\r\n\r\n"),
    ("last chunk with bare LF", b"3\r\nabc\r\n0\n\r\n"), ("end with bare LF", b"3\r\nabc\r\n0\r\n\n"), ("trailer Content-Length", b"3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"),
    ("trailer folded", b"3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n"), ("trailer without colon", b"3\r\nabc\r\n0\r\nX\r\n\r\n"), ("trailers of 300 KiB", b"3\r\nabc\r\n0\r\nX: " + b"a" * 300_000),
    ("truncated chunk", b"20\r\nabc"), ("no last chunk", b"3\r\nabc\r\n"), ("half a last chunk", b"3\r\nabc\r\n0\r\n"), ("half a size", b"3\r\nabc\r\n1"),
]


@pytest.mark.parametrize("name, body", CUT_ANSWERS, ids=[row[0] for row in CUT_ANSWERS])
@pytest.mark.parametrize("version", ["--http1.1", "--http1.0", "--http2-prior-knowledge"])
def test_what_goes_wrong_inside_a_body_is_visible(server, target, name, body, version):
    """The head is out already, so the answer is cut: no last chunk, a stream reset, or a connection reset."""
    target.script = ["request", CHUNKS, 0.02, body, "half", "rest"]
    said = curl_failure(version, f"http://{server.address('proxy')}/shop/scripted/x")
    assert said.startswith(("curl: (18)", "curl: (56)", "curl: (92)", "curl: (52)")), said


SURPLUS = [
    ("body after HEAD", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + LEAK, 200),
    ("answer after HEAD", "HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nX: " + LEAK + b"\r\nContent-Length: 0\r\n\r\n", 200),
    ("body after 204", "GET", b"HTTP/1.1 204 No Content\r\n\r\n" + LEAK, 204), ("body after 304", "GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" + LEAK, 304),
    ("more than Content-Length", "GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + LEAK, 200),
    ("a second answer", "GET", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + LEAK, 200),
    ("more after the last chunk", "GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + LEAK, 200),
    ("an answer without a question", "POST", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200),
]


@pytest.mark.parametrize("late", [0, 0.05], ids=["at once", "later"])
@pytest.mark.parametrize("name, method, said, status", SURPLUS, ids=[row[0] for row in SURPLUS])
def test_what_is_too_much_reaches_nobody(server, target, name, method, said, status, late):
    """Response splitting: a target's connection that says more than it was asked is not used again."""
    before = target.connections
    target.script = ["request", said, late, LEAK, "rest"] if late else ["request", said + LEAK, "rest"]
    for _ in range(3):
        got = call(server, method)
        assert got.startswith(b"HTTP/1.1 %d " % status) and LEAK not in got and seen_by_caller(got) == [AFTER], got
        if late:
            time.sleep(2 * late)
    assert target.connections == before + 3
