# SPDX-License-Identifier: Apache-2.0
"""Proves the mutual-TLS matrix of the gateway: which certificate gets how far, over TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2, with curl as the client.

The CA is the test's own (ca.certificate_file), so that it can sign what the server never would.
"""

import subprocess

import pki
import pytest
from harness import Server, assert_error, curl_failure, poll

MANAGEMENT = "/v1/applications/management/info"
SUBJECT = pki.SUBJECT + "shop"
VERSIONS = [pytest.param(tls, http, id=f"{tls}-{http}") for tls in ("1.2", "1.3") for http in ("http1.1", "http2")]
CA = pki.Authority("CN=Matrix CA")


def supplied(directory):
    directory.mkdir(parents=True, exist_ok=True)
    return {"ca.certificate_file": str(pki.write(directory / "own-ca.pem", CA.pem)),
            "ca.key_file": str(pki.write(directory / "own-ca.key", pki.key_pem(CA.key)))}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("mtls")
    s = Server(directory, settings=supplied(directory)).start()
    yield s
    s.stop()


class Presented:
    """What a client presents: words for curl."""

    def __init__(self, directory):
        self.dir = directory
        self.key = pki.write(directory / "leaf.key", pki.key_pem(pki.key("ec:P-256", 1)))

    def words(self, what, chain):
        file = pki.write(self.dir / f"{what}.pem", "".join(pki.pem(c) for c in chain))
        return ["--cert", file, "--key", self.key]


def long_chain(count):
    """A leaf under `count` intermediate CAs, all of them sent."""
    above = CA
    chain = []
    for i in range(count):
        above = pki.Authority(f"CN=Intermediate {i}", which=10 + i, issuer=above)
        chain.insert(0, above.certificate)
    return [above.issue(SUBJECT), *chain]


def certificates():
    other = pki.Authority("CN=Other CA", which=3)
    namesake = pki.Authority("CN=Matrix CA", which=4)  # the right name, the wrong key
    self_signed = pki.Authority(SUBJECT, which=1)
    return {
        "expired": [CA.issue(SUBJECT, days=(-30, -1))],
        "not yet valid": [CA.issue(SUBJECT, days=(1, 30))],
        "wrong CA": [other.issue(SUBJECT)],
        "wrong CA, sent along": [other.issue(SUBJECT), other.certificate],
        "wrong CA of the same name": [namesake.issue(SUBJECT)],
        "self-signed": [self_signed.certificate],
        "wrong EKU": [CA.issue(SUBJECT, usages=(pki.SERVER_AUTH,))],
        "no EKU": [CA.issue(SUBJECT, usages=())],
        "chain too long": long_chain(6),
    }


# What curl says of the alert (RFC 8446 6.2). A TLS 1.3 client is through before the server has looked: it learns on reading.
ALERTS = {
    "expired": "certificate expired",
    "not yet valid": "alert bad certificate",
    "wrong CA": "alert unknown ca",
    "wrong CA, sent along": "alert unknown ca",
    "wrong CA of the same name": "alert ",
    "self-signed": "alert unknown ca",
    "wrong EKU": "alert unsupported certificate",
    "no EKU": "alert unsupported certificate",
    "chain too long": "alert unknown ca",
}


@pytest.fixture(scope="module")
def presented(tmp_path_factory):
    p = Presented(tmp_path_factory.mktemp("presented"))
    return {what: p.words(what.replace(" ", "-"), chain) for what, chain in certificates().items()}


def flags(tls, http):
    return ["--tlsv" + tls, "--tls-max", tls, "--" + http]


@pytest.mark.parametrize("tls, http", VERSIONS)
def test_no_certificate_ends_in_the_handshake(server, tls, http):
    said = curl_failure("--cacert", server.ca, *flags(tls, http), server.gateway + MANAGEMENT)
    assert ("alert handshake failure" if tls == "1.2" else "alert certificate required") in said, said


@pytest.mark.parametrize("what", list(ALERTS))
@pytest.mark.parametrize("tls, http", VERSIONS)
def test_a_bad_certificate_ends_in_the_handshake_with_its_own_alert(server, presented, what, tls, http):
    said = curl_failure("--cacert", server.ca, *flags(tls, http), *presented[what], server.gateway + MANAGEMENT)
    # curl has words of its own for one alert that it gets inside the handshake
    assert ALERTS[what] in said.replace("SSL certificate verification failed", "certificate expired"), said


@pytest.mark.parametrize("tls, http", VERSIONS)
def test_a_good_certificate_is_served_and_a_revoked_one_refused(server, tls, http):
    system = server.system("shop", f"good-{tls}-{http}").enrol(key="ec:P-256")
    answer = system.management(*flags(tls, http))
    assert answer.status == 200 and answer.version == ("HTTP/2" if http == "http2" else "HTTP/1.1")
    assert system.curl("/v1/applications/certificates/revocations", "-X", "POST", *flags(tls, http)).status == 201
    assert_error(system.management(*flags(tls, http)), 403, "Certificate has been revoked.")


@pytest.mark.parametrize("what", ["unrecorded", "wrong name", "intermediate"])
@pytest.mark.parametrize("tls, http", VERSIONS)
def test_a_certificate_of_our_ca_that_is_not_on_record_is_refused(server, tmp_path, what, tls, http):
    chain = {"unrecorded": [CA.issue(SUBJECT)], "wrong name": [CA.issue("CN=shop,O=Someone Else")], "intermediate": long_chain(1)}[what]
    answer = server.curl(*flags(tls, http), *Presented(tmp_path).words("own", chain), server.gateway + MANAGEMENT)
    assert_error(answer, 403, "Certificate is not on record here...")


@pytest.mark.parametrize("tls, http", VERSIONS)
def test_each_refusal_is_logged_with_its_reason(server, presented, tls, http):
    before = len(server.log())
    curl_failure("--cacert", server.ca, *flags(tls, http), *presented["expired"], server.gateway + MANAGEMENT)
    poll(lambda: "tls.handshake.failed" in server.log()[before:], 5, "no line")  # the alert leaves before it is written
    line = next(line for line in server.log()[before:].splitlines() if "tls.handshake.failed" in line)
    assert "class=expired" in line and 'reason="client certificate expired"' in line


def test_the_connector_asks_nobody_for_a_certificate(server, presented):
    for words in ([], presented["self-signed"], presented["expired"]):
        assert server.curl(*words, server.connector + "/v1/health").status == 200


def test_where_unrecorded_certificates_are_accepted_their_subject_decides(tmp_path):
    """The migration setting, contract 6: another organisation's name is no identity here."""
    server = Server(tmp_path, settings={**supplied(tmp_path), "ca.accept_unrecorded": "true"}).start()
    own = Presented(tmp_path)
    elsewhere = "Failed to get certificate subject from header."
    for subject, status, message in [(SUBJECT, 200, None), (SUBJECT.replace("Waldorf", "Walldorf", 1), 400, elsewhere),
                                     (SUBJECT.replace("OrgUnit", "Other"), 400, elsewhere),
                                     (SUBJECT.rpartition(",")[0], 400, "Empty Common Name in certificate header")]:
        answer = server.curl(*own.words("own", [CA.issue(subject)]), server.gateway + MANAGEMENT)
        assert answer.status == status, (subject, answer)
        if message:
            assert_error(answer, 400, "Invalid certificate: " + message)
    revoked = CA.issue(SUBJECT)
    body = f'{{"hash":"{pki.fingerprint(revoked)}"}}'
    assert server.curl("-d", body, server.internal + "/v1/applications/certificates/revocations").status == 201
    assert_error(server.curl(*own.words("own", [revoked]), server.gateway + MANAGEMENT), 403, "Certificate has been revoked.")
    server.stop()


def test_plain_http_at_a_tls_port_is_no_http(server):
    for url in (server.connector, server.gateway):
        done = subprocess.run(["curl", "-sS", "-m", "10", url.replace("https", "http") + "/v1/health"], capture_output=True, text=True)
        assert done.returncode != 0 and done.stdout == ""
