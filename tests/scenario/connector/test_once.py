# SPDX-License-Identifier: Apache-2.0
"""Proves that a token works once: a thousand uses at the same moment give exactly one certificate, and exactly one next token.

h2load brings a thousand requests onto ten connections, a hundred streams each; plain threads bring a hundred connections of HTTP/1.1.
"""

import re
import socket
import threading

import pki
import pytest
from harness import assert_error, csr_body, run
from wire import connect

USES = 1000


def statuses(server, url, body=None):
    """How h2load's requests were answered: {"2xx": n, ..}. All of them must be."""
    words = ["-d", body] if body else []
    said = run(["h2load", "-n", USES, "-c", 10, "-m", 100, *words, url], timeout=120).stdout
    assert re.search(rf"requests: {USES} total, {USES} started, {USES} done", said), said
    found = {kind: int(n) for n, kind in re.findall(r"(\d+) ([2345]xx)", said)}
    assert sum(found.values()) == USES, said
    return found


def issued_to(server, application):
    return server.cli_json("cert", "list", application)["certificates"]


def tokens_of(server, application):
    return [t["state"] for t in server.cli_json("token", "list", application, "--all")["tokens"]]


@pytest.mark.parametrize("kind", ["rsa:2048", "ec:P-256"])
def test_a_thousand_uses_of_a_token_give_one_certificate(server, tmp_path, kind):
    application = "once-" + kind[:2]
    body = pki.write(tmp_path / "body", csr_body(pki.csr(pki.SUBJECT + application, pki.key(kind))))
    assert statuses(server, server.sign_url(application), body) == {"2xx": 1, "3xx": 0, "4xx": USES - 1, "5xx": 0}
    assert len(issued_to(server, application)) == 1
    assert tokens_of(server, application) == ["used"]
    rows = [r for r in server.audit(action="certificate.issue")["entries"] if r["application"] == application]
    assert len(rows) == 1, rows


def test_a_thousand_uses_of_a_token_give_one_next_token(server):
    url = server.token("next")["url"]
    assert statuses(server, url) == {"2xx": 1, "3xx": 0, "4xx": USES - 1, "5xx": 0}
    assert sorted(tokens_of(server, "next")) == ["active", "used"]


def test_a_hundred_connections_at_once(server):
    """Each holds its whole request but the last byte back until all are there."""
    url = server.sign_url("race")
    body = csr_body(pki.csr(pki.SUBJECT + "race")).encode()
    path = url[len(server.connector):]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    barrier, answers = threading.Barrier(100, timeout=60), []

    def use():
        with connect(server, "connector", timeout=60) as sock:
            sock.sendall(head + body[:-1])
            barrier.wait()
            sock.sendall(body[-1:])
            answers.append(sock.recv(65536).split(b"\r\n")[0])

    threads = [threading.Thread(target=use) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(90)
    assert sorted(answers) == [b"HTTP/1.1 201 Created"] + [b"HTTP/1.1 403 Forbidden"] * 99
    assert len(issued_to(server, "race")) == 1


def test_bad_requests_at_the_same_time_leave_the_token(server, tmp_path):
    """A use that fails gives the token back; a claim that was never given back would end it here."""
    url = server.sign_url("patient")
    body = pki.write(tmp_path / "body", csr_body(pki.csr(pki.SUBJECT + "somebody-else")))
    assert statuses(server, url, body) == {"2xx": 0, "3xx": 0, "4xx": USES, "5xx": 0}
    assert server.sign(url, pki.csr(pki.SUBJECT + "patient")).status == 201


def test_a_client_that_goes_away_does_not_take_the_token_with_it(server):
    url = server.sign_url("gone")
    body = csr_body(pki.csr(pki.SUBJECT + "gone")).encode()
    head = f"POST {url[len(server.connector):]} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for sent in (head, head + body[:-1]):
        sock = connect(server, "connector")
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
    assert server.sign(url, pki.csr(pki.SUBJECT + "gone")).status == 201
    assert_error(server.sign(url, pki.csr(pki.SUBJECT + "gone")), 403, "Invalid token.")


def test_two_renewals_at_once_are_two_certificates(server):
    """Renewing uses nothing up: the old certificate stands (contract 7)."""
    system = server.system("renews").enrol(key="ec:P-256")
    body = csr_body(system.csr.read_text())
    answers = [system.curl("/v1/applications/certificates/renewals", "-d", body) for _ in range(2)]
    assert [a.status for a in answers] == [201, 201] and len(issued_to(server, "renews")) == 3
