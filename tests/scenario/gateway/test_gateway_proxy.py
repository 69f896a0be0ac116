# SPDX-License-Identifier: Apache-2.0
"""Proves that targets, token endpoints and specifications are reached through outbound.proxy: by their checked address, by name only where the operator
says so, and not at all where the proxy must not be used; and what a caller hears when the proxy fails."""

import base64
import os
import ssl

import pki
import pytest
from connect_proxy import ConnectProxy
from harness import GATEWAY, Server, curl
from metadata import Metadata, service
from target import Target

SECRET = "s3cret:of:the-proxy"
SHOWN = "Basic " + base64.b64encode(f"fairlead:{SECRET}".encode()).decode()


@pytest.fixture(scope="module")
def proxy():
    p = ConnectProxy()
    yield p
    if p.listener.fileno() >= 0:
        p.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, proxy):
    directory = tmp_path_factory.mktemp("server")
    credentials = directory / "proxy.password"
    credentials.write_text(f"fairlead:{SECRET}\n")
    os.chmod(credentials, 0o600)
    s = Server(directory / "run", fronts=1, settings={
        **GATEWAY, "outbound.proxy": proxy.url, "outbound.proxy_credentials_file": str(credentials), "outbound.no_proxy": "localhost,127.0.0.3/32",
        "outbound.proxy_names": ".partner.test", "outbound.connect_timeout": "1s", "outbound.eject_after": "0", "log.level": "debug"},
        environment={"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": "*"}).start()
    s.cli("app", "create", "shop")
    yield s
    log = s.log()
    s.stop()
    assert SECRET not in log and SHOWN not in log


@pytest.fixture
def api(server, proxy, target):
    proxy.reset()
    registry, made = Metadata(server, "shop"), []

    def make(url=target.url, **more):
        made.append(registry.register(service("orders", targetUrl=url, **more)))
        return lambda rest="/x", *words: curl(*words, f"http://{server.address('proxy')}/shop/{made[-1]}{rest}")

    make.registry, make.ids = registry, made
    yield make
    for id in made:
        registry.delete(id)
    registry.close()


def test_an_http_target_is_reached_by_connect_and_its_connection_is_kept(api, proxy, target):
    call = api()
    for _ in range(3):
        answer = call("/x?y", "-H", "X-Mine: 1")
        assert answer.status == 200 and answer.json()["target"] == "/x?y", answer
    assert proxy.targets() == [f"127.0.0.1:{target.port}"], "one tunnel, to the address that was checked"
    assert set(proxy.asked[0][1]) == {"host", "proxy-authorization"}, "nothing of the call is for the proxy"
    assert proxy.asked[0][1]["proxy-authorization"] == SHOWN
    assert not [name for _, _, headers in target.calls for name, _ in headers if name.lower().startswith("proxy-")]


def test_an_https_target_behind_it_is_verified_by_its_name(server, api, proxy, tmp_path):
    authority = pki.Authority("CN=Private CA", which=20)
    key = pki.key("ec:P-256", 21)
    crt = pki.write(tmp_path / "t.crt", pki.pem(authority.issue("CN=t", key, (pki.SERVER_AUTH,), sans=("erp.partner.test",))))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(crt, pki.write(tmp_path / "t.key", pki.key_pem(key)))
    target = Target(tls)
    proxy.names["erp.partner.test"] = target.port
    call = api("https://erp.partner.test")
    refused = call()
    assert refused.status == 502 and "tls" in refused.body, refused
    anchors = pki.write(tmp_path / "ca.pem", pki.pem(authority.certificate))
    server.cli("service", "update", "shop", api.ids[-1], "--ca-file", str(anchors))
    assert call().status == 200
    assert set(proxy.targets()) == {"erp.partner.test:443"}
    route = server.cli_json("call", "shop", api.ids[-1], "/x", "--explain")["route"]
    assert (route["proxy"], route["proxyConnectsTo"]) == (f"127.0.0.1:{proxy.port}", "erp.partner.test:443")
    target.close()


def test_a_name_that_does_not_resolve_here_is_for_the_proxy_only_when_listed(api, proxy, target):
    proxy.names.update({"shop.partner.test": target.port, "shop.unlisted.test": target.port})
    assert api("http://shop.partner.test:8000")().status == 200
    refused = api("http://shop.unlisted.test:8000")()
    assert refused.status == 502 and "dns" in refused.body, refused
    assert proxy.targets() == ["shop.partner.test:8000"]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0", "100.100.100.200"])
def test_a_metadata_address_is_refused_through_the_proxy_too(api, proxy, host):
    answer = api(f"http://{host}/latest/meta-data")()
    assert answer.status == 502 and "guarded" in answer.body, answer
    assert proxy.asked == []


def test_what_no_proxy_names_is_reached_directly(api, proxy, target):
    assert api(f"http://localhost:{target.port}")().status == 200
    assert proxy.asked == []


@pytest.mark.parametrize("answer,words", [
    (b"HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy answered 403 Forbidden"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", "the proxy answered 302 Found"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "its answer to CONNECT is not HTTP"),
    (b"", "it ended the connection without an answer"),
    (b"HTTP/1.1 200 OK\r\n" + b"X-Padding: 0123456789\r\n" * 2000 + b"\r\n", "the head of its answer to CONNECT is too large"),
    (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", "it sent more than an answer"),
], ids=["forbidden", "redirect", "garbage", "nothing", "huge-head", "more"])
def test_a_proxy_that_fails_is_named(api, proxy, target, answer, words):
    call = api()
    proxy.answer = answer
    got = call()
    assert got.status == 502 and f"proxy: {words}" in got.body, got
    assert target.calls == []


def test_wrong_credentials_say_so(api, proxy):
    proxy.need = "Basic c29tZTpib2R5"
    got = api()()
    assert got.status == 502 and "proxy: the proxy answered 407 Proxy Authentication Required" in got.body, got


def test_a_proxy_that_says_nothing_is_a_time_out(api, proxy):
    call = api()
    proxy.answer, proxy.hold = b"HTTP/1.1 200", True
    got = call()
    assert got.status == 504 and "connect_timeout" in got.body, got


def test_tokens_and_csrf_come_through_it(api, proxy, target):
    target.need, target.need_csrf = "bearer", True
    oauth = {"url": target.url + "/token", "clientId": "id", "clientSecret": "s3cret-oauth", "csrfInfo": {"tokenEndpointURL": target.url + "/csrf"}}
    call = api(credentials={"oauth": oauth}, requestParameters={"headers": {"X-Registered": ["s3cret-header"]}})
    assert call().status == 200
    assert len(target.token_requests) == 1 and target.csrf_fetches == 1
    assert proxy.targets() == [f"127.0.0.1:{target.port}"] * 3
    for _, headers in proxy.asked:
        assert not {"x-registered", "authorization"} & set(headers), "those are the target's"
        assert headers["proxy-authorization"] == SHOWN


def test_a_token_endpoint_that_the_proxy_refuses(api, proxy, target):
    oauth = {"url": target.url + "/token", "clientId": "other", "clientSecret": "s3cret-oauth"}
    call = api(credentials={"oauth": oauth})
    proxy.answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    got = call()
    assert got.status == 502 and "the proxy answered 403 Forbidden" in got.body, got
    proxy.asked.clear()
    metadata = oauth | {"url": "http://169.254.169.254/token"}
    got = api(credentials={"oauth": metadata})()
    assert got.status == 502 and "169.254.169.254" in got.body and proxy.asked == [], got


def test_specifications_come_through_it(server, api, proxy, target):
    proxy.names["docs.partner.test"] = target.port
    id = api.registry.register(service("documented", targetUrl=target.url, specificationUrl="http://docs.partner.test/raw?HTTP/1.1%20200%20OK%0D%0AContent-Length:%202%0D%0A%0D%0A%7B%7D"))
    api.ids.append(id)
    assert proxy.targets() == ["docs.partner.test:80"]


def test_without_the_proxy_nothing_goes_out(server, api, proxy, target):
    """Last: the proxy is gone."""
    call = api()
    proxy.close()
    got = call()
    assert got.status == 502 and "proxy: connection refused" in got.body, got
    assert target.calls == []
