# SPDX-License-Identifier: Apache-2.0
"""Proves the route and method matrix (contract 2, 3.6, 9): what is 404, 405 and 301 on which listener, before any token or certificate counts."""

import pytest
from harness import assert_error, curl

NOT_FOUND, NOT_ALLOWED = (404, "Requested resource could not be found."), (405, "Method not allowed.")
APPLICATIONS, RUNTIMES = "/v1/applications", "/v1/runtimes"


@pytest.fixture(scope="module")
def ask(server, shop):
    """(listener, method, path) -> answer. On the gateway as the enrolled system: without a certificate there is no HTTP."""
    def call(listener, method, path, *more, version="--http1.1"):
        words = ["--path-as-is", "-X", method, version, *more]
        if method == "HEAD":
            words[1:3] = ["-I"]
        if listener == "internal":
            return curl(*words, server.internal + path)
        if listener == "gateway":
            return shop.curl(server.gateway + path, *words)
        return server.curl(*words, server.connector + path)
    return call


ROWS = [
    # listener, method, path
    ("connector", "GET", "/", NOT_FOUND), ("gateway", "GET", "/", NOT_FOUND), ("internal", "GET", "/", NOT_FOUND),
    ("connector", "GET", "/v1/", NOT_FOUND), ("gateway", "GET", "/v1/", NOT_FOUND), ("internal", "GET", "/v1/", NOT_FOUND),
    ("connector", "GET", "/v2", NOT_FOUND), ("connector", "GET", "/V1/api.yaml", NOT_FOUND),
    ("connector", "POST", "/v1", NOT_ALLOWED), ("connector", "POST", "/v1/api.yaml", NOT_ALLOWED), ("gateway", "PUT", "/v1/health", NOT_ALLOWED),
    # token routes: only on the connector
    ("connector", "POST", APPLICATIONS + "/signingRequests/info", NOT_ALLOWED), ("connector", "GET", APPLICATIONS + "/certificates", NOT_ALLOWED),
    ("connector", "DELETE", APPLICATIONS + "/certificates?token=x", NOT_ALLOWED),
    ("connector", "GET", APPLICATIONS + "/signingRequests/zzz", NOT_FOUND), ("connector", "POST", APPLICATIONS + "/certificates/zzz", NOT_FOUND),
    ("connector", "GET", APPLICATIONS + "/signingRequests/info/", NOT_FOUND), ("connector", "POST", APPLICATIONS + "/certificates/", NOT_FOUND),
    ("gateway", "GET", APPLICATIONS + "/signingRequests/info", NOT_FOUND), ("gateway", "POST", APPLICATIONS + "/certificates", NOT_FOUND),
    ("internal", "GET", APPLICATIONS + "/signingRequests/info", NOT_FOUND), ("internal", "POST", APPLICATIONS + "/certificates", NOT_FOUND),
    # certificate routes: only on the gateway
    ("gateway", "POST", APPLICATIONS + "/management/info", NOT_ALLOWED), ("gateway", "GET", APPLICATIONS + "/certificates/renewals", NOT_ALLOWED),
    ("gateway", "GET", APPLICATIONS + "/certificates/revocations", NOT_ALLOWED), ("gateway", "GET", "/shop/v1/events", NOT_ALLOWED),
    ("gateway", "GET", APPLICATIONS + "/management/info/", NOT_FOUND), ("gateway", "POST", APPLICATIONS + "/certificates/renewals/", NOT_FOUND),
    ("connector", "GET", APPLICATIONS + "/management/info", NOT_FOUND), ("connector", "POST", APPLICATIONS + "/certificates/renewals", NOT_FOUND),
    ("connector", "POST", APPLICATIONS + "/certificates/revocations", NOT_FOUND), ("connector", "POST", "/shop/v1/events", NOT_FOUND),
    ("internal", "GET", APPLICATIONS + "/management/info", NOT_FOUND), ("internal", "POST", APPLICATIONS + "/certificates/renewals", NOT_FOUND),
    # operators' routes: only on the internal listener
    ("internal", "GET", APPLICATIONS + "/tokens", NOT_ALLOWED), ("internal", "GET", APPLICATIONS + "/certificates/revocations", NOT_ALLOWED),
    ("internal", "POST", APPLICATIONS + "/tokens/", NOT_FOUND), ("internal", "GET", "/v1/remoteenvironments/shop/tokens", NOT_ALLOWED),
    ("connector", "POST", APPLICATIONS + "/tokens", NOT_FOUND), ("gateway", "POST", APPLICATIONS + "/tokens", NOT_FOUND),
    ("connector", "POST", "/v1/remoteenvironments/shop/tokens", NOT_FOUND), ("gateway", "POST", "/v1/remoteenvironments/shop/tokens", NOT_FOUND),
    # runtimes exist in central mode only
    ("connector", "GET", RUNTIMES + "/signingRequests/info", NOT_FOUND), ("connector", "POST", RUNTIMES + "/certificates", NOT_FOUND),
    ("gateway", "GET", RUNTIMES + "/management/info", NOT_FOUND), ("gateway", "POST", RUNTIMES + "/certificates/renewals", NOT_FOUND),
    ("gateway", "POST", RUNTIMES + "/certificates/revocations", NOT_FOUND), ("internal", "POST", RUNTIMES + "/tokens", NOT_FOUND),
    ("internal", "POST", RUNTIMES + "/certificates/revocations", NOT_FOUND),
]


@pytest.mark.parametrize("listener, method, path, expected", ROWS, ids=lambda v: v if isinstance(v, str) else str(v[0]))
def test_the_matrix_of_routes_and_methods(ask, listener, method, path, expected):
    assert_error(ask(listener, method, path), *expected)


@pytest.mark.parametrize("listener, path", [("connector", "/api/v1/ca"), ("gateway", "/api/v1/certificates"), ("connector", "/metrics"),
                                            ("gateway", "/metrics"), ("connector", "/healthz"), ("gateway", "/api/v1/backup"),
                                            # only on the control socket
                                            ("internal", "/api/v1/backup"), ("internal", "/api/v1/vault/rekey"),
                                            # only between front and core
                                            ("internal", "/front/certificate"), ("internal", "/front/listeners"), ("internal", "/front/tallies"),
                                            ("connector", "/front/listeners"), ("gateway", "/front/listeners")])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_native_routes_do_not_exist_on_other_listeners(ask, listener, method, path):
    answer = ask(listener, method, path)
    if listener == "internal":
        assert answer.status == 404 and answer.headers["content-type"] == "application/problem+json"
    else:  # a client there cannot tell from the answer that the path exists elsewhere
        assert_error(answer, 404, "Requested resource could not be found.")


def test_trace_is_refused_before_routing(ask):
    assert_error(ask("connector", "TRACE", "/v1/api.yaml"), 405, "TRACE is not allowed")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_other_methods_are_405_before_any_token_is_looked_at(ask, method, version):
    for listener, path in (("connector", APPLICATIONS + "/signingRequests/info"), ("connector", "/v1/api.yaml"),
                           ("gateway", APPLICATIONS + "/management/info")):
        answer = ask(listener, method, path, version=version)
        assert answer.status == 405 and "allow" not in answer.headers
        assert answer.headers["content-type"] == "application/json;charset=UTF-8"
        if method != "HEAD":
            assert_error(answer, *NOT_ALLOWED)


@pytest.mark.parametrize("path, clean", [
    ("//v1/api.yaml", "/v1/api.yaml"), ("/v1/./api.yaml", "/v1/api.yaml"), ("/v1/x/../api.yaml", "/v1/api.yaml"),
    ("/v1//applications/certificates?token=a%3Db&x=//", "/v1/applications/certificates?token=a%3Db&x=//"),
    ("/../../v1/applications/signingRequests/info?token=T", "/v1/applications/signingRequests/info?token=T"),
    ("/v1/nowhere//", "/v1/nowhere/"), ("//evil.example/..", "/"),
])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unclean_path_is_redirected_whatever_the_method(ask, path, clean, method):
    answer = ask("connector", method, path)
    assert (answer.status, answer.headers["location"], answer.body) == (301, clean, "")


@pytest.mark.parametrize("path", ["/v1/%2e%2e/v1/api.yaml", "/v1%2fapi.yaml", "/v1/api.yaml%00", "/v1\\api.yaml", "/v1/..;/v1/api.yaml"])
def test_encoded_tricks_do_not_reach_a_route(ask, path):
    assert ask("connector", "GET", path).status in (301, 400, 404)


@pytest.mark.parametrize("listener", ["connector", "gateway", "internal"])
def test_the_description_is_served_on_every_listener(ask, listener):
    moved = ask(listener, "GET", "/v1")
    assert (moved.status, moved.headers["location"]) == (301, "/v1/api.yaml")
    assert moved.body.strip() == '<a href="/v1/api.yaml">Moved Permanently</a>.'
    text = ask(listener, "GET", "/v1/api.yaml")
    assert text.status == 200 and text.headers["content-type"] == "text/plain; charset=utf-8" and "\nopenapi: 3." in text.body


def test_head_does_not_use_up_a_token(server):
    url = server.token("previewed")["url"]
    assert server.curl("-I", url).status == 405
    assert server.curl(url).status == 200


def test_health_differs_it_exists_and_is_empty(ask):
    for listener in ("connector", "gateway", "internal"):
        assert (ask(listener, "GET", "/v1/health").status, ask(listener, "GET", "/v1/health").body) == (200, "")


def test_the_internal_listener_is_healthy_ready_and_measured(server):
    assert curl(server.internal + "/healthz").status == 200
    assert curl(server.internal + "/readyz").status == 200
    assert "fairlead_" in curl(server.internal + "/metrics").body
