# SPDX-License-Identifier: Apache-2.0
"""Proves that HTTP/2 opens no way around the rules of HTTP/1: malformed requests are refused and not executed, what costs the peer
nothing and us something is cut off with ENHANCE_YOUR_CALM, and a server that stops says so and finishes what it has begun.
"""

import pathlib
import signal
import time

import pytest
from h2wire import (CALM, COMPRESSION_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, MALFORMED, NO_ERROR, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, Peer,
                    instead, literal, number, plus)
from harness import SANITIZED
from hyperframe import frame as h2f

SIGN = "/v1/applications/certificates"


@pytest.fixture(scope="module")
def canary(server):
    """A token in the path of every malformed request: at the end nobody may have used it."""
    token = server.token("canary")["token"]
    before = server.metric("fairlead_tokens_used_total")
    yield f"/v1/applications/signingRequests/info?token={token}"
    assert server.metric("fairlead_tokens_used_total") == before
    assert server.curl(f"{server.connector}/v1/applications/signingRequests/info?token={token}").status == 200


@pytest.mark.parametrize("name, change", MALFORMED, ids=[row[0] for row in MALFORMED])
def test_a_malformed_request_is_refused_and_costs_only_its_stream(server, canary, name, change):
    with Peer(server) as peer:
        reply = peer.ask(1, change(peer.fields(canary)))
        if reply is None:
            assert peer.error == PROTOCOL_ERROR, peer.goaways
            return
        assert reply.status == 400 or (reply.status is None and reply.reset == PROTOCOL_ERROR), reply
        assert peer.ask(3, peer.fields()).status == 200


@pytest.mark.parametrize("change, status", [
    (instead(":method", "CONNECT"), (400, 501, None)), (lambda f: [(":method", "CONNECT"), (":authority", "localhost:443")], (501,)),
    (lambda f: [(":method", "CONNECT"), (":protocol", "websocket"), *f[1:]], (400, 501, None)),
    (instead(":method", "TRACE"), (405,)), (instead(":method", "get"), (501,)), (instead(":method", "BREW"), (501,)),
    (plus(("expect", "200-ok")), (417,)), (instead(":authority", "evil.example"), (421,))])
def test_what_the_rules_of_both_protocols_refuse(server, change, status):
    with Peer(server) as peer:
        reply = peer.ask(1, change(peer.fields()))
        assert reply.status in status and (reply.status or reply.reset == PROTOCOL_ERROR), reply
        assert peer.ask(3, peer.fields()).status == 200


@pytest.mark.parametrize("change", [
    plus(("te", "trailers")), plus(("cookie", "a=b"), ("cookie", "c=d")), plus(("host", "LOCALHOST")), instead(":scheme", "http"),
    plus(("content-length", "0")), plus(("x", "")), plus(("x", "ä\xff")), plus(("priority", "u=1")), plus(("expect", "100-continue"))],
    ids=["te: trailers", "cookies", "an equal host", "scheme http", "content-length 0", "an empty value", "obs-text", "priority", "expect"])
def test_what_looks_odd_and_is_allowed(server, change):
    with Peer(server) as peer:
        fields = [(n, v.replace("LOCALHOST", peer.authority.upper())) for n, v in change(peer.fields())]
        assert peer.ask(1, fields).status == 200


@pytest.mark.parametrize("length, data", [("3", b"{}"), ("1", b"{}"), ("0", b"{}"), ("200", b"")])
def test_a_body_of_another_length_than_announced_is_not_executed(server, canary, length, data):
    """RFC 9113 8.1.1: malformed, however it ends."""
    with Peer(server) as peer:
        reply = peer.ask(1, peer.fields(SIGN, "POST", ("content-length", length)), data)
        assert reply.status in (None, 400) and (reply.status or reply.reset == PROTOCOL_ERROR), reply
        assert peer.ask(3, peer.fields()).status == 200


@pytest.mark.parametrize("trailers, good", [([("x-checksum", "1")], True), ([(":path", "/")], False), ([("content-length", "2")], False), ([("host", "other")], False),
                                            ([("transfer-encoding", "chunked")], False), ([("authorization", "x")], False), ([("X-Upper", "1")], False),
                                            ([("x", "a\r\nb")], False), ([("x-forwarded-client-cert", "Hash=00")], False)])
def test_trailers(server, trailers, good):
    with Peer(server) as peer:
        reply = peer.ask(1, peer.fields(SIGN, "POST"), b"{}", trailers)
        if good:
            assert reply.status == 403, reply
        else:
            assert reply.status in (None, 400) and (reply.status or reply.reset == PROTOCOL_ERROR), reply
        assert peer.ask(3, peer.fields()).status == 200


# ---- frames that are not HTTP/2 ----

def raw(kind, flags, stream, data, size=None):
    return (size if size is not None else len(data)).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + data


BROKEN = [
    ("DATA on stream 0", raw(0, 1, 0, b"x"), PROTOCOL_ERROR), ("HEADERS on stream 0", raw(1, 5, 0, b"\x82"), PROTOCOL_ERROR),
    ("HEADERS on an even stream", raw(1, 5, 2, b"\x82\x87\x84"), PROTOCOL_ERROR), ("DATA on an idle stream", raw(0, 1, 5, b"x"), PROTOCOL_ERROR),
    ("RST_STREAM on an idle stream", raw(3, 0, 5, bytes(4)), PROTOCOL_ERROR), ("WINDOW_UPDATE on an idle stream", raw(8, 0, 5, b"\0\0\0\1"), PROTOCOL_ERROR),
    ("CONTINUATION without HEADERS", raw(9, 4, 1, b"\x82"), PROTOCOL_ERROR), ("another frame inside a header block", raw(1, 1, 1, b"\x82") + raw(6, 0, 0, bytes(8)), PROTOCOL_ERROR),
    ("PUSH_PROMISE of a client", raw(5, 4, 1, b"\0\0\0\2\x82"), PROTOCOL_ERROR), ("a frame over 16 KiB", raw(0, 0, 1, b"", 16385), FRAME_SIZE_ERROR),
    ("SETTINGS of 5 bytes", raw(4, 0, 0, bytes(5)), FRAME_SIZE_ERROR), ("SETTINGS on a stream", raw(4, 0, 1, b""), PROTOCOL_ERROR),
    ("SETTINGS ACK with data", raw(4, 1, 0, bytes(6)), FRAME_SIZE_ERROR), ("SETTINGS_ENABLE_PUSH 2", raw(4, 0, 0, b"\0\2\0\0\0\2"), PROTOCOL_ERROR),
    ("SETTINGS_INITIAL_WINDOW_SIZE 2^31", raw(4, 0, 0, b"\0\4\x80\0\0\0"), FLOW_CONTROL_ERROR), ("SETTINGS_MAX_FRAME_SIZE 1", raw(4, 0, 0, b"\0\5\0\0\0\1"), PROTOCOL_ERROR),
    ("PING of 7 bytes", raw(6, 0, 0, bytes(7)), FRAME_SIZE_ERROR), ("PING on a stream", raw(6, 0, 1, bytes(8)), PROTOCOL_ERROR),
    ("RST_STREAM on stream 0", raw(3, 0, 0, bytes(4)), PROTOCOL_ERROR), ("a window beyond 2^31", raw(8, 0, 0, b"\x7f\xff\xff\xff"), FLOW_CONTROL_ERROR),
    ("WINDOW_UPDATE of 0", raw(8, 0, 0, bytes(4)), PROTOCOL_ERROR),
    ("WINDOW_UPDATE of 0 on a stream", raw(1, 4, 1, b"\x82\x87\x84\x01\x01a") + raw(8, 0, 1, bytes(4)), PROTOCOL_ERROR),
    ("padding longer than the frame", raw(1, 13, 1, b"\xff\x82"), PROTOCOL_ERROR),
    ("GOAWAY on a stream", raw(7, 0, 1, bytes(8)), PROTOCOL_ERROR), ("a field that HPACK does not know", raw(1, 5, 1, b"\xff\xff\xff\x7f"), COMPRESSION_ERROR),
    ("a field cut off", raw(1, 5, 1, b"\x40\x0aabc"), COMPRESSION_ERROR),
]


@pytest.mark.parametrize("name, data, code", BROKEN, ids=[row[0] for row in BROKEN])
def test_a_connection_error_ends_the_connection_with_its_reason(server, name, data, code):
    with Peer(server) as peer:
        peer.pump(lambda: peer.acks and peer.settings)
        peer.write(data)
        peer.pump()
        assert peer.closed and peer.error == code, (peer.goaways, peer.replies)


def test_what_is_not_http2_after_the_handshake_is_closed(server):
    for preface in (b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", PREFACE.replace(b"PRI", b"PRO"), bytes(24)):
        with Peer(server, preface=preface) as peer:
            peer.pump(seconds=5)
            assert peer.closed and not peer.replies


def test_frames_of_later_times_are_ignored(server):
    with Peer(server) as peer:
        peer.write(raw(0x42, 0xff, 0, b"x" * 100) + raw(0x10, 0, 0, b"\0\0\0\1u=1") + raw(4, 0, 0, b"\x12\x34\0\0\0\1"))
        assert peer.ask(1, peer.fields()).status == 200


# ---- floods ----

def flood(peer, frames, rounds, seconds=15):
    """Sends until the server has enough; reads meanwhile, or what it says would be lost when it closes."""
    for n in range(rounds):
        if not peer.write(frames(n)) or peer.closed or peer.goaways:
            break
        peer.glance()
    return peer.pump(seconds=seconds)


def reset_of(n):
    return h2f.RstStreamFrame(2 * n + 1, error_code=8).serialize()


FLOODS = [
    ("SETTINGS", lambda peer: lambda n: h2f.SettingsFrame(0).serialize() * 10),
    ("PING", lambda peer: lambda n: h2f.PingFrame(0, opaque_data=b"12345678").serialize() * 10),
    ("PRIORITY", lambda peer: lambda n: b"".join(raw(2, 0, 2 * (10 * n + i) + 1, b"\0\0\0\0\x10") for i in range(10))),
    ("rapid reset (CVE-2023-44487)", lambda peer: lambda n: peer.head(2 * n + 1, peer.fields()) + reset_of(n)),
    ("made to reset (CVE-2025-8671): a window beyond 2^31",
     lambda peer: lambda n: peer.head(2 * n + 1, peer.fields(SIGN, "POST"), end=False) + raw(8, 0, 2 * n + 1, b"\x7f\xff\xff\xff")),
    ("empty DATA", lambda peer: lambda n: (peer.head(1, peer.fields(SIGN, "POST"), end=False) if n == 0 else b"") + Peer.body(1, b"", False) * 10),
]


@pytest.mark.parametrize("name, frames", FLOODS, ids=[row[0] for row in FLOODS])
def test_a_flood_is_ended_with_enhance_your_calm(server, name, frames):
    with Peer(server) as peer:
        flood(peer, frames(peer), 2000)
        assert peer.closed and peer.error == CALM, peer.goaways
    assert server.curl("--http2", server.connector + "/v1/health").status == 200


def test_below_the_limits_nobody_is_told_to_calm_down(server):
    with Peer(server) as peer:
        peer.write(h2f.PingFrame(0, opaque_data=b"12345678").serialize() * 80)
        for n in range(40):
            peer.write(peer.head(2 * n + 1, peer.fields()) + reset_of(n))
        assert peer.ask(101, peer.fields()).status == 200
        peer.pump(lambda: peer.pings == 80)
        assert not peer.goaways


# ---- sizes ----

def test_a_header_list_over_the_limit_is_431(server):
    with Peer(server) as peer:
        fields = peer.fields("/v1/health", "GET", *[(f"x{n}", "y" * 4000) for n in range(9)])
        block = peer.block_of(fields)
        parts = [block[i:i + 16000] for i in range(0, len(block), 16000)]
        peer.write(raw(1, 1, 1, parts[0]) + b"".join(raw(9, 4 if part is parts[-1] else 0, 1, part) for part in parts[1:]))
        peer.pump(lambda: peer.ended(1))
        assert peer.reply(1).status == 431, peer.reply(1)
        assert peer.ask(3, peer.fields("/v1/health?" + "q" * 9000)).status == 414
        assert peer.ask(5, peer.fields("/v1/health", "GET", *[("x", "y")] * 101)).status == 431
        assert peer.ask(7, peer.fields()).status == 200
        assert peer.settings[6] == 32768, "SETTINGS_MAX_HEADER_LIST_SIZE says so beforehand"


def test_a_hpack_bomb_ends_the_connection(server):
    """4 KiB put into the dynamic table, then named again and again with a byte each."""
    with Peer(server) as peer:
        bomb = b"\x40" + number(1, 7, 0) + b"x" + number(4000, 7, 0) + b"y" * 4000
        peer.write(peer.head(1, [], block=peer.block_of(peer.fields()) + bomb + b"\xbe" * 10000))
        peer.pump()
        assert peer.closed and peer.error == CALM, peer.goaways


@pytest.mark.parametrize("part", [b"", literal("x", "y"), literal("x", "y" * 1000)], ids=["empty", "small", "large"])
def test_continuation_without_end_ends_the_connection(server, part):
    """CVE-2024-27316, CVE-2024-28182: header blocks that never end. nghttp2 has enough after a few and says nothing."""
    with Peer(server) as peer:
        peer.pump(lambda: peer.acks and peer.settings)  # nothing may come between the frames of a block
        peer.write(raw(1, 1, 1, peer.block_of(peer.fields())))
        flood(peer, lambda n: raw(9, 0, 1, part), 200, 5)
        assert peer.closed and peer.error in (CALM, None) and not peer.replies, peer.goaways
    assert server.curl("--http2", server.connector + "/v1/health").status == 200


def test_a_field_without_end_ends_the_connection(server):
    with Peer(server) as peer:
        peer.pump(lambda: peer.acks and peer.settings)
        peer.write(raw(1, 1, 1, b"\x10" + number(1, 7, 0) + b"x" + number(100_000_000, 7, 0)))
        flood(peer, lambda n: raw(9, 0, 1, b"y" * 16000), 200, 5)
        assert peer.closed and peer.error in (COMPRESSION_ERROR, CALM) and not peer.replies, peer.goaways


def test_a_body_beyond_the_limit_of_its_route_is_413(server):
    with Peer(server) as peer:
        peer.write(peer.head(1, peer.fields(SIGN, "POST"), end=False))
        for _ in range(8):
            peer.write(Peer.body(1, b"x" * 16000, False))
            time.sleep(0.02)
        peer.pump(lambda: peer.ended(1))
        assert peer.reply(1).status == 413, peer.reply(1)
        assert peer.ask(3, peer.fields()).status == 200
        peer.write(peer.head(5, peer.fields(SIGN, "POST", ("content-length", "65537")), end=False))
        peer.pump(lambda: peer.ended(5))
        assert peer.reply(5).status == 413, "as soon as it is announced"


# ---- many streams ----

def test_a_thousand_streams_in_turn_are_all_served(server):
    with Peer(server) as peer:
        peer.pump(lambda: peer.acks)
        allowed = peer.settings[3]
        assert allowed == 128
        for begin in range(0, 1000, allowed):
            streams = [2 * n + 1 for n in range(begin, min(begin + allowed, 1000))]
            peer.write(b"".join(peer.head(s, peer.fields()) for s in streams))
            peer.pump(lambda: all(peer.ended(s) for s in streams))
        assert {r.status for r in peer.replies.values()} == {200} and len(peer.replies) == 1000 and not peer.goaways


def test_a_thousand_streams_at_once_are_not(server):
    """Only so many are worked on; the rest is refused, and who goes on asking all the same is cut off."""
    with Peer(server) as peer:
        peer.write(b"".join(peer.head(2 * n + 1, peer.fields(SIGN, "POST"), end=False) for n in range(1000)))
        peer.pump()
        assert peer.closed and peer.error in (CALM, PROTOCOL_ERROR), peer.goaways
        assert all(r.reset in (REFUSED_STREAM, None) for r in peer.replies.values())
    assert server.curl("--http2", server.connector + "/v1/health").status == 200


@pytest.mark.release
@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps freed memory")
def test_answers_that_nobody_takes_cost_little(make_server):
    """128 streams ask for the specification and open no window for it."""
    server = make_server()
    server.curl("--http2", server.connector + "/v1/api.yaml")

    def resident():
        pids = [server.process.pid, *server.children()]
        return sum(int(line.split()[1]) for pid in pids for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    before = resident()
    peers = [Peer(server, settings={4: 0}, window=False) for _ in range(8)]
    for peer in peers:
        peer.write(b"".join(peer.head(2 * n + 1, peer.fields("/v1/api.yaml")) for n in range(128)))
    time.sleep(2)
    assert resident() - before < 8 * 128 * 100, "more than 100 KiB for each answer"
    for peer in peers:
        peer.sock.close()


# ---- the end ----

def test_a_silent_connection_gets_a_goaway(make_server):
    server = make_server(settings={"limits.idle": "1s"})
    with Peer(server) as peer:
        assert peer.ask(1, peer.fields()).status == 200
        began = time.monotonic()
        peer.pump()
        assert peer.closed and peer.goaways == [(1, NO_ERROR)] and time.monotonic() - began > 0.9


def test_a_header_block_that_stops_is_not_waited_for(make_server):
    server = make_server(settings={"limits.header": "1s"})
    with Peer(server) as block, Peer(server, preface=PREFACE[:10]) as preface:
        block.pump(lambda: block.acks and block.settings)
        began = time.monotonic()
        block.write(raw(1, 1, 1, b"\x82"))
        for peer in (block, preface):
            peer.pump()
            assert peer.closed and not peer.replies and time.monotonic() - began > 0.8


@pytest.mark.parametrize("listener", ["connector", "gateway"])
def test_who_stops_says_so_and_finishes_what_it_has_begun(make_server, listener):
    server = make_server()
    system = server.system("shop").enrol() if listener == "gateway" else None
    path = SIGN if listener == "connector" else SIGN + "/renewals"
    with Peer(server, listener, system) as idle, Peer(server, listener, system) as busy:
        assert idle.ask(1, idle.fields()).status == 200
        busy.pump(lambda: busy.acks)
        busy.write(busy.head(1, busy.fields(path, "POST"), end=False))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        idle.pump()
        assert idle.closed and idle.goaways[-1] == (1, NO_ERROR)
        busy.pump(lambda: len(busy.goaways) == 2)
        assert busy.goaways == [(0x7fffffff, NO_ERROR), (1, NO_ERROR)], "first a warning, and after a round trip the last stream (RFC 9113 6.8)"
        busy.write(Peer.body(1, b"{}"))
        busy.pump()
        assert busy.closed and busy.reply(1).status in (400, 403) and busy.reply(1).ended, busy.replies
    assert server.process.wait(120) == 0


def test_who_acknowledges_late_still_gets_the_answer_that_ends_the_connection(make_server):
    """Revoking oneself ends the connection. A client may be writing meanwhile; a reset would fail its second write, and curl then forgets the answer."""
    server = make_server()
    system = server.system("late").enrol(key="ec:P-256")
    with Peer(server, "gateway", system=system) as peer:
        peer.write(peer.head(1, peer.fields("/v1/applications/certificates/revocations", "POST")))
        time.sleep(0.3)
        assert peer.write(h2f.SettingsFrame(0, flags=["ACK"]).serialize())
        time.sleep(0.1)
        assert peer.write(h2f.PingFrame(0, opaque_data=b"late....").serialize()), "the server reset the connection"
        peer.pump()
        assert peer.reply(1).status == 201, peer.replies
