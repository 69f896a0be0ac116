# SPDX-License-Identifier: Apache-2.0
"""Proves whom the gateway trusts: a target behind a private CA is refused, then trusted by its CA or without looking, and a client of the registry cannot
change that. And what encodeUrl does to paths."""

import json
import ssl

import pki
import pytest
from harness import curl
from metadata import service
from target import Target


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("CN=Private CA", which=20)


def tls_target(authority, directory, name):
    """An https server on loopback whose certificate says `name`."""
    key = pki.key("ec:P-256", 21)
    crt = pki.write(directory / f"{name}.crt", pki.pem(authority.issue(f"CN={name}", key, (pki.SERVER_AUTH,), sans=(name,))))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(crt, pki.write(directory / f"{name}.key", pki.key_pem(key)))
    return Target(tls)


@pytest.fixture
def target(authority, tmp_path):
    t = tls_target(authority, tmp_path, "localhost")
    yield t
    t.close()


@pytest.fixture
def misnamed(authority, tmp_path):
    t = tls_target(authority, tmp_path, "elsewhere.example")
    yield t
    t.close()


class Api:
    def __init__(self, server, registry, body):
        self.server, self.registry, self.body = server, registry, body
        self.id = registry.register(body)

    def call(self, rest="/x", *words):
        return curl(*words, f"http://{self.server.address('proxy')}/shop/{self.id}{rest}")

    def update(self, *words, **more):
        return self.server.cli("service", "update", "shop", self.id, *words, **more)

    def shown(self):
        return self.server.cli_json("service", "show", "shop", self.id)


@pytest.fixture
def api(server, registry):
    made = []

    def make(name="orders", **more):
        made.append(Api(server, registry, service(name, **more)))
        return made[-1]

    yield make
    for a in made:
        registry.delete(a.id)


def refused(answer):
    return answer.status == 502 and "certificate" in answer.json()["error"].lower()


def test_a_private_ca_is_trusted_for_the_service_that_says_so(api, server, target, misnamed, authority, tmp_path):
    ca = pki.write(tmp_path / "ca.crt", authority.pem)
    a, other, wrong = api(targetUrl=target.url), api("other", targetUrl=target.url), api("wrong", targetUrl=misnamed.url)
    assert refused(a.call()) and target.calls == []
    a.update("--ca-file", ca)
    assert a.call().status == 200, "the next call knows it"
    (certificate,) = a.shown()["call"]["caCertificate"]["certificates"]
    assert certificate["fingerprint"] == pki.fingerprint(authority.certificate)
    assert "Private CA" in server.cli("service", "show", "shop", a.id).stdout
    assert refused(other.call()), "trusted for that service alone"

    wrong.update("--ca-file", ca)
    assert wrong.call().status == 502 and misnamed.calls == [], "the right CA, another name"
    wrong.update("--no-ca", "--skip-verify")
    assert wrong.call().status == 200
    assert "not verified" in server.cli("service", "show", "shop", wrong.id).stdout
    explained = server.cli("call", "shop", wrong.id, "/x", "--explain").stdout
    assert "the target's certificate is not verified" in explained
    wrong.update("--default-verify")
    assert refused(wrong.call()) or wrong.call().status == 502

    a.update("--no-ca")
    assert refused(a.call()), "also over a connection that was trusted before"
    assert a.shown()["call"] == {"skipVerify": None, "encodeUrl": None, "caCertificate": None}


def test_a_client_of_the_registry_neither_sees_nor_loses_it(api, registry, server, target):
    a = api(targetUrl=target.url)
    before = registry.get(a.id)
    a.update("--skip-verify")
    assert registry.get(a.id) == before
    assert a.call().status == 200
    registry.put(a.id, {**a.body, "description": "another"})
    assert a.call().status == 200 and a.shown()["call"]["skipVerify"] is True
    rows = server.cli_json("audit", "list", "--action", "service.call")["entries"]
    assert any(row["subject"] == a.id and "skipVerify" in json.dumps(row) for row in rows)


def test_an_application_says_it_for_services_that_do_not(api, server, target):
    quiet, strict = api(targetUrl=target.url), api("strict", targetUrl=target.url)
    strict.update("--verify")
    server.cli("app", "update", "shop", "--skip-verify")
    try:
        assert quiet.call().status == 200 and refused(strict.call())
        assert "not verified" in server.cli("app", "show", "shop").stdout
    finally:
        server.cli("app", "update", "shop", "--default-verify")
    assert refused(quiet.call())


@pytest.mark.parametrize("method", ["oauth", "csrf"])
def test_token_servers_are_trusted_as_the_target_is(api, target, authority, tmp_path, method):
    ca = pki.write(tmp_path / "ca.crt", authority.pem)
    if method == "oauth":
        target.need = "bearer"
        credentials = {"oauth": {"url": target.url + "/token", "clientId": "id", "clientSecret": "s3cret"}}
    else:
        target.need, target.need_csrf = ("basic", "user", "s3cret"), True
        credentials = {"basic": {"username": "user", "password": "s3cret", "csrfInfo": {"tokenEndpointURL": target.url + "/csrf"}}}
    a = api(targetUrl=target.url, credentials=credentials)
    assert a.call().status == 502 and target.calls == []
    a.update("--ca-file", ca)
    assert a.call("/x", "-d", "x").status == 200
    a.update("--no-ca")
    assert a.call().status == 502
    a.update("--skip-verify")
    assert a.call("/x", "-d", "x").status == 200


@pytest.mark.parametrize("text,complaint", [
    ("", "there is no certificate"), ("not PEM", "there is no certificate"), ("leaf", "not a CA's"), ("key", "only CERTIFICATE blocks"),
    ("ended", "ended at"), ("large", "more than 65536 bytes"),
])
def test_what_is_no_ca_is_refused(api, authority, tmp_path, text, complaint):
    key = pki.key("ec:P-256", 21)
    texts = {"leaf": authority.pem + pki.pem(authority.issue("CN=leaf", key)), "key": authority.pem + pki.key_pem(key),
             "ended": pki.Authority("CN=Old", which=22, days=(-10, -1)).pem, "large": authority.pem * 120}
    a = api()
    answer = a.update("--ca-file", pki.write(tmp_path / "ca.crt", texts.get(text, text)), check=False)
    if text == "":
        assert a.shown()["call"]["caCertificate"] is None
        return
    assert answer.returncode != 0 and complaint in answer.stderr, answer
    assert a.shown()["revision"] == 1


def test_options_that_contradict_each_other(api, tmp_path):
    a = api()
    for words in (("--skip-verify", "--verify"), ("--encode-url", "perhaps"), ("--ca-file", "x", "--no-ca"), ("-f", "x", "--skip-verify"), ()):
        assert a.update(*words, check=False).returncode == 2, words
    assert a.update("--skip-verify", "--if-revision", "7", check=False).returncode not in (0, 2)
    assert a.shown()["revision"] == 1


@pytest.mark.parametrize("rest,kept,encoded", [
    ("/x/", "/base/x/", "/base/x/"), ("/a%2Fb", "/base/a%2Fb", "/base/a/b"), ("/%7Cx(", "/base/%7Cx(", "/base/%7Cx%28"),
    ("/Xyz('1')", "/base/Xyz('1')", "/base/Xyz%28%271%27%29"), ("/a%20b?q=%28", "/base/a%20b?q=%28", "/base/a%20b?q=%28"),
])
def test_encode_url(api, rest, kept, encoded):
    target = Target()
    a = api(targetUrl=target.url + "/base")
    assert a.call(rest, "--path-as-is").json()["target"] == kept
    a.update("--encode-url", "on")
    assert a.call(rest, "--path-as-is").json()["target"] == encoded
    assert a.call("/%zz", "--path-as-is").status == 400
    assert a.call("/a%2F..%2F..%2Fx", "--path-as-is").status == 400, "what is decoded must not climb"
    a.update("--encode-url", "off")
    assert a.call(rest, "--path-as-is").json()["target"] == kept
    target.close()
