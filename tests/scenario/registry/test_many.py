# SPDX-License-Identifier: Apache-2.0
"""Proves that numbers which stopped others are nothing special: thousands of services, listed in pages and without, in bounded memory."""

import json
import socket

import pytest
from harness import curl
from metadata import Metadata, service


@pytest.fixture(scope="module", params=[600, pytest.param(10_000, marks=pytest.mark.release)])  # Kyma stopped at 475
def full(server, request):
    server.cli("app", "create", "warehouse")
    m = Metadata(server, "warehouse")
    ids = [m.register(service(f"service {i:05}", labels={"tier": "gold" if i % 10 == 0 else "iron"}, targetUrl=f"https://host{i % 7}.example.com/x",
                              spec={"openapi": "3.0.0", "info": {"title": "shared by all"}})) for i in range(request.param)]
    yield m, ids
    m.close()
    server.cli("app", "delete", "warehouse", "--yes", timeout=300)


def page(server, query=""):
    answer = curl(server.internal + "/api/v1/applications/warehouse/services" + query)
    assert answer.status == 200, answer
    return answer.json()


def test_the_list_without_pages_has_all_of_them_in_order(server, full):
    m, ids = full
    assert [s["id"] for s in m.list()] == ids


def test_a_client_that_reads_slowly_costs_nothing(server, full):
    """The list is made as it is read: a reader that stops after the first bytes leaves the server free."""
    host, port = server.address("internal").rsplit(":", 1)
    readers = []
    for _ in range(20):
        s = socket.create_connection((host, int(port)))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(b"GET /warehouse/v1/metadata/services HTTP/1.1\r\nHost: localhost\r\n\r\n")
        readers.append(s)
    assert all(s.recv(15).startswith(b"HTTP/1.1 200") for s in readers)
    m = Metadata(server, "warehouse")
    assert m.get(full[1][0])["name"] == "service 00000"
    m.close()
    for s in readers:
        s.close()


def test_pages_have_all_of_them_once(server, full):
    got, query = [], "?limit=97"
    while query:
        answer = page(server, query)
        got += [s["id"] for s in answer["services"]]
        query = f"?limit=97&after={answer['next']}" if answer["next"] else None
    assert got == full[1]


@pytest.mark.parametrize("query,expected", [
    ("name=00017", lambda i: i == 17), ("name=SERVICE%200001", lambda i: f"{i:05}".startswith("0001")), ("label=tier%3Dgold", lambda i: i % 10 == 0),
    ("label=tier", lambda i: True), ("target=HOST3.", lambda i: i % 7 == 3), ("provider=sap", lambda i: True), ("provider=nobody", lambda i: False),
    ("label=tier%3Dgold&target=host0", lambda i: i % 70 == 0),
])
def test_search(server, full, query, expected):
    got, after = [], ""
    while True:
        answer = page(server, f"?limit=500&{query}{after}")
        got += [s["id"] for s in answer["services"]]
        if not answer["next"]:
            break
        after = f"&after={answer['next']}"
    assert got == [id for i, id in enumerate(full[1]) if expected(i)]


def test_equal_specifications_are_stored_once(server, full):
    with server.database() as database:
        assert database.execute("SELECT count(*), sum(refs) FROM specification").fetchone() == (1, len(full[1]))


def test_the_command_line_counts_them(server, full):
    shown = json.loads(server.cli("app", "show", "warehouse", "-o", "json").stdout)
    assert shown["services"] == len(full[1])
    assert len(server.cli("service", "list", "warehouse", timeout=120).stdout.splitlines()) >= len(full[1])
