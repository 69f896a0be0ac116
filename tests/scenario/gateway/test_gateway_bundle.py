# SPDX-License-Identifier: Apache-2.0
"""Proves the address of bundles, /{app}/{bundle}/{api}: registered through the Director's GraphQL, called through the gateway with what the bundle has."""

import json

import pytest
from compass import director
from harness import curl

NOBODY = "00000000-1111-4222-8333-444444444444"


def basic(password):
    return '{credential: {basic: {username: "user", password: "%s"}}}' % password


class Bundles:
    def __init__(self, server):
        self.server = server
        self.application = director(server, 'query { r: applications { data { id name } } }')["r"]["data"][0]["id"]

    def add(self, name, password=None):
        auth = f", defaultInstanceAuth: {basic(password)}" if password else ""
        return director(self.server, 'mutation { r: addBundle(applicationID: "%s", in: {name: "%s"%s}) { id } }' % (self.application, name, auth))["r"]["id"]

    def update(self, id, name, password):
        director(self.server, 'mutation { r: updateBundle(id: "%s", in: {name: "%s", defaultInstanceAuth: %s}) { id } }' % (id, name, basic(password)))

    def delete(self, id):
        director(self.server, 'mutation { r: deleteBundle(id: "%s") { id } }' % id)

    def api(self, bundle, name, url):
        return director(self.server, 'mutation { r: addAPIDefinitionToBundle(bundleID: "%s", in: {name: "%s", targetURL: "%s"}) { id } }' % (bundle, name, url))["r"]["id"]

    def call(self, path, *words):
        return curl("--path-as-is", *words, f"http://{self.server.address('proxy')}{path}")


@pytest.fixture(scope="module")
def bundles(server):
    return Bundles(server)


@pytest.fixture
def big(bundles):
    made = bundles.add("Big Bundle", "first")
    yield made
    director(bundles.server, 'mutation { r: deleteBundle(id: "%s") { id } }' % made)


def seen(answer):
    assert answer.status == 200, answer
    return json.loads(answer.body)


def password(answer):
    return dict(seen(answer)["headers"])["Authorization"]


FIRST, SECOND = "Basic dXNlcjpmaXJzdA==", "Basic dXNlcjpzZWNvbmQ="


def test_who_is_not_there(bundles, big, target):
    bundles.api(big, "Orders API", target.url)
    for path, status, words in (
        ("/shop/big-bundle/nothing/x", 404, "service with name big-bundle and entry name nothing not found"),
        (f"/shop/big-bundle/{NOBODY}/x", 404, f"service with name big-bundle and entry name {NOBODY} not found"),
        ("/shop/big-bundle", 400, "failed to extract API Identifier from path"),
        ("/shop/big-bundle/", 400, "failed to extract API Identifier from path"),
        ("/shop/orders-api/x", 404, "service with name orders-api not found"),
        ("/shop/Big%20Bundle/orders-api", 404, "service with name Big%20Bundle not found"),
    ):
        answer = bundles.call(path)
        assert (answer.status, json.loads(answer.body)["error"]) == (status, words), path
    assert target.calls == []


def test_two_of_one_name(bundles, big, target, registry):
    one, two = bundles.api(big, "Orders", target.url), bundles.api(big, "ORDERS", target.url)
    answer = bundles.call("/shop/big-bundle/orders/x")
    assert answer.status == 400
    message = json.loads(answer.body)["error"]
    assert message.startswith("failed to get service with name 'orders': multiple services found: ") and one in message and two in message
    assert seen(bundles.call(f"/shop/big-bundle/{two}/x"))["target"] == "/x"


def test_credentials_of_the_bundle_arrive_by_every_address(bundles, big, target):
    id = bundles.api(big, "Orders API", target.url + "/base")
    for path in ("/shop/big-bundle/orders-api", f"/shop/big-bundle/{id}", f"/shop/{big}/orders-api", f"/shop/{big}/{id}", f"/shop/{id}"):
        answer = seen(bundles.call(path + "/a%2Fb/?x=1"))
        assert answer["target"] == "/base/a%2Fb/?x=1" and dict(answer["headers"])["Authorization"] == FIRST, path
    answer = seen(bundles.call("/a/b", "-H", f"Host: shop-{id}.kyma.local"))
    assert answer["target"] == "/base/a/b" and dict(answer["headers"])["Authorization"] == FIRST


def test_a_change_counts_from_the_next_call_on_and_a_deletion_ends_it(bundles, target):
    bundle = bundles.add("Short", "first")
    bundles.api(bundle, "One", target.url)
    assert password(bundles.call("/shop/short/one")) == FIRST
    bundles.update(bundle, "Short", "second")
    assert password(bundles.call("/shop/short/one")) == SECOND
    bundles.update(bundle, "Longer", "first")
    assert bundles.call("/shop/short/one").status == 404
    assert password(bundles.call("/shop/longer/one")) == FIRST
    bundles.delete(bundle)
    answer = bundles.call("/shop/longer/one")
    assert answer.status == 404 and "service with name longer not found" in answer.body


def test_location_leads_back_through_the_bundle(bundles, big, target):
    id = bundles.api(big, "Orders API", target.url + "/base")
    for prefix in ("/shop/big-bundle/orders-api", f"/shop/{big}/{id}", f"/shop/{id}"):
        answer = bundles.call(f"{prefix}/location?{target.url}/base/next%3Fx=1")
        assert answer.status == 302 and answer.headers["location"] == f"{prefix}/next?x=1", answer


def test_the_other_faces(bundles, big, target, registry):
    id = bundles.api(big, "Orders API", target.url)
    status, listed = registry.call("GET")
    assert status == 200 and [s["name"] for s in listed if s["id"] in (id, big)] == ["Orders API"]
    status, shown = registry.call("GET", id)
    assert status == 200 and shown["api"]["credentials"] == {"basic": {"username": "********", "password": "********"}}
    status, refused = registry.call("DELETE", id)
    assert status == 409 and f"Service with ID {id} is part of bundle Big Bundle, which the Director manages: change it there" in refused["error"]
    assert registry.call("GET", big)[0] == 404
    row = json.loads(bundles.server.cli("service", "show", "shop", id, "-o", "json").stdout)
    assert row["role"] == "api" and row["bundle"] == {"id": big, "name": "Big Bundle"}
    assert "Big Bundle" in bundles.server.cli("service", "show", "shop", id).stdout
    assert f"id={big}" in bundles.server.cli("service", "list", "shop").stdout


def test_fairlead_call(bundles, big, target):
    id = bundles.api(big, "Orders API", target.url)
    for called in ("big-bundle/orders-api", id, f"{big}/{id}"):
        assert json.loads(bundles.server.cli("call", "shop", called, "/x?y=1").stdout)["target"] == "/x?y=1"
    explained = json.loads(bundles.server.cli("call", "shop", "big-bundle/orders-api", "/x", "--explain", "-o", "json").stdout)
    assert explained["route"]["id"] == id and explained["route"]["strategy"] == "basic" and explained["call"]["status"] == 200
    refused = bundles.server.cli("call", "shop", "big-bundle", "/x", "--explain", check=False)
    assert refused.returncode == 1 and "is a bundle" in refused.stderr
