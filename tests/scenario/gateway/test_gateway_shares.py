# SPDX-License-Identifier: Apache-2.0
"""Proves that token endpoints which do not answer are one application's trouble, and for how long; and that a page in a browser gets nowhere under the
name of a service."""

import threading
import time

import pytest
from harness import GATEWAY, Server, curl, poll
from metadata import Metadata, service
from target import Target


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("server"), settings={**GATEWAY, "outbound.token_timeout": "6s"}).start()
    yield s
    s.stop()


@pytest.fixture
def registry(server):
    """Of a new application for each: m(name)."""
    made = []

    def make(name):
        server.cli("app", "create", name)
        made.append((name, Metadata(server, name)))
        return made[-1][1]

    yield make
    for name, m in made:
        m.close()
        server.cli("app", "delete", name, "--yes")


def oauth(endpoint, **more):
    return {"oauth": {"url": endpoint.url + "/token", "clientId": "the-id", "clientSecret": "s3cret", **more}}


def test_two_dead_endpoints_of_one_application_leave_threads_for_others(server, registry, target):
    """Forty services that share them, all called at once."""
    dead = [Target(), Target()]
    for d in dead:
        d.token_delay = 60
    fine = Target()
    fine.need = "bearer"
    try:
        busy, other = registry("busy"), registry("other")
        ids = [busy.register(service(f"api {i}", targetUrl=target.url, credentials=oauth(dead[i % 2]))) for i in range(40)]
        quick = [other.register(service(f"api {i}", targetUrl=fine.url, credentials=oauth(fine, requestParameters={"headers": {"X": [str(i)]}}))) for i in range(4)]
        answers = []
        threads = [threading.Thread(target=lambda id=id: answers.append(curl(f"http://{server.address('proxy')}/busy/{id}/x").status)) for id in ids]
        for t in threads:
            t.start()
        poll(lambda: sum(len(d.token_requests) for d in dead) == 2 and 503 in answers, 10, "the dead endpoints were not asked")
        for id in quick:
            assert curl(f"http://{server.address('proxy')}/other/{id}/x").status == 200
        assert any(t.is_alive() for t in threads), "each with a token request of its own, while others wait"
        for t in threads:
            t.join(120)
        assert set(answers) == {502, 503} and len(answers) == 40, answers
        assert sum(len(d.token_requests) for d in dead) == 2
    finally:
        for t in (*dead, fine):
            t.close()


def test_a_token_endpoint_has_its_time(server, registry, target):
    target.token_delay = 30
    id = registry("slow").register(service("orders", targetUrl=target.url, credentials=oauth(target)))
    begun = time.monotonic()
    answer = curl(f"http://{server.address('proxy')}/slow/{id}/x")
    assert answer.status == 502 and "timed out after 6 s" in answer.json()["error"], answer
    assert time.monotonic() - begun > 5


@pytest.mark.parametrize("suffix,mark,status", [
    (".evil.com", "Accept-Language: en", 403),
    (".evil.com", "Referer: http://shop.evil.com/", 403),
    (".evil.com", "User-Agent: Mozilla/5.0", 403),
    (".evil.com", "X-Any: thing", 200),
    (".kyma-integration.svc.cluster.local", "Accept-Language: en", 200),
    (".kyma-integration", "Accept-Language: en", 200),
    (".kyma-integration", "Origin: http://evil.com", 403),
    ("", "Sec-Fetch-Site: cross-site", 403),
    ("", "Accept-Language: en", 200)])
def test_a_page_under_the_name_of_a_service(server, registry, target, suffix, mark, status):
    """What a browser sends when the page's own name was rebound to this host, and what a workload behind a user passes on."""
    id = registry("shop").register(service("orders", targetUrl=target.url))
    answer = curl("-H", f"Host: shop-{id}{suffix}:8081", "-H", mark, f"http://{server.address('proxy')}/x")
    assert answer.status == status and len(target.calls) == (status == 200), answer
