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

HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: @\r\n"
POST = b"POST /POST HTTP/1.1\r\nHost: @\r\nApplication: carrier\r\n"
INNER = b"POST /v1/applications/tokens HTTP/1.1\r\nHost: localhost\r\nApplication: inside\r\nContent-Length: 0\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
OK, DONE = {"internal": 200, "connector": 200}, {"internal": 201, "connector": 403}
BOTH_404, BOTH_301 = {"internal": 404, "connector": 404}, {"internal": 301, "connector": 301}


def sized(body, length=None, more=b""):
    return POST + b"Content-Length: " + (length if length is not None else str(len(body)).encode()) + b"\r\n" + more + b"\r\n" + body


def line(field):
    return HEALTH + field + b"\r\n\r\n"


REFUSED = [
    # two framings
    ("CL and TE", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE and CL", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    ("CL.TE with a request inside", POST + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(INNER)) + INNER, 400),
    ("TE.CL with a request inside", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n", 400),
    ("CL and TE identity", POST + b"Content-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n", 400),
    # Content-Length
    ("two CL, equal", sized(b"abc", more=b"Content-Length: 3\r\n"), 400),
    ("two CL, different", sized(b"abc", b"0", b"Content-Length: 3\r\n"), 400),
    ("two CL with a request inside", sized(INNER, b"0", b"content-length: %d\r\n" % len(INNER)), 400),
    ("CL list, equal", sized(b"abc", b"3, 3"), 400),
    ("CL list, different", sized(b"abc", b"0, 3"), 400),
    ("CL empty", sized(b"", b""), 400),
    ("CL +5", sized(b"abcde", b"+5"), 400),
    ("CL -1", sized(b"", b"-1"), 400),
    ("CL 0x5", sized(b"abcde", b"0x5"), 400),
    ("CL 5,", sized(b"abcde", b"5,"), 400),
    ("CL 5 5", sized(b"abcde", b"5 5"), 400),
    ("CL 5.0", sized(b"abcde", b"5.0"), 400),
    ("CL 5;", sized(b"abcde", b"5;"), 400),
    ("CL in other digits", sized(b"abcde", "٥".encode()), 400),
    ("CL 2^63", sized(b"", b"9223372036854775808"), 400),
    ("CL 2^64", sized(b"", b"18446744073709551616"), 400),
    ("CL 2^64+3", sized(b"abc", b"18446744073709551619"), 400),
    ("CL of 16 nines", sized(b"", b"9999999999999999"), 413),
    ("CL with a vertical tab", sized(b"abcde", b"5\x0b"), 400),
    ("CL with a NUL", sized(b"abcde", b"5\x00"), 400),
    ("CL with a space before the colon", POST + b"Content-Length : 5\r\n\r\nabcde", 400),
    # Transfer-Encoding
    ("TE chunked, identity", POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    ("TE identity, chunked", POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE chunked, chunked", POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE gzip, chunked", POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE ,chunked", POST + b"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE chunked,", POST + b"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n", 400),
    ("TE chunked with a vertical tab", POST + b"Transfer-Encoding: chunked\x0b\r\n\r\n0\r\n\r\n", 400),
    ("TE vertical tab, chunked", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    ("TE chunked with a parameter", POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400),
    ("TE quoted", POST + b"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400),
    ("TE xchunked", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ("TE cow", POST + b"Transfer-Encoding: cow\r\n\r\n", 400),
    ("TE and a trailing tab", POST + b"Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", 400),
    ("TE empty", POST + b"Transfer-Encoding:\r\n\r\n0\r\n\r\n", 400),
    ("TE repeated", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE repeated, second unknown", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n", 400),
    ("TE in HTTP/1.0", CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n", 400),
    ("TE folded", POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE folded by a tab", POST + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n", 400),
    ("TE with a space before the colon", POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE with a tab before the colon", POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE on a line that begins with a space", POST + b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE behind a bare LF", POST + b"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("TE behind a bare CR", POST + b"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    # chunks
    ("chunk size +3", CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size -3", CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size 0x3", CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size 3 and a space", CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size behind a space", CHUNKED + b" 3\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size empty", CHUNKED + b"\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size g", CHUNKED + b"g\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size 17 digits", CHUNKED + b"00000000000000003\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk size 2^64-1", CHUNKED + b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 413),
    ("chunk size 2^64+3", CHUNKED + b"10000000000000003\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk without CRLF", CHUNKED + b"3\r\nabc0\r\n\r\n", 400),
    ("chunk longer than its size", CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", 400),
    ("chunk size line with bare LF", CHUNKED + b"3\nabc\r\n0\r\n\r\n", 400),
    ("chunk data with bare LF", CHUNKED + b"3\r\nabc\n0\r\n\r\n", 400),
    ("chunk data with bare CR", CHUNKED + b"3\r\nabc\r0\r\n\r\n", 400),
    ("last chunk with bare LF", CHUNKED + b"0\n\r\n", 400),
    ("end with bare LF", CHUNKED + b"0\r\n\n", 400),
    ("chunk extension with bare LF (a request inside)", CHUNKED + b"0;a\n\r\n" + INNER, 400),
    ("chunk extension with CR", CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk extension with a line end in quotes", CHUNKED + b"3;a=\"\r\nabc\"\r\n0\r\n\r\n", 400),
    ("two chunk extensions with values", CHUNKED + b"3;a=b;c=d\r\nabc\r\n0\r\n\r\n", 400),
    ("chunk extension of 5000 bytes", CHUNKED + b"3;a=" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n", 400),
    # trailers
    ("trailer Content-Length", CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    ("trailer Transfer-Encoding", CHUNKED + b"0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("trailer Host", CHUNKED + b"0\r\nHost: @\r\n\r\n", 400),
    ("trailer Authorization", CHUNKED + b"0\r\nAuthorization: Basic eDp5\r\n\r\n", 400),
    ("trailer X-Forwarded-Client-Cert", CHUNKED + b"0\r\nX-Forwarded-Client-Cert: Hash=00\r\n\r\n", 400),
    ("trailer folded", CHUNKED + b"0\r\nX: a\r\n b\r\n\r\n", 400),
    ("trailer with bare LF", CHUNKED + b"0\r\nX: a\n\r\n", 400),
    ("trailer without colon", CHUNKED + b"0\r\nX\r\n\r\n", 400),
    ("trailers of 5 KiB", CHUNKED + b"0\r\nX: " + b"a" * 5120 + b"\r\n\r\n", 431),
    # field lines
    ("obs-fold", line(b"X: a\r\n b"), 400),
    ("first field folded", b"GET /v1/health HTTP/1.1\r\n Host: @\r\n\r\n", 400),
    ("space before the colon", line(b"X : a"), 400),
    ("empty name", line(b": a"), 400),
    ("no colon", line(b"X"), 400),
    ("NUL in a name", line(b"X\x00Y: a"), 400),
    ("NUL in a value", line(b"X: a\x00b"), 400),
    ("CR in a value", line(b"X: a\rb"), 400),
    ("LF in a value", line(b"X: a\nb: c"), 400),
    ("CR in a name", line(b"X\rY: a"), 400),
    ("non-ASCII name", line("ü: a".encode()), 400),
    ("DEL in a value", line(b"X: \x7f"), 400),
    ("all lines end in bare LF", HEALTH.replace(b"\r\n", b"\n") + b"\n", 400),
    ("head ends in bare LF", HEALTH + b"\n", 400),
    ("CR CR LF", HEALTH + b"X: a\r\r\n\r\n", 400),
    # Host and target
    ("no Host", b"GET /v1/health HTTP/1.1\r\n\r\n", 400),
    ("two Hosts, equal", line(b"Host: @"), 400),
    ("two Hosts, different", line(b"hOST: other"), 400),
    ("Host with userinfo", b"GET /v1/health HTTP/1.1\r\nHost: localhost@other\r\n\r\n", 400),
    ("Host with a path", b"GET /v1/health HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 400),
    ("Host with letters for a port", b"GET /v1/health HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 400),
    ("Host list", b"GET /v1/health HTTP/1.1\r\nHost: localhost, other\r\n\r\n", 400),
    ("Host empty", b"GET /v1/health HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("absolute-form of another host", b"GET http://other/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("absolute-form of another port", b"GET http://localhost:1/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("absolute-form with userinfo", b"GET http://x@localhost/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("absolute-form of another scheme", b"GET gopher://@/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("target without slash", b"GET v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("target * with GET", b"GET * HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("fragment", b"GET /v1/health#x HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("backslash in the path", b"GET /v1\\health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("NUL in the target", b"GET /v1/health\x00 HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("non-ASCII target", "GET /v1/hälth HTTP/1.1\r\nHost: @\r\n\r\n".encode(), 400),
    # request line
    ("HTTP/0.9", b"GET /v1/health\r\n\r\n", 400),
    ("HTTP/0.9 spelled out", b"GET /v1/health HTTP/0.9\r\nHost: @\r\n\r\n", 505),
    ("HTTP/1.2", b"GET /v1/health HTTP/1.2\r\nHost: @\r\n\r\n", 505),
    ("HTTP/2.0", b"GET /v1/health HTTP/2.0\r\nHost: @\r\n\r\n", 505),
    ("http/1.1", b"GET /v1/health http/1.1\r\nHost: @\r\n\r\n", 400),
    ("HTTP/1.10", b"GET /v1/health HTTP/1.10\r\nHost: @\r\n\r\n", 400),
    ("two spaces before the target", b"GET  /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("two spaces before the version", b"GET /v1/health  HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("space behind the version", b"GET /v1/health HTTP/1.1 \r\nHost: @\r\n\r\n", 400),
    ("space in the target", b"GET /v1/health x HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("HTAB behind the method", b"GET\t/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("HTAB behind the target", b"GET /v1/health\tHTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("space before the method", b" GET /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("CR before the method", b"\rGET /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("two empty lines first", b"\r\n\r\n" + HEALTH + b"\r\n", 400),
    ("method in lower case", b"get /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 501),
    ("method of garbage", b"G<T /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 400),
    ("unknown method", b"FROBNICATE /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 501),
    ("CONNECT", b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n", 501),
    ("TRACE", b"TRACE /v1/health HTTP/1.1\r\nHost: @\r\n\r\n", 405),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("a TLS record", b"\x16\x03\x01\x00\x05hello", 400),
    # hop-by-hop abuse
    ("Connection: Authorization", line(b"Connection: keep-alive, Authorization\r\nAuthorization: Basic eDp5"), 400),
    ("Connection: X-Forwarded-Client-Cert", line(b"Connection: x-forwarded-client-cert"), 400),
    ("Connection: Content-Length", sized(b"abc", more=b"Connection: content-length\r\n"), 400),
    ("Connection: Host", line(b"Connection: close, HOST"), 400),
    ("Connection: Cookie, in the second field", line(b"Connection: keep-alive\r\nConnection: cookie"), 400),
    # Expect
    ("Expect unknown", sized(b"abc", more=b"Expect: 200-ok\r\n"), 417),
    ("Expect twice", sized(b"abc", more=b"Expect: 100-continue\r\nExpect: 100-continue\r\n"), 417),
]

ACCEPTED = [
    ("a plain request", HEALTH + b"\r\n", OK),
    ("one empty line first", b"\r\n" + HEALTH + b"\r\n", OK),
    ("a sized body", sized(b"abc"), DONE),
    ("CL with leading zeros", sized(b"abc", b"0003"), DONE),
    ("CL with blanks around it", sized(b"abc", b" \t 3 "), DONE),
    ("a body that is a request", sized(INNER), DONE),
    ("CL.0: a GET with a body that is a request", HEALTH + b"Content-Length: %d\r\n\r\n" % len(INNER) + INNER, OK),
    ("CL.0: a body nobody wants on an unknown path",
     b"POST /nowhere HTTP/1.1\r\nHost: @\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER, BOTH_404),
    ("CL.0: a redirect with a body", b"GET /v1//health HTTP/1.1\r\nHost: @\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER, BOTH_301),
    ("TE.0: an unwanted chunked body", b"POST /nowhere HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n", BOTH_404),
    ("a chunked body", CHUNKED + b"3\r\nabc\r\n0\r\n\r\n", DONE),
    ("a chunk that is a request", CHUNKED + b"%X\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n", DONE),
    ("TE Chunked", POST + b"Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", DONE),
    ("TE with blanks around it", POST + b"Transfer-Encoding: \t chunked \r\n\r\n0\r\n\r\n", DONE),
    ("chunk size with leading zeros", CHUNKED + b"0003\r\nabc\r\n000\r\n\r\n", DONE),
    ("chunk extension", CHUNKED + b"3;a=b\r\nabc\r\n0;e=f\r\n\r\n", DONE),
    ("chunk extension in quotes", CHUNKED + b"3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n", DONE),
    ("harmless trailers", CHUNKED + b"0\r\nX-Checksum: 1\r\n\r\n", DONE),
    ("absolute-form equal to Host", b"GET http://@/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", OK),
    ("absolute-form in capitals", b"GET HTTP://@/v1/health HTTP/1.1\r\nHost: @\r\n\r\n", OK),
    ("an underscore is another field", POST + b"Content_Length: 3\r\nTransfer_Encoding: chunked\r\n\r\n", DONE),
    ("an h2c offer", HEALTH + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n", OK),
    ("a websocket offer", HEALTH + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n", OK),
    ("HTTP/1.0 kept alive", b"GET /v1/health HTTP/1.0\r\nHost: @\r\nConnection: keep-alive\r\n\r\n", OK),
    ("Expect with the body at once", sized(b"abc", more=b"Expect: 100-continue\r\n"), DONE),
    ("Expect on a GET", HEALTH + b"Expect: 100-continue\r\n\r\n", OK),
    # paths: what a proxy in front might read as something else is nowhere here, or sent to its clean spelling
    ("%2f", b"GET /v1%2fhealth HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    ("%2e%2e", b"GET /v1/x/%2e%2e/health HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    ("..;/", b"GET /v1/x/..;/health HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    (";jsessionid", b"GET /v1/health;x=y HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    ("%5c", b"GET /v1/x%5c..%5chealth HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    ("%00", b"GET /v1/health%00 HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
    ("..", b"GET /v1/x/../health HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_301),
    ("//", b"GET //v1/health HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_301),
    ("/./", b"GET /v1/./health HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_301),
    ("encoded letters", b"GET /v1/he%61lth HTTP/1.1\r\nHost: @\r\n\r\n", BOTH_404),
]

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
