# SPDX-License-Identifier: Apache-2.0
"""Proves the third way in: /secret/{secret}/api/{api}, with secrets that an operator keeps, and the credentials of registered services."""

import base64
import json
import ssl

import pki
import pytest
from harness import curl
from metadata import service
from target import Target


class Secrets:
    def __init__(self, server):
        self.server, self.made = server, set()

    def put(self, name, data, *words, **more):
        self.made.add(name)
        return self.server.cli("secret", "put", name, "-f", "-", "-o", "json", *words, input=json.dumps({"data": data}), **more)

    def call(self, rest, *words):
        return curl("--path-as-is", *words, f"http://{self.server.address('proxy')}{rest}")


@pytest.fixture
def secrets(server):
    s = Secrets(server)
    yield s
    for name in s.made:
        server.cli("secret", "delete", name, "--yes", check=False)


@pytest.fixture(scope="module", autouse=True)
def no_secret_in_the_log(server):
    yield
    for secret in ("s3cret-", "token-1", "csrf-1"):
        assert secret not in server.log()


def oauth(target):
    return {"clientId": "the-id", "clientSecret": "s3cret-oauth", "tokenUrl": target.url + "/token"}


BASIC = {"username": "user", "password": "s3cret-basic"}


def test_without_credentials(secrets, target):
    secrets.put("plain", {"NO-AUTH-API_TARGET_URL": target.url + "/base?k=v", "CREDENTIALS_TYPE": "NoAuth",
                          "CONFIGURATION": json.dumps({"requestParameters": {"headers": {"X-More": ["1"]}, "queryParameters": {"q": ["2"]}}})})
    for rest, seen in (("", "/base?k=v&q=2"), ("/", "/base/?k=v&q=2"), ("/a/b/?c=d", "/base/a/b/?k=v&c=d&q=2"), ("/a%2Fb//c", "/base/a%2Fb//c?k=v&q=2")):
        answer = secrets.call(f"/secret/plain/api/no-auth-api{rest}").json()
        assert answer["target"] == seen and ["X-More", "1"] in answer["headers"], answer
    assert secrets.call("/secret/plain/api/No-Auth-Api/x").status == 200, "the key is in capitals, whatever the caller writes"


@pytest.mark.parametrize("kind", ["basicauth", "BasicAuth"])
@pytest.mark.parametrize("csrf", [False, True])
def test_basic(secrets, target, kind, csrf):
    target.need, target.need_csrf = ("basic", "user", "s3cret-basic"), csrf
    configuration = {"credentials": BASIC, **({"csrfConfig": {"tokenUrl": target.url + "/csrf"}} if csrf else {})}
    secrets.put("basic", {"API_TARGET_URL": target.url, "CREDENTIALS_TYPE": kind, "CONFIGURATION": json.dumps(configuration)})
    for _ in range(3):
        assert secrets.call("/secret/basic/api/api/x", "-d", "body").status == 200
    assert target.csrf_fetches == csrf


def test_csrf_without_credentials(secrets, target):
    target.need_csrf = True
    secrets.put("csrf", {"API_TARGET_URL": target.url, "CONFIGURATION": json.dumps({"csrfConfig": {"tokenUrl": target.url + "/csrf"}})})
    assert secrets.call("/secret/csrf/api/api/x").status == 200


def test_oauth_is_shared_by_the_apis_of_a_secret(secrets, target):
    target.need = "bearer"
    secrets.put("both", {"ONE_TARGET_URL": target.url + "/1", "TWO_TARGET_URL": target.url + "/2", "CREDENTIALS_TYPE": "OAuth",
                         "CONFIGURATION": json.dumps({"credentials": {**oauth(target), "requestParameters": {"queryParameters": {"scope": ["s"]}}}})})
    assert secrets.call("/secret/both/api/one/x").json()["target"] == "/1/x"
    assert secrets.call("/secret/both/api/two/x").json()["target"] == "/2/x"
    (path, _, form), = target.token_requests
    assert path == "/token?scope=s" and form["client_id"] == ["the-id"]
    target.tokens.clear()  # revoked there
    assert secrets.call("/secret/both/api/one/x", "-d", "b").json()["size"] == 1
    assert len(target.token_requests) == 2


def test_the_dialects_work_there_too(secrets, target):
    target.need, target.token_dialect = "bearer", lambda headers, form, _: "Authorization" not in headers and form.get("audience") == ["a"]
    secrets.put("dialect", {"API_TARGET_URL": target.url, "CREDENTIALS_TYPE": "OAuth",
                            "CONFIGURATION": json.dumps({"credentials": {**oauth(target), "clientAuthentication": "body", "audience": "a"}})})
    assert secrets.call("/secret/dialect/api/api/x").status == 200


@pytest.mark.parametrize("encoded", [True, False])
def test_a_certificate(secrets, tmp_path, encoded):
    """The target is behind a CA that nobody trusts, so the handshake fails after the pair was read; one of two keys fits."""
    authority, key = pki.Authority("CN=Clients", which=40), pki.key("ec:P-256", 41)
    pem = pki.key_pem(key)
    values = [pki.pem(authority.issue("CN=caller", key)), pem]
    if encoded:
        values = [base64.b64encode(v.encode()).decode() for v in values]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pki.write(tmp_path / "s.crt", pki.pem(authority.issue("CN=localhost", key, (pki.SERVER_AUTH,), sans=("localhost",)))),
                        pki.write(tmp_path / "s.key", pem))
    target = Target(tls)
    try:
        data = {"API_TARGET_URL": target.url, "CREDENTIALS_TYPE": "Certificate",
                "CONFIGURATION": json.dumps({"credentials": {"certificate": values[0], "privateKey": values[1]}})}
        secrets.put("certificate", data)
        answer = secrets.call("/secret/certificate/api/api/x")
        assert answer.status == 502 and "tls" in answer.json()["error"], answer
        data["CONFIGURATION"] = json.dumps({"credentials": {"certificate": values[0], "privateKey": "!"}})
        secrets.put("certificate", data)
        answer = secrets.call("/secret/certificate/api/api/x")
        assert answer.status == 500 and "privateKey is neither base64 nor PEM" in answer.json()["error"], answer
    finally:
        target.close()


# ---- errors (contract 3.3) ----


@pytest.mark.parametrize("data,status,error", [
    (None, 404, "secret 'broken' not found"),
    ({}, 400, "provided secret is empty"),
    ({"CREDENTIALS_TYPE": "NoAuth"}, 404, "target URL for API api not found in the broken secret"),
    ({"API_TARGET_URL": "http://127.0.0.1:1", "CONFIGURATION": "{"}, 500, "failed to read API for api service, unexpected end of JSON input"),
    ({"API_TARGET_URL": "http://127.0.0.1:1", "CONFIGURATION": '{"credentials":3}'}, 500, "credentials must be an object, not a number"),
    ({"API_TARGET_URL": "http://127.0.0.1:1", "CREDENTIALS_TYPE": "OAuth", "CONFIGURATION": "{}"}, 500, "credentials.clientId is missing"),
    ({"API_TARGET_URL": "http://127.0.0.1:1", "CONFIGURATION": '{"requestParameters":{"headers":{"Host":["x"]}}}'}, 500, "this header cannot be set"),
    ({"API_TARGET_URL": "http://127.0.0.1:1", "CREDENTIALS_TYPE": "Whatever"}, 502, "connect"),
    ({"API_TARGET_URL": "nowhere"}, 500, "failed to parse target url 'nowhere'")])
def test_errors(secrets, data, status, error):
    if data is not None:
        secrets.put("broken", data)
    answer = secrets.call("/secret/broken/api/api/x")
    assert answer.status == status and error in answer.json()["error"], answer
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


def test_a_path_does_not_climb(secrets, target):
    secrets.put("climb", {"API_TARGET_URL": target.url + "/base"})
    for path, status in (("/secret/climb/api/api/../x", 400), ("/secret/climb/api/api/%2e%2e/x", 400), ("/secret/../api/api/x", 404), ("/secret//api/api", 400)):
        assert secrets.call(path).status == status, path
    assert not target.calls


# ---- keeping them ----


def test_a_change_counts_from_the_next_call_on(secrets, target):
    other = Target()
    try:
        for i in range(6):
            aim = (target, other)[i % 2]
            secrets.put("changed", {"API_TARGET_URL": aim.url})
            assert secrets.call("/secret/changed/api/api/x").status == 200
            assert len(aim.calls) == i // 2 + 1
        secrets.server.cli("secret", "delete", "changed", "--yes")
        assert secrets.call("/secret/changed/api/api/x").status == 404
        secrets.put("changed", {"API_TARGET_URL": target.url})
        assert secrets.call("/secret/changed/api/api/x").status == 200
    finally:
        other.close()


def test_values_go_in_and_do_not_come_out(server, secrets, tmp_path):
    file = tmp_path / "configuration.json"
    file.write_text(json.dumps({"credentials": BASIC}))
    file.chmod(0o600)
    secrets.made.add("kept")
    out = server.cli("secret", "put", "kept", "--from-literal", "API_TARGET_URL=http://h.example", "--from-literal", "CREDENTIALS_TYPE=BasicAuth",
                     "--from-file", f"CONFIGURATION={file}").stdout
    assert "s3cret" not in out and "CONFIGURATION = ********" in out and "API_TARGET_URL = http://h.example" in out and "Warning" not in out, out
    shown = server.cli_json("secret", "show", "kept")
    assert shown["revision"] == 1 and shown["data"]["CONFIGURATION"] == "********" and shown["warning"] is None
    shown["data"]["API_TARGET_URL"] = "http://u:s3cret-url@h.example"
    assert json.loads(secrets.put("kept", shown["data"]).stdout)["data"] == {"API_TARGET_URL": "********", "CONFIGURATION": "********", "CREDENTIALS_TYPE": "BasicAuth"}
    assert server.cli("secret", "put", "kept", "--if-revision", "1", "--from-literal", "A=b", check=False).returncode != 0
    assert [s["name"] for s in server.cli_json("secret", "list")["secrets"]] == ["kept"]
    actions = [e["action"] for e in server.cli_json("audit", "list", "--action", "secret.")["entries"]]
    assert "secret.put" in actions
    server.cli("vault", "rekey")
    assert server.cli_json("secret", "show", "kept")["revision"] == 2
    for path in server.data.rglob("*"):
        if path.is_file():
            assert b"s3cret-" not in path.read_bytes() or path.name.endswith(".log"), path


def test_a_warning_says_what_calls_would_be_refused_for(secrets):
    coded = base64.b64encode(json.dumps({"credentials": BASIC}).encode()).decode()
    assert "not base64" in json.loads(secrets.put("warned", {"API_TARGET_URL": "http://h.example", "CONFIGURATION": coded}).stdout)["warning"]
    assert "_TARGET_URL" in json.loads(secrets.put("warned", {"CREDENTIALS_TYPE": "NoAuth"}).stdout)["warning"]


@pytest.mark.parametrize("name,data", [("-x", {}), ("a/b", {}), ("fine", {"a b": "c"}), ("fine", {"": "c"}), ("fine", {"A": 1}), ("fine", {"A": "********"})])
def test_refuses_what_is_no_secret(server, name, data):
    done = server.cli("secret", "put", "-f", "-", "--", name, input=json.dumps({"data": data}), check=False)
    assert done.returncode != 0, done.stdout
    assert server.cli_json("secret", "list")["secrets"] == []


def test_the_credentials_of_a_registered_service(server, registry, secrets, target):
    target.need = ("basic", "user", "s3cret-basic")
    id = registry.register(service("My Orders", targetUrl=target.url, credentials={"basic": BASIC}))
    try:
        for name in (f"app-shop-{id}", f"shop-{id}"):
            for api in ("my-orders", id):
                assert secrets.call(f"/secret/{name}/api/{api}/x").json()["target"] == "/x"
        assert secrets.call(f"/secret/shop-{id}/api/other/x").json()["error"] == f"target URL for API other not found in the shop-{id} secret"
        assert secrets.call(f"/secret/else-{id}/api/my-orders/x").json()["error"] == f"secret 'else-{id}' not found"
        assert secrets.call(f"/secret/params-shop-{id}/api/my-orders/x").status == 404
    finally:
        registry.delete(id)
    assert secrets.call(f"/secret/shop-{id}/api/my-orders/x").status == 404


def test_an_output_that_is_none_is_an_error_of_usage(secrets):
    for words in ("secret list", "secret show x", "secret delete x --yes", "secret put x --from-literal A=b", "service specification a x --refresh",
                  "service credentials a x", "service register a -f -", "service update a x -f -", "service delete a x --yes"):
        done = secrets.server.cli(*words.split(), "-o", "xml", check=False)
        assert done.returncode == 2 and done.stderr.startswith("fairlead: -o takes table"), done
