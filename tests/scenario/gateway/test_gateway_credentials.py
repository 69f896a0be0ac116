# SPDX-License-Identifier: Apache-2.0
"""Proves that credentials appear: every method with and without CSRF, fetched once for all, renewed in time, and taken from the vault as it is now."""

import base64
import http.client
import ssl
import threading
import time

import pki
import pytest
from harness import GATEWAY, curl, run
from metadata import Metadata, service
from target import Target


@pytest.fixture(scope="module", autouse=True)
def no_secret_in_the_log(server):
    yield
    for secret in ("s3cret-", "token-1", "csrf-1"):
        assert secret not in server.log()


@pytest.fixture
def api(server, registry, target):
    made = []

    def make(credentials, **more):
        made.append(registry.register(service("orders", targetUrl=target.url, credentials=credentials, **more)))
        return lambda rest="/x", *words, **options: curl(*words, f"http://{server.address('proxy')}/shop/orders{rest}", **options)

    make.ids = made
    yield make
    for id in made:
        registry.delete(id)


BASIC = {"username": "user", "password": "s3cret-basic"}


def oauth(target, **more):
    return {"url": target.url + "/token", "clientId": "the-id", "clientSecret": "s3cret-oauth", **more}


def csrf(target):
    return {"csrfInfo": {"tokenEndpointURL": target.url + "/csrf"}}


def seen(answer):
    assert answer.status == 200, answer
    return {name.lower(): value for name, value in answer.json()["headers"]}


def test_basic(api, target):
    target.need = ("basic", "user", "s3cret-basic")
    call = api({"basic": BASIC})
    assert call().status == 200
    assert call("/x", "-H", "Authorization: Basic bm90IHRoaXM=").status == 200, "the registered credentials win"


def test_oauth(api, target):
    target.need = "bearer"
    call = api({"oauth": oauth(target, requestParameters={"headers": {"X-Token": ["t"]}, "queryParameters": {"scope": ["a b"]}})})
    for _ in range(3):
        assert call().status == 200
    (path, headers, form), = target.token_requests
    assert form == {"client_id": ["the-id"], "client_secret": ["s3cret-oauth"], "grant_type": ["client_credentials"]}
    assert headers["Authorization"].startswith("Basic ") and headers["X-Token"] == "t" and path in ("/token?scope=a%20b", "/token?scope=a+b")


def test_a_token_that_is_refused_is_fetched_again_and_the_call_repeated(api, target):
    target.need = "bearer"
    call = api({"oauth": oauth(target)})
    assert call().status == 200
    target.tokens.clear()  # revoked there
    assert call("/x", "-d", "a body").json()["size"] == 6
    assert len(target.token_requests) == 2
    target.tokens.clear()
    assert call().status == 401, "at most one forced fetch in ten seconds"
    assert len(target.token_requests) == 2


def test_a_thousand_calls_on_no_token_make_one_request(server, api, target):
    target.need, target.token_delay = "bearer", 0.5
    api({"oauth": oauth(target)})
    statuses = []

    def one():
        connection = http.client.HTTPConnection(*server.address("proxy").rsplit(":", 1), timeout=60)
        for _ in range(10):
            connection.request("POST", "/shop/orders/x", b"x")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert statuses.count(200) == 1000 and len(target.token_requests) == 1, (len(target.token_requests), set(statuses))


def test_a_token_is_renewed_before_it_ends(api, target):
    target.need, target.token_life = "bearer", 5
    call = api({"oauth": oauth(target)})
    end = time.monotonic() + 8
    while time.monotonic() < end:
        assert call().status == 200
        time.sleep(0.2)
    assert 2 <= len(target.token_requests) <= 6


@pytest.mark.parametrize("status,code", [(500, 502), (401, 502), (404, 502)])
def test_a_token_endpoint_that_fails(api, target, status, code):
    target.need, target.token_status = "bearer", status
    call = api({"oauth": oauth(target)})
    answers = [call() for _ in range(20)]
    assert {a.status for a in answers} == {code}
    assert f"incorrect response code '{status}' while getting token from" in answers[0].json()["error"]
    assert len(target.token_requests) < 10, "a dead endpoint is asked less and less often"


def test_access_token_wins(api, target):
    target.need = ("value", "Bearer of-the-user")
    call = api({"basic": BASIC})
    headers = seen(call("/x", "-H", "Access-Token: Bearer of-the-user"))
    assert "access-token" not in headers
    assert call().status == 401


def test_configured_headers_and_parameters(api, target):
    call = api({"headers": {"X-Legacy": ["l"]}, "queryParameters": {"legacy": ["1"]}, "basic": BASIC},
               requestParameters={"headers": {"X-Set": ["a"], "X-Own": ["registered"]}, "queryParameters": {"set": ["b c"], "own": ["registered"]}})
    answer = call("/x?own=callers", "-H", "x-own: callers")
    headers = seen(answer)
    assert headers["x-set"] == "a" and headers["x-own"] == "callers" and headers["x-legacy"] == "l"
    query = answer.json()["target"].partition("?")[2].split("&")
    assert "own=callers" in query and "own=registered" not in query and "legacy=1" in query and ("set=b%20c" in query or "set=b+c" in query)


@pytest.mark.parametrize("method", ["basic", "oauth"])
def test_csrf_on_top(api, target, method):
    target.need = ("basic", "user", "s3cret-basic") if method == "basic" else "bearer"
    target.need_csrf = True
    call = api({method: {**(BASIC if method == "basic" else oauth(target)), **csrf(target)}})
    for _ in range(3):
        headers = seen(call("/x", "-d", "x", "-H", "Cookie: mine=1; session=forged"))
        assert "mine=1" in headers["cookie"] and "forged" not in headers["cookie"] and "other=o" in headers["cookie"]
    assert target.csrf_fetches == 1
    target.csrf_valid = "gone"  # the session ended there
    assert call("/x", "-d", "x").status == 200
    assert target.csrf_fetches == 2


def test_a_csrf_token_is_renewed_beside_the_callers_own_token_too(api, target):
    target.need_csrf = True
    call = api({"basic": {**BASIC, **csrf(target)}})
    own = ["-d", "x", "-H", "Access-Token: Bearer own"]
    assert call("/x", *own).status == 200
    target.csrf_valid = "gone"
    assert seen(call("/x", *own))["authorization"] == "Bearer own"
    assert target.csrf_fetches == 2


def test_a_token_refused_by_the_csrf_endpoint_is_fetched_again(api, target):
    target.need, target.need_csrf = "bearer", True
    call = api({"oauth": {**oauth(target), **csrf(target)}})
    assert call("/x", "-d", "x").status == 200
    for _ in range(2):  # the second time the new token may not be dropped yet, and its CSRF token is
        target.tokens.clear()
        call("/x", "-d", "x")
    time.sleep(11)
    assert call("/x", "-d", "x").status == 200


def test_a_thousand_posts_make_one_csrf_fetch(server, api, target):
    target.need, target.need_csrf, target.csrf_delay = ("basic", "user", "s3cret-basic"), True, 0.3
    api({"basic": {**BASIC, **csrf(target)}})
    statuses = []

    def one():
        connection = http.client.HTTPConnection(*server.address("proxy").rsplit(":", 1), timeout=60)
        for _ in range(10):
            connection.request("POST", "/shop/orders/x", b"x")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(100)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert statuses == [200] * 1000 and target.csrf_fetches == 1


def test_changed_credentials_are_used_by_the_next_call(registry, api, target):
    target.need = ("basic", "user", "s3cret-basic")
    call = api({"basic": {**BASIC, "password": "s3cret-old"}})
    assert call().status == 401
    registry.put(api.ids[0], service("orders", targetUrl=target.url, credentials={"basic": BASIC}))
    assert call().status == 200


def test_a_generated_certificate_is_shown_to_the_target(make_server, tmp_path):
    """The target trusts exactly the certificate that GET returns, as the tutorial says to set it up."""
    ca, key = tmp_path / "ca.crt", tmp_path / "ca.key"
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", ca, "-days", "3", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"])
    server = make_server(settings={**GATEWAY, "outbound.ca_file": str(ca)})
    server.cli("app", "create", "shop")
    m = Metadata(server, "shop")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca, key)
    tls.verify_mode = ssl.CERT_REQUIRED
    id = m.register(service("mutual", targetUrl="https://localhost:1", credentials={"certificateGen": {"commonName": "the-gateway"}}))
    trusted = tmp_path / "client.crt"
    trusted.write_bytes(base64.b64decode(m.get(id)["api"]["credentials"]["certificateGen"]["certificate"]))
    tls.load_verify_locations(trusted)
    target = Target(tls)
    m.put(id, service("mutual", targetUrl=target.url, credentials={"certificateGen": {"commonName": "the-gateway"}}))
    answer = curl(f"http://{server.address('proxy')}/shop/mutual/x")
    assert answer.status == 200 and answer.json()["subject"] == [["commonName", "the-gateway"]], answer
    # Without the certificate it is refused; a target whose certificate nobody signed is not spoken to at all.
    other = m.register(service("anonymous", targetUrl=target.url))
    assert curl(f"http://{server.address('proxy')}/shop/anonymous/x").status == 502
    m.delete(other)
    target.close()
    m.close()


def test_a_certificate_of_an_unknown_authority(server, registry, tmp_path):
    crt, key = tmp_path / "t.crt", tmp_path / "t.key"
    key.write_text(pki.key_pem(pki.key("ec:P-256", 3)))
    run(["openssl", "req", "-x509", "-key", key, "-out", crt, "-days", "3", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(crt, key)
    target = Target(tls)
    id = registry.register(service("untrusted", targetUrl=target.url))
    answer = curl(f"http://{server.address('proxy')}/shop/untrusted/x")
    assert answer.status == 502 and "certificate" in answer.json()["error"].lower() and target.calls == [], answer
    registry.delete(id)
    target.close()
