# SPDX-License-Identifier: Apache-2.0
"""Operators with a token of an OpenID Connect issuer: what is refused, rotation and trouble at the issuer, and the Compass tutorial's first step."""

import json
import time

import pki
import pytest
from harness import Server, curl, poll
from issuer import Issuer, Key, encode
from scripted import tls_server

TEAM = "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae"


@pytest.fixture(scope="module")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


def settings_for(issuer, **more):
    return {"auth.oidc.issuer": issuer.url, "auth.oidc.audience": "fairlead", "auth.users": "admin@kyma.cx tenant=* scope=*",
            "auth.groups": f"readers tenant={TEAM} scope=application:read,writers tenant=default scope=application:write scope=application:read", **more}


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuer):
    """It asks on its internal listener too, although that is on loopback."""
    s = Server(tmp_path_factory.mktemp("server"), settings_for(issuer, **{"auth.required": "true", "auth.oidc.tenant_claim": "tenants",
                                                                          "auth.oidc.scope_claim": "scope"})).start()
    s.default = s.cli_json("tenant", "list")["tenants"][0]["externalId"]
    s.cli("tenant", "create", TEAM, "--name", "team", check=False)
    yield s
    s.stop()


def director(server, token, query="{ viewer { id type } }", listener="connector", **headers):
    words = [w for k, v in {"Content-Type": "application/json", "Authorization": token and f"Bearer {token}", **headers}.items() if v
             for w in ("-H", f"{k}: {v}")]
    return server.curl(*words, "--data-binary", json.dumps({"query": query}), getattr(server, listener) + "/director/graphql")


def reason(answer):
    assert answer.status == 401, answer
    assert answer.headers["www-authenticate"].startswith('Bearer realm="fairlead", error="invalid_token"')
    message = answer.json()["errors"][0]["message"]
    return message.removeprefix("Unauthorized [reason=").removesuffix("]")


# ---- refusals ----

def test_tokens_that_are_not_good_are_refused(server, issuer):
    now, key = int(time.time()), issuer.keys[0]
    foreign, ec = Key("first"), Key("first", "ec")
    header, claims, signature = issuer.token().split(".")
    for token, expected in (
        ("nonsense", "invalid bearer token"),
        (issuer.token(iss="https://other.example"), "the token is by another issuer"),
        (issuer.token(iss=issuer.url + "/"), "the token is by another issuer"),
        (issuer.token(aud="other"), "the token is for another audience"),
        (issuer.token(aud=None), "the token is for another audience"),
        (issuer.token(exp=now - 61), "the token has expired"),
        (issuer.token(exp=None), "the token does not say when it ends"),
        (issuer.token(nbf=now + 120), "the token is not valid yet"),
        (issuer.token(algorithm="none"), "the token is not signed with RS256, PS256, ES256 or EdDSA"),
        (issuer.token(algorithm="HS256"), "the token is not signed with RS256, PS256, ES256 or EdDSA"),
        (issuer.token(algorithm="RS256", header={"alg": "HS256"}), "the token is not signed with RS256, PS256, ES256 or EdDSA"),
        (issuer.token(header={"crit": ["exp"]}), "the token wants extensions that are not understood"),
        (issuer.token(algorithm="PS256"), "the token is signed with a key that its issuer does not have"),
        (issuer.token(key=foreign), "the token has a signature that is not its issuer's"),
        (issuer.token(key=ec), "the token is signed with a key that its issuer does not have"),
        (issuer.token(header={"kid": "unknown"}), "the token is signed with a key that its issuer does not have"),
        (f"{header}.{claims}.{signature[:-10]}", "the token has a signature that is not its issuer's"),
        (f"{header}.{claims}.{signature}==", "the token has a signature that is not base64url"),
        (f"{header}.{claims}.", "the token has a signature that is not base64url"),
        (f"{header}.{encode(issuer.claims(sub='root'))}.{signature}", "the token has a signature that is not its issuer's"),
        (f"{header}.{claims}", "the token does not have three parts"),
        (f"{header}.{claims}.{'A' * 20000}", "the token is larger than 16384 bytes"),
        (issuer.token(email="stranger@kyma.cx"), "the token gives no rights here (auth.users, auth.groups)"),
        (issuer.token(email_verified=False), "the token gives no rights here (auth.users, auth.groups)"),
        (issuer.token(email=None, sub="admin@kyma.cx"), "the token gives no rights here (auth.users, auth.groups)"),
    ):
        assert reason(director(server, token)) == expected
    twice = encode(b'{"alg":"RS256","kid":"first"}') + "." + encode(json.dumps(issuer.claims()).encode()[:-1] + b',"sub":"root"}')
    token = twice + "." + encode(key.sign("RS256", twice.encode()))
    assert reason(director(server, token)) == "the token has a payload that cannot be understood"


def test_clocks_may_differ_by_a_minute(server, issuer):
    assert director(server, issuer.token(exp=int(time.time()) - 20)).status == 200


def test_no_token_is_ever_written_down(server, issuer):
    refused, taken = issuer.token(email="stranger@kyma.cx"), issuer.token()
    assert director(server, refused).status == 401
    assert director(server, taken, 'mutation { registerApplication(in: {name: "written"}) { id } }').status == 200
    for part in (refused + "." + taken).split("."):
        assert part[-40:] not in server.log() and part[-40:] not in json.dumps(server.audit())


def test_rights_do_not_mix(server, issuer):
    """Reading in one tenant and writing in another is not writing in both."""
    token = issuer.token(email=None, groups=["readers", "others"], tenants=[server.default], scope="application:write application:read")
    register = 'mutation { registerApplication(in: {name: "mixed"}) { id } }'
    refused = director(server, token, register, Tenant=TEAM).json()
    assert refused["errors"][0]["message"] == "insufficient scopes provided [actual=application:read; required=application:write]"
    assert "errors" not in director(server, token, "{ applications { totalCount } }", Tenant=TEAM).json()
    assert "errors" not in director(server, token, register, Tenant=server.default).json()
    answer = director(server, issuer.token(email=None, groups=["readers"]), Tenant=server.default)
    assert answer.status == 400 and answer.json()["errors"][0]["extensions"]["error_code"] == 25


def test_all_is_not_a_tokens_to_give(server, issuer):
    assert reason(director(server, issuer.token(email=None, tenants="*", scope="*"))).startswith("the token gives no rights here")


# ---- the internal listener ----

@pytest.mark.parametrize("method, path", [
    ("GET", "/api/v1/applications"), ("GET", "/api/v1/status"), ("POST", "/v1/applications/tokens"), ("GET", "/shop/v1/metadata/services"),
    ("GET", "/shop/v1/metadata/api.yaml"), ("GET", "/shop/v1/metadata"), ("GET", "/metrics"), ("POST", "/v1/applications/certificates/revocations"),
])
def test_the_internal_listener_asks_for_a_bearer(server, issuer, method, path):
    answer = curl("-X", method, server.internal + path)
    assert answer.status == 401 and answer.headers["www-authenticate"] == 'Bearer realm="fairlead"', answer
    small = issuer.token(email=None, tenants=server.default, scope="admin")
    answer = curl("-X", method, "-H", f"Authorization: Bearer {small}", server.internal + path)
    assert answer.status == 403 and 'error="insufficient_scope"' in answer.headers["www-authenticate"], answer
    answer = curl("-X", method, "-H", f"Authorization: Bearer {issuer.token()}", "-H", "Application: shop", server.internal + path)
    assert answer.status < 500 and answer.status not in (401, 403), answer


def test_health_and_the_control_socket_stay_open(server):
    for path in ("/healthz", "/readyz", "/v1/health"):
        assert curl(server.internal + path).status == 200
    assert server.cli_json("app", "list")
    assert director(server, None, listener="internal").status == 400


def test_an_operators_token_opens_the_internal_listener_too(server):
    made = json.loads(server.cli("operator", "create", "native", "--scope", "admin", "-o", "json").stdout)
    answer = curl("-H", f"Authorization: Bearer {made['token']}", server.internal + "/api/v1/applications")
    assert answer.status == 200
    server.cli("operator", "delete", "native", "--yes", check=False)


def test_elsewhere_than_on_loopback_somebody_must_be_asked(make_server, issuer):
    open_ = make_server("open", start=False, settings={"listen.internal": "0.0.0.0:0"})
    open_.start(wait=False)
    assert open_.process.wait(30) == 1
    open_.process = None
    assert "nobody is asked who they are there" in open_.log()
    asks = make_server("asks", settings=settings_for(issuer, **{"listen.internal": "0.0.0.0:0"}))
    internal = "http://127.0.0.1:" + asks.port("internal")
    assert curl(internal + "/api/v1/applications").status == 401
    assert curl("-H", f"Authorization: Bearer {issuer.token()}", internal + "/api/v1/applications").status == 200


# ---- the issuer ----

def test_each_kind_of_key(make_server, issuer):
    keys = [Key("rsa"), Key("ec", "ec"), Key("ed", "ed")]
    before, issuer.keys = issuer.keys, keys
    try:
        server = make_server("kinds", settings=settings_for(issuer))
        for key in keys:
            answer = director(server, issuer.token(key=key)).json()
            assert answer["data"]["viewer"] == {"id": issuer.claims()["sub"], "type": "USER"}
    finally:
        issuer.keys = before


@pytest.mark.parametrize("mode", ["down", "huge"])
def test_trouble_at_the_issuer_closes_the_door_until_it_is_over(make_server, mode):
    issuer = Issuer()
    try:
        issuer.mode = mode
        server = make_server("trouble", settings=settings_for(issuer, **{"auth.required": "true"}))
        answer = director(server, issuer.token())
        assert answer.status == 503, answer
        assert len(issuer.asked) == 1 and director(server, issuer.token()).status == 503
        assert curl("-H", f"Authorization: Bearer {issuer.token()}", server.internal + "/api/v1/applications").status == 503
        assert "oidc.issuer_failed" in server.log() and "request.failed" not in server.log()  # no line for each stranger
        issuer.mode = "fine"
        poll(lambda: director(server, issuer.token()).status == 200, 60, "the door stays closed")  # a back-off at most
        # With keys at hand, an issuer that does not answer at all is nobody's trouble.
        issuer.mode, asked = "slow", len(issuer.asked)
        assert director(server, issuer.token()).status == 200
        server.reload()
        assert director(server, issuer.token()).status == 200
        assert len(issuer.asked) == asked
    finally:
        issuer.close()


# ---- what works ----

def test_the_tutorials_first_step(server, issuer):
    """An operator with Dex's token and the header Tenant registers an application and gets its one-time token."""
    token, tenant = issuer.token(), {"Tenant": server.default}
    app = director(server, token, 'mutation { result: registerApplication(in: {name: "from-dex"}) { id } }', **tenant).json()["data"]["result"]["id"]
    answer = director(server, token, 'mutation { result: generateOneTimeTokenForApplication(id: "%s") { token connectorURL } }' % app, **tenant).json()
    one_time = answer["data"]["result"]["token"]
    body = json.dumps({"query": "query { result: configuration { token { token } certificateSigningRequestInfo { subject } } }"})
    answer = server.curl("-H", "Content-Type: application/json", "-H", f"Connector-Token: {one_time}", "--data-binary", body,
                         server.connector + "/connector/graphql")
    assert answer.json()["data"]["result"]["certificateSigningRequestInfo"]["subject"]
    actors = {entry["actor"] for entry in server.audit()["entries"]}
    assert f"oidc:{issuer.claims()['sub']}@{issuer.url.split('/')[2]}" in actors


def test_users_of_a_file_and_an_issuer_behind_tls(make_server, tmp_path):
    """auth.users as YAML has it, taken back by a reload; the issuer's certificate is of a CA of its own."""
    authority = pki.Authority()
    (tmp_path / "issuer.pem").write_text(authority.pem)
    (tmp_path / "own.crt").write_text(pki.pem(authority.issue("CN=localhost", pki.key("ec:P-256", 3), (pki.SERVER_AUTH,), sans=("localhost",))))
    (tmp_path / "own.key").write_text(pki.key_pem(pki.key("ec:P-256", 3)))
    issuer = Issuer(tls=tls_server(tmp_path / "own.crt", tmp_path / "own.key"))
    path = tmp_path / "fairlead.yaml"

    def write(user):
        path.write_text(f"auth:\n  oidc:\n    issuer: {issuer.url}\n    audience: fairlead\n    ca_file: {tmp_path / 'issuer.pem'}\n"
                        f"  users:\n    - {user} tenant=* scope=application:read\n    - somebody else tenant=* scope=*\n")

    try:
        write("admin@kyma.cx")
        server = make_server("file", config=path)
        assert director(server, issuer.token(), "{ applications { totalCount } }").json()["data"]["applications"] == {"totalCount": 0}
        write("other@kyma.cx")
        server.reload()
        poll(lambda: director(server, issuer.token()).status == 401, 20, "the reload is not in force")
        assert issuer.asked == ["/dex/.well-known/openid-configuration", "/dex/keys"]  # the keys outlived it
    finally:
        issuer.close()
