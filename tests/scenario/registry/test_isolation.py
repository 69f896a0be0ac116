# SPDX-License-Identifier: Apache-2.0
"""Proves that an application sees and changes its own services and no others, whatever it does to the path."""

import json

import pytest
import wire
from harness import assert_error
from metadata import Metadata, service

SECRET = "only-for-the-bank"


@pytest.fixture(scope="module")
def bank(server):
    return server.system("bank").enrol()


@pytest.fixture(scope="module")
def theirs(server, bank):
    """A service of the bank."""
    m = Metadata(server, "bank", bank)
    id = m.register(service(SECRET, identifier="bank-1"))
    yield id
    assert [s["name"] for s in m.list()] == [SECRET], "somebody else changed the bank's services"
    assert m.get(id)["name"] == SECRET
    m.close()


@pytest.mark.parametrize("method,tail", [("GET", ""), ("POST", ""), ("GET", "/{id}"), ("PUT", "/{id}"), ("DELETE", "/{id}")])
def test_another_applications_routes_are_refused(shop, theirs, method, tail):
    words = ["-X", method, "-d", json.dumps(service("taken"))]
    assert_error(shop.curl("/bank/v1/metadata/services" + tail.format(id=theirs), *words), 403, "No valid subject found")


def test_another_applications_service_is_not_found_under_ones_own_name(server, shop, theirs):
    m = Metadata(server, "shop", shop)
    m.refused("GET", 404, f"Reading service with ID {theirs} failed, Service with ID {theirs} not found", theirs)
    m.refused("PUT", 404, f"Updating {theirs} service failed, Reading service with ID {theirs} failed, Service with ID {theirs} not found",
              theirs, service("taken"))
    m.delete(theirs)  # 204 as for every id that is not there; the fixture looks whether it did anything
    assert m.list() == []
    m.register(service(identifier="bank-1"))  # identifiers are unique within an application only
    m.delete(m.list()[0]["id"])
    m.close()


PATHS = [
    "/bank/v1/metadata/services", "/BANK/v1/metadata/services", "/Bank/v1/metadata/services", "/shop%2f..%2fbank/v1/metadata/services",
    "/shop/../bank/v1/metadata/services", "/shop/%2e%2e/bank/v1/metadata/services", "/./bank/v1/metadata/services", "//bank/v1/metadata/services",
    "/shop//bank/v1/metadata/services", "/%62ank/v1/metadata/services", "/b%61nk/v1/metadata/services", "/bank%00/v1/metadata/services",
    "/shop%00bank/v1/metadata/services", "/bank%20/v1/metadata/services", "/bank;shop/v1/metadata/services", "/shop;/../bank/v1/metadata/services",
    "/bank/v1/metadata/services?application=shop", "/bank/v1/metadata/services#/shop", "/shop\\..\\bank/v1/metadata/services",
    "/shop/v1/metadata/../../../bank/v1/metadata/services", "/shop/v1/metadata/services/../../../../bank/v1/metadata/services",
    "/shop/v1/metadata/services/..%2f..%2f..%2f..%2fbank%2fv1%2fmetadata%2fservices", "/bank/v1/metadata/services/{id}",
    "/shop/v1/metadata/services/%2e%2e/{id}", "/shop/v1/metadata/services//{id}", "/bank%2fv1/metadata/services/{id}",
    "http://localhost/bank/v1/metadata/services", "/shop/v1/metadata/services/{id}%00", "/ｂａｎｋ/v1/metadata/services", "/bank%C0%AF/v1/metadata/services",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_no_path_leads_there(server, shop, theirs, path, method):
    """As bytes: no client library may tidy the path."""
    sock = wire.connect(server, "gateway", system=shop)
    body = json.dumps(service("taken")).encode() if method == "PUT" else b""
    port = server.port("gateway")
    sock.sendall(f"{method} {path.format(id=theirs)} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = wire.read_all(sock)
    sock.close()
    status = int(answer.split(b" ", 2)[1])
    assert SECRET.encode() not in answer and theirs.encode() not in answer.split(b"\r\n\r\n", 1)[1].replace(b"Service with ID", b""), answer \
        if status == 200 else True
    assert status in (204, 301, 400, 403, 404, 405, 421), answer


def test_a_runtime_or_a_stranger_has_no_services(server, theirs):
    """No certificate at all: the gateway listener does not let it in (mutual TLS), or says so."""
    answer = server.curl(server.gateway + "/bank/v1/metadata/services", check=False)
    assert answer is None or answer.status in (400, 403), answer


def test_a_revoked_certificate_reads_nothing(server):
    system = server.system("leaver").enrol()
    m = Metadata(server, "leaver", system)
    id = m.register(service())
    server.cli("revoke", "--fingerprint", system.fingerprint(), check=False)
    answer = server.curl("-X", "POST", "-d", json.dumps({"hash": system.fingerprint()}),
                         server.internal + "/v1/applications/certificates/revocations")
    assert answer.status == 201, answer
    assert_error(system.curl(f"/leaver/v1/metadata/services/{id}"), 403, "Certificate has been revoked.")
    m.close()
