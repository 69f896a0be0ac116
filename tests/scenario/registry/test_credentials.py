# SPDX-License-Identifier: Apache-2.0
"""Proves what happens to credentials when a service is registered, edited, replaced by hand and deleted."""

import base64
import json

import pki
import pytest
from harness import run
from metadata import MASK, Metadata, service


@pytest.fixture(scope="module")
def app(server, shop):
    m = Metadata(server, "shop", shop)
    yield m
    m.close()


def certificate_gen(name, **more):
    return service(credentials={"certificateGen": {"commonName": name, **more}})


def pem_of(app, id):
    return base64.b64decode(app.get(id)["api"]["credentials"]["certificateGen"]["certificate"], validate=True).decode()


def openssl(pem, *arguments):
    return run(["openssl", "x509", "-noout", *arguments], input=pem).stdout


def secrets(server, id):
    """What the store has for a service: slot -> sealed value."""
    with server.database() as database:
        rows = database.execute("SELECT s.id % 4, s.sealed FROM secret s JOIN service v ON v.id = s.id / 4 WHERE v.service_id = ?",
                                (bytes.fromhex(id.replace("-", "")),)).fetchall()
    return dict(rows)


def test_the_generated_pair_is_what_the_tutorial_promises(app, tmp_path):
    id = app.register(certificate_gen("Pair of Ünïcode"))
    pem = pem_of(app, id)
    text = openssl(pem, "-text", "-nameopt", "utf8,sep_comma_plus_space")
    assert "Signature Algorithm: sha256WithRSAEncryption" in text and "Public-Key: (2048 bit)" in text
    assert "Subject: CN=Pair of Ünïcode" in text and "Issuer: CN=Pair of Ünïcode" in text
    assert "TLS Web Client Authentication" in text and "Digital Signature" in text
    assert openssl(pem, "-checkend", str(364 * 86400)).strip() == "Certificate will not expire"
    (tmp_path / "own.pem").write_text(pem)
    assert "OK" in run(["openssl", "verify", "-CAfile", tmp_path / "own.pem", tmp_path / "own.pem"]).stdout
    app.delete(id)


def test_the_same_name_keeps_the_pair_and_another_makes_a_new_one(app, server):
    id = app.register(certificate_gen("one"))
    first, at_rest = pem_of(app, id), secrets(server, id)
    app.put(id, certificate_gen("one", csrfInfo={"tokenEndpointURL": "https://h.com/csrf"}))
    assert pem_of(app, id) == first and secrets(server, id) == at_rest
    app.put(id, certificate_gen("two"))
    second = pem_of(app, id)
    assert second != first and "CN = two" in openssl(second, "-subject")
    app.put(id, service())
    assert "credentials" not in app.get(id)["api"] and secrets(server, id) == {}
    app.delete(id)


def test_an_edit_of_what_was_read_changes_nothing_else(app, server):
    """GET, change, PUT: asterisks mean unchanged."""
    sent = service("before", credentials={"oauth": {"url": "https://h.com/t", "clientId": "id-1", "clientSecret": "secret-1",
                                                    "requestParameters": {"headers": {"A": ["1"]}}}})
    id = app.register(sent)
    at_rest = secrets(server, id)
    body = app.get(id)
    body["name"] = "after"
    app.put(id, body)
    assert app.get(id)["name"] == "after" and secrets(server, id) == at_rest
    body["api"]["credentials"]["oauth"]["clientSecret"] = "secret-2"  # one of them
    app.put(id, body)
    assert secrets(server, id) != at_rest and app.get(id)["api"]["credentials"]["oauth"]["clientId"] == MASK
    app.delete(id)


def test_a_change_of_the_token_requests_parameters_is_not_lost(app):
    sent = {"url": "https://h.com/t", "clientId": "i", "clientSecret": "s"}
    id = app.register(service(credentials={"oauth": {**sent, "requestParameters": {"headers": {"A": ["1"]}}}}))
    app.put(id, service(credentials={"oauth": {**sent, "requestParameters": {"headers": {"A": ["2"]}}}}))
    assert app.get(id)["api"]["credentials"]["oauth"]["requestParameters"] == {"headers": {"A": ["2"]}}
    app.delete(id)


def test_asterisks_where_there_is_nothing_to_keep(app):
    masked = service(credentials={"basic": {"username": MASK, "password": MASK}})
    told = app.refused("POST", 400, "...", body=masked)
    assert MASK in told, told
    id = app.register(service(credentials={"oauth": {"url": "https://h.com/t", "clientId": "i", "clientSecret": "s"}}))
    app.refused("PUT", 400, "...", id, masked)
    assert "oauth" in app.get(id)["api"]["credentials"], "a refused change changed something"
    app.delete(id)


def test_kyma_1_2_headers_stand_beside_any_method(app, server):
    headers = {"headers": {"custom-header": ["foo"]}, "queryParameters": {"param": ["bar"]}}
    for method in ({}, {"basic": {"username": "u", "password": "p"}}, {"certificateGen": {"commonName": "x"}}):
        id = app.register(service(credentials={**headers, **method}))
        got = app.get(id)["api"]["credentials"]
        assert {name: got[name] for name in headers} == headers and set(got) == set(headers) | set(method)
        app.put(id, service(credentials={"headers": {"custom-header": ["other"]}, **method}))
        got = app.get(id)["api"]["credentials"]
        assert got["headers"] == {"custom-header": ["other"]} and "queryParameters" not in got
        app.delete(id)
        assert secrets(server, id) == {}


def own_pair(tmp_path, name="own", private=None):
    """Files with a certificate and a key of a person."""
    private = private or pki.key("ec:P-256", 7)
    (tmp_path / f"{name}.key").write_text(pki.key_pem(private))
    (tmp_path / f"{name}.key").chmod(0o600)
    run(["openssl", "req", "-x509", "-key", tmp_path / f"{name}.key", "-subj", f"/CN={name}", "-days", "30", "-out", tmp_path / f"{name}.crt"])
    return tmp_path / f"{name}.crt", tmp_path / f"{name}.key"


def test_a_pair_of_ones_own(app, server, tmp_path):
    id = app.register(certificate_gen("generated"))
    certificate, key = own_pair(tmp_path)
    server.cli("service", "credentials", "shop", id, "--certificate", certificate, "--key", key)
    assert pem_of(app, id) == certificate.read_text()
    shown = server.cli_json("service", "credentials", "shop", id)
    assert shown["byHand"] is True and shown["secret"] == f"app-shop-{id}" and sorted(shown["keys"]) == ["commonName", "crt", "key"]
    assert "PRIVATE" not in json.dumps(shown)
    # An edit under the same name leaves it alone; another name replaces it, and the history has it.
    app.put(id, certificate_gen("generated"))
    assert pem_of(app, id) == certificate.read_text()
    app.put(id, certificate_gen("another"))
    assert pem_of(app, id) != certificate.read_text()
    history = server.cli_json("service", "credentials", "shop", id)["history"]
    assert len(history) == 1 and "CN=own" in history[0]["certificate"]["subject"]
    server.cli("service", "credentials", "shop", id, "--restore", str(history[0]["sequence"]))
    assert pem_of(app, id) == certificate.read_text()
    app.delete(id)
    with server.database() as database:
        assert database.execute("SELECT count(*) FROM secret_history").fetchone() == (0,)


def test_a_pair_that_does_not_fit_is_refused(app, server, tmp_path):
    id = app.register(certificate_gen("generated"))
    before = pem_of(app, id)
    certificate, _ = own_pair(tmp_path, "a", pki.key("ec:P-256", 7))
    _, other = own_pair(tmp_path, "b", pki.key("ec:P-256", 8))
    refused = server.cli("service", "credentials", "shop", id, "--certificate", certificate, "--key", other, check=False)
    assert refused.returncode == 1 and "key" in refused.stderr, refused
    assert pem_of(app, id) == before
    app.delete(id)


def test_by_the_ca_of_this_server(make_server, tmp_path):
    server = make_server(settings={"registry.generated_issuer": "ca", "ca.key_algorithm": "rsa:2048"})
    m = Metadata(server, "shop", server.system("shop").enrol())
    id = m.register(certificate_gen("signed"))
    (tmp_path / "chain.pem").write_text(pem_of(m, id))
    assert "OK" in run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", server.ca, tmp_path / "chain.pem"]).stdout
    m.close()


def test_an_ec_ca_cannot_keep_the_promise_unless_it_is_given_up_by_name(make_server):
    settings = {"registry.generated_issuer": "ca", "ca.key_algorithm": "ec:P-256"}
    refused = run(make_server("refused", start=False, settings=settings).command(), check=False)
    assert refused.returncode == 1 and "registry.require_sha256_with_rsa" in refused.stderr, refused
    server = make_server("given-up", settings={**settings, "registry.require_sha256_with_rsa": "false"})
    m = Metadata(server, "shop", server.system("shop").enrol())
    assert "ecdsa-with-SHA256" in openssl(pem_of(m, m.register(certificate_gen("x"))), "-text")
    m.close()


def test_deleting_an_application_takes_its_secrets(server):
    system = server.system("short-lived").enrol()
    m = Metadata(server, "short-lived", system)
    ids = [m.register(service(credentials={"basic": {"username": "u", "password": "p"}}, requestParameters={"headers": {"a": ["b"]}})) for _ in range(3)]
    m.close()
    assert all(len(secrets(server, id)) == 2 for id in ids)
    server.cli("app", "delete", "short-lived", "--yes")
    assert all(secrets(server, id) == {} for id in ids)
