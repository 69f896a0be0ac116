# SPDX-License-Identifier: Apache-2.0
"""A client that asks over HTTP/2 and opens no window for the answers (CVE-2019-9517): it is not waited for longer than for one that
does not read."""

import contextlib
import socket
import ssl
import time

import h2.connection
import h2.settings


def connect(server):
    context = ssl.create_default_context(cafile=str(server.ca))
    context.set_alpn_protocols(["h2"])
    raw = socket.create_connection(("127.0.0.1", int(server.port("connector"))), timeout=60)
    return context.wrap_socket(raw, server_hostname="localhost")


def test_answers_that_are_not_let_out_end_the_connection(make_server):
    server = make_server(settings={"limits.write": "1s"})
    tls, client = connect(server), h2.connection.H2Connection()
    client.local_settings = h2.settings.Settings(
        client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
    client.initiate_connection()
    for stream in range(1, 40, 2):
        client.send_headers(stream, [(":method", "GET"), (":path", "/v1/api.yaml"), (":scheme", "https"),
                                     (":authority", f"localhost:{server.port('connector')}")], end_stream=True)
    tls.sendall(client.data_to_send())
    give_up = time.monotonic() + 60
    with contextlib.suppress(OSError):  # closed under our pings, which is what we want
        while data := tls.recv(65536):
            assert time.monotonic() < give_up, "the answers were held for a peer that takes nothing"
            client.receive_data(data)
            client.ping(b"12345678")  # a lively peer all the same
            tls.sendall(client.data_to_send())
            time.sleep(0.1)


def test_a_slow_window_that_moves_is_waited_for(make_server):
    server = make_server(settings={"limits.write": "1s"})
    tls, client = connect(server), h2.connection.H2Connection()
    client.local_settings = h2.settings.Settings(
        client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
    client.initiate_connection()
    client.send_headers(1, [(":method", "GET"), (":path", "/v1/api.yaml"), (":scheme", "https"),
                            (":authority", f"localhost:{server.port('connector')}")], end_stream=True)
    tls.sendall(client.data_to_send())
    got, ended = 0, False
    while not ended:
        for event in client.receive_data(tls.recv(65536)):
            if isinstance(event, h2.events.DataReceived):
                got += len(event.data)
            ended = ended or isinstance(event, h2.events.StreamEnded)
            if isinstance(event, (h2.events.DataReceived, h2.events.ResponseReceived)) and got < 14000:
                time.sleep(0.35)
                client.increment_flow_control_window(4000, 1)
        tls.sendall(client.data_to_send())
    assert got > 8000
