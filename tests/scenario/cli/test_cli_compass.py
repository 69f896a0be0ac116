# SPDX-License-Identifier: Apache-2.0
"""Proves that `fairlead connect` takes a Compass token in every form in which the Director gives it, that the connection is renewed and revoked by
the Connector, and that a refused token says what to do."""

import json
import re
import subprocess

import pytest
from harness import BINARY, run

TOKEN = "token connectorURL raw rawEncoded"


def director(server, query):
    answer = server.curl(server.internal + "/director/graphql", "-H", "Content-Type: application/json", "-d", json.dumps({"query": query})).json()
    assert "errors" not in answer, answer
    return answer["data"]["r"]


def token_for(server, app, more=""):
    return director(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s"%s) { %s legacyConnectorURL } }' % (app, more, TOKEN))


@pytest.fixture(scope="module")
def app(server):
    return director(server, 'mutation { r: registerApplication(in: {name: "CLI Shop"}) { id } }')["id"]


@pytest.fixture(scope="module")
def pinned(server):
    return ["--ca-fingerprint", server.cli_json("ca", "show")["fingerprint"], "--key", "ec:P-256"]


def fairlead(server, *words, **more):
    if "input" not in more:
        more["stdin"] = subprocess.DEVNULL
    return run([BINARY, *words], check=False, env=server.environment, **more)


def assert_refused(done, *says, code=1):
    assert done.returncode == code and done.stdout == "", done
    line = done.stderr.strip()
    assert len(line.splitlines()) == 1 and all(word in line for word in says), line


def apart(token):
    return ["--connector-url", token["connectorURL"], "--token", token["token"]]


# ---- refusals ----

def test_a_refused_token_says_what_to_do_and_leaves_nothing(server, app, pinned, tmp_path):
    def refused(token, *says):
        assert_refused(fairlead(server, "connect", *apart(token), "--out", tmp_path / "c", *pinned), *says)
        assert not (tmp_path / "c").exists(), "a directory is left behind"
    token = token_for(server, app)
    refused({**token, "token": token["token"][:-3] + "x=="}, "does not know this token", "requestOneTimeToken")
    refused({**token, "connectorURL": server.connector + "/v1/health"}, "the server answered 405")
    auth = director(server, '{ r: application(id: "%s") { auths { id } } }' % app)["auths"][-1]["id"]
    token = token_for(server, app, ', systemAuthID: "%s"' % auth)
    token_for(server, app, ', systemAuthID: "%s"' % auth)
    refused(token, "replaced by a newer one")
    token = token_for(server, app)
    assert fairlead(server, "connect", token["raw"], "--out", tmp_path / "used", *pinned).returncode == 0
    refused(token, "has been used", "works once", "requestOneTimeToken")


def test_an_unknown_ca_is_shown_and_the_token_stays_good(server, app, pinned, tmp_path):
    token = token_for(server, app)
    assert_refused(fairlead(server, "connect", token["rawEncoded"], "--out", tmp_path / "c"), pinned[1], "--ca-fingerprint")
    assert_refused(fairlead(server, "connect", token["raw"], "--out", tmp_path / "c", "--ca-fingerprint", "00" * 32), "pinned")
    assert fairlead(server, "connect", token["rawEncoded"], "--out", tmp_path / "c", *pinned).returncode == 0


@pytest.mark.parametrize("words", [
    [], ["--connector-url", "https://h/"], ["--token", "x"], ["https://h/", "--token", "x"],
    ["https://h/", "--connector-url", "https://h/", "--token", "x"],
])
def test_half_an_invitation_is_wrong_usage(server, words, tmp_path):
    assert_refused(fairlead(server, "connect", *words, "--out", tmp_path / "c"), "--connector-url URL and --token TOKEN", code=2)


def test_a_token_without_its_address_says_what_is_missing(server, tmp_path):
    done = fairlead(server, "connect", "A" * 86 + "==", "--out", tmp_path / "c")
    assert_refused(done, "--connector-url URL --token TOKEN")
    assert "AAAA" not in done.stderr


# ---- what works ----

@pytest.mark.parametrize("form", ["raw", "rawEncoded", "apart", "standard input", "token on standard input"])
def test_a_token_connects_in_every_form(server, app, pinned, tmp_path, form):
    token, out = token_for(server, app), tmp_path / "c"
    words, more = {"raw": ([token["raw"]], {}), "rawEncoded": ([token["rawEncoded"]], {}), "apart": (apart(token), {}),
                   "standard input": (["-"], {"input": token["rawEncoded"] + "\n"}),
                   "token on standard input": (["--connector-url", token["connectorURL"], "--token", "-"], {"input": token["token"]})}[form]
    done = fairlead(server, "connect", *words, "--out", out, *pinned, **more)
    assert done.returncode == 0 and done.stderr == "", done
    assert {p.name for p in out.iterdir()} == {"client.key", "client.crt", "chain.crt", "ca.crt", "connection.json"}
    run(["openssl", "verify", "-CAfile", out / "ca.crt", out / "client.crt"])
    saved = (out / "connection.json").read_text()
    assert token["token"] not in saved and json.loads(saved)["connectorUrl"].startswith(server.gateway)
    seen = json.loads(run(["sh", "-c", re.search(r"^  (curl .*)$", done.stdout, re.M).group(1)]).stdout)
    assert seen == {"data": {"viewer": {"id": app, "type": "APPLICATION"}}}, "the printed command does not work"


def test_the_legacy_address_connects_as_kyma_does(server, app, pinned, tmp_path):
    url = token_for(server, app)["legacyConnectorURL"]
    shown = json.loads(fairlead(server, "connect", url, "--out", tmp_path / "c", "-o", "json", *pinned).stdout)
    assert shown["infoUrl"].endswith("/v1/applications/management/info") and shown["connectorUrl"] == ""


def test_a_runtime_connects_and_its_certificate_is_renewed_and_revoked(server, pinned, tmp_path):
    runtime = director(server, 'mutation { r: registerRuntime(in: {name: "cli-runtime"}) { id } }')["id"]
    token = director(server, 'mutation { r: requestOneTimeTokenForRuntime(id: "%s") { %s } }' % (runtime, TOKEN))
    out = tmp_path / "c"
    shown = json.loads(fairlead(server, "connect", token["rawEncoded"], "--out", out, "-o", "json", *pinned).stdout)
    assert shown["kind"] == "compass" and shown["directorUrl"] == server.gateway + "/director/graphql"
    assert "Not renewed" in fairlead(server, "renew", out, "--if-expires-within", "30d").stdout
    before = {name: (out / name).read_text() for name in ("client.key", "client.crt")}
    done = fairlead(server, "renew", out, "-o", "json")
    assert json.loads(done.stdout)["renewed"] is True, done
    assert all((out / name).read_text() != text for name, text in before.items())
    subjects = {run(["openssl", "x509", "-noout", "-subject"], input=text).stdout for text in (before["client.crt"], (out / "client.crt").read_text())}
    assert len(subjects) == 1, "the renewed certificate is somebody else's"
    assert fairlead(server, "revoke", out).returncode == 0
    assert_refused(fairlead(server, "renew", out), "Certificate has been revoked.")
