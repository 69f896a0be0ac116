# SPDX-License-Identifier: Apache-2.0
"""Proves that a killed server, core or front loses nothing that it acknowledged, uses no token twice and leaves nobody without an answer."""

import os
import re
import signal
import socket
import ssl
import threading
import time

import pki
import pytest
from harness import BINARY, FRONTS, SANITIZED, curl, poll, run
from load import BROKEN, Client, Load

KILLS = 20
SLOW = 5  # times that a machine may be too slow for what a request waits for a new core
processes = pytest.mark.skipif(FRONTS == "0", reason="front and core are one process")
fault_points = pytest.mark.skipif(not SANITIZED, reason="only sanitized builds have fault points")


def assert_kept(server, load):
    """Whatever the journal says was acknowledged is so; whatever was in doubt is one thing or the other, never both."""
    client = Client(server)
    for fingerprint in load.issued:
        found = client.certificate(fingerprint)
        assert found and found["state"] == "active", (fingerprint, found)
    for token in load.issued.values():
        assert client.sign(token, load.csr)[0] == 403, "a token was used twice"
    for token in load.doubtful:
        status, fingerprint = client.sign(token, load.csr)
        assert status in (201, 403), status
    for token in load.unused[-20:]:
        assert client.sign(token, load.csr)[0] == 201, "an acknowledged token is gone"
    client.close()
    database = server.database()
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    issuers = [row[0] for row in database.execute("SELECT issued_by FROM certificate")]
    assert len(issuers) == len(set(issuers)), "one token, two certificates"
    database.close()


# ---- everything ----

def kill_twenty_times(make_server):
    server = make_server()
    loads = []
    for life in range(KILLS):
        with Load(server) as load:
            load.wait_issued(5 + 10 * (life % 5))
            server.kill()
        server.start()
        assert_kept(server, load)
        loads.append(load)
    client = Client(server)
    assert all(client.certificate(fingerprint) for load in loads[:3] for fingerprint in load.issued)
    assert sum(len(load.doubtful) for load in loads) > KILLS, "the server was never killed at work"


@pytest.mark.slow
def test_twenty_times_killed_and_nothing_acknowledged_is_lost(make_server):
    """With what came before: certificates of the first lives are looked at after the last kill too."""
    kill_twenty_times(make_server)


@pytest.mark.slow
@pytest.mark.release
def test_the_same_with_the_binary_that_users_get(make_server):
    """Faster, so that more is in flight when it ends."""
    kill_twenty_times(make_server)


@processes
def test_children_end_with_their_supervisor(make_server):
    server = make_server()
    children = list(server.children())
    assert len(children) == int(FRONTS) + 2  # with the core and the fetcher
    server.kill()
    poll(lambda: not any(is_running(pid) for pid in children), 2, "a child outlived its supervisor")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(") ", 1)[1][0] not in "ZX"
    except FileNotFoundError:
        return False


@processes
def test_children_end_with_a_supervisor_that_was_stopped_in_its_tracks(make_server):
    """Nothing that the supervisor does itself is needed: SIGSTOP, then SIGKILL."""
    server = make_server()
    children = list(server.children())
    server.process.send_signal(signal.SIGSTOP)
    server.kill()
    poll(lambda: not any(is_running(pid) for pid in children), 2, "a child outlived its supervisor")


def test_a_second_server_on_the_same_data_names_the_first_and_ends(make_server):
    server = make_server()
    began = time.monotonic()
    second = run(server.command(), check=False, env=server.environment)
    assert second.returncode == 1
    assert str(server.process.pid) in second.stderr, second.stderr
    assert "another server is running" in second.stderr
    assert time.monotonic() - began > 4
    assert curl(server.internal + "/readyz").status == 200
    assert server.token("still-there")["token"]


# ---- the core ----

def core_of(server):
    return next(pid for pid, kind in server.children().items() if kind == "core")


def wait_restarted(server, old):
    poll(lambda: any(k == "core" and pid != old for pid, k in server.children().items()), 10, "no new core")
    poll(lambda: ready(server), 15, "the new core does not serve")


def ready(server):
    answer = curl(server.internal + "/readyz", check=False)
    return answer is not None and answer.status == 200


@processes
def test_a_killed_core_is_restarted_and_every_client_hears_something(make_server):
    server = make_server()
    with Load(server, clients=8) as load:
        for _ in range(3):
            load.wait_issued(10)
            killed = core_of(server)
            os.kill(killed, signal.SIGKILL)
            wait_restarted(server, killed)
        load.wait_issued(10)
    assert load.statuses["silence"] == 0, load.statuses
    assert set(load.statuses) <= {201, 403, 503}, load.statuses
    assert_kept(server, load)
    assert server.log().count("worker.ended worker=core") == 3


@processes
def test_requests_wait_for_the_core_and_then_succeed(make_server):
    """A GET and a POST sent while the core is away are answered by the next core, as if nothing had been."""
    server = make_server()
    shop = server.system("shop").enrol()
    seen = []
    while len(seen) < SLOW and set(seen[-1:]) != {(201, 200)}:  # a slow machine may need longer than they wait
        wait_core_ready(server)
        killed = core_of(server)
        os.kill(killed, signal.SIGKILL)
        poll(lambda: not is_running(killed), 2, "kill -9 did not kill")
        seen.append((server.post_token("/v1/applications/tokens", Application="shop").status, shop.management().status))
    assert seen[-1] == (201, 200), seen


@processes
@pytest.mark.parametrize("method, path", [("GET", "/api/v1/ca"), ("POST", "/v1/applications/tokens")])
def test_a_get_in_flight_is_asked_again_and_a_write_is_not(make_server, method, path):
    """The core has the request and is killed before it answers: a write may have taken effect, so nobody but its sender may repeat it."""
    server = make_server()
    killed = core_of(server)
    client = Client(server)
    assert client.request("internal", "GET", "/readyz")[0] == 200  # the front's connection to the core is there, idle
    os.kill(killed, signal.SIGSTOP)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(client.request("internal", method, path, None, {"Application": "shop"})))
    thread.start()
    poll(lambda: has_unread(killed), 5, "the request did not reach the core")
    os.kill(killed, signal.SIGKILL)
    thread.join(120)
    status, headers, body = answers[0]
    if method == "GET":
        assert status == 200, answers
    else:
        assert status == 503 and headers["Retry-After"] and "not known" in body, answers
        assert server.cli_json("token", "list")["tokens"] == []


def has_unread(pid):
    """A Unix-socket connection of this process has something to read."""
    lines = run(["ss", "-xnp"]).stdout.splitlines()
    return any(f"pid={pid}," in line and re.search(r"ESTAB +[1-9][0-9]* .*/run/core-", line) for line in lines)


@processes
@pytest.mark.slow
def test_requests_wait_two_seconds_for_a_core_that_stays_away_and_then_hear_503(make_server):
    """A core that ends again and again is restarted after ever longer waits; the last of these is longer than two seconds."""
    server = make_server()
    shop = server.system("shop").enrol()
    for _ in range(6):
        wait_core_ready(server)
        killed = core_of(server)
        os.kill(killed, signal.SIGKILL)
        ended = time.monotonic()
        poll(lambda: f"worker.ended worker=core pid={killed}" in server.log(), 5, "it lives")
    for ask in (lambda: curl("-X", "POST", "-H", "Application: a", server.internal + "/v1/applications/tokens"),
                lambda: shop.management()):
        if time.monotonic() - ended > 1:
            break  # two waits do not fit into one absence on a slow machine
        began = time.monotonic()
        answer = ask()
        if began - ended < 1 and time.monotonic() - ended > 3:
            break  # it came back meanwhile
        assert answer.status == 503 and answer.headers["retry-after"], answer
        assert time.monotonic() - began > 1.5
    assert curl(server.internal + "/healthz").status == 200  # the front itself lives
    wait_core_ready(server)
    assert shop.management().status == 200
    assert server.metric("fairlead_core_unavailable_total") >= 1


def wait_core_ready(server):
    log = server.log
    poll(lambda: log().count("worker.ready worker=core") == log().count("worker.ended worker=core") + 1, 15, "no core")


# ---- a front ----

@processes
def test_a_killed_front_is_restarted_and_nothing_acknowledged_is_lost(make_server):
    server = make_server()
    with Load(server, clients=8) as load:
        for _ in range(2):
            load.wait_issued(10)
            for pid in [pid for pid, kind in server.children().items() if kind == "front"]:
                os.kill(pid, signal.SIGKILL)
            poll(lambda: sum(k == "front" for k in server.children().values()) == int(FRONTS), 10, "no new fronts")
        load.wait_issued(20)
    assert_kept(server, load)


@processes
def test_connections_queued_at_a_killed_front_are_served_by_the_next(make_server):
    server = make_server()
    fronts = [pid for pid, kind in server.children().items() if kind == "front"]
    for pid in fronts:
        os.kill(pid, signal.SIGSTOP)
    host, port = server.address("internal").rsplit(":", 1)
    queued = [socket.create_connection((host, int(port))) for _ in range(12)]
    for connection in queued:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    for pid in fronts:
        os.kill(pid, signal.SIGKILL)
    for connection in queued:
        connection.settimeout(60)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200"), "a queued connection was reset"
        connection.close()


# ---- between two steps of the core ----

@pytest.fixture
def faults(make_server, tmp_path):
    """A server whose core ends at a point once a file of the point's name is there."""
    points = tmp_path / "points"
    points.mkdir()
    server = make_server(environment={"FAULT_POINTS_DIR": str(points)})
    server.arm = lambda point: (points / point).touch()
    server.armed = lambda point: (points / point).exists()

    def recover():
        if FRONTS == "0":
            assert server.process.wait(60) == 77
            server.start()
        else:
            poll(lambda: "77" in server.log() and ready(server), 20, "the core does not come back")
    server.recover = recover
    return server


def revoke(server, fingerprint):
    return curl("-H", "Content-Type: application/json", "-d", '{"reason":"lost"}', "-X", "POST",
                f"{server.internal}/api/v1/certificates/{fingerprint}/revocation", check=False)


@fault_points
@pytest.mark.parametrize("point", ["revoke.committed", "revoke.announced"])
def test_a_revocation_holds_when_the_core_ends_right_after_its_commit(faults, point):
    """Between commit and bump, and between bump and answer: nobody was told, and still the certificate is refused."""
    shop = faults.system("shop").enrol()
    assert shop.management().status == 200
    idle = keep_alive(faults, shop)
    faults.arm(point)
    answer = revoke(faults, shop.fingerprint())
    assert answer is None or answer.status == 503, "an answer that the core cannot have given"
    assert (answer is None) == (FRONTS == "0")
    assert not faults.armed(point)
    faults.recover()
    refused = shop.management()
    assert refused.status == 403 and "revoked" in refused.json()["error"].lower(), refused
    assert_ended_or_refused(idle)
    rows = faults.database().execute("SELECT count(*) FROM audit WHERE action = 'certificate.revoke'").fetchone()
    assert rows == (1,)
    assert revoke(faults, shop.fingerprint()).status in (200, 201, 204)  # asked again, as the 503 says: nothing happens twice
    assert faults.database().execute("SELECT count(*) FROM audit WHERE action = 'certificate.revoke'").fetchone() == (1,)


def keep_alive(server, system):
    """A mutual TLS connection that has been served once."""
    context = ssl.create_default_context(cafile=str(server.ca))
    context.load_cert_chain(system.crt, system.key)
    raw = socket.create_connection(("127.0.0.1", int(server.port("gateway"))))
    connection = context.wrap_socket(raw, server_hostname="localhost")
    connection.settimeout(60)
    return ask(connection, b"200")


def ask(connection, status):
    connection.sendall(b"GET /v1/applications/management/info HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 " + status), answer
    return connection


def assert_ended_or_refused(connection):
    try:
        connection.sendall(b"GET /v1/applications/management/info HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = connection.recv(65536)
    except (OSError, ssl.SSLError):
        return
    assert answer == b"" or answer.startswith(b"HTTP/1.1 403"), answer


@fault_points
@pytest.mark.parametrize("point, used", [("sign.made", False), ("store.committing", False), ("sign.committed", True)])
def test_a_token_and_its_certificate_are_on_record_together_or_not_at_all(faults, point, used):
    """Killed with the certificate made, with the transaction open, and with it committed but not answered."""
    client = Client(faults)
    request = pki.csr(pki.SUBJECT + "shop", pki.key("ec:P-256"))
    token = client.token("shop")[1]
    faults.arm(point)
    if FRONTS == "0":
        with pytest.raises(BROKEN):
            client.sign(token, request)
    else:
        assert client.sign(token, request)[0] == 503
    faults.recover()
    count = "SELECT count(*) FROM certificate WHERE application = 'shop'"
    assert faults.database().execute(count).fetchone() == (int(used),)
    assert Client(faults).sign(token, request)[0] == (403 if used else 201)
    assert faults.database().execute(count).fetchone() == (1,)


@pytest.mark.release
def test_a_release_build_has_no_fault_points():
    """Nobody can end a server that users run with an environment variable and a file."""
    assert run(["grep", "-c", "FAULT_POINTS_DIR", BINARY], check=False).stdout.strip() == "0"
