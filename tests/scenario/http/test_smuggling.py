# SPDX-License-Identifier: Apache-2.0
"""Proves that no request hides in another: what is ambiguous is refused and ends the connection, and nothing behind it is executed.

Behind every message of the table stands a second request. Behind a refused one it must never be executed; behind an accepted one
exactly once, which shows that server and client agree where the message ended.
"""

import itertools
import re

import pytest
import wire
from harness import ROOT
from smuggling import ACCEPTED, INNER, REFUSED

PATH = {"internal": b"/v1/applications/tokens", "connector": b"/v1/applications/certificates"}
numbers = itertools.count()


def to(server, listener, message):
    host = ("127.0.0.1:" if listener == "internal" else "localhost:") + server.port(listener)
    return message.replace(b"/POST", PATH[listener]).replace(b"@", host.encode())


def exists(server, application):
    request = f"GET /api/v1/applications/{application} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    status = wire.exchange(server, request.encode())[0].status
    assert status in (200, 404)
    return status == 200


@pytest.fixture(scope="module")
def canary(server):
    """A second request whose execution can be seen: on internal it makes an application, on the connector it uses up a token."""
    token = server.token("canary")["token"]

    def make(listener, name):
        if listener == "internal":
            second = f"POST /v1/applications/tokens HTTP/1.1\r\nHost: @\r\nApplication: {name}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        else:
            second = f"GET /v1/applications/signingRequests/info?token={token} HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"
        return to(server, listener, second.encode())
    used = server.metric("fairlead_tokens_used_total")
    yield make
    assert server.metric("fairlead_tokens_used_total") == used
    info = server.curl(f"{server.connector}/v1/applications/signingRequests/info?token={token}")
    assert info.status == 200, "the token behind refused requests was used"
    assert not exists(server, "inside"), "a request inside a body was executed"


def refused(answers, status):
    assert [a.status for a in answers] == [status], answers
    assert answers[0].headers["connection"] == "close"


def served_as_h2(listener, message):
    """The preface on the plain listener is no HTTP/1 (test_plain_h2.py)."""
    return listener == "internal" and message.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


@pytest.mark.parametrize("listener", ["internal", "connector"])
@pytest.mark.parametrize("name, message, status", REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_and_nothing_behind_it_is_executed(server, canary, listener, name, message, status):
    if served_as_h2(listener, message):
        return
    behind = f"behind-{next(numbers)}"
    refused(wire.exchange(server, to(server, listener, message) + canary(listener, behind), listener), status)
    assert not exists(server, behind)


@pytest.mark.parametrize("listener", ["internal", "connector"])
@pytest.mark.parametrize("name, message, status", ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_accepted_and_what_is_behind_is_executed_once(server, listener, name, message, status):
    behind = f"behind-{next(numbers)}"
    second = f"POST /v1/applications/tokens HTTP/1.1\r\nHost: @\r\nApplication: {behind}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    answers = wire.exchange(server, to(server, listener, message + second), listener)
    assert [a.status for a in answers] == [status[listener], 201 if listener == "internal" else 404], answers
    assert exists(server, behind) == (listener == "internal")


@pytest.mark.parametrize("listener", ["internal", "connector"])
@pytest.mark.parametrize("name, message, status", [row for row in REFUSED if len(row[1]) < 1000], ids=[row[0] for row in REFUSED if len(row[1]) < 1000])
def test_the_verdict_does_not_depend_on_how_the_bytes_arrive(server, canary, listener, name, message, status):
    if served_as_h2(listener, message):
        return
    behind = f"behind-{next(numbers)}"
    data = to(server, listener, message) + canary(listener, behind)
    middle = len(to(server, listener, message)) // 2
    with wire.connect(server, listener) as sock:
        sock.sendall(data[:middle])
        try:
            sock.sendall(data[middle:])
        except OSError:
            pass  # refused already
        refused(wire.replies(wire.read_all(sock)), status)
    assert not exists(server, behind)


@pytest.mark.parametrize("listener", ["internal", "connector"])
def test_a_body_that_was_announced_but_not_asked_for_ends_the_connection(server, canary, listener):
    """Whether the client sends it after the early answer cannot be known: what follows is neither body nor request."""
    behind = f"behind-{next(numbers)}"
    head = b"POST /nowhere HTTP/1.1\r\nHost: @\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(INNER)
    refused(wire.exchange(server, to(server, listener, head + INNER) + canary(listener, behind), listener), 404)
    assert not exists(server, behind)


# ---- the unit tests' verdict table, against the running server ----

def golden_rows():
    text = (ROOT / "tests/golden/h1_verdicts.txt").read_text()
    for block in text.split("\n\n")[1:]:
        name, message, verdict = block.strip("\n").split("\n")
        data = re.sub(r"\\x([0-9a-f]{2})|\\([rnt\\\\])", lambda m: chr(int(m[1], 16)) if m[1] else {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}[m[2]], message[4:])
        yield name, data.encode("latin-1"), verdict.strip()


# The table is of a reader that accepts bodies of 1000 bytes.
OTHER_LIMIT = {"CL over the limit", "chunks beyond the limit together"}


def test_the_golden_verdicts_hold_on_the_wire(make_server):
    server = make_server(settings={"url.internal_hosts": "a"})
    wrong = []
    rows = [row for row in golden_rows() if row[0] not in OTHER_LIMIT]
    assert len(rows) > 150
    for listener, (name, data, verdict) in itertools.product(("internal", "connector"), rows):
        if served_as_h2(listener, data):
            continue
        if data.startswith(b"POST / "):  # a route that reads its body
            data = data.replace(b"POST / ", b"POST " + PATH[listener] + b" ").replace(b"Host: a\r\n", b"Host: a\r\nApplication: carrier\r\n", 1)
        last = b"GET /v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        statuses = [a.status for a in wire.exchange(server, data + last, listener, sni=None)]
        if verdict == "accept":
            good = len(statuses) == 2 and statuses[0] in (200, 201, 301, 403, 404, 405, 421) and statuses[1] == 200
        else:
            good = statuses == [int(verdict[:3])]
        if not good:
            wrong.append((listener, name, verdict, statuses))
    assert not wrong, "\n".join(map(str, wrong))
