# SPDX-License-Identifier: Apache-2.0
"""Operators of an issuer that others wrote: oidc-provider from npm (tests/scenario/npm/issuer.mjs), its discovery, its keys and its JWTs of each algorithm."""

import json
import subprocess

import pytest

from harness import ROOT, Server, curl

ISSUER = ROOT / "tests" / "scenario" / "npm" / "issuer.mjs"
SCOPE = "application:read application:write"


@pytest.fixture(scope="module")
def issuer():
    process = subprocess.Popen(["node", ISSUER, "t-1", "t-2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process.stdout.readline().strip()
    process.stdin.close()
    assert process.wait(60) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuer):
    s = Server(tmp_path_factory.mktemp("server"), {"auth.oidc.issuer": issuer, "auth.oidc.audience": "fairlead", "auth.oidc.tenant_claim": "tenants",
                                                   "auth.oidc.scope_claim": "scope"}).start()
    s.cli("tenant", "create", "t-1")
    yield s
    s.stop()


def token(issuer, algorithm, scope=SCOPE):
    answer = curl("-u", "robot:secret", "-d", "grant_type=client_credentials", "--data-urlencode", f"resource=https://fairlead.example/{algorithm}",
                  "--data-urlencode", f"scope={scope}", issuer + "/token")
    return answer.json()["access_token"]


def ask(server, bearer, query, tenant="t-1"):
    return server.curl("-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {bearer}", "-H", f"Tenant: {tenant}",
                       "--data-binary", json.dumps({"query": query}), server.connector + "/director/graphql")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_each_algorithm_registers_an_application(server, issuer, algorithm):
    bearer = token(issuer, algorithm)
    made = ask(server, bearer, 'mutation { registerApplication(in: {name: "%s"}) { id } }' % algorithm).json()
    assert made["data"]["registerApplication"]["id"]
    assert ask(server, bearer[:-10] + "A" * 10, "{ viewer { id } }").status == 401


def test_its_scopes_and_tenants_are_walls(server, issuer):
    reader = token(issuer, "RS256", "application:read")
    refused = ask(server, reader, 'mutation { registerApplication(in: {name: "no"}) { id } }').json()
    assert refused["errors"][0]["extensions"]["error_code"] == 23
    assert ask(server, reader, "{ viewer { id } }", "default").status == 400
    assert ask(server, reader, "{ viewer { id type } }").json()["data"]["viewer"] == {"id": "robot", "type": "USER"}
