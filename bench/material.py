# SPDX-License-Identifier: Apache-2.0
"""Keys, certificates and requests that all servers of a run share: one CA, one server certificate, clients enrolled through our own connector."""

import base64
import http.client
import json
import ssl
import subprocess
from pathlib import Path

from measure import Unmeasured

SUBJECT = "/C=DE/ST=Waldorf/L=Waldorf/O=Organization/OU=OrgUnit/CN="
KEYS = {"ec:P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa:2048": ["-newkey", "rsa:2048"]}


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unmeasured(f"openssl {arguments[0]}: {done.stderr.strip()[-300:]}")
    return done.stdout


class Material:
    def __init__(self, directory, key_algorithm):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.ca, self.ca_key = self.path("ca.crt"), self.path("ca.key")
        openssl("req", "-x509", *KEYS[key_algorithm], "-nodes", "-keyout", self.ca_key, "-out", self.ca, "-days", "3650",
                "-subj", "/CN=Fairlead bench CA", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.server_certificate, self.server_key = self.path("server.crt"), self.path("server.key")
        self.make_server_certificate()
        self.server_both = self.path("server.both")
        self.server_both.write_text(self.server_certificate.read_text() + self.server_key.read_text())
        self.workload_ca, self.workload, self.workload_key = self.path("workload-ca.crt"), self.path("workload.crt"), self.path("workload.key")
        self.make_workload_certificate()
        for secret in (self.ca_key, self.server_key, self.server_both, self.workload_key):
            secret.chmod(0o600)

    def path(self, name):
        return self.directory / name

    def make_server_certificate(self):
        """P-256, whatever the CA's key; the chain that is sent is the leaf alone, from every server."""
        extensions, request = self.path("server.ext"), self.path("server.csr")
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
                              "basicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\n")
        openssl("req", "-new", *KEYS["ec:P-256"], "-nodes", "-keyout", self.server_key, "-out", request, "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.ca_key, "-CAcreateserial", "-days", "90", "-sha256",
                "-extfile", extensions, "-out", self.server_certificate)

    def make_workload_certificate(self):
        """Of a CA of its own: a client of the proxy listener, and of the peers' (tls.proxy.client_ca_file)."""
        ca_key, extensions, request = self.path("workload-ca.key"), self.path("workload.ext"), self.path("workload.csr")
        openssl("req", "-x509", *KEYS["ec:P-256"], "-nodes", "-keyout", ca_key, "-out", self.workload_ca, "-days", "3650", "-subj", "/CN=Workloads",
                "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        extensions.write_text("extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n"
                              "authorityKeyIdentifier=keyid\n")
        openssl("req", "-new", *KEYS["ec:P-256"], "-nodes", "-keyout", self.workload_key, "-out", request, "-subj", "/CN=workload")
        openssl("x509", "-req", "-in", request, "-CA", self.workload_ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "90", "-sha256",
                "-extfile", extensions, "-out", self.workload)

    def settings(self):
        """What makes our server use all this."""
        out = {"ca__certificate_file": self.ca, "ca__key_file": self.ca_key}
        for listener in ("connector", "gateway"):
            out[f"tls__{listener}__certificate_file"] = self.server_certificate
            out[f"tls__{listener}__key_file"] = self.server_key
        return out

    def request(self, application, key_algorithm):
        """A CSR in PEM; its key is beside it."""
        name = f"{application}-{key_algorithm.replace(':', '-')}"
        key, csr = self.path(name + ".key"), self.path(name + ".csr")
        if not csr.exists():
            openssl("req", "-new", *KEYS[key_algorithm], "-nodes", "-keyout", key, "-out", csr, "-subj", SUBJECT + application)
        return key, csr.read_text()


def call(connection, method, target, body=None, headers=None):
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status not in (200, 201):
        raise Unmeasured(f"{method} {target.split('?')[0]}: {answer.status} {text[:200]!r}")
    return json.loads(text)


def new_token(server, application):
    internal = http.client.HTTPConnection("localhost", server.ports["internal"])
    return call(internal, "POST", "/v1/applications/tokens", headers={"Application": application})["token"]


def sign_body(csr_pem):
    return json.dumps({"csr": base64.b64encode(csr_pem.encode()).decode()})


class Client:
    """A certificate of our CA: `leaf` holds it alone, `chain` with the CA's after it."""

    def __init__(self, server, material, application="bench", key_algorithm="ec:P-256"):
        self.key, csr = material.request(application, key_algorithm)
        trust = ssl.create_default_context(cafile=str(material.ca))
        connector = http.client.HTTPSConnection("localhost", server.ports["connector"], context=trust)
        target = "/v1/applications/certificates?token=" + new_token(server, application)
        answer = call(connector, "POST", target, sign_body(csr), {"Content-Type": "application/json"})
        self.leaf, self.chain = server.directory / "client.leaf", server.directory / "client.chain"
        self.leaf.write_bytes(base64.b64decode(answer["clientCrt"]))
        self.chain.write_bytes(base64.b64decode(answer["crt"]))
        trust.load_cert_chain(self.leaf, self.key)
        self.trust = trust

    def management_info(self, server):
        """The body that the peers answer, too, so that the payload is the same."""
        gateway = http.client.HTTPSConnection("localhost", server.ports["gateway"], context=self.trust)
        gateway.request("GET", "/v1/applications/management/info")
        answer = gateway.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise Unmeasured(f"management info: {answer.status} {body[:200]}")
        return body
