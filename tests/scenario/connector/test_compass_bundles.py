# SPDX-License-Identifier: Apache-2.0
"""Bundles of applications by the Director's GraphQL, in the shape that Compass's clients send: who may not, what is refused and how, the life of a
bundle, and the same APIs on the other faces."""

import json

import pytest
from compass import application, director, make_key, pair, post
from harness import GATEWAY, Server, curl
from metadata import MASK, Metadata, service
from target import Target

NOBODY = "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae"
CREDENTIAL = ("credential { ... on BasicCredentialData { username password } ... on OAuthCredentialData { clientId clientSecret url } "
              "... on CertificateOAuthCredentialData { clientId certificate url } }")
AUTH = (CREDENTIAL + " accessStrategy additionalHeaders additionalHeadersSerialized additionalQueryParams additionalQueryParamsSerialized "
        "requestAuth { csrf { tokenEndpointURL " + CREDENTIAL + " additionalHeadersSerialized } } oneTimeToken { token } certCommonName")
FETCH = "fetchRequest { url auth { " + CREDENTIAL + " } mode filter status { condition message timestamp } }"
SPEC = "spec { id data format type " + FETCH + " }"
VERSION = "version { value deprecated deprecatedSince forRemoval }"
API = f"id name description {SPEC} targetURL group {VERSION} created_at updated_at deleted_at error"
EVENT = f"id name description group {SPEC} {VERSION} createdAt updatedAt deletedAt error"
DOCUMENT = f"id title displayName description format kind data {FETCH} createdAt"
PAGE = "pageInfo { startCursor endCursor hasNextPage } totalCount"
BUNDLE = ("id name description instanceAuthRequestInputSchema correlationIDs defaultInstanceAuth { " + AUTH + " } "
          f"apiDefinitions {{ data {{ {API} }} {PAGE} }} eventDefinitions {{ data {{ {EVENT} }} {PAGE} }} documents {{ data {{ {DOCUMENT} }} {PAGE} }} "
          "createdAt updatedAt deletedAt error")
BASIC = 'defaultInstanceAuth: {credential: {basic: {username: "user", password: "pass %"}}}'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("server"), GATEWAY).start()
    s.cli("tenant", "create", "other")
    s.bearer = {"Authorization": "Bearer " + s.cli_json("operator", "create", "console")["token"]}
    yield s
    s.stop()


@pytest.fixture(scope="module")
def target():
    t = Target()
    yield t
    t.close()


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    """Pairs an application or a runtime; gives how it calls. All have one key: what differs is the certificate."""
    directory = tmp_path_factory.mktemp("paired")
    key = make_key(directory / "key")
    return lambda id, kind="Application": {"listener": "gateway", "identity": pair(server, id, directory / id, kind, key)[1]}


@pytest.fixture(scope="module")
def stranger(server, identity):
    """An application that has nothing to do with the others."""
    return identity(application(server, "stranger"))


def quoted(text):
    """A literal as Go's strconv.Quote writes it."""
    return json.dumps(text)


def trusted(server, query, **more):
    """As a person with a bearer token: who sees values of credentials."""
    return director(server, query, listener="connector", headers=server.bearer, **more)["result"]


def refused(server, query, code, message, **more):
    status, answer = post(server, "/director/graphql", query, **more)
    assert status == 200
    error = answer["errors"][0]
    assert (error["extensions"]["error_code"], error["message"]) == (code, message), answer


def add_bundle(server, app, more=BASIC, name="orders", fields="id", **where):
    query = "mutation { result: addBundle(applicationID: %s, in: { name: %s, %s, }) { %s } }" % (quoted(app), quoted(name), more, fields)
    return director(server, query, **where)["result"]


def add_api(server, bundle, url, more="", name="orders", fields="id", **where):
    query = "mutation { result: addAPIDefinitionToBundle(bundleID: %s, in: { name: %s, targetURL: %s, %s }) { %s } }" % (
        quoted(bundle), quoted(name), quoted(url), more, fields)
    return director(server, query, **where)["result"]


def bundle_of(server, app, bundle, fields=BUNDLE):
    return trusted(server, "query { result: application(id: %s) { bundle(id: %s) { %s } } }" % (quoted(app), quoted(bundle), fields))["bundle"]


# ---- refusals ----

def test_inputs_that_are_refused_and_why(server):
    app = application(server, "refusals")
    bundle = add_bundle(server, app)["id"]
    spec = 'spec: {type: %s, format: %s, %s}'
    for made, reason in (
            ('name: "\\u00e4"', "name: must contain printable ASCII characters only"),
            ('name: ""', "name: the length must be between 1 and 100"),
            ('name: "x", instanceAuthRequestInputSchema: "[]"', "instanceAuthRequestInputSchema: no JSON object"),
            ('name: "x", defaultInstanceAuth: {credential: {}}', "credential: exactly one of basic, oauth and certificateOAuth is given"),
            ('name: "x", defaultInstanceAuth: {credential: {basic: {username: "u", password: "p"}, oauth: {clientId: 1, clientSecret: "s", url: "https://x"}}}',
             "credential: exactly one of basic, oauth and certificateOAuth is given"),
            ('name: "x", defaultInstanceAuth: {requestAuth: {}}', "requestAuth: csrf cannot be blank"),
            ('name: "x", defaultInstanceAuth: {requestAuth: {csrf: {tokenEndpointURL: "https://x"}}}',
             "requestAuth needs a credential: the CSRF token is fetched with it"),
            ('name: "x", defaultInstanceAuth: {additionalHeadersSerialized: "{"}',
             "additionalHeadersSerialized is not JSON: unexpected end of JSON input: 1 '{' not closed, the last at line 1, column 1"),
            ('name: "x", defaultInstanceAuth: {additionalHeaders: {a: 1}}', "additionalHeaders.a must be an array of strings, not a number"),
            ('name: "x", defaultInstanceAuth: {additionalQueryParamsSerialized: "[]"}',
             "additionalQueryParamsSerialized must be an object of arrays of strings, not an array")):
        refused(server, 'mutation { result: addBundle(applicationID: "%s", in: {%s}) { id } }' % (app, made), 22, f"Invalid data [reason={reason}]")
    for made, reason in (
            ('targetURL: "ftp://x"', "targetURL: must be a valid http or https URL"),
            ('targetURL: "https://x", version: {value: "1"}', "version: value: must be a semantic version (SemVer 2)"),
            ('targetURL: "https://x", ' + spec % ("OPEN_API", "JSON", ""), "only one of data or fetchRequest must be provided"),
            ('targetURL: "https://x", ' + spec % ("OPEN_API", "JSON", 'data: "{}", fetchRequest: {url: "https://x"}'),
             "only one of data or fetchRequest must be provided"),
            ('targetURL: "https://x", ' + spec % ("OPEN_API", "XML", 'data: "<a/>"'), "spec: format: is not valid for the type OPEN_API"),
            ('targetURL: "https://x", ' + spec % ("ODATA", "YAML", 'data: "a: 1"'), "spec: format: is not valid for the type ODATA"),
            ('targetURL: "https://x", ' + spec % ("OPEN_API", "JSON", 'fetchRequest: {url: ""}'), "fetchRequest: url cannot be blank")):
        refused(server, 'mutation { result: addAPIDefinitionToBundle(bundleID: "%s", in: {name: "x", %s}) { id } }' % (bundle, made), 22,
                f"Invalid data [reason={reason}]")
    for kind, role, made in (("API", "APIDefinition", 'name: "x", targetURL: "https://x"'), ("Event Definition", "EventDefinition", 'name: "x"'),
                             ("Document", "Document", 'title: "x", displayName: "x", description: "x", format: MARKDOWN')):
        refused(server, 'mutation { result: add%sToBundle(bundleID: "no uuid", in: {%s}) { id } }' % (role, made), 22,
                f"Invalid data [reason=cannot add {kind} to not existing bundle]")


CHANGES = [
    ('addBundle(applicationID: "{app}", in: {{name: "x"}})', "application"),
    ('updateBundle(id: "{bundle}", in: {{name: "x"}})', "bundle"),
    ('deleteBundle(id: "{bundle}")', "bundle"),
    ('updateAPIDefinition(id: "{api}", in: {{name: "x", targetURL: "https://x"}})', "api"),
    ('deleteAPIDefinition(id: "{api}")', "api"),
    ('refetchAPISpec(apiID: "{api}")', "api"),
    ('updateEventDefinition(id: "{event}", in: {{name: "x"}})', "eventDefinition"),
    ('deleteEventDefinition(id: "{event}")', "eventDefinition"),
    ('refetchEventDefinitionSpec(eventID: "{event}")', "eventDefinition"),
    ('deleteDocument(id: "{document}")', "document"),
]
ADDITIONS = [
    ('addAPIDefinitionToBundle(bundleID: "{bundle}", in: {{name: "x", targetURL: "https://x"}})', "API"),
    ('addEventDefinitionToBundle(bundleID: "{bundle}", in: {{name: "x"}})', "Event Definition"),
    ('addDocumentToBundle(bundleID: "{bundle}", in: {{title: "x", displayName: "x", description: "x", format: MARKDOWN}})', "Document"),
]


def everything(server, app):
    """An application's bundle with one of each; ids by the names in CHANGES."""
    made = add_bundle(server, app, BASIC + """,
        apiDefinitions: [ { name: "orders", targetURL: "https://orders.example:8443/v1", spec: { data: "{}", type: OPEN_API, format: JSON, }, }, ],
        eventDefinitions: [ { name: "placed", spec: { data: "a: 1", type: ASYNC_API, format: YAML, }, }, ],
        documents: [ { title: "how", displayName: "How", description: "to", format: MARKDOWN, data: "# How", }, ]""",
                      fields="id apiDefinitions { data { id } } eventDefinitions { data { id } } documents { data { id } }")
    ids = {name: made[field]["data"][0]["id"] for name, field in (
        ("api", "apiDefinitions"), ("event", "eventDefinitions"), ("document", "documents"))}
    return {"app": app, "bundle": made["id"], **ids}


def assert_closed(server, ids, **who):
    """None of the changes finds anything."""
    for call, kind in CHANGES:
        name = {"application": "app", "eventDefinition": "event"}.get(kind, kind)
        refused(server, "mutation { result: %s { id } }" % call.format(**ids), 20, f"Object not found [ID={ids[name]}; object={kind}]", **who)
    for call, kind in ADDITIONS:
        refused(server, "mutation { result: %s { id } }" % call.format(**ids), 22, f"Invalid data [reason=cannot add {kind} to not existing bundle]",
                **who)


def test_another_tenant_sees_and_changes_nothing(server):
    ids = everything(server, application(server, "walled"))
    tenant = {"headers": {"Tenant": "other"}}
    assert_closed(server, ids, **tenant)
    assert director(server, '{ application(id: "%s") { bundles { totalCount } } }' % ids["app"], **tenant) == {"application": None}
    refused(server, '{ result: apisForApplication(appID: "%s") { totalCount } }' % ids["app"], 20,
            f"Object not found [ID={ids['app']}; object=application]", **tenant)
    own = application_in(server, "other", "outside")
    seen = director(server, '{ r: application(id: "%s") { bundle(id: "%s") { id } apiDefinition(id: "%s") { id } eventDefinition(id: "%s") { id } } }' % (
        own, ids["bundle"], ids["api"], ids["event"]), **tenant)["r"]
    assert seen == {"bundle": None, "apiDefinition": None, "eventDefinition": None}
    assert bundle_of(server, ids["app"], ids["bundle"])["apiDefinitions"]["totalCount"] == 1


def application_in(server, tenant, name):
    return director(server, 'mutation { r: registerApplication(in: {name: "%s"}) { id } }' % name, headers={"Tenant": tenant})["r"]["id"]


def test_unknown_ids_and_what_is_no_id(server):
    app = application(server, "unknown")
    assert_closed(server, {"app": NOBODY, "bundle": NOBODY, "api": NOBODY, "event": NOBODY, "document": NOBODY})
    assert_closed(server, {"app": "x", "bundle": "x", "api": "x", "event": "x", "document": "x"})
    seen = director(server, '{ r: application(id: "%s") { bundle(id: "x") { id } apiDefinition(id: "%s") { id } } }' % (app, NOBODY))["r"]
    assert seen == {"bundle": None, "apiDefinition": None}


def test_a_certificate_changes_its_own_applications_bundles_only_and_sees_their_values_only(server, identity, stranger):
    ids = everything(server, application(server, "mine"))
    own = identity(ids["app"])
    assert_closed(server, ids, **stranger)
    query = '{ r: application(id: "%s") { bundle(id: "%s") { defaultInstanceAuth { %s } } } }' % (ids["app"], ids["bundle"], CREDENTIAL)

    def credential(**who):
        return director(server, query, **who)["r"]["bundle"]["defaultInstanceAuth"]["credential"]

    values, masked = {"username": "user", "password": "pass %"}, {"username": MASK, "password": MASK}
    assert credential(**own) == values
    assert credential(listener="connector", headers=server.bearer) == values
    assert credential(**stranger) == credential() == masked
    director(server, 'mutation { updateBundle(id: "%s", in: {name: "renamed"}) { id } }' % ids["bundle"], **own)
    assert bundle_of(server, ids["app"], ids["bundle"], "name defaultInstanceAuth { certCommonName }") == {"name": "renamed", "defaultInstanceAuth": None}


def test_scopes(server):
    ids = everything(server, application(server, "scoped"))
    reader = {"Authorization": "Bearer " + server.cli_json("operator", "create", "reader", "--scope", "application:read")["token"]}
    who = {"listener": "connector", "headers": reader}
    for call, _ in CHANGES + ADDITIONS:
        refused(server, "mutation { result: %s { id } }" % call.format(**ids), 23,
                "insufficient scopes provided [actual=application:read; required=application:write]", **who)
    seen = director(server, '{ r: application(id: "%s") { bundle(id: "%s") { defaultInstanceAuth { certCommonName } instanceAuths { id } '
                            "instanceAuth(id: 1) { id } apiDefinition(id: \"%s\") { spec { data fetchRequest { url } } } } } }" % (
                                ids["app"], ids["bundle"], ids["api"]), **who)["r"]["bundle"]
    assert seen == {"defaultInstanceAuth": None, "instanceAuths": None, "instanceAuth": None,
                    "apiDefinition": {"spec": {"data": "{}", "fetchRequest": None}}}
    auth = director(server, 'mutation { r: requestBundleInstanceAuthCreation(bundleID: "%s", in: {}) { id } }' % ids["bundle"])["r"]["id"]
    assert director(server, '{ r: bundleInstanceAuth(id: "%s") { id auth { certCommonName } } }' % auth, **who)["r"] == {"id": auth, "auth": None}


def test_all_or_nothing(server):
    bad = 'bundles: [{name: "fine", apiDefinitions: [{name: "fine", targetURL: "https://x"}]}, {name: "two", apiDefinitions: [{name: "x", targetURL: "x"}]}]'
    register = 'mutation { result: registerApplication(in: {name: "whole", %s}) { id baseUrl bundles { totalCount } } }'
    refused(server, register % bad, 22, "Invalid data [reason=bundles[1].apiDefinitions[0]: targetURL: must be a valid http or https URL]")
    made = director(server, register % bad.replace('"x"}', '"https://b.example:1/v2"}'))["result"]
    assert made == {"id": made["id"], "baseUrl": "https://x", "bundles": {"totalCount": 2}}
    refused(server, 'mutation { result: addBundle(applicationID: "%s", in: {name: "x", documents: [{title: "", displayName: "", description: "", '
                    "format: MARKDOWN}]}) { id } }" % made["id"], 22, "Invalid data [reason=documents[0]: title: the length must be between 1 and 128]")
    assert director(server, '{ r: application(id: "%s") { bundles { totalCount } } }' % made["id"])["r"]["bundles"]["totalCount"] == 2


# ---- what works ----

def test_the_life_of_a_bundle(server):
    app = application(server, "life")
    headers, query = {"X-B": ["2", "3"], "X-A": ["1 <&>"]}, {"q": ["%s"]}
    bundle = add_bundle(server, app, """
        description: "all about\\norders",
        instanceAuthRequestInputSchema: "{\\"type\\":\\"object\\"}",
        correlationIDs: ["a:b:c:1", "a:b:c:2"],
        defaultInstanceAuth: {
          credential: { oauth: { clientId: "id", clientSecret: "secret", url: "https://token.example/t", }, },
          accessStrategy: "strategy",
          additionalHeadersSerialized: %s, additionalHeaders: {ignored: ["x"]},
          additionalQueryParams: {q: ["%%s"]},
          requestAuth: { csrf: { tokenEndpointURL: "https://csrf.example", } },
          certCommonName: "cn",
        }, apiDefinitions: [ {
          name: "orders", description: "an api", targetURL: "https://user@orders.example:8443/v1?x", group: "g1",
          spec: { data: "{\\"openapi\\": \\"3.0.0\\"} \\u00e4\\u0007", type: OPEN_API, format: JSON, },
          version: { value: "1.0.0-rc.1+b", deprecated: true, deprecatedSince: "0.9", },
        }, ],""" % quoted(json.dumps(headers, separators=(",", ":"))))["id"]
    seen = bundle_of(server, app, bundle)
    assert seen["description"] == "all about\norders" and seen["correlationIDs"] == ["a:b:c:1", "a:b:c:2"]
    assert seen["instanceAuthRequestInputSchema"] == '{"type":"object"}'
    assert seen["defaultInstanceAuth"] == {
        "credential": {"clientId": "id", "clientSecret": "secret", "url": "https://token.example/t"}, "accessStrategy": "strategy",
        "additionalHeaders": headers, "additionalHeadersSerialized": seen["defaultInstanceAuth"]["additionalHeadersSerialized"],
        "additionalQueryParams": query, "additionalQueryParamsSerialized": '{"q":["%s"]}',
        "requestAuth": {"csrf": {"tokenEndpointURL": "https://csrf.example", "credential": None, "additionalHeadersSerialized": None}},
        "oneTimeToken": None, "certCommonName": "cn"}
    serialized = seen["defaultInstanceAuth"]["additionalHeadersSerialized"]
    assert json.loads(serialized) == headers and list(json.loads(serialized)) == ["X-A", "X-B"]
    api = seen["apiDefinitions"]["data"][0]
    assert api["spec"] == {"id": api["spec"]["id"], "data": '{"openapi": "3.0.0"} ä\u0007', "format": "JSON", "type": "OPEN_API", "fetchRequest": None}
    assert api["version"] == {"value": "1.0.0-rc.1+b", "deprecated": True, "deprecatedSince": "0.9", "forRemoval": False}
    assert (api["targetURL"], api["group"], api["deleted_at"]) == ("https://user@orders.example:8443/v1?x", "g1", None)
    assert seen["createdAt"].endswith("Z") and len(seen["createdAt"]) == 20
    assert director(server, '{ r: application(id: "%s") { baseUrl } }' % app)["r"]["baseUrl"] == "https://orders.example:8443"

    changed = trusted(server, 'mutation { result: updateAPIDefinition(id: "%s", in: {name: "renamed", targetURL: "http://x"}) { %s } }' % (api["id"], API))
    assert (changed["name"], changed["targetURL"], changed["group"], changed["version"]) == ("renamed", "http://x", None, None)
    masked = 'credential: {oauth: {clientId: "%s", clientSecret: "%s", url: "https://token.example/2"}}' % (MASK, MASK)
    director(server, 'mutation { updateBundle(id: "%s", in: {name: "orders", defaultInstanceAuth: {%s}}) { id } }' % (bundle, masked))
    auth = bundle_of(server, app, bundle, "defaultInstanceAuth { %s }" % AUTH)["defaultInstanceAuth"]
    assert auth["credential"] == {"clientId": "id", "clientSecret": "secret", "url": "https://token.example/2"}
    assert auth["additionalHeaders"] is None and auth["certCommonName"] == "" and auth["requestAuth"] is None
    assert bundle_of(server, app, bundle)["correlationIDs"] == ["a:b:c:1", "a:b:c:2"]

    event = director(server, 'mutation { result: addEventDefinitionToBundle(bundleID: "%s", in: {name: "placed", group: "e", spec: {data: "a: 1", '
                             "type: ASYNC_API, format: YAML}}) { %s } }" % (bundle, EVENT))["result"]
    assert event["spec"]["data"] == "a: 1" and event["spec"]["type"] == "ASYNC_API"
    assert director(server, 'mutation { r: refetchEventDefinitionSpec(eventID: "%s") { data } }' % event["id"])["r"] == {"data": "a: 1"}
    updated = director(server, 'mutation { r: updateEventDefinition(id: "%s", in: {name: "left"}) { name group } }' % event["id"])["r"]
    assert updated == {"name": "left", "group": None}
    document = director(server, 'mutation { result: addDocumentToBundle(bundleID: "%s", in: {title: "T", displayName: "D", description: "d", '
                                'format: MARKDOWN, kind: "k", data: "# T"}) { %s } }' % (bundle, DOCUMENT))["result"]
    assert (document["title"], document["format"], document["kind"], document["data"]) == ("T", "MARKDOWN", "k", "# T")
    whole = director(server, '{ r: application(id: "%s") { bundle(id: "%s") { document(id: "%s") { title } eventDefinition(id: "%s") { name } '
                             'apiDefinition(id: "%s") { name } } apiDefinition(id: "%s") { name } eventDefinition(id: "%s") { name } } }' % (
                                 app, bundle, document["id"], event["id"], api["id"], api["id"], event["id"]))["r"]
    assert whole == {"bundle": {"document": {"title": "T"}, "eventDefinition": {"name": "left"}, "apiDefinition": {"name": "renamed"}},
                     "apiDefinition": {"name": "renamed"}, "eventDefinition": {"name": "left"}}
    for name, id in (("APIDefinition", api["id"]), ("EventDefinition", event["id"]), ("Document", document["id"])):
        assert director(server, 'mutation { result: delete%s(id: "%s") { id } }' % (name, id))["result"]["id"] == id
    kept = add_api(server, bundle, "https://x", name="kept")["id"]
    gone = director(server, 'mutation { result: deleteBundle(id: "%s") { id name } }' % bundle)["result"]
    assert gone == {"id": bundle, "name": "orders"}
    left = director(server, '{ r: application(id: "%s") { bundles { totalCount } apiDefinition(id: "%s") { id } } }' % (app, kept))["r"]
    assert left == {"bundles": {"totalCount": 0}, "apiDefinition": None}


def test_pages_and_groups(server):
    app = application(server, "pages")
    bundles = [add_bundle(server, app, "", name=f"b{i}")["id"] for i in range(3)]
    apis = [add_api(server, bundle, "https://x", f'group: "g{i % 2}"', name=f"a{i}")["id"] for bundle in bundles for i in range(3)]
    page = 'data { id } pageInfo { startCursor endCursor hasNextPage } totalCount'
    seen, after = [], ""
    while True:
        got = director(server, '{ r: apisForApplication(appID: "%s", first: 4, after: "%s") { %s } }' % (app, after, page))["r"]
        seen += [row["id"] for row in got["data"]]
        assert got["totalCount"] == 9 and len(got["data"]) <= 4
        after = got["pageInfo"]["endCursor"]
        if not got["pageInfo"]["hasNextPage"]:
            break
    assert seen == apis and after == ""
    got = director(server, '{ r: application(id: "%s") { bundles(first: 2) { %s } bundle(id: "%s") { apiDefinitions(group: "g0") { data { name } totalCount } } } }' % (
        app, page, bundles[0]))["r"]
    assert [row["id"] for row in got["bundles"]["data"]] == bundles[:2] and got["bundles"]["totalCount"] == 3
    assert got["bundle"]["apiDefinitions"] == {"data": [{"name": "a0"}, {"name": "a2"}], "totalCount": 2}
    rest = director(server, '{ r: application(id: "%s") { bundles(after: "%s") { %s } } }' % (app, got["bundles"]["pageInfo"]["endCursor"], page))["r"]
    assert [row["id"] for row in rest["bundles"]["data"]] == bundles[2:]
    assert director(server, '{ r: eventsForApplication(appID: "%s") { totalCount } }' % app)["r"] == {"totalCount": 0}
    refused(server, '{ r: application(id: "%s") { bundles(first: 201) { totalCount } } }' % app, 22,
            "Invalid data [reason=page size must be between 1 and 200]")


def test_specifications_are_fetched_and_fetched_again(server, target):
    app = application(server, "fetching")
    target.need = ("basic", "spec", "reader")
    fetch = ('spec: {type: OPEN_API, format: JSON, fetchRequest: {url: "%s/spec", auth: {credential: {basic: {username: "%s", password: "reader"}}}, %s}}')
    bundle = add_bundle(server, app, "")["id"]
    good = trusted(server, 'mutation { result: addAPIDefinitionToBundle(bundleID: "%s", in: {name: "x", targetURL: "https://x", %s}) { %s } }' % (
        bundle, fetch % (target.url, "spec", ""), API))
    assert json.loads(good["spec"]["data"])["target"] == "/spec"
    request = good["spec"]["fetchRequest"]
    assert (request["mode"], request["filter"], request["status"]["condition"]) == ("SINGLE", None, "SUCCEEDED")
    assert request["auth"]["credential"] == {"username": "spec", "password": "reader"}
    target.need = ("basic", "spec", "another")
    again = director(server, 'mutation { result: refetchAPISpec(apiID: "%s") { data %s } }' % (good["id"], FETCH))["result"]
    assert again["data"] is None and again["fetchRequest"]["auth"]["credential"] == {"username": MASK, "password": MASK}
    status = again["fetchRequest"]["status"]
    assert (status["condition"], status["message"]) == ("FAILED", "While fetching Spec status code: 401")
    nowhere = add_api(server, bundle, "https://x", fetch % ("http://127.0.0.1:1", "u", ""))["id"]
    query = '{ result: application(id: "%s") { apiDefinition(id: "%s") { spec { fetchRequest { status { message } } } } } }' % (app, nowhere)
    for seen, message in ((director(server, query), "it failed"), ({"result": trusted(server, query)}, "Connection refused")):
        assert message in seen["result"]["apiDefinition"]["spec"]["fetchRequest"]["status"]["message"]
    target.need = None
    for more, stored in (("mode: INDEX", ("INDEX", None, "Unsupported fetch mode: INDEX")), ('filter: "x"', ("SINGLE", "x", "Filter for Fetch Request was provided, currently it's unsupported"))):
        asked = len(target.calls)
        made = add_api(server, bundle, "https://x", fetch % (target.url, "u", more), fields=API)["spec"]
        assert made["data"] is None and made["fetchRequest"]["status"]["condition"] == "INITIAL"
        assert (made["fetchRequest"]["mode"], made["fetchRequest"]["filter"], made["fetchRequest"]["status"]["message"]) == stored
        assert len(target.calls) == asked
    plain = add_api(server, bundle, "https://x")["id"]
    refused(server, 'mutation { refetchAPISpec(apiID: "%s") { id } }' % plain, 20, f'spec for API with id "{plain}" not found')


def test_a_service_of_the_metadata_api_is_a_bundle_and_is_changed_there(server):
    app = application(server, "Two Faces")
    metadata = Metadata(server, "mp-two-faces")
    id = metadata.register(service("orders", spec={"openapi": "3.0.0"}, credentials={"basic": {"username": "u", "password": "p"}}))
    seen = bundle_of(server, app, id)
    assert seen["name"] == "orders" and seen["defaultInstanceAuth"]["credential"] == {"username": "u", "password": "p"}
    api = seen["apiDefinitions"]["data"][0]
    assert api["id"] == id and json.loads(api["spec"]["data"]) == {"openapi": "3.0.0"} and api["spec"]["type"] == "OPEN_API"
    there = f"The operation is not allowed [reason={id} was registered as one service by the Metadata API: change it there]"
    for call in ('updateBundle(id: "%s", in: {name: "x"})', 'updateAPIDefinition(id: "%s", in: {name: "x", targetURL: "https://x"})',
                 'deleteAPIDefinition(id: "%s")', 'addEventDefinitionToBundle(bundleID: "%s", in: {name: "x"})'):
        refused(server, "mutation { result: %s { id } }" % (call % id), 27, there)
    director(server, 'mutation { deleteBundle(id: "%s") { id } }' % id)
    assert metadata.call("GET", id)[0] == 404

    bundle = add_bundle(server, app)["id"]
    api = add_api(server, bundle, "https://orders.example/v1", name="by the director")["id"]
    listed = {row["id"]: row["name"] for row in metadata.list()}
    assert listed == {api: "by the director"}
    metadata.close()


# ---- calls ----

def test_an_api_of_a_bundle_is_called_through_the_gateway(server, target):
    app = application(server, "called")
    bundle = add_bundle(server, app, """defaultInstanceAuth: { credential: { basic: { username: "u", password: "p", }, },
        additionalHeadersSerialized: "{\\"X-From\\":[\\"the bundle\\"]}", }""", name="My Orders")["id"]
    api = add_api(server, bundle, target.url + "/base", name="Items v1")["id"]
    target.need = ("basic", "u", "p")
    answer = curl(f"http://{server.address('proxy')}/mp-called/my-orders/items-v1/list?x=1")
    assert answer.status == 200 and answer.json()["target"] == "/base/list?x=1", answer
    assert ["X-From", "the bundle"] in answer.json()["headers"]
    assert curl(f"http://{server.address('proxy')}/mp-called/{api}/list").status == 200
    director(server, 'mutation { updateBundle(id: "%s", in: {name: "My Orders"}) { id } }' % bundle)
    assert curl(f"http://{server.address('proxy')}/mp-called/my-orders/items-v1/list").status == 401
    target.need = None


# ---- instance auths ----

INSTANCE = "id context inputParams auth { " + CREDENTIAL + " } status { condition timestamp message reason } runtimeID runtimeContextID"


def runtime(server, name):
    return director(server, 'mutation { r: registerRuntime(in: {name: "%s"}) { id } }' % name)["r"]["id"]


def test_a_runtime_asks_and_the_application_answers(server, identity, stranger):
    app = application(server, "answering")
    own = identity(app)
    bundle = add_bundle(server, app, 'instanceAuthRequestInputSchema: "{\\"type\\":\\"object\\",\\"required\\":[\\"b\\"]}"')["id"]
    id = runtime(server, "asking")
    asking, curious = identity(id, "Runtime"), identity(runtime(server, "curious"), "Runtime")
    ask = 'mutation { result: requestBundleInstanceAuthCreation(bundleID: "%s", in: { %s }) { %s } }'
    refused(server, ask % (NOBODY, "", "id"), 20, f"Object not found [ID={NOBODY}; object=bundle]", **asking)
    refused(server, ask % (bundle, "", "id"), 20, f"Object not found [ID={bundle}; object=bundle]", headers={"Tenant": "other"})
    refused(server, ask % (bundle, 'context: "{"', "id"), 22, "Invalid data [reason=context: unexpected end of JSON input: 1 '{' not closed, the last at "
                                                              "line 1, column 1]", **asking)
    refused(server, ask % (bundle, 'context: "{}"', "id"), 22, "Invalid data [reason=json schema for input parameters was defined for the bundle but no "
                                                               "input parameters were provided]", **asking)
    refused(server, ask % (bundle, 'inputParams: "{}"', "id"), 22, 'Invalid data [reason=inputParams: b: is missing]', **asking)

    made = director(server, ask % (bundle, 'context: "{\\"a\\": 1}", inputParams: "{\\"b\\":2}"', INSTANCE), **asking)["result"]
    assert (made["context"], made["inputParams"], made["auth"], made["runtimeID"]) == ('{"a": 1}', '{"b":2}', None, id)
    assert made["status"]["condition"] == "PENDING" and made["runtimeContextID"] is None
    auth = made["id"]
    refused(server, ask % (bundle, 'id: "%s", inputParams: "{\\"b\\":2}"' % auth, "id"), 21, "Object is not unique [object=bundleInstanceAuth]", **asking)

    setting = 'mutation { result: setBundleInstanceAuth(authID: "%s", in: {%s}) { %s } }'
    credential = 'auth: {credential: {oauth: {clientId: "i", clientSecret: "s", url: "https://t.example"}}}'
    gone = f"Object not found [ID={auth}; object=bundleInstanceAuth]"
    refused(server, setting % (auth, credential, "id"), 23, "insufficient scopes provided [actual=runtime:read;runtime:write;application:read;"
            "runtime.auths:read;bundle.instance_auths:read; required=application:write]", **asking)
    for who in (stranger, {"headers": {"Tenant": "other"}}):
        refused(server, setting % (auth, credential, "id"), 20, gone, **who)
        refused(server, 'mutation { deleteBundleInstanceAuth(authID: "%s") { id } }' % auth, 20, gone, **who)
    refused(server, setting % (auth, "", "id"), 22, "Invalid data [reason=at least one field (Auth or Status) has to be provided]", **own)
    refused(server, setting % (auth, credential.replace('"s"', f'"{MASK}"'), "id"), 22,
            f"Invalid data [reason=credential: a value is {MASK}, but there is nothing to keep]", **own)
    failed = director(server, setting % (auth, 'status: {condition: FAILED, message: "no", reason: "never"}', INSTANCE), **own)["result"]
    assert failed["status"] == {"condition": "FAILED", "timestamp": failed["status"]["timestamp"], "message": "no", "reason": "never"}
    values = {"clientId": "i", "clientSecret": "s", "url": "https://t.example"}
    succeeded = director(server, setting % (auth, credential, INSTANCE), **own)["result"]
    assert (succeeded["status"]["condition"], succeeded["auth"]["credential"]) == ("SUCCEEDED", values)

    for who, seen in ((asking, values), (curious, {**values, "clientId": MASK, "clientSecret": MASK}), (own, values),
                      (stranger, {**values, "clientId": MASK, "clientSecret": MASK})):
        got = director(server, '{ a: bundleInstanceAuth(id: "%s") { auth { %s } } b: bundleByInstanceAuth(authID: "%s") { id instanceAuth(id: "%s") '
                               "{ auth { %s } } instanceAuths { auth { %s } } } }" % (auth, CREDENTIAL, auth, auth, CREDENTIAL, CREDENTIAL), **who)
        assert got == {"a": {"auth": {"credential": seen}},
                       "b": {"id": bundle, "instanceAuth": {"auth": {"credential": seen}}, "instanceAuths": [{"auth": {"credential": seen}}]}}
    got = director(server, '{ a: bundleInstanceAuth(id: "%s") { id } b: bundleByInstanceAuth(authID: "%s") { id } c: bundleInstanceAuth(id: 1) { id } }' % (
        auth, auth), headers={"Tenant": "other"})
    assert got == {"a": None, "b": None, "c": None}

    release = 'mutation { result: requestBundleInstanceAuthDeletion(authID: "%s") { status { condition } } }' % auth
    refused(server, release, 20, gone, **curious)
    refused(server, release, 20, gone, headers={"Tenant": "other"})
    assert director(server, release, **asking)["result"] == {"status": {"condition": "UNUSED"}}
    assert director(server, 'mutation { r: deleteBundleInstanceAuth(authID: "%s") { id } }' % auth, **own)["r"] == {"id": auth}
    refused(server, release, 20, gone, **asking)

    director(server, 'mutation { updateBundle(id: "%s", in: {name: "x", %s}) { id } }' % (bundle, BASIC))
    at_once = director(server, ask % (bundle, "", INSTANCE), **asking)["result"]
    assert (at_once["status"]["condition"], at_once["auth"]["credential"]) == ("SUCCEEDED", {"username": "user", "password": "pass %"})
    nobodys = director(server, ask % (bundle, "", "id"))["result"]["id"]
    assert director(server, '{ r: bundleInstanceAuth(id: "%s") { auth { %s } } }' % (nobodys, CREDENTIAL), **asking)["r"]["auth"]["credential"] == {
        "username": MASK, "password": MASK}
    director(server, 'mutation { r: unregisterRuntime(id: "%s") { id } }' % id)
    left = director(server, '{ r: bundleInstanceAuth(id: "%s") { %s } }' % (at_once["id"], INSTANCE))["r"]
    assert (left["status"]["condition"], left["runtimeID"]) == ("UNUSED", id)


def test_packages_are_the_older_word_for_bundles(server):
    app = application(server, "packaged")
    made = director(server, 'mutation($in: PackageCreateInput!) { addPackage(applicationID: "%s", in: $in) { id name } }' % app,
                    variables={"in": {"name": "old", "description": "packages { are text here"}})["addPackage"]
    api = director(server, 'mutation { r: addAPIDefinitionToPackage(packageID: "%s", in: {name: "a", targetURL: "https://old.example"}) { name } }' % made["id"])
    assert api == {"r": {"name": "a"}}
    shown = director(server, '{ application(id: "%s") { packages { data { name description } totalCount } package(id: "%s") { ... on Package { name } } } }'
                     % (app, made["id"]))["application"]
    assert shown == {"packages": {"data": [{"name": "old", "description": "packages { are text here"}], "totalCount": 1}, "package": {"name": "old"}}
    assert director(server, 'mutation { r: deletePackage(id: "%s") { id } }' % made["id"])["r"]["id"] == made["id"]
    nested = director(server, 'mutation { r: registerApplication(in: {name: "nested packages", packages: [{name: "p"}]}) { bundles { totalCount } } }')
    assert nested["r"]["bundles"]["totalCount"] == 1
    fields = director(server, '{ __type(name: "Application") { fields { name } } }')["__type"]["fields"]
    assert {"name": "bundles"} in fields and {"name": "packages"} not in fields
    refused_words = post(server, "/director/graphql", 'mutation { addPackage(applicationID: "%s", in: {name: "x"}, packageID: "y") { id } }' % app)[1]
    assert refused_words["errors"][0]["message"].startswith('Unknown argument "packageID"')


def test_no_value_is_in_clear_in_the_data_directory_or_the_log(server, target):
    app = application(server, "sealed")
    basic = 'credential: {basic: {username: "user-marker-%s", password: "marker-%s"}}'
    bundle = add_bundle(server, app, "defaultInstanceAuth: {%s, additionalHeadersSerialized: \"{\\\"X\\\":[\\\"marker-header\\\"]}\"}" % (
        basic % ("bundle", "bundle")))["id"]
    add_api(server, bundle, "https://x", 'spec: {type: OPEN_API, format: JSON, fetchRequest: {url: "%s/spec", auth: {%s}}}' % (
        target.url, basic % ("fetch", "fetch")))
    instance = director(server, 'mutation { r: requestBundleInstanceAuthCreation(bundleID: "%s", in: {}) { id } }' % bundle)["r"]["id"]
    director(server, 'mutation { setBundleInstanceAuth(authID: "%s", in: {auth: {%s}}) { id } }' % (instance, basic % ("instance", "instance")))
    files = {path: path.read_bytes() for path in [server.log_path, *server.data.rglob("*")] if path.is_file()}
    assert any(b"mp-sealed" in content for content in files.values())
    for path, content in files.items():
        assert b"marker-" not in content, path
