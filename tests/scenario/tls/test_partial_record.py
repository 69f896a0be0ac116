# SPDX-License-Identifier: Apache-2.0
"""A TLS record that arrives in two pieces: what libssl holds of it must not keep the front busy, or from others."""

import socket
import ssl
import time


class ByHand:
    """A TLS client whose ciphertext passes through our hands."""

    def __init__(self, server):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=str(server.ca))
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = socket.create_connection(("127.0.0.1", int(server.port("connector"))), timeout=60)
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))
        self.socket.sendall(self.outgoing.read())

    def encrypt(self, plain):
        self.tls.write(plain)
        return self.outgoing.read()

    def read(self):
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                self.incoming.write(self.socket.recv(65536))


def test_half_a_record_keeps_nobody_waiting(server):
    client = ByHand(server)
    record = client.encrypt(f"GET /v1/health HTTP/1.1\r\nHost: localhost:{server.port('connector')}\r\n\r\n".encode())
    client.socket.sendall(record[:20])
    time.sleep(0.2)
    assert server.curl(server.connector + "/v1/health").status == 200, "the front is busy with half a record"
    client.socket.sendall(record[20:])
    assert client.read().startswith(b"HTTP/1.1 200")
