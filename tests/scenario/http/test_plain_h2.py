# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 without TLS, by prior knowledge (RFC 9113 3.3), is served on the plain listener under the same rules as HTTP/1.1."""

import socket
import time

import pytest
from harness import run


def test_curl_and_nghttp_speak_it(server):
    out = run(["curl", "-sS", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}", server.internal + "/healthz"]).stdout
    assert out == "ok\n2 200"
    assert run(["nghttp", server.internal + "/healthz"]).stdout == "ok\n"


def test_the_guard_holds_there_too(server):
    out = run(["curl", "-sS", "--http2-prior-knowledge", "-H", "Host: evil.example", "-o", "/dev/null", "-w", "%{http_code}",
               server.internal + "/api/v1/certificates"]).stdout
    assert out == "421"


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def talk(server, *pieces):
    host, port = server.address("internal").rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            s.sendall(piece)
            time.sleep(0.01)
        return s.recv(65536)


@pytest.mark.parametrize("cut", [1, 3, 16, 18, 23])
def test_the_preface_may_arrive_in_pieces(server, cut):
    assert talk(server, PREFACE[:cut], PREFACE[cut:] + SETTINGS)[3] == 4  # a SETTINGS frame


@pytest.mark.parametrize("pieces", [(b"PRI / HTTP/1.1\r\nHost: localhost\r\n\r\n",), (PREFACE[:20], b"XX\r\n\r\n")])
def test_what_only_begins_like_the_preface_is_http_1_and_refused(server, pieces):
    assert talk(server, *pieces)[:10] in (b"HTTP/1.1 4", b"HTTP/1.1 5")


def test_a_first_byte_that_might_have_been_the_preface_is_not_lost(server):
    assert talk(server, b"P", b"OST /v1/applications/tokens HTTP/1.1\r\nHost: localhost\r\nApplication: shop\r\nContent-Length: 0\r\n\r\n").startswith(b"HTTP/1.1 201")
