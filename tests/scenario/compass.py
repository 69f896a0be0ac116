# SPDX-License-Identifier: Apache-2.0
"""GraphQL of the Compass way, in the shape that Compass's own clients send, and pairing an application with it."""

import base64
import json
import subprocess

CONFIGURATION = ("query { result: configuration() { token { token } certificateSigningRequestInfo { subject keyAlgorithm subjectOpenSSL } "
                 "managementPlaneInfo { directorURL certificateSecuredConnectorURL } } }")


def fetch(server, listener, path, *arguments):
    return server.curl(*arguments, getattr(server, listener) + path)


def post(server, path, query, listener="internal", headers=None, variables=None, identity=None):
    """Status and parsed answer of one GraphQL request, sent as machinebox's client does."""
    body = json.dumps({"query": query, "variables": variables})
    return send(server, path, body, listener, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, identity)


def send(server, path, body, listener, headers, identity=None):
    answer = fetch(server, listener, path, "-X", "POST", "--data-binary", body, *(a for k, v in headers.items() for a in ("-H", f"{k}: {v}")),
                         *(identity or ()))
    return answer.status, json.loads(answer.body)


def director(server, query, **more):
    status, answer = post(server, "/director/graphql", query, **more)
    assert status == 200
    assert "errors" not in answer, answer
    return answer["data"]


def connector(server, query, token=None, **more):
    headers = {"Connector-Token": token} if token else {}
    status, answer = post(server, "/connector/graphql", query, listener=more.pop("listener", "connector"), headers=headers, **more)
    assert status == 200, answer
    return answer


def application(server, name):
    return director(server, 'mutation { r: registerApplication(in: {name: "%s"}) { id } }' % name)["r"]["id"]


def one_time_token(server, id, kind="Application"):
    return director(server, 'mutation { r: requestOneTimeTokenFor%s(id: "%s") { token } }' % (kind, id))["r"]["token"]


def make_key(path):
    subprocess.run(["openssl", "genrsa", "-out", path, "2048"], check=True, capture_output=True)
    return path


def request_for(subject, directory, name="client", key=None):
    csr = directory / f"{name}.csr"
    key = key or make_key(directory / f"{name}.key")
    subprocess.run(["openssl", "req", "-new", "-sha256", "-out", csr, "-key", key, "-subj", subject], check=True, capture_output=True)
    return key, subprocess.run(["openssl", "base64", "-in", csr], check=True, capture_output=True, text=True).stdout


def sign(csr):
    return 'mutation { result: signCertificateSigningRequest(csr: "%s") { certificateChain caCertificate clientCertificate } }' % csr


def pair(server, id, directory, kind="Application", key=None):
    """The tutorial, from the token to files; gives curl's options. `key`: one that is there, for who needs many certificates."""
    directory.mkdir(exist_ok=True)
    configuration = connector(server, CONFIGURATION, one_time_token(server, id, kind))["data"]["result"]
    key, csr = request_for(configuration["certificateSigningRequestInfo"]["subjectOpenSSL"], directory, key=key)
    result = connector(server, sign(csr), configuration["token"]["token"])["data"]["result"]
    chain = directory / "client.crt"
    chain.write_bytes(base64.b64decode(result["certificateChain"]))
    (directory / "ca.crt").write_bytes(base64.b64decode(result["caCertificate"]))
    return configuration, ("--cert", str(chain), "--key", str(key))
