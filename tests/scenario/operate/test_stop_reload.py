# SPDX-License-Identifier: Apache-2.0
"""Proves that SIGTERM finishes what runs and exits 0, and that SIGHUP brings a new configuration to everybody, or to nobody and says why."""

import socket
import ssl
import time

import pki
import pytest
from harness import FRONTS, curl, poll, run
from load import Load

import h2.connection as h2
from h2.events import ConnectionTerminated, ResponseReceived, SettingsAcknowledged  # noqa: E402

HEAD = "POST /v1/applications/tokens HTTP/1.1\r\nHost: localhost\r\nApplication: shop\r\n"


def plain(server):
    host, port = server.address("internal").rsplit(":", 1)
    connection = socket.create_connection((host, int(port)))
    connection.settimeout(60)
    return connection


def secure(server, listener="connector", alpn=None):
    context = ssl.create_default_context(cafile=str(server.ca))
    if alpn:
        context.set_alpn_protocols([alpn])
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", int(server.port(listener)))), server_hostname="localhost")
    connection.settimeout(60)
    return connection


def ask(connection, path="/healthz"):
    """One request on a connection that stays open; the answer's status."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        assert part, "the connection was closed"
        head += part
    head, _, body = head.partition(b"\r\n\r\n")
    length = int(next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")))
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1])


def until_end(connection):
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


# ---- stop ----

def test_stop_finishes_a_request_that_is_still_arriving(make_server):
    server = make_server()
    running = plain(server)
    running.sendall((HEAD + "Content-Length: 4\r\n\r\n{ ").encode())
    poll(lambda: server.metric("fairlead_connections_open") >= 2, 5, "the request did not arrive")
    server.process.terminate()
    poll(lambda: "server.stopping" in server.log(), 5, "SIGTERM was not heard")
    poll(lambda: serves_nothing_new(server), 5, "a stopping server serves new connections")
    assert server.process.poll() is None, "it did not wait for the request"
    running.sendall(b" }")
    answer = until_end(running)
    assert answer.startswith(b"HTTP/1.1 201") and b'"token"' in answer, answer
    server.stop()  # waits, and wants exit status 0


def serves_nothing_new(server):
    """New connections are not accepted: refused, or left in the queue without an answer."""
    try:
        connection = socket.create_connection(server.address("internal").rsplit(":", 1), timeout=0.3)
    except OSError:
        return True
    with connection:
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return connection.recv(100) == b""
        except OSError:
            return True


def test_stop_closes_idle_connections_at_once(make_server):
    server = make_server(settings={"server.stop_timeout": "10m"})
    first, second = plain(server), secure(server)
    assert ask(first) == 200 and ask(second, "/v1/health") == 200
    server.process.terminate()
    assert until_end(first) == b"" and until_end(second) == b""
    server.stop()  # which has two minutes


def test_stop_says_goaway_to_an_idle_http2_connection(make_server):
    server = make_server()
    connection = secure(server, alpn="h2")
    talk = Http2(connection)
    assert talk.get("/v1/health") == 200
    server.process.terminate()
    events = talk.read_until_end()
    ends = [e for e in events if isinstance(e, ConnectionTerminated)]
    assert ends and all(e.error_code == 0 for e in ends), events
    assert ends[-1].last_stream_id == 1
    server.stop()


class Http2:
    """As much of a client as is needed."""

    def __init__(self, connection):
        self.socket, self.state = connection, h2.H2Connection()
        self.state.initiate_connection()
        self.send()

    def send(self):
        self.socket.sendall(self.state.data_to_send())

    def read(self):
        data = self.socket.recv(65536)
        events = self.state.receive_data(data) if data else []
        if data:
            self.send()
        return data, events

    def get(self, path):
        self.state.send_headers(self.state.get_next_available_stream_id(), [
            (":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", path)], end_stream=True)
        self.send()
        status, acknowledged = None, False
        while not (status and acknowledged):
            data, events = self.read()
            assert data, "the connection was closed"
            acknowledged = acknowledged or any(isinstance(e, SettingsAcknowledged) for e in events)
            for event in events:
                if isinstance(event, ResponseReceived):
                    status = int(dict(event.headers).get(b":status") or dict(event.headers)[":status"])
        return status

    def read_until_end(self):
        found = []
        while True:
            try:
                data, events = self.read()
            except OSError:
                return found
            found += events
            if not data:
                return found


def test_stop_does_not_wait_longer_than_it_may(make_server):
    server = make_server(settings={"server.stop_timeout": "1s"})
    stuck = plain(server)
    stuck.sendall((HEAD + "Content-Length: 4\r\n\r\n{ ").encode())
    poll(lambda: server.metric("fairlead_connections_open") >= 2, 5, "the request did not arrive")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began > 0.9
    stuck.close()


def test_stop_under_load_leaves_nobody_with_half_an_answer(make_server):
    server = make_server()
    with Load(server) as load:
        load.wait_issued(20)
        server.process.terminate()
        server.process.wait(120)
    assert set(load.statuses) <= {201, "silence"}, load.statuses  # silence: a kept-alive connection closed under the next request
    server.stop()
    server.start()
    for fingerprint in load.issued:
        assert curl(f"{server.internal}/api/v1/certificates/{fingerprint}").status == 200


# ---- reload ----

@pytest.fixture
def configured(make_server, tmp_path):
    """A server with a file to change: write(text), then reload."""
    path = tmp_path / "fairlead.yaml"
    path.write_text("log:\n  level: notice\n")
    server = make_server(start=False, settings={"log.level": None}, config=path)

    def change(text, outcome):
        before = server.log().count(outcome)
        path.write_text(text)
        server.reload()
        poll(lambda: server.log().count(outcome) > before, 10, f"no {outcome}:\n{server.log()}")
        return [line for line in server.log().splitlines() if outcome in line][-1]

    server.apply = lambda text: change(text, "reload.applied")
    server.refuse = lambda text: change(text, "reload.refused")
    server.file = path
    return server.start()


def subject_of(server, application):
    return server.curl(server.token(application)["url"]).json()["certificate"]["subject"]


def test_reload_applies_to_everybody_and_drops_no_connection(configured):
    server = configured
    old, old_secure = plain(server), secure(server)
    assert ask(old) == 200 and ask(old_secure, "/v1/health") == 200
    assert subject_of(server, "a") == pki.SUBJECT + "a"
    with Load(server, clients=4) as load:
        load.wait_issued(5)
        server.apply("log:\n  level: debug\nlimits:\n  uri_bytes: 512\n  idle: 40s\n")
        load.wait_issued(5)
    assert set(load.statuses) == {201}, load.statuses
    assert ask(old) == 200 and ask(old_secure, "/v1/health") == 200
    long = "/healthz?" + "x" * 600
    poll(lambda: curl(server.internal + long).status == 414, 5, "the new limit is not in force")
    server.apply("subject:\n  organization: Example Ltd\n  country: FR\ntoken:\n  length: 16\n")
    poll(lambda: subject_of(server, "a") == "O=Example Ltd,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=FR,CN=a", 5, "the old subject")
    assert len(server.token("a")["token"]) == 24
    poll(lambda: curl(server.internal + long).status == 200, 5, "a setting that left the file keeps its value")
    assert ask(old) == 200 and ask(old_secure, "/v1/health") == 200


def test_reload_changes_the_log_level_of_every_process(configured):
    server = configured
    assert " info " not in server.log()
    server.apply("log:\n  level: info\n  access: all\n")
    poll(lambda: curl(server.internal + "/healthz") and '"/healthz"' in server.log(), 5, "the fronts log as before")
    server.file.write_text("log:\n  level: error\n  access: all\n")  # even reload.applied is not written any more
    server.reload()

    def is_quiet():
        size = len(server.log())
        for _ in range(8):
            assert curl(server.internal + "/healthz").status == 200
        return len(server.log()) == size
    poll(is_quiet, 5, "the fronts log as before")


REFUSED = [  # what is appended to two good lines; what the log says
    ("limits:\n  uri_bytes: lots\n", "{file}:4: limits.uri_bytes: must be"),
    ("log:\n  level: notice\n  colour: red\n", "{file}:5: log.colour: "),
    ("token:\n  lenght: 16\n", "did you mean"),
    ("limits: [\n", "{file}:"),
    ("server:\n  sandbox: false\n", "server.sandbox"),
    ("ca:\n  key_algorithm: ec:P-384\n", "ca.key_algorithm"),
    ("mode:\n  central: true\n", "mode.central"),
    ("tls:\n  policy: 1999-12\n", "tls.policy: there is no policy '1999-12'"),
    ("tls:\n  gateway:\n    certificate_file: /nowhere/gateway.crt\n", "tls.gateway"),
]


@pytest.mark.parametrize("text, says", REFUSED)
def test_a_bad_file_changes_nothing_and_the_log_says_what_is_wrong(configured, text, says):
    server, good = configured, "subject:\n  province: Elsewhere\n"
    connection = plain(server)
    assert ask(connection) == 200
    line = server.refuse(good + text)
    assert says.format(file=server.file) in line, line
    assert subject_of(server, "a") == pki.SUBJECT + "a", "part of a refused file is in force"
    assert ask(connection) == 200
    server.apply(good)
    poll(lambda: "ST=Elsewhere" in subject_of(server, "a"), 5, "the good lines alone are not taken")


def test_a_configuration_with_a_restart_key_needs_a_restart_and_says_so(configured):
    line = configured.refuse("server:\n  fronts: 5\nca:\n  validity: 5d\nsubject:\n  country: FR\n")
    assert "restart" in line and ("ca.validity" in line or "server.fronts" in line), line
    assert subject_of(configured, "a") == pki.SUBJECT + "a"


def test_two_reloads_at_once_end_with_the_last_file(configured):
    server = configured
    for i in range(10):
        server.file.write_text(f"subject:\n  locality: City {i}\n")
        server.reload()
    poll(lambda: "L=City 9," in subject_of(server, "a"), 10, "the last file is not in force")


# ---- own certificates ----

def serial(server, listener):
    connection = secure(server, listener)
    with connection:
        return int(connection.getpeercert()["serialNumber"], 16)


def own_certificate(directory, authority, which):
    key = pki.key("ec:P-256", which)
    certificate = authority.issue("CN=localhost", key, (pki.SERVER_AUTH,), (-1, 30 + which), ["localhost"])
    pki.write(directory / "own.crt", pki.pem(certificate) + authority.pem, 0o644)
    pki.write(directory / "own.key", pki.key_pem(key))
    return certificate.serial_number


def test_renewed_certificate_files_are_served_to_new_connections(make_server, tmp_path):
    """And a broken pair of files takes nothing away: it is refused, and the log names a file."""
    authority = pki.Authority()
    first = own_certificate(tmp_path, authority, 1)
    server = make_server(settings={"tls.connector.certificate_file": tmp_path / "own.crt", "tls.connector.key_file": tmp_path / "own.key"})
    server.ca.write_text(server.ca.read_text() + authority.pem)
    assert serial(server, "connector") == first
    old = secure(server)
    assert ask(old, "/v1/health") == 200
    second = own_certificate(tmp_path, authority, 2)
    server.reload()
    poll(lambda: serial(server, "connector") == second, 5, "the renewed certificate is not served")
    assert ask(old, "/v1/health") == 200, "the old connection goes on"
    (tmp_path / "own.crt").write_text("nonsense")
    assert "own.crt" in refused_line(server)
    own_certificate(tmp_path, authority, 3)
    (tmp_path / "own.key").write_text(pki.key_pem(pki.key("ec:P-256", 1)))
    line = refused_line(server)
    assert "tls.connector" in line and "own.key" in line and "own.crt" in line, line
    (tmp_path / "own.key").chmod(0o644)
    assert "own.key" in refused_line(server)
    assert serial(server, "connector") == second
    assert "listeners.refused" not in server.log(), "the fronts were given what cannot be served"
    assert server.system("shop").enrol().management().status == 200


def test_keys_as_certbot_and_kubernetes_leave_them_are_taken(make_server, tmp_path):
    """Links into another directory, which a renewal points elsewhere; readable by a group."""
    authority = pki.Authority()
    serials = []
    for which in (1, 2):
        (tmp_path / f"archive{which}").mkdir()
        serials.append(own_certificate(tmp_path / f"archive{which}", authority, which))
        (tmp_path / f"archive{which}" / "own.key").chmod(0o640)
    live = tmp_path / "live"
    live.symlink_to(tmp_path / "archive1")
    server = make_server(settings={"tls.connector.certificate_file": live / "own.crt", "tls.connector.key_file": live / "own.key"})
    server.ca.write_text(server.ca.read_text() + authority.pem)
    assert serial(server, "connector") == serials[0]
    for name in ("own.crt", "own.key"):  # renewed within the archive, as certbot numbers its files
        (tmp_path / "archive1" / name).replace(tmp_path / "archive1" / f"old-{name}")
        (tmp_path / "archive1" / f"new-{name}").write_bytes((tmp_path / "archive2" / name).read_bytes())
        (tmp_path / "archive1" / f"new-{name}").chmod(0o640)
        (tmp_path / "archive1" / name).symlink_to(f"new-{name}")
    server.reload()
    poll(lambda: serial(server, "connector") == serials[1], 5, f"the renewed certificate is not served:\n{server.log()}")


def test_a_start_with_files_that_cannot_be_served_ends_and_names_them(make_server, tmp_path):
    own_certificate(tmp_path, pki.Authority(), 1)
    (tmp_path / "own.crt").write_text("nonsense")
    server = make_server(start=False, settings={"tls.gateway.certificate_file": tmp_path / "own.crt",
                                                "tls.gateway.key_file": tmp_path / "own.key"})
    done = run(server.command(), check=False, env=server.environment)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()
    assert any(line.startswith("fairlead: ") and "tls.gateway" in line and "own.crt" in line for line in last), last
    assert not (server.data / "run" / "listeners.json").exists()


def refused_line(server):
    before = server.log().count("reload.refused")
    server.reload()
    poll(lambda: server.log().count("reload.refused") > before, 10, f"not refused:\n{server.log()}")
    return [line for line in server.log().splitlines() if "reload.refused" in line][-1]


@pytest.mark.skipif(FRONTS == "0", reason="one process has no sandbox")
def test_certificate_files_in_a_new_place_need_a_restart_and_the_log_says_so(configured, tmp_path):
    """The core's sandbox was closed without that directory."""
    (tmp_path / "tls").mkdir()
    own_certificate(tmp_path / "tls", pki.Authority(), 1)
    line = configured.refuse(f"tls:\n  connector:\n    certificate_file: {tmp_path}/tls/own.crt\n    key_file: {tmp_path}/tls/own.key\n")
    assert str(tmp_path / "tls") in line and "restart" in line
