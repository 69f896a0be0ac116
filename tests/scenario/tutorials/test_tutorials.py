# SPDX-License-Identifier: Apache-2.0
"""Proves that a person who follows the published tutorials word for word, on their default ports, ends with a working certificate.

The CA is put into the host's trust store with `fairlead ca trust --install`, so that no command needs -k, and taken out again. Without
root that cannot be, nor can port 443: then curl is told the CA by CURL_CA_BUNDLE, and the cluster's domain gets a port.
"""

import base64
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import pki
import pytest
from harness import BINARY, Server, run

HERE = pathlib.Path(__file__).parent
ROOT = os.geteuid() == 0
DOMAIN = "kyma.localhost"  # curl takes every name below localhost for the loopback address
BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
FOREIGN = re.compile(r".*(_proxy|_PROXY|CA_BUNDLE|SSL_CERT_FILE|SSL_CERT_DIR)$")  # of the environment: the host's trust store counts


def read_commands():
    """{"section/name": command line(s)} in order."""
    commands, section, name = {}, None, None
    for line in (HERE / "commands.txt").read_text().splitlines():
        if match := re.fullmatch(r"\[([\w-]+)\]", line):
            section, name = match[1], None
        elif section and line.startswith("# "):
            name = f"{section}/{line[2:]}"
            commands[name] = ""
        elif name:
            commands[name] += line + "\n"
    return {name: text.strip() for name, text in commands.items()}


def read_deviations():
    """{"section/name": (reason, what is given instead)}."""
    text = (HERE / "deviations.txt").read_text()
    rows = re.findall(r"^\[([\w/-]+)\]\nreason: (.+)\ninstead:(.*)$", text, re.M)
    assert len(rows) == text.count("\n["), "a row is not: [name], reason:, instead:"
    return {name: (reason, instead.strip()) for name, reason, instead in rows}


COMMANDS, DEVIATIONS = read_commands(), read_deviations()


def wait_for_port(port, seconds=120):
    """The tutorial names the port, so no other will do; a run beside this one may still hold it."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
                return
        except OSError as error:
            if time.monotonic() > give_up:
                users = run(["ss", "-Hltnp", f"sport = :{port}"], check=False).stdout
                pytest.fail(f"port {port}, which the tutorials name, cannot be had: {error}. In use by: {users or 'unknown'}")
            time.sleep(0.2)


class Person:
    """Somebody with a shell, the tutorial and a directory of their own."""

    def __init__(self, directory, section, filled, environment):
        self.dir, self.section, self.filled, self.environment = directory, section, filled, environment
        self.exported = ""
        self.dir.mkdir()

    def fill(self, text):
        for placeholder, value in self.filled.items():
            text = text.replace(placeholder, value)
        left = re.findall(r"\{[A-Za-z][A-Za-z_-]+\}", text)
        assert not left, f"nobody said what goes into {left}"
        return text

    def shell(self, text):
        """What bash makes of it: (worked, output). An error in JSON is what curl calls a success."""
        try:
            done = subprocess.run(["bash", "-c", self.exported + self.fill(text)], cwd=self.dir, env=self.environment, capture_output=True,
                                  text=True, timeout=90)
        except subprocess.TimeoutExpired:
            return True, "it runs on"
        refused = re.match(r'\{"code":[45]', done.stdout) is not None
        return done.returncode == 0 and not refused, done.stdout if done.returncode == 0 else done.stderr

    def give(self, name):
        """The command as it stands, or what deviations.txt says; either must work."""
        name = f"{self.section}/{name}"
        text = COMMANDS[name]
        worked, output = self.shell(text)
        if name in DEVIATIONS:
            assert not worked, f"{name} works as it stands: the deviation is not needed"
            text = DEVIATIONS[name][1]
            worked, output = self.shell(text) if text else (True, "")
        assert worked, f"{name} does not work, and deviations.txt does not help: {text}\n{output}"
        if text.startswith("export "):
            self.exported += self.fill(text) + "\n"
        return output

    def send(self, name, url, *words):
        """What is a GraphQL document in the tutorial, sent by curl: the result."""
        (self.dir / "document.json").write_text(json.dumps({"query": self.fill(COMMANDS[f"{self.section}/{name}"])}))
        command = ["curl", "-sS", "-H", "Content-Type: application/json", "--data-binary", "@document.json", *words, url]
        answer = json.loads(run(command, cwd=self.dir, env=self.environment).stdout)
        return answer["data"]["result"] if "errors" not in answer else answer["errors"][0]["message"]

    def take(self, output, **members):
        """Copies members of a JSON answer to where the following commands have placeholders."""
        answer = json.loads(output)
        for placeholder, member in members.items():
            self.filled["{%s}" % placeholder] = answer[member]
        return answer

    def decode(self, answer, member, name):
        (self.dir / name).write_bytes(base64.b64decode(answer[member]))
        return pki.chain((self.dir / name).read_text())


@pytest.fixture(scope="module")
def issuer():
    """In Dex's place: oidc-provider from npm."""
    process = subprocess.Popen(["node", HERE.parent / "npm" / "dex.mjs"], stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]})
    yield process.stdout.readline().strip()
    process.kill()
    process.wait()


def bearer(issuer, user, password):
    command = ["curl", "-sS", "-u", "fairlead:secret", "-d", "grant_type=password", "-d", f"username={user}", "-d", f"password={password}"]
    return ["-H", f"authorization: Bearer {json.loads(run([*command, issuer + '/token']).stdout)['id_token']}"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, issuer):
    """On the ports that the tutorials name: 8080, and 443 for both public names, told apart by SNI as behind the original's gateway."""
    directory = tmp_path_factory.mktemp("tutorial")
    wait_for_port(8080)
    settings = {"listen.internal": "127.0.0.1:8080", "url.domain": DOMAIN, "auth.oidc.issuer": issuer, "auth.oidc.audience": "fairlead",
                "auth.users": "admin@kyma.cx tenant=* scope=*", "auth.groups": "readers tenant=* scope=application:read"}
    if ROOT:
        wait_for_port(443)
        settings |= {"listen.connector": "127.0.0.1:443", "listen.gateway": "127.0.0.1:443"}
    made = Server(directory, settings=settings)
    try:
        yield made.start()
    finally:
        made.stop()


@pytest.fixture(scope="module")
def environment(server, tmp_path_factory):
    """The environment of a host that trusts the CA. The host is as it was at the end, whatever happens."""
    plain = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    plain["HOME"] = str(tmp_path_factory.mktemp("home"))
    if not ROOT:
        yield plain | {"CURL_CA_BUNDLE": str(server.ca)}
        return
    before, health = BUNDLE.read_bytes(), ["curl", "-sS", f"https://gateway.{DOMAIN}/v1/health"]
    assert run(health, check=False, env=plain).returncode == 60, "the CA is trusted already: what follows would prove nothing"
    try:
        server.cli("ca", "trust", "--install")
        yield plain
    finally:
        server.cli("ca", "trust", "--uninstall")
        assert set(pems(BUNDLE.read_bytes())) == set(pems(before)), "the host's trust store is not as it was"
    assert run(health, check=False, env=plain).returncode == 60, "the CA is still trusted"


def pems(bundle):
    return re.findall(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", bundle)


def pasted(text, style):
    """The output of openssl base64 as it arrives in the next command line."""
    return {"wrapped": text.strip(), "with CRLF": text.strip().replace("\n", "\r\n"), "with its last line end": text,
            "one line": text.replace("\n", "")}[style]


STYLES = ["wrapped", "with CRLF", "with its last line end", "one line"]


@pytest.mark.parametrize("style", STYLES)
def test_remote_environments(server, environment, tmp_path, style):
    name = "my-shop"
    person = Person(tmp_path / "person", "remote-environments", {"{remote-environment-name}": name, "{REMOTE-ENVIRONMENT-NAME}": name}, environment)
    person.give("key")
    person.give("expose")
    person.take(person.give("token"), CONFIGURATION_URL_WITH_TOKEN="url")
    info = person.take(person.give("info"), CSR_SIGNING_URL_WITH_TOKEN="csrUrl")
    assert info["certificate"]["subject"] == f"OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE,CN={name}"
    person.give("request")
    person.filled["{BASE64_ENCODED_CSR_HERE}"] = pasted(person.shell("openssl base64 -in generated.csr")[1], style)
    signed = json.loads(person.give("sign"))
    leaf = person.decode(signed, "crt", "generated.crt")[0]
    assert leaf.public_key().key_size == 4096 and f"CN={name}" in leaf.subject.rfc4514_string()
    run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", server.ca, person.dir / "generated.crt"])
    # the token was for one certificate
    assert not person.shell(COMMANDS["remote-environments/sign"])[0]


@pytest.mark.parametrize("style", STYLES)
def test_applications(server, environment, tmp_path, style):
    name = "my-app"
    domain = DOMAIN if ROOT else f"{DOMAIN}:{server.port('gateway')}"
    person = Person(tmp_path / "person", "applications", {"{APP_NAME}": name, "{CLUSTER_DOMAIN}": domain}, environment)
    person.give("names")
    person.take(person.give("token"), CONFIGURATION_URL_WITH_TOKEN="url")
    info = person.take(person.give("info"), CSR_SIGNING_URL_WITH_TOKEN="csrUrl")
    assert info["api"]["infoUrl"] == f"https://gateway.{domain}/v1/applications/management/info"
    person.give("key")
    person.give("request")
    person.filled["BASE64_ENCODED_CSR_HERE"] = pasted(person.give("encode"), style)
    signed = json.loads(person.give("sign"))
    chain = person.decode(signed, "crt", "generated.crt")
    assert person.decode(signed, "clientCrt", "generated_client.crt") == chain[:1]
    assert person.decode(signed, "caCrt", "generated_ca.crt") == chain[1:]
    managed = json.loads(person.give("management"))
    assert managed["clientIdentity"] == {"application": name}
    assert managed["urls"]["renewCertUrl"] == f"https://gateway.{domain}/v1/applications/certificates/renewals"
    renewed = person.decode(json.loads(person.give("renew")), "crt", "generated.crt")
    assert renewed[0].serial_number != chain[0].serial_number
    person.give("event")
    assert person.give("revoke") == ""
    worked, output = person.shell(COMMANDS["applications/management"])
    assert not worked and "Certificate has been revoked." in output


def test_secured_api(server, environment, tmp_path):
    """The generated certificate is fetched, its secret looked at, and the pair replaced by an own one. The bodies are in test_secured_api.py."""
    name = "my-secured-app"
    domain = DOMAIN if ROOT else f"{DOMAIN}:{server.port('gateway')}"
    system = server.system(name).enrol()
    body = {"provider": "p", "name": "n", "description": "d",
            "api": {"targetUrl": "https://sampleapi.targeturl/v1", "credentials": {"certificateGen": {"commonName": "generated"}}}}
    made = system.curl(f"https://gateway.{domain}/{name}/v1/metadata/services", "-d", json.dumps(body)).json()["id"]
    person = Person(tmp_path / "person", "secured-api", {
        "{CLUSTER_DOMAIN}": domain, "{APP_NAME}": name, "{YOUR_SERVICE_ID}": made, "{SERVICE_ID}": made,
        "{CERT_FILE_NAME}": str(system.crt.with_suffix("")), "{KEY_FILE_NAME}": str(system.key.with_suffix("")),
        "{BASE64_ENCODED_CRT}": "b3du", "{BASE64_ENCODED_KEY}": "b3du"},
        environment | {"PATH": f"{pathlib.Path(BINARY).parent}:{environment['PATH']}", "FAIRLEAD_DATA_DIR": str(server.data)})

    def retrieved():
        held = json.loads(person.give("retrieve"))["api"]["credentials"]["certificateGen"]
        return pki.chain(base64.b64decode(held["certificate"]).decode())[0]
    generated = retrieved()
    assert generated.subject.rfc4514_string() == "CN=generated"
    assert made in person.give("secrets")
    assert pki.fingerprint(generated) in person.give("secret")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.crt", "-subj", "/CN=own", "-days", "30"],
        cwd=person.dir)
    (person.dir / "own.key").chmod(0o600)
    assert "put in place by hand" in person.give("patch")
    assert retrieved().subject.rfc4514_string() == "CN=own"


def test_compass(server, environment, issuer, tmp_path):
    """Establish, maintain, revoke: from the bearer token of an issuer like Dex to the certificate that nobody takes any more."""
    tenant = ["-H", f"Tenant: {server.cli_json('status')['defaultTenant']}"]
    person = Person(tmp_path / "person", "compass", {}, environment)
    operator = tenant + bearer(issuer, "admin@kyma.cx", "nimda")
    director = re.sub(r"/v1/.*", "/director/graphql", server.cli_json("token", "create", "any")["url"])
    register = json.dumps({"query": 'mutation { result: registerApplication(in: {name: "Tutorial"}) { id } }'})
    made = run(["curl", "-sS", "-H", "Content-Type: application/json", "-d", register, *operator, director], env=environment).stdout
    person.filled["{APPLICATION_ID}"] = json.loads(made)["data"]["result"]["id"]

    assert "insufficient scopes provided" in person.send("invite", director, *tenant, *bearer(issuer, "reader@kyma.cx", "redaer"))
    invitation = person.send("invite", director, *operator)
    found = person.send("configuration", invitation["connectorURL"], "-H", f"connector-token: {invitation['token']}")
    secured = found["managementPlaneInfo"]["certificateSecuredConnectorURL"]
    person.filled["{SUBJECT}"] = found["certificateSigningRequestInfo"]["subject"]
    person.give("key")
    person.give("request")
    person.filled["{BASE64_ENCODED_CSR}"] = pasted(person.give("encode"), "wrapped")
    token = ["-H", f"connector-token: {found['token']['token']}"]
    signed = person.send("sign", invitation["connectorURL"], *token)
    chain = person.decode(signed, "certificateChain", "generated.crt")
    assert person.decode(signed, "clientCertificate", "leaf.crt") == chain[:1] and person.decode(signed, "caCertificate", "ca.crt") == chain[1:]
    run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", server.ca, person.dir / "generated.crt"])
    assert "Failed to authenticate with token" in person.send("sign", invitation["connectorURL"], *token)

    identity = ["--cert", "generated.crt", "--key", "generated.key"]
    again = person.send("maintain_configuration", secured, *identity)
    assert again["certificateSigningRequestInfo"] == found["certificateSigningRequestInfo"]
    person.give("maintain_length")
    person.give("maintain_key")
    person.give("maintain_request")
    person.filled["{BASE64_ENCODED_CSR}"] = pasted(person.give("maintain_encode"), "with CRLF")
    (person.dir / "chain.b64").write_text(person.send("sign", secured, *identity)["certificateChain"])
    person.filled["{CERTIFICATE_CHAIN}"] = "chain.b64"
    renewed = pki.chain(pki.write(person.dir / "compass-app.crt", person.give("maintain_decode")).read_text())
    assert renewed[0].public_key().key_size == 4096 and renewed[0].subject == chain[0].subject

    assert person.send("revoke", secured, *identity) is True
    assert person.send("maintain_configuration", secured, *identity) == "Certificate has been revoked."
    renewed_identity = ["--cert", "compass-app.crt", "--key", "compass-app.key"]
    assert person.send("maintain_configuration", secured, *renewed_identity) == again


def test_every_command_and_every_deviation_is_used():
    """A row nobody reads would say something that nothing proves."""
    source = pathlib.Path(__file__).read_text()
    for section in ("remote-environments", "applications", "secured-api", "compass"):
        body = source[source.index(f"def test_{section.replace('-', '_')}("):].split("\ndef ", 1)[0]
        given = {f"{section}/{name}" for name in re.findall(r'person\.(?:give|send)\("(\w+)"', body)}
        assert given == {name for name in COMMANDS if name.startswith(section + "/")}
    assert set(DEVIATIONS) <= set(COMMANDS)
    assert all(reason.endswith(".") for reason, _ in DEVIATIONS.values())
