# SPDX-License-Identifier: Apache-2.0
"""Proves that every way to authenticate gives the target exactly its own credentials and nothing of the others: with and without CSRF, called over
HTTP/1.1 and HTTP/2, to targets that speak HTTP/1.1 and HTTP/2. nginx ends the TLS and says what it saw of the connection.
"""

import base64
import itertools

import peers
import pki
import pytest
from harness import GATEWAY, Server, curl
from metadata import service
from target import Target

SAW = """proxy_set_header X-Saw-Protocol $server_protocol; proxy_set_header X-Saw-Subject $ssl_client_s_dn;
            proxy_set_header Authorization $http_authorization;"""
LISTEN = {"HTTP/1.1": "ssl", "HTTP/2.0": "ssl http2"}
IN = {"--http1.1": "HTTP/1.1", "--http2-prior-knowledge": "HTTP/2"}
CALLERS = "Caller own"
BASIC = {"username": "user", "password": "s3cret"}
BASIC_VALUE = "Basic " + base64.b64encode(b"user:s3cret").decode()
WATCHED = ("authorization", "access-token", "x-csrf-token", "cookie", "x-set", "x-legacy", "x-saw-subject", "proxy-authorization")
numbers = itertools.count()


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("CN=Matrix CA", which=40)


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    directory = tmp_path_factory.mktemp("server")
    s = Server(directory, settings={**GATEWAY, "outbound.ca_file": str(pki.write(directory / "ca.pem", authority.pem))}).start()
    s.cli("app", "create", "shop")
    yield s
    s.stop()


@pytest.fixture(scope="module")
def targets(tmp_path_factory, authority):
    """protocol -> (target, url)"""
    directory = tmp_path_factory.mktemp("targets")
    key = pki.key("ec:P-256", 41)
    pki.write(directory / "crt", pki.pem(authority.issue("CN=localhost", key, (pki.SERVER_AUTH,), sans=("localhost",))))
    pki.write(directory / "key", pki.key_pem(key))
    tls = f"ssl_certificate {directory}/crt; ssl_certificate_key {directory}/key; ssl_verify_client optional_no_ca;"
    made = {}
    for protocol, listen in LISTEN.items():
        target = Target()
        made[protocol] = target, peers.nginx(directory / listen.replace(" ", "-"), target.port, listen=listen, server=tls, location=SAW)
    yield {protocol: (target, f"https://localhost:{peer.port}") for protocol, (target, peer) in made.items()}
    for target, peer in made.values():
        peer.close()
        target.close()


class Cell:
    """One service, registered as a strategy says. `wanted` is what its target has to see."""

    def __init__(self, server, registry, url, csrf):
        self.server, self.registry, self.url = server, registry, url
        self.name = f"cell-{next(numbers)}"
        self.csrf = {"csrfInfo": {"tokenEndpointURL": url + "/csrf"}} if csrf else {}
        self.words, self.wanted = [], {"authorization": CALLERS}

    def register(self, **more):
        self.id = self.registry.register(service(self.name, targetUrl=self.url + "/api", **more))


def none(cell, target):
    cell.register()


def basic(cell, target):
    cell.wanted["authorization"] = BASIC_VALUE
    cell.register(credentials={"basic": {**BASIC, **cell.csrf}})


def oauth(cell, target):
    cell.wanted["authorization"] = f"Bearer token-{len(target.token_requests) + 1}"
    cell.register(credentials={"oauth": {"url": cell.url + "/token", "clientId": cell.name, "clientSecret": "s3cret", **cell.csrf}})


def generated(cell, target):
    cell.wanted["x-saw-subject"] = f"CN={cell.name}"
    cell.register(credentials={"certificateGen": {"commonName": cell.name, **cell.csrf}})


def own(cell, target):
    """The pair that was generated is replaced by hand."""
    generated(cell, target)
    key = pki.key("ec:P-256", 42)
    pair = [pki.write(cell.server.dir / "own.crt", pki.pem(pki.Authority("CN=Elsewhere", which=43).issue("CN=own", key))),
            pki.write(cell.server.dir / "own.key", pki.key_pem(key))]
    cell.server.cli("service", "credentials", "shop", cell.id, "--certificate", pair[0], "--key", pair[1])
    cell.wanted["x-saw-subject"] = "CN=own"


def access_token(cell, target):
    basic(cell, target)
    cell.words = ["-H", "Access-Token: Bearer of-the-user"]
    cell.wanted["authorization"] = "Bearer of-the-user"


def parameters(cell, target):
    """Of the API, and those of Kyma 1.2.0 beside a method, which go to the CSRF fetch as well."""
    cell.wanted |= {"x-set": "a", "x-legacy": "l"}
    credentials = {"headers": {"X-Legacy": ["l"]}}
    if cell.csrf:
        cell.wanted["authorization"] = BASIC_VALUE
        credentials["basic"] = {**BASIC, **cell.csrf}
    cell.register(credentials=credentials, requestParameters={"headers": {"X-Set": ["a"]}, "queryParameters": {"set": ["b"]}})


STRATEGIES = [none, basic, oauth, generated, own, access_token, parameters]


@pytest.mark.parametrize("out", LISTEN)
@pytest.mark.parametrize("into", IN)
@pytest.mark.parametrize("strategy, csrf", [(s, c) for s in STRATEGIES for c in (False, True) if not (s is none and c)],
                         ids=lambda v: v.__name__ if callable(v) else ("csrf" if v else "plain"))
def test_the_target_sees_these_credentials_and_no_others(server, registry, targets, strategy, csrf, into, out):
    target, url = targets[out]
    cell = Cell(server, registry, url, csrf)
    strategy(cell, target)
    tokens, fetches, calls = len(target.token_requests), target.csrf_fetches, len(target.calls)
    for method in ("GET", "POST"):
        body = ["-d", "x=y"] if method == "POST" else []
        answer = curl(into, *body, *cell.words, "-H", f"Authorization: {CALLERS}", "-H", "Cookie: mine=1", f"http://{server.address('proxy')}/shop/{cell.name}/x?own=1")
        assert answer.status == 200 and answer.version == IN[into], answer
        seen = answer.json()
        headers = {name.lower(): value for name, value in seen["headers"]}
        wanted = {"cookie": "mine=1", **cell.wanted}
        if csrf:
            number = fetches + 1
            wanted |= {"x-csrf-token": f"csrf-{number}", "cookie": f"session=s{number}; other=o; mine=1"}
        assert {name: headers[name] for name in WATCHED if name in headers} == wanted
        assert headers["x-saw-protocol"] == out and seen["method"] == method and seen["body"] == ("x=y" if body else "")
        assert seen["target"] == "/api/x?own=1" + ("&set=b" if strategy is parameters else "")
    assert len(target.token_requests) == tokens + (strategy is oauth) and target.csrf_fetches == fetches + csrf
    fetched_with = [{name.lower(): value for name, value in headers} for _, path, headers in target.calls[calls:] if path.startswith("/csrf")]
    registered = {**cell.wanted, "authorization": BASIC_VALUE if strategy is access_token else cell.wanted["authorization"]}
    registered = {name: value for name, value in registered.items() if value != CALLERS and name != "x-set"}
    assert [{name: headers[name] for name in WATCHED if name in headers and name != "x-csrf-token"} for headers in fetched_with] == [registered] * csrf
    registry.delete(cell.id)
