# SPDX-License-Identifier: Apache-2.0
"""Proves the client credentials grant with a server that others wrote (oidc-provider from npm, tests/scenario/npm/oauth.mjs): it wants the secret in one place alone and knows its tokens again."""

import json
import subprocess

import pytest
from harness import ROOT, curl
from metadata import service

SECRET = "s3cret/&:+%"


@pytest.fixture(scope="module")
def issuer():
    process = subprocess.Popen(["node", ROOT / "tests" / "scenario" / "npm" / "oauth.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.fixture
def call(server, issuer, target):
    made = []

    def register_and_call(client, **more):
        oauth = {"url": issuer + "/token", "clientId": client, "clientSecret": SECRET, **more}
        body = service("orders", targetUrl=target.url, credentials={"oauth": oauth})
        made.append(json.loads(server.cli("service", "register", "shop", "-f", "-", "-o", "json", input=json.dumps(body)).stdout)["id"])
        return curl(f"http://{server.address('proxy')}/shop/{made[-1]}/x")

    yield register_and_call
    for id in made:
        server.cli("service", "delete", "shop", id, "--yes")


def seen_by(target):
    """What the target was shown last."""
    return dict(target.calls[-1][2])["Authorization"].split(" ", 1)


def test_a_secret_in_two_places_is_refused(call, target):
    """RFC 6749 2.3: one method per request. The contract's dialect, the default, is two."""
    refused = call("header")
    assert refused.status == 502 and SECRET not in refused.body, refused
    assert target.calls == []


@pytest.mark.parametrize("place", ["header", "body"])
def test_a_wrong_secret_is_refused(call, target, place):
    assert call(place, clientAuthentication=place, clientSecret="no").status == 502
    assert target.calls == []


@pytest.mark.parametrize("place", ["header", "body"])
def test_the_target_is_shown_a_token_that_the_server_knows(call, issuer, target, place):
    assert call(place, clientAuthentication=place, scope="orders:read").status == 200
    word, token = seen_by(target)
    assert word == "Bearer"
    known = curl("-u", "header:s3cret%2F%26%3A%2B%25", "--data-urlencode", f"token={token}", issuer + "/token/introspection").json()
    assert (known["active"], known["client_id"], known["scope"], known["token_type"]) == (True, place, "orders:read", "Bearer")
