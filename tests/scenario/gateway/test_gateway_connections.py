# SPDX-License-Identifier: Apache-2.0
"""Proves what becomes of connections to targets: TLS sessions are resumed until trust changes, and an address that fails is left out for a while."""

import json
import socket
import ssl
import threading

import pki
import pytest
from harness import GATEWAY, Server, curl, poll
from metadata import Metadata, service
from target import Target

EJECT_S = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("server"), fronts=1, settings={
        **GATEWAY, "outbound.eject_after": "3", "outbound.eject_time": f"{EJECT_S}s", "outbound.first_byte_timeout": "1s"}).start()
    s.cli("app", "create", "shop")
    yield s
    s.stop()


@pytest.fixture
def call(server):
    registry = Metadata(server, "shop")
    made = []

    def make(url):
        made.append(registry.register(service("orders", targetUrl=url)))
        return lambda *words: curl(*words, f"http://{server.address('proxy')}/shop/{made[-1]}/x")

    make.ids = made
    yield make
    for id in made:
        registry.delete(id)
    registry.close()


class OneByOne:
    """An https server that answers each connection once and remembers whether its session was resumed."""

    def __init__(self, context):
        self.resumed = []
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    self.resumed.append(connection.session_reused)
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
            except OSError:
                pass  # those who do not trust it

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_new_connection_resumes_the_session_until_trust_changes(server, call, tmp_path, version):
    authority = pki.Authority("CN=Private CA", which=20)
    key = pki.key("ec:P-256", 21)
    crt = pki.write(tmp_path / "t.crt", pki.pem(authority.issue("CN=t", key, (pki.SERVER_AUTH,), sans=("localhost",))))
    anchors = pki.write(tmp_path / "ca.pem", pki.pem(authority.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = version
    context.load_cert_chain(crt, pki.write(tmp_path / "t.key", pki.key_pem(key)))
    target = OneByOne(context)
    orders = call(target.url)
    server.cli("service", "update", "shop", call.ids[-1], "--ca-file", str(anchors))
    counted = server.metric("fairlead_outbound_tls_resumed_total")
    for _ in range(5):
        assert orders().status == 200
    assert target.resumed == [False] + 4 * [True]
    poll(lambda: server.metric("fairlead_outbound_tls_resumed_total") == counted + 4, 10, "resumptions are counted")
    server.cli("service", "update", "shop", call.ids[-1], "--skip-verify")
    assert orders().status == 200
    assert target.resumed[-1] is False, "what was verified for others counts for nothing here"
    server.cli("service", "update", "shop", call.ids[-1], "--verify", "--no-ca")
    refused = orders()
    assert refused.status == 502 and "tls" in refused.body, "nor does what was not verified: %s" % refused
    target.close()


def test_an_address_that_fails_is_left_out_and_comes_back(server, call):
    target = Target()
    orders = call(target.url)
    assert orders().status == 200
    call(target.url + "/slow?4")  # longer than the first byte may take
    answers = [curl(f"http://{server.address('proxy')}/shop/{call.ids[-1]}") for _ in range(5)]
    answer, statuses = answers[-1], [a.status for a in answers]
    assert statuses == [504, 504, 504, 504, 503], "silence on the connection that has answered is no failure: %s" % statuses
    body = json.loads(answer.body)
    assert body["code"] == 503 and "ejected: it failed too often; the next try is in" in body["error"]
    assert 1 <= int(answer.headers["retry-after"]) <= EJECT_S + 1
    assert orders().status == 503, "the other service is on the same address of the same target"
    calls = len(target.calls)
    for _ in range(4):
        assert orders().status == 503
    assert len(target.calls) == calls, "without a connection"
    poll(lambda: orders().status == 200, 20, "it is tried again")
    assert orders().status == 200
    log = server.log()
    assert "outbound.address_left_out" in log and "outbound.address_back" in log
    assert server.metric("fairlead_outbound_addresses_ejected_total") >= 1
    assert server.metric("fairlead_outbound_addresses_back_total") >= 1
    target.close()


def test_answers_of_the_target_are_no_failures(server, call):
    target = Target()
    call(target.url)
    for _ in range(6):
        assert curl(f"http://{server.address('proxy')}/shop/{call.ids[-1]}/status?500").status == 500
    target.close()
