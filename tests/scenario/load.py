# SPDX-License-Identifier: Apache-2.0
"""Enrolment load, and a journal of what the server promised meanwhile: the faults are judged by it.

One client is one thread with keep-alive connections: token, certificate, token, ... A connection that breaks is made again.
"""

import base64
import collections
import hashlib
import http.client
import json
import ssl
import threading
import time

import pki
from harness import csr_body

BROKEN = (OSError, http.client.HTTPException, ssl.SSLError)


def fingerprint_of(answer):
    """SHA-256 of the leaf in a signing answer."""
    first = base64.b64decode(answer["clientCrt"]).decode()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


class Client:
    """Two connections to one server: internal (plain) and connector (TLS)."""

    def __init__(self, server, timeout=60):
        self.server, self.timeout = server, timeout
        self.tls = ssl.create_default_context(cafile=str(server.ca))
        self.connections = {}

    def connection(self, name):
        if name not in self.connections:
            if name == "internal":
                host, port = self.server.address("internal").rsplit(":", 1)
                made = http.client.HTTPConnection(host, int(port), timeout=self.timeout)
            else:
                made = http.client.HTTPSConnection("localhost", int(self.server.port(name)), timeout=self.timeout, context=self.tls)
            self.connections[name] = made
        return self.connections[name]

    def request(self, name, method, path, body=None, headers=None):
        """(status, headers, body); raises one of BROKEN when no answer came."""
        connection = self.connection(name)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        except BROKEN:
            connection.close()
            del self.connections[name]
            raise

    def token(self, application="load"):
        status, _, body = self.request("internal", "POST", "/v1/applications/tokens", headers={"Application": application})
        return status, json.loads(body).get("token")

    def sign(self, token, csr):
        status, _, body = self.request("connector", "POST", f"/v1/applications/certificates?token={token}", csr_body(csr))
        return status, fingerprint_of(json.loads(body)) if status == 201 else None

    def certificate(self, fingerprint):
        status, _, body = self.request("internal", "GET", f"/api/v1/certificates/{fingerprint}")
        return json.loads(body) if status == 200 else None

    def close(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}


class Load:
    """Clients that enrol until they are told to stop, and what they were told by the server."""

    def __init__(self, server, clients=6, application="load"):
        self.server, self.application = server, application
        self.csr = pki.csr(pki.SUBJECT + application, pki.key("ec:P-256"))
        self.lock = threading.Lock()
        self.issued = {}  # fingerprint -> token: acknowledged with 201
        self.unused = []  # tokens acknowledged, never presented
        self.doubtful = []  # tokens presented, and no 201 came back
        self.statuses = collections.Counter()  # of sign; "silence" for none
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), "a client waits for an answer that does not come"

    def wait_issued(self, count, seconds=120):
        """Until so many were issued since now: the load runs."""
        wanted, give_up = len(self.issued) + count, time.monotonic() + seconds
        while len(self.issued) < wanted:
            assert time.monotonic() < give_up, (self.statuses, self.server.log()[-2000:])
            time.sleep(0.005)

    def work(self):
        client, round_number = Client(self.server), 0
        while not self.stopping.is_set():
            round_number += 1
            try:
                status, token = client.token(self.application)
            except BROKEN:
                time.sleep(0.01)
                continue
            if status == 201 and round_number % 8:
                self.use(client, token)
            elif status == 201:  # some are kept, to see that an acknowledged token is there afterwards
                with self.lock:
                    self.unused.append(token)
        client.close()

    def use(self, client, token):
        try:
            status, fingerprint = client.sign(token, self.csr)
        except BROKEN:
            status, fingerprint = "silence", None
        with self.lock:
            self.statuses[status] += 1
            if status == 201:
                self.issued[fingerprint] = token
            else:
                self.doubtful.append(token)
