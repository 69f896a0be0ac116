# SPDX-License-Identifier: Apache-2.0
"""Proves the error tables of the contract of Compass, a row each: the Connector's messages (1.6, 1.8), tenants (2.7), the Director's numbers, names
and words (2.8), and what HTTP says (5.3)."""

import base64
import json
import subprocess

import pytest
from compass import CONFIGURATION, application, connector, director, fetch, one_time_token, pair, post, sign

NOBODYS = "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae"
ASYNC = "The operation is not allowed [reason=mode ASYNC is not offered: everything is done when the answer comes]"

# ---- the Connector ----


@pytest.fixture(scope="module")
def requests(server, tmp_path_factory):
    """A token that refusals leave as it is, and requests with its key for subjects of any kind."""
    token = one_time_token(server, application(server, "csr errors"))
    configuration = connector(server, CONFIGURATION, token)["data"]["result"]
    key = tmp_path_factory.mktemp("csr") / "key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    subject = dict(part.split("=", 1) for part in configuration["certificateSigningRequestInfo"]["subject"].split(","))

    def make(**changed):
        parts = {**subject, **changed}
        words = "".join(f"/{name}={value}" for name, value in parts.items() if value is not None)
        return subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", words], check=True, capture_output=True).stdout
    make.token = configuration["token"]["token"]
    return make


@pytest.mark.parametrize("changed, message", [
    ({"CN": "another"}, "CSR: Invalid common name provided."), ({"CN": None}, "CSR: Invalid common name provided."),
    ({"C": None}, "CSR: No country provided."), ({"C": "XX"}, "CSR: Invalid country provided."),
    ({"O": None}, "CSR: No organization provided."), ({"O": "x"}, "CSR: Invalid organization provided."),
    ({"OU": None}, "CSR: No organizational unit provided."), ({"OU": "x"}, "CSR: Invalid organizational unit provided."),
    ({"L": None}, "CSR: No locality provided."), ({"L": "x"}, "CSR: Invalid locality provided."),
    ({"ST": None}, "CSR: No province provided."), ({"ST": "x"}, "CSR: Invalid province provided."),
    (b"no pem", "Error while decoding pem block. ..."), (b"-----BEGIN CERTIFICATE REQUEST-----\nQUJD\n-----END CERTIFICATE REQUEST-----\n", "Error while parsing CSR: ..."),
    ("signature", "CSR signature invalid: ..."),
])
def test_a_request_is_refused_in_the_contracts_words(server, requests, changed, message):
    pem = changed if isinstance(changed, bytes) else requests(**changed) if isinstance(changed, dict) else break_signature(requests())
    answer = connector(server, sign(base64.b64encode(pem).decode()), requests.token)
    assert answer["data"] is None and list(answer) == ["errors", "data"]
    (error,) = answer["errors"]
    expected = "Error while signing Certificate Signing Request: " + message
    assert error["message"].startswith(expected[:-3]) if message.endswith("...") else error == {"message": expected, "path": ["result"]}


def break_signature(pem):
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    return b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(der[:-1] + bytes([der[-1] ^ 1])) + b"-----END CERTIFICATE REQUEST-----\n"


# ---- the Director ----

def refused(message, code, name, data):
    return {"errors": [{"message": message, "path": ["r"], "extensions": {"error": name, "error_code": code}}], "data": data}


@pytest.mark.parametrize("query, message, code, name", [
    ('mutation { r: unregisterApplication(id: "%s") { id } }' % NOBODYS, f"Object not found [ID={NOBODYS}; object=application]", 20, "NotFound"),
    ('mutation { r: unpairApplication(id: "%s") { id } }' % NOBODYS, f"Object not found [ID={NOBODYS}; object=application]", 20, "NotFound"),
    ('mutation { r: updateApplication(id: "%s", in: {}) { id } }' % NOBODYS, f"Object not found [ID={NOBODYS}; object=application]", 20, "NotFound"),
    ('mutation { r: unregisterRuntime(id: "%s") { id } }' % NOBODYS, f"Object not found [ID={NOBODYS}; object=runtime]", 20, "NotFound"),
    ('mutation { r: deleteSystemAuthForRuntime(authID: "%s") { id } }' % NOBODYS, f"Object not found [ID={NOBODYS}; object=systemAuth]", 20, "NotFound"),
    ('mutation { r: registerRuntime(in: {name: "100%s bad"}) { id } }' % "%", "Invalid data RuntimeRegisterInput [name=must be in a valid format]", 22, "InvalidData"),
    ('mutation { r: registerApplication(in: {name: ""}) { id } }', "Invalid data ApplicationRegisterInput [name=cannot be blank]", 22, "InvalidData"),
    ("{ r: applications(first: 0) { totalCount } }", "Invalid data [reason=page size must be between 1 and 200]", 22, "InvalidData"),
    ("{ r: tenants(first: 501) { totalCount } }", "Invalid data [reason=page size must be between 1 and 500]", 22, "InvalidData"),
    ('{ r: runtimes(after: "x") { totalCount } }', "Invalid data [reason=cursor is not correct]", 22, "InvalidData"),
    ('mutation { r: unregisterApplication(id: "%s", mode: ASYNC) { id } }' % NOBODYS, ASYNC, 27, "InvalidOperation"),
    ('mutation { r: unpairApplication(id: "%s", mode: ASYNC) { id } }' % NOBODYS, ASYNC, 27, "InvalidOperation"),
    ('mutation { r: registerApplication(in: {name: "csr errors"}) { id } }', "Object name is not unique [object=application]", 31, "NotUniqueName"),
])
def test_the_director_refuses_in_the_contracts_words(server, requests, query, message, code, name):
    status, answer = post(server, "/director/graphql", query)
    assert requests.token and (status, answer) == (200, refused(message, code, name, None))  # `requests` made "csr errors"


def test_who_lacks_a_scope_is_told_which(server, tmp_path):
    _, identity = pair(server, application(server, "lacks scopes"), tmp_path)
    for query, scope, data in (('mutation { r: registerRuntime(in: {name: "x"}) { id } }', "runtime:write", None),
                               ("{ r: tenants { totalCount } }", "tenant:read", None),
                               ('{ r: tenantByExternalID(id: "x") { id } }', "tenant:read", {"r": None})):
        status, answer = post(server, "/director/graphql", query, listener="gateway", identity=identity)
        (error,) = answer["errors"]
        assert status == 200 and answer["data"] == data and error["extensions"] == {"error": "InsufficientScopes", "error_code": 23}
        assert error["message"].startswith("insufficient scopes provided [actual=application:read;application:write;"), error
        assert error["message"].endswith(f"; required={scope}]")


def test_a_certificate_is_its_tenants(server, tmp_path):
    server.cli("tenant", "create", "other")
    default = server.cli_json("status")["defaultTenant"]
    _, identity = pair(server, application(server, "one tenant"), tmp_path)
    for tenant in ("other", "nobody's"):
        answer = post(server, "/director/graphql", "{ viewer { id } }", listener="gateway", identity=identity, headers={"Tenant": tenant})
        assert answer == (400, {"errors": [{"message": f"Tenant not found [externalTenant={tenant}]",
                                            "extensions": {"error": "TenantNotFound", "error_code": 25}}], "data": None})
    assert director(server, "{ viewer { type } }", listener="gateway", identity=identity, headers={"Tenant": default}) == {"viewer": {"type": "APPLICATION"}}


# ---- HTTP ----

JSON, PARSE, VALIDATION = "application/json", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("body, content_type, status, message, code", [
    ('{"query":"query {"}', JSON, 422, "Expected Name, found <EOF>", PARSE),
    ('{"query":"{ nope }"}', JSON, 422, 'Cannot query field "nope" on type "Query".', VALIDATION),
    ('{"query":"{ __typename @skip }"}', JSON, 422, 'Directive "@skip" argument "if" of type "Boolean!" is required, but it was not provided.', VALIDATION),
    ('{"query":"query($a: Int) { __typename }"}', JSON, 422, 'Variable "$a" is never used.', VALIDATION),
    ("{}", JSON, 422, "no operation provided", VALIDATION),
    ("{", JSON, 400, "json request body could not be decoded: ...", None), ("", JSON, 400, "json request body could not be decoded: ...", None),
    ('[{"query":"{ __typename }"}]', JSON, 400, "json request body could not be decoded: ...", None),
    ('{"query":"{ __typename }"}', "text/plain", 400, "transport not supported...", None),
])
def test_what_http_says(server, body, content_type, status, message, code):
    for listener, path in (("connector", "/connector/graphql"), ("internal", "/director/graphql")):
        answer = fetch(server, listener, path, "-X", "POST", "-H", f"Content-Type: {content_type}", "-H", "Accept: application/graphql-response+json",
                       "--data-binary", body)
        found = json.loads(answer.body)
        assert answer.status == status and answer.headers["content-type"] == JSON and list(found) == ["errors", "data"] and found["data"] is None
        (error,) = found["errors"]
        assert error["message"].startswith(message[:-3]) if message.endswith("...") else error["message"] == message
        assert error.get("extensions", {}).get("code") == code
        for method in ("PUT", "DELETE"):
            other = fetch(server, listener, path, "-X", method)
            assert other.status == 405 and "errors" in json.loads(other.body) and "POST" in other.headers["allow"]
