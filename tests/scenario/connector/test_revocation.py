# SPDX-License-Identifier: Apache-2.0
"""Proves that a revocation reaches every open connection of its certificate at once, on every front, and nobody else's.

Measured is the time from the answer to the revocation until the connection says something: 10 ms in the release build, less
strictly under sanitizers, which slow everything down.
"""

import json
import select
import statistics
import time

import h2.config
import h2.connection
import h2.events
import h2.settings
import pytest
from harness import curl
from wire import connect

MANAGEMENT = "/v1/applications/management/info"
REVOCATIONS = "/v1/applications/certificates/revocations"
SANITIZED_SECONDS, RELEASE_SECONDS = 30, 0.010


def readable(sock, seconds):
    return select.select([sock], [], [], seconds)[0] != []


class H1:
    """A keep-alive connection that has been answered once."""

    def __init__(self, server, system):
        self.sock = connect(server, "gateway", system=system)
        self.sock.sendall(f"GET {MANAGEMENT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert self.sock.recv(65536).startswith(b"HTTP/1.1 200")


class H1Upload(H1):
    """The same, in the middle of a request's body."""

    def __init__(self, server, system):
        super().__init__(server, system)
        self.sock.sendall(b"POST /v1/applications/certificates/renewals HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        time.sleep(0.05)


class H2:
    """An HTTP/2 connection that has been answered once."""

    window = 65535
    path = MANAGEMENT

    def __init__(self, server, system):
        self.sock = connect(server, "gateway", alpn=("h2",), system=system)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration())
        self.h2.local_settings = h2.settings.Settings(initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: self.window})
        self.h2.initiate_connection()
        self.h2.send_headers(1, [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", self.path)], end_stream=True)
        self.sock.sendall(self.h2.data_to_send())
        seen = []
        while not self.answered(seen) or readable(self.sock, 0.05):
            data = self.sock.recv(65536)
            assert data, seen
            seen += self.h2.receive_data(data)
            self.sock.sendall(self.h2.data_to_send())
        assert not any(isinstance(e, h2.events.ConnectionTerminated) for e in seen)

    def answered(self, seen):
        return any(isinstance(e, h2.events.StreamEnded) for e in seen) and any(isinstance(e, h2.events.SettingsAcknowledged) for e in seen)


class H2Running(H2):
    """The same, with an answer under way that the client's window holds up."""

    window = 100
    path = "/v1/api.yaml"

    def answered(self, seen):
        return any(isinstance(e, h2.events.DataReceived) for e in seen)


KINDS = {"idle HTTP/1.1": H1, "HTTP/1.1 upload": H1Upload, "idle HTTP/2": H2, "running HTTP/2 answer": H2Running}


def revoke(server, fingerprint):
    answer = curl("-d", json.dumps({"hash": fingerprint}), server.internal + "/v1/applications/certificates/revocations")
    assert answer.status == 201


class Revoker:
    """Revocations over a connection that is open already, so that the clock starts with the answer."""

    def __init__(self, server):
        self.sock = connect(server)

    def __call__(self, fingerprint):
        body = json.dumps({"hash": fingerprint})
        self.sock.sendall(f"POST {REVOCATIONS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        assert self.sock.recv(65536).startswith(b"HTTP/1.1 201")
        return time.monotonic()


def until_told(connections, since, limit=60):
    """Seconds until each connection had something to say (GOAWAY, RST_STREAM, the end)."""
    waiting, took = {c.sock: c for c in connections}, []
    while waiting and time.monotonic() < since + limit:
        ready = select.select(list(waiting), [], [], 0.5)[0]
        took += [time.monotonic() - since] * len(ready)
        for sock in ready:
            del waiting[sock]
    assert not waiting, f"{len(waiting)} of {len(connections)} connections heard nothing in {limit} s"
    return took


def is_over(connection):
    """Whether the server ends it: a close, or GOAWAY and a close."""
    connection.sock.settimeout(5)
    try:
        while connection.sock.recv(65536):
            pass
    except OSError:
        pass
    return True


def measured(server, kind, rounds):
    revoker, took = Revoker(server), []
    for i in range(rounds):
        system = server.system("measured", f"measured-{KINDS[kind].__name__}-{i}").enrol(key="ec:P-256")
        connection = KINDS[kind](server, system)
        assert not readable(connection.sock, 0.05), "something was said before the revocation"
        took += until_told([connection], revoker(system.fingerprint()))
    return took


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_revocation_reaches_a_live_connection(server, kind):
    took = measured(server, kind, 3)
    assert max(took) < SANITIZED_SECONDS, took


@pytest.mark.release
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_revocation_reaches_a_live_connection_within_ten_milliseconds(server, kind):
    took = measured(server, kind, 20)
    assert statistics.median(took) < RELEASE_SECONDS, took


def test_every_connection_on_every_front_is_reached_and_nobody_elses(server):
    bad, good = server.system("bad").enrol(key="ec:P-256"), server.system("good").enrol(key="ec:P-256")
    theirs = [kind(server, bad) for kind in KINDS.values() for _ in range(6)]
    others = [kind(server, good) for kind in KINDS.values() for _ in range(3)]
    took = until_told(theirs, Revoker(server)(bad.fingerprint()))
    assert max(took) < 2 * SANITIZED_SECONDS, took
    for connection in theirs:
        assert is_over(connection)
    assert select.select([c.sock for c in others], [], [], 0.3)[0] == []
    assert good.management().status == 200
    for connection in others:
        connection.sock.close()


@pytest.mark.parametrize("how", ["by itself", "command line", "its application", "application deleted", "native API"])
def test_every_way_of_revoking_reaches_live_connections(server, how):
    application = "way-" + how.replace(" ", "-")
    system = server.system(application).enrol(key="ec:P-256")
    connections = [H1(server, system), H2(server, system), H2Running(server, system)]
    if how == "by itself":
        assert system.curl(REVOCATIONS, "-X", "POST").status == 201
    elif how == "command line":
        server.cli("revoke", "--fingerprint", system.fingerprint())
    elif how == "its application":
        assert curl("-X", "POST", f"{server.internal}/api/v1/applications/{application}/revocation").status < 300
    elif how == "application deleted":
        assert curl("-X", "DELETE", f"{server.internal}/api/v1/applications/{application}").status < 300
    else:
        assert curl("-X", "POST", f"{server.internal}/api/v1/certificates/{system.fingerprint()}/revocation").status < 300
    until_told(connections, time.monotonic())
    assert system.management().status == 403


def test_the_answer_to_ones_own_revocation_always_arrives(server):
    """The connection ends because of the very request that it must still answer."""
    for i in range(12):
        system = server.system("own", f"own{i}").enrol(key="ec:P-256")
        answer = system.curl(REVOCATIONS, "--http2" if i % 2 else "--http1.1", "-d", "x" * i)
        assert answer.status == 201 and answer.body == ""


def test_a_renewal_with_a_certificate_that_is_revoked_meanwhile_gives_nothing(server):
    """The write looks again inside its transaction (DESIGN 3.1, 2): what was accepted before the revocation is not carried out after it."""
    system = server.system("meanwhile").enrol(key="ec:P-256")
    before = len(server.cli_json("cert", "list", "meanwhile")["certificates"])
    connection = H1Upload(server, system)
    revoke(server, system.fingerprint())
    try:
        connection.sock.sendall(b"}" * 999)
        answer = connection.sock.recv(65536)
    except OSError:
        answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 403")
    assert len(server.cli_json("cert", "list", "meanwhile")["certificates"]) == before
