# SPDX-License-Identifier: Apache-2.0
"""Proves that graphql-request and graphql-js from npm (tests/scenario/npm) pair an application over TLS, page, see errors as their own error objects,
and read our introspection as the schema that tests/golden/graphql_schemas.txt says it is."""

import base64
import json
import os
import subprocess

import pki
import pytest
from harness import ROOT, run

NPM = ROOT / "tests" / "scenario" / "npm"
REGISTER = """mutation Register($in: ApplicationRegisterInput!) { made: registerApplication(in: $in) { ...Shown } }
fragment Shown on Application { __typename id name labels status { condition } }"""
INVITE = """mutation Invite($id: ID!) { made: requestOneTimeTokenForApplication(id: $id) {
    __typename ... on OneTimeToken { token connectorURL expiresAt } legacyConnectorURL } }"""
CONFIGURATION = """query Configuration($certificate: Boolean!) { configuration {
    token @skip(if: $certificate) { token }
    certificateSigningRequestInfo { subjectOpenSSL } managementPlaneInfo { directorURL certificateSecuredConnectorURL } } }"""
SIGN = "mutation Sign($csr: String!) { signed: signCertificateSigningRequest(csr: $csr) { certificateChain caCertificate } }"
PAGE = """query Page($after: PageCursor, $key: String!) { page: applications(filter: [{key: $key}], first: 2, after: $after) {
    data { name } pageInfo { hasNextPage endCursor } totalCount } }"""


class Client:
    """client.mjs, which trusts the server's CA."""

    def __init__(self, server):
        self.server = server
        command = ["node", "--dns-result-order=ipv4first", NPM / "client.mjs"]  # Node.js 18 tries one address, and the server has no IPv6
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(server.ca)})

    def ask(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return answer

    def send(self, document, url=None, **more):
        return self.ask(do="request", url=url or self.server.internal + "/director/graphql", document=document, **more)

    def data(self, document, url=None, **more):
        answer = self.send(document, url, **more)
        assert "error" not in answer, answer
        return answer["data"]

    def error(self, document, url=None, **more):
        answer = self.send(document, url, **more)
        assert answer.get("error", {}).get("kind") == "ClientError", answer
        return answer["error"]

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(60) == 0


@pytest.fixture(scope="module")
def client(server):
    made = Client(server)
    yield made
    made.stop()


def register(client, name, **more):
    return client.data(REGISTER, variables={"in": {"name": name, **more}})["made"]


def signing_request(subject, directory, name):
    run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", directory / f"{name}.key",
         "-out", directory / f"{name}.csr", "-subj", subject])
    return base64.b64encode((directory / f"{name}.csr").read_bytes()).decode()


def keep(signed, directory, name):
    chain = directory / f"{name}.crt"
    chain.write_bytes(base64.b64decode(signed["certificateChain"]))
    assert len(pki.chain(chain.read_text())) == 2
    return {"cert": str(chain), "key": str(directory / f"{name}.key")}


# ---- refusals ----

def test_errors_come_as_the_clients_own(client, server):
    error = client.error('query ($id: ID!) { application(id: $id) { nope } }', variables={"id": "x"})
    assert error["status"] == 422 and "nope" in error["errors"][0]["message"] and error["data"] is None
    error = client.error("mutation ($id: ID!) { gone: unregisterApplication(id: $id) { id } }",
                         variables={"id": "3e64ebae-38b5-46a0-b1ed-9ccee153a0ae"})
    assert error["status"] == 200 and error["errors"][0]["path"] == ["gone"]
    assert error["errors"][0]["extensions"] == {"error": "NotFound", "error_code": 20}
    error = client.error("{ viewer { id } }", headers={"Tenant": "nobody's"})
    assert error["status"] == 400 and error["errors"][0]["extensions"]["error"] == "TenantNotFound"
    error = client.error("{ viewer { id } }", url=server.connector + "/director/graphql", headers={"Authorization": "Bearer x"})
    assert error["status"] == 401
    error = client.error("{ configuration { token { token } } }", url=server.connector + "/connector/graphql", headers={"Connector-Token": "x"})
    assert error["status"] == 200 and error["errors"][0]["extensions"] == {"reason": "unknown"}


def test_a_variable_that_is_missing_or_of_another_type_is_refused(client):
    for variables in ({}, {"in": None}, {"in": "x"}, {"in": {}}, {"in": {"name": "x", "more": 1}}):
        assert client.error(REGISTER, variables=variables)["status"] == 422, variables


# ---- what works ----

def test_an_application_is_paired_renewed_and_revoked(client, server, tmp_path):
    app = register(client, "From npm", labels={"team": ["blue"]})
    assert app["__typename"] == "Application" and app["status"] == {"condition": "INITIAL"} and app["labels"]["team"] == ["blue"]
    token = client.data(INVITE, variables={"id": app["id"]})["made"]
    assert token["__typename"] == "OneTimeTokenForApplication"
    found = client.data(CONFIGURATION, url=token["connectorURL"], variables={"certificate": False},
                        headers={"Connector-Token": token["token"]})["configuration"]
    csr = signing_request(found["certificateSigningRequestInfo"]["subjectOpenSSL"], tmp_path, "first")
    signed = client.data(SIGN, url=token["connectorURL"], variables={"csr": csr}, headers={"Connector-Token": found["token"]["token"]})["signed"]
    identity = keep(signed, tmp_path, "first")

    secured = found["managementPlaneInfo"]["certificateSecuredConnectorURL"]
    again = client.data(CONFIGURATION, url=secured, variables={"certificate": True}, identity=identity)["configuration"]
    csr = signing_request(again["certificateSigningRequestInfo"]["subjectOpenSSL"], tmp_path, "second")
    renewed = keep(client.data(SIGN, url=secured, variables={"csr": csr}, identity=identity)["signed"], tmp_path, "second")
    assert client.data("mutation { revokeCertificate }", url=secured, identity=identity) == {"revokeCertificate": True}
    director = found["managementPlaneInfo"]["directorURL"]
    assert client.error("{ viewer { id } }", url=director, identity=identity)["status"] == 403
    assert client.data("{ viewer { id type } }", url=director, identity=renewed) == {"viewer": {"id": app["id"], "type": "APPLICATION"}}


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_pages_follow_each_other(client, method):
    key = f"npm{method}"
    names = {register(client, f"{key} {i}", labels={key: i})["name"] for i in range(5)}
    seen, after = [], None
    while after != "":
        page = client.data(PAGE, variables={"after": after, "key": key}, options={"method": method})["page"]
        assert page["totalCount"] == 5
        seen += [row["name"] for row in page["data"]]
        after = page["pageInfo"]["endCursor"]
        assert page["pageInfo"]["hasNextPage"] == (after != "")
    assert len(seen) == 5 and set(seen) == names


@pytest.mark.parametrize("path", ["/connector/graphql", "/director/graphql"])
def test_graphql_js_reads_our_introspection_as_the_schema_that_is_written_down(client, server, path):
    written = (ROOT / "tests" / "golden" / "graphql_schemas.txt").read_text().split(f"# {path}\n")[1].split("\n# /")[0]
    base = server.internal if path == "/director/graphql" else server.connector
    read, meant = client.ask(do="schema", url=base + path), client.ask(do="print", text=written)
    assert read["problems"] == meant["problems"] == []
    assert read["schema"].splitlines() == meant["schema"].splitlines()
