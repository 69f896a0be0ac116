# SPDX-License-Identifier: Apache-2.0
"""Proves that token endpoints are asked the way they want it: id and secret in one place, scope and audience, a certificate in place of a secret."""

import base64
import json
import ssl
import urllib.parse

import pki
import pytest
from harness import curl
from metadata import service
from target import Target

ID, SECRET = "the id+é", "s3cret/&:"


def basic(headers):
    """Id and secret of the header as RFC 6749 2.3.1 has them, or None."""
    word, _, value = headers.get("Authorization", "").partition(" ")
    if word != "Basic":
        return None
    return tuple(urllib.parse.unquote_plus(part) for part in base64.b64decode(value).decode().split(":", 1))


def header_only(headers, form, _):
    return basic(headers) == (ID, SECRET) and not {"client_id", "client_secret"} & set(form)


def body_only(headers, form, _):
    return "Authorization" not in headers and (form.get("client_id"), form.get("client_secret")) == ([ID], [SECRET])


class Api:
    def __init__(self, server):
        self.server, self.made = server, []

    def register(self, target, oauth, *words, **more):
        body = service("orders", targetUrl=target.url, credentials={"oauth": {"clientId": ID, **oauth}})
        done = self.server.cli("service", "register", "shop", "-f", "-", "-o", "json", *words, input=json.dumps(body), **more)
        if not more and not words:
            self.made.append(json.loads(done.stdout)["id"])
        return done

    def call(self, rest="/x", *words):
        return curl(*words, f"http://{self.server.address('proxy')}/shop/{self.made[-1]}{rest}")

    def shown(self):
        return self.server.cli_json("service", "show", "shop", self.made[-1])["api"]["credentials"]["oauth"]


@pytest.fixture
def api(server):
    a = Api(server)
    yield a
    for id in a.made:
        server.cli("service", "delete", "shop", id, "--yes")


@pytest.mark.parametrize("dialect,other,wanted", [("header", "body", header_only), ("body", "header", body_only)])
def test_id_and_secret_in_one_place(api, target, dialect, other, wanted):
    target.need, target.token_dialect = "bearer", wanted
    for said, status in ((None, 502), (other, 502), (dialect, 200)):
        api.register(target, {"url": target.url + "/token", "clientSecret": SECRET, **({"clientAuthentication": said} if said else {})})
        assert api.call().status == status, said


def test_scope_audience_resource_and_more(api, target):
    target.need = "bearer"
    api.register(target, {"url": target.url + "/token", "clientSecret": SECRET, "clientAuthentication": "body", "scope": "read write", "audience": "the api",
                          "resource": "https://api.example/v1", "formParameters": {"tenant": ["a", "b"], "empty": [""]}})
    assert api.call().status == 200
    (_, _, form), = target.token_requests
    assert form == {"client_id": [ID], "client_secret": [SECRET], "grant_type": ["client_credentials"], "scope": ["read write"], "audience": ["the api"],
                    "resource": ["https://api.example/v1"], "tenant": ["a", "b"], "empty": [""]}
    shown = api.server.cli("service", "show", "shop", api.made[-1]).stdout
    for line in ("Client authentication:  body", "Scope:                  read write", "Form parameters:        empty= tenant=a tenant=b"):
        assert line in shown, shown


def test_each_dialect_has_tokens_of_its_own(api, target):
    target.need = "bearer"
    for more in ({}, {"scope": "a"}, {"scope": "b"}, {"clientAuthentication": "header"}, {"audience": "a"}, {"formParameters": {"scope": ["a"]}}):
        api.register(target, {"url": target.url + "/token", "clientSecret": SECRET, **more})
        for _ in range(3):
            assert api.call().status == 200
    assert len(target.token_requests) == 5, "the same form is the same token, whichever field said it"


@pytest.mark.parametrize("oauth,why", [
    ({"clientAuthentication": "post"}, "clientAuthentication must be both, header, body or certificate"),
    ({"scope": "a  b"}, "scope has words"),
    ({"resource": "relative"}, "resource must be an absolute URI"),
    ({"formParameters": {"grant_type": ["password"]}}, "formParameters.grant_type: this field is sent already"),
    ({"commonName": "x"}, "commonName is not used without"),
    ({"scopes": "a"}, "did you mean scope?")])
def test_what_no_endpoint_could_take_is_refused(api, target, oauth, why):
    done = api.register(target, {"url": target.url + "/token", "clientSecret": SECRET, **oauth}, check=False)
    assert done.returncode != 0 and why in done.stderr, done.stderr


@pytest.mark.parametrize("expires,status", [("3600", 200), (3600.0, 200), (3599.5, 502), ("soon", 502), ([], 502)])
def test_odd_lives_of_tokens(api, target, expires, status):
    target.need, target.token_more = "bearer", {"expires_in": expires}
    api.register(target, {"url": target.url + "/token", "clientSecret": SECRET})
    assert api.call().status == status


def test_the_contracts_face_neither_reads_nor_keeps_a_dialect(api, registry, target):
    """A PUT there replaces: what it cannot say is gone."""
    target.need, target.token_dialect = "bearer", header_only
    api.register(target, {"url": target.url + "/token", "clientSecret": SECRET, "clientAuthentication": "header", "scope": "a"})
    assert api.call().status == 200
    read = registry.get(api.made[-1])
    oauth = read["api"]["credentials"]["oauth"]
    assert (oauth["clientId"], oauth["scope"], oauth["clientAuthentication"]) == ("********", "a", "header")
    registry.put(api.made[-1], {"provider": "p", "name": "orders", "description": "d", "api": {"targetUrl": target.url, "credentials": {"oauth": oauth}}})
    assert not {"scope", "clientAuthentication"} & set(api.shown())
    target.tokens.clear()
    assert api.call().status == 502, "id and secret are in both places again"


# ---- a certificate in place of a secret ----


@pytest.fixture
def authority():
    return pki.Authority("CN=Clients of the token endpoint", which=30)


@pytest.fixture
def endpoint(authority, tmp_path):
    """A token endpoint that wants a certificate; it trusts whatever PEM is added to its context."""
    key = pki.key("ec:P-256", 31)
    own = pki.Authority("CN=Private CA", which=32)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki.write(tmp_path / "s.crt", pki.pem(own.issue("CN=localhost", key, (pki.SERVER_AUTH,), sans=("localhost",)))),
                        pki.write(tmp_path / "s.key", pki.key_pem(key)))
    tls.verify_mode = ssl.CERT_OPTIONAL
    tls.load_verify_locations(cadata=authority.pem)
    t = Target(tls)
    t.tls, t.ca = tls, pki.write(tmp_path / "ca.crt", own.pem, mode=0o644)
    yield t
    t.close()


def by_certificate(headers, form, subject):
    return bool(subject) and "Authorization" not in headers and set(form) == {"client_id", "grant_type"}


def own_pair(authority, name="the-client"):
    key = pki.key("ec:P-256", 33)
    return {"certificate": pki.pem(authority.issue(f"CN={name}", key)), "key": pki.key_pem(key)}


def test_an_own_certificate_brings_the_token(api, target, endpoint, authority):
    endpoint.token_dialect, target.need, target.tokens = by_certificate, "bearer", endpoint.tokens
    api.register(target, {"url": endpoint.url + "/token", "clientAuthentication": "certificate", **own_pair(authority)})
    api.server.cli("service", "update", "shop", api.made[-1], "--ca-file", endpoint.ca)
    answer = api.call()
    assert answer.status == 200 and answer.json()["subject"] == [], answer
    shown = api.shown()
    assert shown["key"] == "********" and "clientSecret" not in shown and "BEGIN CERTIFICATE" in shown["certificate"]
    kinds = api.server.cli_json("service", "credentials", "shop", api.made[-1])
    assert kinds["kind"] == "oauthCertificate" and kinds["keys"] == ["clientId", "crt", "key"]


def test_a_certificate_is_made_and_shown_to_install(api, target, endpoint, tmp_path):
    endpoint.token_dialect, target.need, target.tokens = by_certificate, "bearer", endpoint.tokens
    api.register(target, {"url": endpoint.url + "/token", "clientAuthentication": "certificate", "commonName": "made here"})
    api.server.cli("service", "update", "shop", api.made[-1], "--ca-file", endpoint.ca)
    refused = api.call()
    assert refused.status == 500, "the endpoint does not know it yet"
    assert refused.json()["error"].startswith("Failed to get token: Failed to fetch token, possible certificate problem"), refused
    crt = tmp_path / "client.crt"
    api.server.cli("service", "credentials", "shop", api.made[-1], "--certificate-out", crt)
    assert api.shown()["certificate"] == crt.read_text()
    endpoint.tls.load_verify_locations(cafile=crt)
    api.server.cli("service", "update", "shop", api.made[-1], "--skip-verify")  # another key of the cache: no pause
    assert api.call().status == 200
    assert endpoint.token_requests[-1][2] == {"client_id": [ID], "grant_type": ["client_credentials"]}


def test_a_pair_is_checked_when_it_is_registered(api, target, authority):
    pair, other = own_pair(authority), pki.key_pem(pki.key("ec:P-256", 34))
    for oauth, why in (({**pair, "key": other}, "the private key does not belong to the certificate"),
                       ({"certificate": pair["certificate"]}, "or certificate and key are missing"),
                       ({**pair, "clientSecret": "x"}, "clientSecret is not used"),
                       ({**pair, "url": "http://127.0.0.1:1/token"}, "url must be https")):
        done = api.register(target, {"url": "https://localhost:1/token", "clientAuthentication": "certificate", **oauth}, check=False)
        assert done.returncode != 0 and why in done.stderr, done.stderr
