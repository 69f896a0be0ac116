# SPDX-License-Identifier: Apache-2.0
"""Proves that each example of the tutorial "Register a secured API" works with the real curl and the certificate: as it is printed it is
refused with the place of its mistake; made valid it is registered, read back, updated and deleted."""

import base64
import copy
import json
import os
import pathlib
import re

import pki
import pytest
from harness import BINARY, JSON_TYPE, ROOT, assert_error, run

HERE = pathlib.Path(__file__).parent
MASK = "********"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PREFIX = "Failed to unmarshal request body, "
FILLED = {"{USERNAME}": "tutorial-user", "{PASSWORD}": "s3cret/öäü<&>", "{CLIENT_ID}": "tutorial-client", "{CLIENT_SECRET}": "cl13nt s3cret",
          "{CERT_NAME}": "sampleapi.targeturl", "{TOKEN_ENDPOINT_URL}": "https://sampleapi.targeturl/v1/csrf"}
SECRETS = ["tutorial-user", "s3cret", "tutorial-client", "cl13nt"]
METHODS = {"basic": "basic", "oauth": "oauth", "certificateGen": "certificateGen", "csrf": "basic", "parameters": "basic"}


def read_examples():
    """{"name": the "api" section as printed}."""
    parts = re.split(r"^# (\w+)\n", (HERE / "secured-api.txt").read_text().split("\n\n", 1)[1], flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


EXAMPLES = read_examples()


def fill(text):
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    assert not re.search(r"\{[A-Z_]+\}", text), text
    return text


def around(section):
    """The whole request body that a person makes of the section that is printed."""
    return '{\n  "provider": "Tutorial",\n  "name": "secured",\n  "description": "a secured API",\n' + section + "}\n"


def without_trailing_commas(section):
    return re.sub(r",(\s*[}\]])", r"\1", section)


def closed(section):
    """With the braces that the print forgot."""
    plain = re.sub(r'"[^"]*"', "", section)
    return section + "}" * (plain.count("{") - plain.count("}")) + "\n"


def place_of_the_comma(body):
    """Where the brace stands that comes too early after the comma: the first such place."""
    at = re.search(r",\s*(?=[}\]])", body).end()
    before = body[:at]
    return f"line {before.count(chr(10)) + 1}, column {len(before.encode()) - len(before[:before.rfind(chr(10)) + 1].encode()) + 1}"


@pytest.fixture(scope="module")
def secured(shop):
    """The application's services: a call with curl, as the tutorial makes it."""
    def call(method, path="", body=None):
        words = ["-X", method] + (["-H", "Content-Type: application/json", "--data-binary", body] if body is not None else [])
        answer = shop.curl(f"/shop/v1/metadata/services{path}", *words)
        assert answer.headers["content-type"] == JSON_TYPE, answer
        assert not any(secret in answer.body for secret in SECRETS), f"a secret in {answer}"
        return answer
    return call


def masked(api, kind):
    """What is read back of an "api" section that was sent; the generated certificate is looked at apart."""
    wanted = copy.deepcopy(api)
    held = wanted["credentials"][METHODS[kind]]
    for name in ("username", "password", "clientId", "clientSecret"):
        if name in held:
            held[name] = MASK
    return wanted


def read_back(secured, id, api, kind):
    """The service as GET gives it, after the comparison; the certificate of certificateGen as an object."""
    answer = secured("GET", f"/{id}")
    assert answer.status == 200, answer
    found = answer.json()
    encoded = found["api"]["credentials"][METHODS[kind]].pop("certificate", None)
    assert found["api"] == masked(api, kind)
    assert found["labels"] == {"connected-app": "shop"}
    assert (encoded is not None) == (kind == "certificateGen")
    return pki.chain(base64.b64decode(encoded).decode())[0] if encoded else None


@pytest.mark.parametrize("kind", EXAMPLES)
def test_as_printed_it_is_refused_with_the_place(secured, kind):
    body = around(fill(EXAMPLES[kind]))
    assert_error(secured("POST", body=body), 400, f"{PREFIX}trailing comma before '}}' at {place_of_the_comma(body)}")
    half = around(without_trailing_commas(fill(EXAMPLES[kind])))
    assert_error(secured("POST", body=half), 400, f"{PREFIX}unexpected end of JSON input...")
    assert secured("GET").json() == []


@pytest.mark.parametrize("kind", EXAMPLES)
def test_made_valid_it_is_registered_read_updated_and_deleted(secured, server, kind):
    body = json.loads(around(closed(without_trailing_commas(fill(EXAMPLES[kind])))))
    made = secured("POST", body=json.dumps(body))
    assert made.status == 200 and list(made.json()) == ["id"], made
    id = made.json()["id"]
    assert UUID.fullmatch(id)
    certificate = read_back(secured, id, body["api"], kind)
    listed = secured("GET").json()
    assert [(s["id"], s["name"], s["provider"]) for s in listed] == [(id, "secured", "Tutorial")]

    # what people do: GET, change, PUT; the masks stay where they are
    changed = secured("GET", f"/{id}").json()
    changed["description"] = "changed"
    assert secured("PUT", f"/{id}", json.dumps(changed)).status == 200
    assert secured("GET", f"/{id}").json()["description"] == "changed"
    assert read_back(secured, id, body["api"], kind) == certificate

    if certificate:
        assert f"CN={FILLED['{CERT_NAME}']}" == certificate.subject.rfc4514_string()
        assert certificate.signature_algorithm_oid.dotted_string == "1.2.840.113549.1.1.11", "SHA256withRSA is what the tutorial promises"
        body["api"]["credentials"]["certificateGen"]["commonName"] = "another.name"
        assert secured("PUT", f"/{id}", json.dumps(body)).status == 200
        renewed = read_back(secured, id, body["api"], kind)
        assert renewed.public_key() != certificate.public_key() and renewed.subject.rfc4514_string() == "CN=another.name"

    shown = server.cli("service", "show", "shop", id).stdout
    assert METHODS[kind] in shown and not any(secret in shown for secret in SECRETS)
    gone = secured("DELETE", f"/{id}")
    assert gone.status == 204 and gone.body == ""
    assert_error(secured("GET", f"/{id}"), 404, f"Reading service with ID {id} failed, Service with ID {id} not found")
    assert secured("GET").json() == []


def test_more_than_one_method_is_refused(secured):
    """"If you try to register and specify more than one authentication method, the Application Registry returns a 400"."""
    body = json.loads(around(closed(without_trailing_commas(fill(EXAMPLES["basic"])))))
    body["api"]["credentials"]["certificateGen"] = {"commonName": "x"}
    assert_error(secured("POST", body=json.dumps(body)), 400,
                 "Failed to validate request body, api.CredentialsWithCSRF is invalid: to many authentication methods provided")


def page_commands():
    """The command lines of docs/user/tutorial-secured-api.md, in order; what follows "#" is for the reader."""
    text = (ROOT / "docs" / "user" / "tutorial-secured-api.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [command.rstrip("\n") for block in blocks for command in re.split(r"^\$ ", block, flags=re.M)[1:]]


def test_the_page_of_our_own_works_as_it_is_typed(server, tmp_path):
    """With the certificate that `fairlead connect` saved; the commands that find its place are the fixture's."""
    system = tmp_path / "sample-system-connect"
    run([BINARY, "connect", server.token("sample")["url"], "--out", system, "--ca-fingerprint", server.cli_json("ca", "show")["fingerprint"]],
        env=server.environment)
    commands = page_commands()
    place, rest = commands[:4], commands[4:]
    assert [line.split()[0] for line in place] == ["cd", "alias", "export", "SERVICES=https://localhost:9443/sample/v1/metadata/services"]
    environment = server.environment | {"PATH": f"{pathlib.Path(BINARY).parent}:{os.environ['PATH']}", "FAIRLEAD_DATA_DIR": str(server.data)}
    setup = f"shopt -s expand_aliases\n{place[1]}\nSERVICES={server.gateway}/sample/v1/metadata/services\n"

    def shell(command):
        done = run(["bash", "-c", setup + command], cwd=system, env=environment)
        assert not re.match(r'\{"code":[45]', done.stdout), (command, done.stdout)
        return done.stdout
    made = []
    for command in rest:
        out = shell(re.sub(r"\bID\b", made[-1] if made else "", command))
        if command.startswith("system -d"):
            made.append(json.loads(out)["id"])
    assert len(made) == 5 and len(server.cli_json("service", "list", "sample")["services"]) == 4
