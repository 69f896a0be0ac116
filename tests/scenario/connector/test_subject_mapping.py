# SPDX-License-Identifier: Apache-2.0
"""Certificates of an external CA: what they are not, and for whom a mapping of their subject lets them speak."""

import base64
import json
import subprocess
from types import SimpleNamespace

import pki
import pytest
import wire
from cryptography import x509
from cryptography.x509.oid import NameOID
from harness import Server, curl_failure, poll

C, O, OU, L, CN = ("C", "DE"), ("O", "Partner"), ("OU", "Unit"), ("L", "Town"), ("CN", "partner")
SUBJECT = [C, O, OU, L, CN]
TEXT = "CN=partner, OU=Unit, O=Partner, L=Town, C=DE"
NOT_MAPPED = "Certificate is not on record here: an external CA issued it, and no mapping names its subject."
MORE = {"DC": NameOID.DOMAIN_COMPONENT, "serialNumber": NameOID.SERIAL_NUMBER, **pki.ATTRIBUTES}
VIEWER, NAMES = "{ viewer { id type } }", "{ applications { data { name } } }"
FILED = [{"subject": "CN=filed, OU=Unit, O=Partner, L=Town, C=DE", "consumer_type": "Runtime", "internal_consumer_id": "from-the-file",
          "tenant_access_levels": ["account"]}]


def rdns(*parts):
    """Each part one attribute, or a list of them in one RelativeDistinguishedName."""
    return x509.Name([x509.RelativeDistinguishedName([x509.NameAttribute(MORE[a], v) for a, v in (part if isinstance(part, list) else [part])])
                      for part in parts])


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("CN=Partner CA,O=Partner,C=DE", which=3)


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """Also with ca.accept_unrecorded: the setting that believes subjects must not believe these."""
    directory = tmp_path_factory.mktemp("server")
    settings = {"tls.gateway.client_ca_file": pki.write(directory / "partners.pem", authority.pem, 0o644), "ca.accept_unrecorded": "true",
                "auth.subject_mappings_file": pki.write(directory / "mappings.json", json.dumps(FILED), 0o644)}
    s = Server(directory, settings).start()
    s.shop = s.system("shop").enrol()
    for name, kind in (("acme", "account"), ("emea", "subaccount"), ("odd", "global"), ("work", "account")):
        s.cli("tenant", "create", name, "--type", kind)
        operator(s, 'mutation { registerApplication(in: {name: "of %s"}) { id } }' % name, Tenant=name)
    yield s
    s.stop()


def ask(server, url, query, words=(), headers=None):
    answer = server.curl("-X", "POST", "--data-binary", json.dumps({"query": query}), "-H", "Content-Type: application/json", *words,
                         *(w for k, v in (headers or {}).items() for w in ("-H", f"{k}: {v}")), url + "/director/graphql")
    return answer.status, json.loads(answer.body)


def operator(server, query, **headers):
    status, answer = ask(server, server.internal, query, headers=headers)
    assert status == 200 and "errors" not in answer, answer
    return answer["data"]


class Partner:
    """Somebody with a certificate of the external CA."""

    def __init__(self, server, authority, subject=None, **how):
        self.server, self.certificate = server, authority.issue(subject or SUBJECT, **how)
        self.words = ["--cert", pki.write(server.dir / "partner.crt", pki.pem(self.certificate)),
                      "--key", pki.write(server.dir / "partner.key", pki.key_pem(pki.key("ec:P-256", 1)))]

    def ask(self, query, **headers):
        return ask(self.server, self.server.gateway, query, self.words, headers)

    def data(self, query, **headers):
        status, answer = self.ask(query, **headers)
        assert status == 200 and "errors" not in answer, answer
        return answer["data"]

    def refusal(self, query, **headers):
        status, answer = self.ask(query, **headers)
        error = answer["errors"][0]
        return status, error.get("extensions", {}).get("error_code"), error["message"]

    def get(self, path, *more):
        return self.server.curl(*self.words, *more, self.server.gateway + path)


@pytest.fixture
def mapping(server):
    """Makes mappings that go with the test."""
    made = []

    def make(subject=TEXT, kind="Integration System", levels=("account",), consumer="the-consumer"):
        query = 'mutation { r: createCertificateSubjectMapping(in: {subject: %s, consumerType: "%s", %s tenantAccessLevels: %s}) { id subject } }' % (
            json.dumps(subject), kind, f'internalConsumerID: "{consumer}",' if consumer else "", json.dumps(list(levels)))
        made.append(operator(server, query)["r"])
        return made[-1]
    yield make
    for m in made:
        ask(server, server.internal, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % m["id"])


# ---- what such a certificate is not ----

def test_a_trusted_proxy_is_nobody_itself(make_server, tmp_path, authority):
    server = make_server(settings={"inbound.trusted_proxies": "127.0.0.1/32",
                                   "tls.gateway.client_ca_file": pki.write(tmp_path / "partners.pem", authority.pem, 0o644)})
    operator(server, 'mutation { createCertificateSubjectMapping(in: {subject: "%s", consumerType: "Super Admin", tenantAccessLevels: ["account"]}) { id } }'
             % TEXT)
    assert Partner(server, authority).ask(VIEWER, Tenant="acme")[0] == 400


def test_without_a_mapping_it_opens_nothing(server, authority):
    partner = Partner(server, authority)
    for query in (VIEWER, NAMES, "{ __typename }"):
        assert partner.refusal(query) == (403, None, NOT_MAPPED)
    for path in ("/v1/applications/management/info", "/v1/runtimes/management/info", "/shop/v1/metadata/services", "/shop/v1/events/subscribed",
                 "/connector/graphql?query=%7B__typename%7D"):
        assert partner.get(path).status == 403, path
    for path in ("/v1/applications/certificates/renewals", "/v1/applications/certificates/revocations", "/shop/v1/events"):
        assert partner.get(path, "-d", "{}").status == 403, path


def test_who_signs_counts_and_what_for(server, authority, mapping):
    mapping()
    for partner in (Partner(server, pki.Authority("CN=Partner CA,O=Partner,C=DE", which=4)), Partner(server, authority, days=(-9, -1)),
                    Partner(server, authority, usages=(pki.SERVER_AUTH,)), Partner(server, authority, usages=())):
        assert "alert" in curl_failure("--cacert", server.ca, *partner.words, server.gateway + "/v1/health")
    assert Partner(server, authority).data(VIEWER, Tenant="acme")["viewer"]["id"] == "the-consumer"


def test_names_of_ours_mean_nothing_in_it(server, authority):
    app = operator(server, 'mutation { r: registerApplication(in: {name: "paired"}) { id } }')["r"]["id"]
    operator(server, 'mutation { requestOneTimeTokenForApplication(id: "%s") { token } }' % app)
    auth = operator(server, '{ application(id: "%s") { auths { id } } }' % app)["application"]["auths"][0]["id"]
    for cn in ("shop", "mp-paired", auth, app, "*Runtime*"):
        partner = Partner(server, authority, pki.SUBJECT + cn)
        assert partner.refusal(VIEWER) == (403, None, NOT_MAPPED), cn
        assert partner.refusal(NAMES, Tenant="acme")[0] == 403
        for path in ("/v1/applications/management/info", f"/{cn.strip('*')}/v1/metadata/services", "/connector/graphql?query=%7B__typename%7D"):
            assert partner.get(path).status == 403, (cn, path)


def test_no_header_makes_it_another(server, authority):
    claimed = f'Hash={server.shop.fingerprint()};Subject="CN=shop"'
    partner = Partner(server, authority)
    for name in ("X-Forwarded-Client-Cert", "Certificate-Data", "Client-Id-From-Certificate", "Subject-From-Certificate"):
        assert partner.refusal(VIEWER, **{name: claimed}) == (403, None, NOT_MAPPED)


def test_a_certificate_of_ours_is_never_mapped(server, mapping):
    """Not by its exact subject, not with the greatest consumer type."""
    app = operator(server, 'mutation { r: registerApplication(in: {name: "own"}) { id } }')["r"]["id"]
    token = operator(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s") { token } }' % app)["r"]["token"]
    url = server.connector + "/connector/graphql"

    def connector(token, query):
        answer = server.curl("-H", "Content-Type: application/json", "-H", "Connector-Token: " + token, "--data-binary", json.dumps({"query": query}), url)
        return json.loads(answer.body)["data"]["result"]
    info = connector(token, "{ result: configuration { token { token } certificateSigningRequestInfo { subject } } }")
    subject = info["certificateSigningRequestInfo"]["subject"]
    csr = base64.b64encode(pki.csr(subject).encode()).decode()
    chain = connector(info["token"]["token"], 'mutation { result: signCertificateSigningRequest(csr: "%s") { certificateChain } }' % csr)
    words = ["--cert", pki.write(server.dir / "own.crt", base64.b64decode(chain["certificateChain"]).decode()),
             "--key", pki.write(server.dir / "own.key", pki.key_pem(pki.key("rsa:2048")))]
    mapping(subject, "Super Admin", ("account", "global"))
    assert ask(server, server.gateway, VIEWER, words)[1]["data"]["viewer"] == {"id": app, "type": "APPLICATION"}
    assert ask(server, server.gateway, "{ tenants { totalCount } }", words)[1]["errors"][0]["extensions"]["error_code"] == 23
    status, answer = ask(server, server.gateway, NAMES, words, {"Tenant": "acme"})
    assert status == 400 and answer["errors"][0]["extensions"]["error"] == "TenantNotFound"


@pytest.mark.parametrize("subject", [
    [C, O, OU, L, ("CN", "Partner")], [C, O, OU, L, ("CN", "partner ")], [C, O, OU, L, ("CN", "partner, OU=Unit")],
    [C, ("O", "Partner (x)"), OU, L, CN], [C, O, OU, OU, L, CN], [C, O, OU, ("OU", "x"), L, CN], [C, O, L, CN], [C, OU, L, CN], [O, OU, L, CN],
    [("DC", "DE"), ("C", "FR"), O, OU, L, CN], [("DC", "x"), C, O, OU, L, CN], SUBJECT + [CN], SUBJECT + [("CN", "other")],
    SUBJECT + [("emailAddress", "a@b.example")], SUBJECT + [("serialNumber", "2")], [[C, ("C", "FR")], O, OU, L, CN],
], ids=str)
def test_another_subject_is_somebody_else(server, authority, mapping, subject):
    mapping()
    assert Partner(server, authority, rdns(*subject)).refusal(VIEWER, Tenant="acme") == (403, None, NOT_MAPPED)


def test_a_revoked_one_is_refused_from_the_next_request_on(server, authority, mapping):
    mapping()
    partner = Partner(server, authority)
    assert partner.data(VIEWER, Tenant="acme")
    body = json.dumps({"hash": pki.fingerprint(partner.certificate)})
    assert server.curl("-d", body, server.internal + "/v1/applications/certificates/revocations").status == 201
    assert partner.refusal(VIEWER, Tenant="acme") == (403, None, "Certificate has been revoked.")
    assert Partner(server, authority).data(VIEWER, Tenant="acme")  # the same subject, another certificate


# ---- for whom it speaks ----

def test_equal_subjects_are_found_however_they_are_written(server, authority, mapping):
    for text, *subject in ((TEXT, CN, L, OU, O, C), ("C = DE, ST = Land, L = Town, O = Partner, OU = Unit, CN = partner", C, ("ST", "x"), O, OU, L, CN),
                           ('CN="a, b", OU=é+OU=1, O=\\"P\\", L=Town, C=DE', C, [("OU", "1"), ("OU", "é")], ("O", '"P"'), L, ("CN", "a, b")),
                           ("emailAddress=a@b.example, DC=x, C=DE, L=Town, O=P, OU=u, CN=x", ("DC", "x"), C, L, ("O", "P"), ("OU", "u"),
                            ("CN", "x"), ("emailAddress", "a@b.example"))):
        made = mapping(text)
        assert Partner(server, authority, rdns(*subject)).data(VIEWER, Tenant="acme")["viewer"] == {
            "id": "the-consumer", "type": "INTEGRATION_SYSTEM"}, made
        operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"])


def test_the_consumer_type_says_what_it_may(server, authority, mapping):
    partner, seen = Partner(server, authority), {}
    register = 'mutation { r: registerRuntime(in: {name: "%s"}) { id } }'
    for kind in ("Application", "Runtime", "Integration System", "External Certificate", "Super Admin", "Formation Viewer", "Static User"):
        made = mapping(kind=kind, consumer=None)
        viewer, runtime = partner.ask(VIEWER, Tenant="acme")[1], partner.ask(register % kind.replace(" ", "-"), Tenant="acme")[1]
        seen[kind] = (viewer["data"] and viewer["data"]["viewer"]["type"], runtime.get("errors", [{}])[0].get("extensions", {}).get("error_code"))
        write = partner.refusal('mutation { createCertificateSubjectMapping(in: {subject: "%s", consumerType: "Super Admin", '
                                'tenantAccessLevels: ["global"]}) { id } }' % TEXT.replace("partner", "further"), Tenant="acme")
        assert write[1] == 23, "nobody makes mappings with a mapping"
        if kind == "Runtime":
            assert partner.refusal('mutation { requestBundleInstanceAuthCreation(bundleID: 1, in: {}) { id } }', Tenant="acme") == (
                200, 27, "The operation is not allowed [reason=the runtime that asks has no id: its certificate subject mapping needs the id of a "
                "runtime as internal_consumer_id]")
        operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"])
    assert seen == {"Application": ("APPLICATION", 23), "Runtime": ("RUNTIME", None), "Integration System": ("INTEGRATION_SYSTEM", None),
                    "External Certificate": (None, None), "Super Admin": (None, None), "Formation Viewer": (None, 23), "Static User": ("USER", 23)}
    mapping(kind="Formation Viewer")
    assert partner.refusal(NAMES, Tenant="acme") == (
        200, 23, "insufficient scopes provided [actual=; reason=consumer type Formation Viewer may do nothing on this server; "
        "required=application:read]")


def test_an_application_of_a_mapping_is_the_one_that_its_id_names(server, authority, mapping):
    """In the tenant where it acts; a name, or an id of another tenant's, makes it nobody's."""
    ids = {t: operator(server, "{ applications { data { id } } }", Tenant=t)["applications"]["data"][0]["id"] for t in ("acme", "emea")}
    add = 'mutation { addBundle(applicationID: "%s", in: {name: "b"}) { id } }' % ids["acme"]
    partner = Partner(server, authority)
    for consumer in (None, "mp-of-acme", ids["emea"]):
        made = mapping(kind="Application", consumer=consumer)
        assert partner.refusal(add, Tenant="acme")[1] == 20, consumer
        operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"])
    mapping(kind="Application", consumer=ids["acme"])
    assert partner.data(add, Tenant="acme")["addBundle"]["id"]
    assert partner.data(VIEWER, Tenant="acme")["viewer"] == {"id": ids["acme"], "type": "APPLICATION"}


@pytest.mark.parametrize("kind", ["Application", "Runtime"])
def test_it_changes_and_pairs_itself_alone(server, authority, mapping, kind):
    """Who could pair another would have a certificate that outlives the mapping."""
    register = 'mutation { r: register%s(in: {name: "%s"}) { id } }'
    own, other = (operator(server, register % (kind, f"{kind}-{n}"), Tenant="work")["r"]["id"] for n in ("own", "other"))
    argument, query = kind.lower() + "ID", '{ %s(id: "%%s") { auths { id } } }' % kind.lower()
    token = 'mutation { r: requestOneTimeTokenFor%s(id: "%s"%s) { token } }'
    operator(server, token % (kind, other, ""), Tenant="work")
    auth = operator(server, query % other, Tenant="work")[kind.lower()]["auths"][0]["id"]
    partner, there = Partner(server, authority), {"Tenant": "work"}
    changes = ['requestOneTimeTokenFor%s(id: "%%s") { token }' % kind, 'generateOneTimeTokenFor%s(id: "%%s") { token }' % kind,
               'set%sLabel(%s: "%%s", key: "k", value: "v") { key }' % (kind, argument), 'delete%sLabel(%s: "%%s", key: "k") { key }' % (kind, argument),
               'update%s(id: "%%s", in: {%s}) { id }' % (kind, 'name: "x"' if kind == "Runtime" else 'description: "x"'),
               *(['unpairApplication(id: "%s") { id }'] if kind == "Application" else []), 'unregister%s(id: "%%s") { id }' % kind]
    for consumer in (None, "nonsense", other.replace(other[:8], "00000000"), own):
        made = mapping(kind=kind, consumer=consumer)
        for change in changes:
            assert partner.refusal("mutation { %s }" % change % other, **there)[1] == 20, (consumer, change)
        for of in (own, other):
            assert partner.refusal(token % (kind, of, f', systemAuthID: "{auth}"'), **there)[1] == 20
        assert partner.refusal('mutation { deleteSystemAuthFor%s(authID: "%s") { id } }' % (kind, auth), **there)[1] == 20
        if consumer != own:
            operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"])
    assert operator(server, query % other, **there)[kind.lower()]["auths"] == [{"id": auth}]
    for change in changes:
        assert partner.data("mutation { %s }" % change % own, **there), change


def test_a_runtime_of_a_mapping_is_one_that_is_registered(server, authority, mapping):
    app = operator(server, 'mutation { r: registerApplication(in: {name: "asked"}) { id } }', Tenant="work")["r"]["id"]
    bundle = operator(server, 'mutation { r: addBundle(applicationID: "%s", in: {name: "b"}) { id } }' % app, Tenant="work")["r"]["id"]
    runtime = operator(server, 'mutation { r: registerRuntime(in: {name: "asks"}) { id } }', Tenant="work")["r"]["id"]
    ask_for = 'mutation { r: requestBundleInstanceAuthCreation(bundleID: "%s", in: {}) { runtimeID } }' % bundle
    partner = Partner(server, authority)
    stranger = mapping(kind="Runtime", consumer=runtime.replace(runtime[:8], "00000000"))
    assert partner.refusal(ask_for, Tenant="work")[1] == 27, "an id of nobody"
    operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % stranger["id"])
    mapping(kind="Runtime", consumer=runtime)
    assert partner.data(ask_for, Tenant="work")["r"]["runtimeID"] == runtime


DROPPED = (200, 23, "insufficient scopes provided [actual=; required=application:read]")
NO_TENANT = (200, 24, "Tenant is required")


@pytest.mark.parametrize("levels, headers, expected", [
    (["account"], {}, DROPPED),
    (["account"], {"Tenant": "emea"}, DROPPED),
    (["account"], {"Tenant": "odd"}, DROPPED),
    (["global"], {"Tenant": "acme"}, DROPPED),
    (["global", "account"], {"Tenant": "odd"}, DROPPED),
    (["global"], {}, NO_TENANT),
    (["account", "global"], {}, NO_TENANT),
    (["account"], {"Tenant": "nowhere"}, (400, 25, "Tenant not found [externalTenant=nowhere]")),
    (["global"], {"Tenant": "nowhere"}, (400, 25, "Tenant not found [externalTenant=nowhere]")),
    (["account"], {"Tenant": "acme"}, ["of acme"]),
    (["account", "subaccount"], {"Tenant": "emea"}, ["of emea"]),
    (["subaccount", "global"], {"Tenant": "emea"}, ["of emea"]),
])
def test_tenants_by_level(server, authority, mapping, levels, headers, expected):
    mapping(levels=levels)
    partner = Partner(server, authority)
    if isinstance(expected, list):
        assert [a["name"] for a in partner.data(NAMES, **headers)["applications"]["data"]] == expected
        return
    assert partner.refusal(NAMES, **headers) == expected
    viewer = partner.ask(VIEWER, **headers)
    if expected == NO_TENANT:
        assert viewer[1]["data"]["viewer"]["id"] == "the-consumer"
    else:
        assert viewer[0] == expected[0] and viewer[1]["errors"][0]["extensions"]["error_code"] == (25 if expected[0] == 400 else 10)


def test_two_tenants_are_none(server, authority, mapping):
    mapping(levels=["account", "global"])
    partner = Partner(server, authority)
    answer = server.curl(*partner.words, "-H", "Content-Type: application/json", "-H", "Tenant: acme", "-H", "Tenant: emea", "--data-binary",
                         json.dumps({"query": NAMES}), server.gateway + "/director/graphql")
    assert answer.status == 400 and "Tenant not found" in answer.body


def test_it_sees_the_tenants_of_its_levels(server, authority, mapping):
    mapping(kind="Super Admin", levels=["subaccount", "global"])
    partner, query = Partner(server, authority), "{ tenants { data { id type internalID parents initialized labels provider } } }"
    assert [t["id"] for t in partner.data(query)["tenants"]["data"]] == ["emea"]
    assert partner.data('{ a: tenantByExternalID(id: "acme") { id } b: tenantByExternalID(id: "odd") { id } }') == {"a": None, "b": None}
    tenant = partner.data(query, Tenant="emea")["tenants"]["data"][0]
    assert tenant["parents"] == [] and tenant["labels"] == {} and tenant["initialized"] and len(tenant["internalID"]) == 36


def test_a_change_counts_from_the_next_request_on(server, authority, mapping):
    made, partner = mapping(), Partner(server, authority)
    assert partner.data(VIEWER, Tenant="acme")["viewer"]["type"] == "INTEGRATION_SYSTEM"
    change = 'mutation { r: updateCertificateSubjectMapping(id: "%s", in: {subject: "%s", consumerType: "Runtime", tenantAccessLevels: ["subaccount"]}) ' \
             '{ id subject consumerType internalConsumerID tenantAccessLevels } }'
    assert operator(server, change % (made["id"], TEXT))["r"] == {
        "id": made["id"], "subject": TEXT, "consumerType": "Runtime", "internalConsumerID": None, "tenantAccessLevels": ["subaccount"]}
    assert partner.refusal(NAMES, Tenant="acme") == DROPPED
    assert partner.data(VIEWER, Tenant="emea")["viewer"] == {"id": TEXT, "type": "RUNTIME"}
    operator(server, 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"])
    assert partner.refusal(VIEWER, Tenant="emea") == (403, None, NOT_MAPPED)
    assert [e["action"] for e in server.audit(limit=50)["entries"] if e["subject"] == made["id"]][:3] == [
        "mapping.delete", "mapping.update", "mapping.create"]


# ---- mappings ----

@pytest.mark.parametrize("subject, kind, levels, message", [
    ("", "Runtime", ["global"], "subject=has 1 to 255 characters"),
    (TEXT + ", OU=" + "x" * 255, "Runtime", ["global"], "subject=has 1 to 255 characters"),
    ("CN=partner, OU=Unit, O=Partner, L=Town", "Runtime", ["global"], "subject=has no C, where there must be one"),
    ("CN=partner, O=Partner, L=Town, C=DE, ST=x", "Runtime", ["global"], "subject=has no OU, where there must be one"),
    (TEXT + ", CN=two", "Runtime", ["global"], "subject=has more than one CN, where there must be one"),
    (TEXT, "runtime", ["global"], "consumerType='runtime' is no consumer type"),
    (TEXT, "Runtime", [], "tenantAccessLevels=there must be at least one tenant access level"),
    (TEXT, "Runtime", ["region"], "tenantAccessLevels='region' is no tenant access level; customer, account, subaccount, organization, folder, "
     "resource-group, cost-object and global are"),
])
def test_refuses_mappings_that_name_nobody(server, subject, kind, levels, message):
    query = "mutation { r: createCertificateSubjectMapping(in: {subject: %s, consumerType: %s, tenantAccessLevels: %s}) { id } }" % (
        json.dumps(subject), json.dumps(kind), json.dumps(levels))
    status, answer = ask(server, server.internal, query)
    assert status == 200 and answer["data"] == {"r": None}
    assert answer["errors"] == [{"message": f"Invalid data CertificateSubjectMappingInput [{message}]", "path": ["r"],
                                 "extensions": {"error": "InvalidData", "error_code": 22}}]


def test_a_subject_has_one_mapping_and_pages_have_all(server, mapping):
    made = [mapping(TEXT.replace("partner", f"p{i}")) for i in range(3)]
    twin = 'mutation { createCertificateSubjectMapping(in: {subject: "C=DE,L=Town,O=Partner,OU=Unit,CN=p1", consumerType: "Runtime", ' \
           'tenantAccessLevels: ["global"]}) { id } }'
    assert ask(server, server.internal, twin)[1]["errors"][0]["extensions"] == {"error": "NotUnique", "error_code": 21}
    seen, after = [], ""
    while True:
        page = operator(server, '{ r: certificateSubjectMappings(first: 2, after: "%s") { data { id } pageInfo { hasNextPage endCursor } totalCount } }'
                        % after)["r"]
        seen, after = seen + [m["id"] for m in page["data"]], page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == sorted(m["id"] for m in made) and page["totalCount"] == 3
    assert operator(server, '{ r: certificateSubjectMapping(id: "%s") { subject } }' % made[0]["id"])["r"]["subject"] == made[0]["subject"]
    for first, expected in ((300, None), (301, 22), (0, 22)):
        answer = ask(server, server.internal, "{ certificateSubjectMappings(first: %d) { totalCount } }" % first)[1]
        assert answer.get("errors", [{}])[0].get("extensions", {}).get("error_code") == expected
    for unknown in ("nonsense", "00000000-0000-4000-8000-000000000000"):
        error = ask(server, server.internal, '{ certificateSubjectMapping(id: "%s") { id } }' % unknown)[1]["errors"][0]
        assert error["message"] == f"Object not found [ID={unknown}; object=certSubjectMapping]" and error["extensions"]["error_code"] == 20


def test_an_operator_of_some_tenants_sees_and_changes_no_mapping(server, mapping):
    made = mapping()
    tokens = {name: server.cli("operator", "create", name, *words).stdout for name, words in (
        ("bound", ("--scope", "certificate_subject_mapping:write", "--scope", "certificate_subject_mapping:read", "--tenant", "acme")),
        ("reader", ("--scope", "certificate_subject_mapping:read")))}

    def by(name, query):
        token = max(tokens[name].split(), key=len)
        return ask(server, server.connector, query, headers={"Authorization": "Bearer " + token, **({"Tenant": "acme"} if name == "bound" else {})})[1]
    delete = 'mutation { deleteCertificateSubjectMapping(id: "%s") { id } }' % made["id"]
    assert by("bound", delete)["errors"][0]["extensions"]["error_code"] == 27
    assert by("reader", delete)["errors"][0]["extensions"]["error_code"] == 23
    for query in ('{ r: certificateSubjectMapping(id: "%s") { id } }' % made["id"], "{ r: certificateSubjectMappings { totalCount } }"):
        assert by("bound", query)["errors"][0]["extensions"]["error_code"] == 27
        assert by("reader", query)["data"]["r"]


def test_system_auths_by_id_and_by_token(server):
    app = operator(server, 'mutation { r: registerApplication(in: {name: "auths"}) { id } }')["r"]["id"]
    token = operator(server, 'mutation { r: requestOneTimeTokenForApplication(id: "%s") { token } }' % app)["r"]["token"]
    by_token = '{ r: systemAuthByToken(token: "%s") { id type referenceObjectId } }'
    auth = operator(server, by_token % token)["r"]
    assert auth["type"] == "APPLICATION" and auth["referenceObjectId"] == app
    assert operator(server, '{ r: systemAuth(id: "%s") { id } }' % auth["id"])["r"]["id"] == auth["id"]
    for query in (by_token % "nonsense", '{ r: systemAuth(id: "nonsense") { id } }', '{ r: systemAuth(id: "%s") { id } }' % app):
        assert operator(server, query)["r"] is None
    for query in (by_token % token, '{ r: systemAuth(id: "%s") { id } }' % auth["id"]):
        assert operator(server, query, Tenant="acme")["r"] is None  # another tenant's


# ---- its CA goes ----

def test_a_connection_that_is_kept_ends_with_the_trust_in_its_ca(server, authority, mapping):
    """Kept ones end, and what comes on one all the same is refused; those of our own CA stay."""
    mapping()
    partner, path = Partner(server, authority), server.dir / "partners.pem"
    body = json.dumps({"query": VIEWER})
    request = ("POST /director/graphql HTTP/1.1\r\nHost: localhost\r\nTenant: acme\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
    kept = wire.connect(server, "gateway", system=SimpleNamespace(crt=partner.words[1], key=partner.words[3]))
    own = wire.connect(server, "gateway", system=server.shop)
    try:
        kept.sendall(request)
        assert b"the-consumer" in kept.recv(65536)
        path.write_text(pki.Authority("CN=Other CA,O=Partner,C=DE", which=4).pem)
        server.reload()

        def end():
            try:
                kept.sendall(request)
                answer = kept.recv(65536)
            except OSError:
                answer = b""
            return not answer.startswith(b"HTTP/1.1 200") and (answer or b"closed")
        answer = poll(end, 5, "it was served on")
        assert answer == b"closed" or answer.startswith(b"HTTP/1.1 421"), answer
        own.sendall(b"GET /v1/applications/management/info HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert own.recv(65536).startswith(b"HTTP/1.1 200")
    finally:
        kept.close()
        own.close()
        path.write_text(authority.pem)
        server.reload()
    poll(lambda: server.curl(*partner.words, server.gateway + "/v1/health", check=False), 5, "the CA was not taken back")


# ---- the file ----

def test_a_file_comes_first_and_is_read_again(server, authority, mapping):
    partner = Partner(server, authority, [C, O, OU, L, ("CN", "filed")])
    mapping(FILED[0]["subject"], "Application", consumer="from-the-store")
    assert partner.data(VIEWER, Tenant="acme")["viewer"] == {"id": "from-the-file", "type": "RUNTIME"}
    path = server.dir / "mappings.json"
    path.write_text('[{"subject": "CN=x"}]')
    server.reload()
    poll(lambda: "entry 1: subject=has no O, where there must be one" in server.log(), 5, "a mistake was not refused")
    assert partner.data(VIEWER, Tenant="acme")["viewer"]["id"] == "from-the-file"
    path.write_text("[]")
    server.reload()
    poll(lambda: partner.data(VIEWER, Tenant="acme")["viewer"]["id"] == "from-the-store", 5, "the file was not read again")


def test_a_mistake_in_the_file_refuses_the_start(tmp_path, authority):
    settings = {"tls.gateway.client_ca_file": pki.write(tmp_path / "partners.pem", authority.pem, 0o644),
                "auth.subject_mappings_file": pki.write(tmp_path / "mappings.json", json.dumps([{**FILED[0], "consumer_type": "Boss"}]), 0o644)}
    s = Server(tmp_path / "server", settings)
    done = subprocess.run(s.command(), env=s.environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and "mappings.json': entry 1: consumer_type='Boss' is no consumer type" in done.stdout + done.stderr
