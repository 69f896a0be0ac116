# SPDX-License-Identifier: Apache-2.0
"""Pairing the Compass way: the Director makes a one-time token, the Connector turns it into a certificate, over real GraphQL requests in the
shape that Compass's own clients send."""

import base64
import json
import subprocess
import threading

import pytest
from compass import CONFIGURATION, application, connector, director, fetch, one_time_token, pair, post, request_for, send, sign
from harness import Server

NOBODY = ("Failed to authenticate request. Token authentication error: Failed to authenticate with one time token.. Certificate authentication "
          "error: Failed to authenticate with Certificate. Invalid subject.")
PAGE = "https://console.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("server"), {"graphql.cors_origins": PAGE}).start()
    yield s
    s.stop()


def reason(answer):
    return answer["errors"][0]["extensions"]["reason"]


# ---- refusals ----

def test_without_a_token_nobody_is_served(server):
    for query, before in ((CONFIGURATION, ""), (sign("QUJD"), "Failed to authenticate with token: ")):
        answer = connector(server, query)
        assert answer["data"] is None
        assert answer["errors"] == [{"message": before + NOBODY, "path": ["result"]}]
    assert connector(server, "mutation { revokeCertificate }")["errors"][0]["message"] == (
        "Failed to authenticate with certificate: Failed to authenticate with Certificate. Invalid subject.")


def test_a_token_says_why_it_is_refused_to_who_has_it(server):
    app = application(server, "reasons")
    auths = director(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s") { token } }' % app)
    first = auths["r"]["token"]
    assert reason(connector(server, CONFIGURATION, first[:-3] + "x==")) == "unknown"
    second = connector(server, CONFIGURATION, first)["data"]["result"]["token"]["token"]
    assert reason(connector(server, CONFIGURATION, first)) == "used"
    auth = director(server, '{ application(id: "%s") { auths { id } } }' % app)["application"]["auths"][0]["id"]
    director(server, 'mutation { requestOneTimeTokenForApplication(id: "%s", systemAuthID: "%s") { token } }' % (app, auth))
    assert reason(connector(server, CONFIGURATION, second)) == "replaced"


def test_a_token_outlives_what_is_refused(server, tmp_path):
    token = one_time_token(server, application(server, "outlives"))
    for body in ("{", '{"query":"{"}', '{"query":"{ nope }"}', '{"query":"{ __schema { queryType { name } } }"}', json.dumps({"query": sign("%%")}),
                 json.dumps({"query": sign(base64.b64encode(b"no pem").decode())})):
        send(server, "/connector/graphql", body, "connector", {"Content-Type": "application/json", "Connector-Token": token})
    _, csr = request_for("/CN=somebody else", tmp_path)
    assert connector(server, sign(csr), token)["errors"][0]["message"] == (
        "Error while signing Certificate Signing Request: CSR: Invalid common name provided.")
    assert connector(server, sign("%%"), token)["errors"][0]["message"] == (
        "Error while decoding Certificate Signing Request: Error while parsing base64 content. Incorrect value provided.")
    assert "data" in connector(server, CONFIGURATION, token) and "errors" not in connector(server, "{ __typename }", token)


def test_one_token_does_one_thing(server):
    token = one_time_token(server, application(server, "once"))
    answer = connector(server, "{ a: configuration { token { token } } b: configuration { token { token } } }", token)
    assert reason(answer) == "used" and answer["errors"][0]["path"] == ["b"]

    token, answers = one_time_token(server, application(server, "raced")), []
    threads = [threading.Thread(target=lambda: answers.append(connector(server, CONFIGURATION, token))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("errors" not in answer for answer in answers) == 1


def test_a_token_of_kyma_opens_nothing_here_but_the_other_way_round(server):
    kyma = json.loads(fetch(server, "internal", "/v1/applications/tokens", "-X", "POST", "-H", "Application: plain").body)["token"]
    assert reason(connector(server, CONFIGURATION, kyma)) == "unknown"
    legacy = director(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s") { legacyConnectorURL } }' % application(server, "legacy"))
    url = legacy["r"]["legacyConnectorURL"]
    info = json.loads(fetch(server, "connector", url[url.index("/v1"):]).body)
    assert info["api"]["metadataUrl"].endswith("/mp-legacy/v1/metadata/services")
    assert info["certificate"]["key-algorithm"] == "rsa2048"


def test_a_wrong_content_type_names_the_right_line(server):
    status, answer = send(server, "/connector/graphql", "query=x", "connector", {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 400
    assert "Content-Type: application/json" in answer["errors"][0]["message"]


@pytest.mark.parametrize("query, code", [
    ('mutation { unregisterApplication(id: "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae") { id } }', 20),
    ('mutation { requestOneTimeTokenForApplication(id: "no uuid") { token } }', 20),
    ('mutation { registerApplication(in: {name: ""}) { id } }', 22),
    ('mutation { registerApplication(in: {name: "x", labels: {scenarios: ["a"]}}) { id } }', 22),
    ('mutation { registerRuntime(in: {name: "not allowed!"}) { id } }', 22),
    ('{ applications(first: 201) { totalCount } }', 22),
    ('{ applications(after: "zzz") { totalCount } }', 22),
    ('{ applications(filter: {key: "a", query: "no json"}) { totalCount } }', 22),
    ('mutation { registerApplication(in: {name: "x", localTenantID: "%s"}) { id } }' % ("l" * 257), 22),
    ('mutation { registerApplication(in: {name: "x", providerName: "%s"}) { id } }' % ("p" * 70000), 22),
    ('mutation { registerApplication(in: {name: "x", labels: {a: "%s"}}) { id } }' % ("v" * 9000), 22),
    ('{ applications(filter: {key: "a", query: "[%s]"}) { totalCount } }' % ",".join(["1"] * 300), 22),
    ('mutation { a: registerRuntime(in: {name: "same"}) { id } b: registerRuntime(in: {name: "same"}) { id } }', 31),
])
def test_the_director_refuses_with_its_numbers(server, query, code):
    status, answer = post(server, "/director/graphql", query)
    assert status == 200
    assert answer["errors"][0]["extensions"]["error_code"] == code


@pytest.mark.parametrize("query, what", [
    ("{ labelDefinitions { key } }", "label definitions"), ("{ r: integrationSystems(first: 2) { totalCount } }", "integration systems"),
    ("{ formations { data { id } } }", "formations"), ("{ automaticScenarioAssignments { totalCount } }", "scenarios"),
    ("{ applicationTemplates { totalCount } }", "application templates"), ("{ applications { data { applicationTemplate { id } } } }", "application templates"),
    ('mutation { r: addWebhook(applicationID: "x", in: {type: UNPAIR_APPLICATION}) { id } }', "webhooks"),
    ('mutation { registerApplication(in: {name: "x", webhooks: []}) { id } }', "webhooks"),
    ('mutation { requestClientCredentialsForApplication(id: "x") { id } }', "client credentials"),
    ('mutation { setDefaultEventingForApplication(appID: "x", runtimeID: "y") { defaultURL } }', "events"),
    ("mutation { writeTenants(in: []) }", "tenants"),
])
def test_what_is_outside_of_the_subset_says_so(server, query, what):
    status, answer = post(server, "/director/graphql", query)
    error = answer["errors"][0]
    assert status == 422 and len(answer["errors"]) == 1 and answer["data"] is None
    assert error["message"].startswith("The operation is not allowed [reason=") and what in error["message"]
    assert error["extensions"] == {"error": "InvalidOperation", "error_code": 27}


def test_tenants_are_a_wall(server):
    status, answer = post(server, "/director/graphql", "{ applications { totalCount } }", headers={"Tenant": "nobody's"})
    assert status == 400
    assert answer["errors"][0]["extensions"] == {"error": "TenantNotFound", "error_code": 25}


def test_without_a_bearer_the_director_is_closed_outside(server):
    for headers, expected in (({}, 400), ({"Authorization": "Bearer nonsense"}, 401), ({"Authorization": "Basic eDp4"}, 400)):
        status, answer = post(server, "/director/graphql", "{ viewer { id } }", listener="connector", headers=headers)
        assert status == expected
        assert answer["errors"][0]["extensions"]["error_code"] == 26


def test_pages_of_other_origins(server):
    def ask(listener, path, *arguments, origin=PAGE):
        answer = fetch(server, listener, path, *arguments, *(("-H", f"Origin: {origin}") if origin else ()))
        return answer.status, answer.headers.get("access-control-allow-origin"), answer.headers.get("vary")
    query = ("-H", "Content-Type: application/json", "-d", '{"query":"{ __typename }"}')
    for origin in ("https://evil.example", PAGE + ".evil", PAGE.upper(), "null", None):
        assert ask("connector", "/connector/graphql", *query, origin=origin) == (200, None, "Origin")
        assert ask("connector", "/director/graphql", "-X", "OPTIONS", origin=origin) == (200, None, "Origin")
        assert ask("internal", "/director/graphql", *query, origin=origin)[0] == (403 if origin else 200)
    assert ask("internal", "/api/v1/tokens") == (403, None, None)
    assert ask("connector", "/version") == (200, None, None)
    for listener, path in (("connector", "/connector/graphql"), ("connector", "/director/graphql"), ("internal", "/director/graphql")):
        asked = fetch(server, listener, path, "-X", "OPTIONS", "-H", f"Origin: {PAGE}", "-H", "Access-Control-Request-Method: POST")
        assert (asked.status, asked.body, asked.headers["allow"], asked.headers["vary"]) == (200, "", "OPTIONS, GET, POST", "Origin")
        assert asked.headers["access-control-allow-origin"] == PAGE and "Connector-Token" in asked.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in asked.headers and "content-type" not in asked.headers
    assert ask("connector", "/connector/graphql", *query) == (200, PAGE, "Origin")
    assert ask("connector", "/director/graphql", *query) == (400, PAGE, "Origin")  # the page may read why
    assert ask("internal", "/director/graphql", *query) == (200, PAGE, "Origin")


# ---- what works ----

def test_the_tutorial_from_the_token_to_the_revoked_certificate(server, tmp_path):
    app = application(server, "Tutorial Shop")
    configuration, identity = pair(server, app, tmp_path)
    assert configuration["managementPlaneInfo"]["certificateSecuredConnectorURL"].endswith("/connector/graphql")
    subject = subprocess.run(["openssl", "x509", "-in", tmp_path / "client.crt", "-noout", "-subject", "-nameopt", "RFC2253"], check=True,
                             capture_output=True, text=True).stdout
    auth = director(server, '{ application(id: "%s") { auths { id } } }' % app)["application"]["auths"][0]["id"]
    assert f"CN={auth}" in subject
    subprocess.run(["openssl", "verify", "-CAfile", tmp_path / "ca.crt", tmp_path / "client.crt"], check=True, capture_output=True)

    seen = director(server, "{ viewer { id type } }", listener="gateway", identity=identity)
    assert seen["viewer"] == {"id": app, "type": "APPLICATION"}
    assert director(server, '{ application(id: "%s") { status { condition } } }' % app)["application"]["status"]["condition"] == "CONNECTED"
    renewed = connector(server, CONFIGURATION, listener="gateway", identity=identity)["data"]["result"]
    assert renewed["certificateSigningRequestInfo"] == configuration["certificateSigningRequestInfo"]
    key, csr = request_for(renewed["certificateSigningRequestInfo"]["subjectOpenSSL"], tmp_path, "renewed")
    result = connector(server, sign(csr), listener="gateway", identity=identity)["data"]["result"]
    (tmp_path / "renewed.crt").write_bytes(base64.b64decode(result["certificateChain"]))

    assert connector(server, "mutation { result: revokeCertificate }", listener="gateway", identity=identity) == {"data": {"result": True}}
    status, answer = post(server, "/director/graphql", "{ viewer { id } }", listener="gateway", identity=identity)
    assert status == 403 and answer == {"errors": [{"message": "Certificate has been revoked."}], "data": None}
    again = ("--cert", str(tmp_path / "renewed.crt"), "--key", str(key))
    assert director(server, "{ viewer { id } }", listener="gateway", identity=again)["viewer"]["id"] == app


def test_what_clients_always_select(server):
    rest = "webhooks { id type mode url } eventingConfiguration { defaultURL }"
    app = director(server, 'mutation { r: registerApplication(in: {name: "All Of It"}) { %s deletedAt error applicationTemplateID } }' % rest)["r"]
    url = app["eventingConfiguration"]["defaultURL"]
    assert url.startswith("https://") and url.endswith("/mp-all-of-it/v1/events")
    assert app["webhooks"] is app["deletedAt"] is app["error"] is app["applicationTemplateID"] is None
    for labels, expected in (("", ""), (', labels: {runtime_eventServiceUrl: "https://events.example"}', "https://events.example")):
        made = director(server, 'mutation { r: registerRuntime(in: {name: "events%d"%s}) { %s } }' % (len(labels), labels, rest))["r"]
        assert made == {"webhooks": None, "eventingConfiguration": {"defaultURL": expected}}


def test_one_application_on_all_faces(server, tmp_path):
    app = application(server, "Two Faces")
    _, identity = pair(server, app, tmp_path)
    service = {"provider": "p", "name": "orders", "description": "d", "api": {"targetUrl": "http://target.example"}}
    made = fetch(server, "gateway", "/mp-two-faces/v1/metadata/services", "-X", "POST", "--data-binary", json.dumps(service), *identity)
    assert made.status == 200
    assert fetch(server, "gateway", "/mp-other/v1/metadata/services", *identity).status == 403
    management = json.loads(fetch(server, "gateway", "/v1/applications/management/info", *identity).body)
    assert management["clientIdentity"] == {"application": "mp-two-faces"}
    shown = json.loads(fetch(server, "internal", "/api/v1/applications/mp-two-faces").body)
    assert shown["services"] == 1

    director(server, 'mutation { unregisterApplication(id: "%s") { id name } }' % app)
    assert fetch(server, "gateway", "/v1/applications/management/info", *identity).status == 403
    assert director(server, '{ application(id: "%s") { id } }' % app)["application"] is None


def test_labels_pages_and_filters(server):
    ids = [director(server, 'mutation { r: registerApplication(in: {name: "page %d", labels: {page: [%d, "x"]}}) { id labels } }' % (i, i % 2))["r"]
           for i in range(5)]
    assert ids[0]["labels"] == {"managed": "false", "name": "mp-page-0", "page": [0, "x"]}
    seen, after = [], ""
    for _ in range(3):
        page = director(server, '{ r: applications(filter: {key: "page", query: "\\"x\\""}, first: 2, after: "%s") '
                                "{ data { id } pageInfo { hasNextPage endCursor startCursor } totalCount } }" % after)["r"]
        assert page["totalCount"] == 5 and page["pageInfo"]["startCursor"] == after
        seen += [row["id"] for row in page["data"]]
        after = page["pageInfo"]["endCursor"]
    assert sorted(seen) == sorted(row["id"] for row in ids) and after == ""
    odd = director(server, '{ r: applications(filter: [{key: "page", query: "1"}, {key: "name"}]) { totalCount } }')["r"]
    assert odd["totalCount"] == 2
    label = director(server, 'mutation { setApplicationLabel(applicationID: "%s", key: "k", value: {a: [1]}) { key value } }' % ids[0]["id"])
    assert label["setApplicationLabel"] == {"key": "k", "value": {"a": [1]}}
    only = director(server, '{ application(id: "%s") { labels(key: "k") } }' % ids[0]["id"])
    assert only["application"]["labels"] == {"k": {"a": [1]}}
    director(server, 'mutation { deleteApplicationLabel(applicationID: "%s", key: "k") { key value } }' % ids[0]["id"])
    assert post(server, "/director/graphql", 'mutation { deleteApplicationLabel(applicationID: "%s", key: "k") { key } }' % ids[0]["id"])[1]["errors"]


def test_large_applications_come_in_shorter_pages(server):
    labels = ", ".join('l%d: "%s"' % (i, "x" * 8000) for i in range(7))
    for i in range(80):
        director(server, 'mutation { r: registerApplication(in: {name: "large %d", labels: {large: 1, %s}}) { id } }' % (i, labels))
    seen, after = 0, ""
    while True:
        page = director(server, '{ r: applications(filter: {key: "large"}, after: "%s") { data { id } pageInfo { hasNextPage endCursor } totalCount } }'
                        % after)["r"]
        assert page["totalCount"] == 80 and 0 < len(page["data"]) < 80
        seen, after = seen + len(page["data"]), page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == 80


def test_a_certificate_changes_and_pairs_itself_alone(server, tmp_path):
    own, other = application(server, "own"), application(server, "other")
    _, identity = pair(server, own, tmp_path)
    auth = pair(server, other, tmp_path / "other")[0] and director(server, '{ r: application(id: "%s") { auths { id } } }' % other)["r"]["auths"][0]["id"]
    changes = ["requestOneTimeTokenForApplication(id: %s) { token }", 'updateApplication(id: %s, in: {description: "x"}) { id }',
               'setApplicationLabel(applicationID: %s, key: "k", value: "v") { key }', "unpairApplication(id: %s) { id }",
               "unregisterApplication(id: %s) { id }"]
    own, other = json.dumps(own), json.dumps(other)
    for change in (*(c % other for c in changes), 'requestOneTimeTokenForApplication(id: %s, systemAuthID: "%s") { token }' % (own, auth),
                   'deleteSystemAuthForApplication(authID: "%s") { id }' % auth):
        answer = post(server, "/director/graphql", "mutation { %s }" % change, listener="gateway", identity=identity)[1]
        assert answer["errors"][0]["extensions"]["error_code"] == 20, change
    assert director(server, '{ r: application(id: %s) { description auths { id } } }' % other)["r"] == {"description": None, "auths": [{"id": auth}]}
    for change in changes[:3]:
        director(server, "mutation { %s }" % change % own, listener="gateway", identity=identity)


def test_a_runtime_is_paired_and_unpaired(server, tmp_path):
    runtime = director(server, 'mutation { r: registerRuntime(in: {name: "cluster-1"}) { id labels status { condition } } }')["r"]
    assert runtime["labels"] == {"isNormalized": "true"} and runtime["status"]["condition"] == "INITIAL"
    token = director(server, 'mutation { r: generateOneTimeTokenForRuntime(id: "%s") { __typename token type connectorURL } }' % runtime["id"])["r"]
    assert token["__typename"] == "OneTimeTokenForRuntime" and token["type"] == "Runtime"
    configuration = connector(server, CONFIGURATION, token["token"])["data"]["result"]
    key, csr = request_for(configuration["certificateSigningRequestInfo"]["subjectOpenSSL"], tmp_path)
    result = connector(server, sign(csr), configuration["token"]["token"])["data"]["result"]
    (tmp_path / "client.crt").write_bytes(base64.b64decode(result["certificateChain"]))
    identity = ("--cert", str(tmp_path / "client.crt"), "--key", str(key))
    assert director(server, "{ viewer { id type } }", listener="gateway", identity=identity)["viewer"] == {"id": runtime["id"], "type": "RUNTIME"}
    refused = post(server, "/director/graphql", 'mutation { registerApplication(in: {name: "x"}) { id } }', listener="gateway", identity=identity)[1]
    assert refused["errors"][0]["extensions"] == {"error": "InsufficientScopes", "error_code": 23}
    director(server, 'mutation { unregisterRuntime(id: "%s") { id } }' % runtime["id"])
    assert post(server, "/director/graphql", "{ viewer { id } }", listener="gateway", identity=identity)[0] == 403


def test_the_older_words_and_the_suggested_token(server):
    app = application(server, "suggested")
    plain = director(server, 'mutation { r: generateOneTimeTokenForApplication(id: "%s") { token connectorURL } }' % app)["r"]
    assert len(plain["token"]) == 88 and plain["connectorURL"].endswith("/connector/graphql")
    asked = director(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s") { token raw rawEncoded used usedAt expiresAt type } }' % app,
                     headers={"suggest_token": "true"})["r"]
    assert asked["token"] == asked["rawEncoded"]
    raw = json.loads(base64.b64decode(asked["token"]))
    assert list(raw) == ["token", "connectorURL", "used", "expiresAt", "createdAt", "usedAt", "type", "scenario_groups"]
    assert asked["raw"] == base64.b64decode(asked["rawEncoded"]).decode() and asked["usedAt"] == "0001-01-01T00:00:00Z"


def test_queries_by_get_and_as_they_are(server):
    answer = fetch(server, "internal", "/director/graphql?query=%7Bviewer%7Btype%7D%7D")
    assert json.loads(answer.body) == {"data": {"viewer": {"type": "USER"}}}
    status, answer = send(server, "/director/graphql", "{ viewer { type } }", "internal", {"Content-Type": "application/graphql"})
    assert (status, answer) == (200, {"data": {"viewer": {"type": "USER"}}})
    assert fetch(server, "internal", "/director/graphql?query=mutation%7BunregisterRuntime(id:%22x%22)%7Bid%7D%7D").status == 406
