# SPDX-License-Identifier: Apache-2.0
"""Proves that a client of the second generation gets from a token to a certificate, renews and revokes it, byte for byte as the contract says.

Contract sections 2 to 5 and 7; what is refused is in test_refusals.py, routes in test_routes.py, central mode in test_central.py.
"""

import base64
import datetime
import json
import re
import time

import pki
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from harness import JSON_TYPE, assert_error, csr_body, curl, run


def decoded(answer, member):
    return pki.chain(base64.b64decode(answer.json()[member], validate=True).decode())


def rfc2253(certificate):
    return ",".join(f"{a.rfc4514_attribute_name}={a.value}" for rdn in reversed(list(certificate.subject.rdns)) for a in rdn)


# ---- the answers, to the byte ----

def test_a_token_is_88_characters_inside_an_address_that_is_not_escaped(server):
    answer = server.post_token("/v1/applications/tokens", Application="shop")
    token = answer.json()["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}==", token)
    assert answer.status == 201 and answer.headers["content-type"] == JSON_TYPE
    assert answer.body == (f'{{"url":"{server.connector}/v1/applications/signingRequests/info?token={token}",'
                           f'"token":"{token}"}}\n')


def test_info_says_what_to_ask_for_and_where(server):
    first = server.token("shop")
    answer = server.curl(first["url"])
    second = answer.json()["csrUrl"].split("token=")[1]
    assert second != first["token"]
    assert answer.status == 200 and answer.headers["content-type"] == JSON_TYPE
    assert answer.body == (
        f'{{"csrUrl":"{server.connector}/v1/applications/certificates?token={second}",'
        f'"api":{{"eventsInfoUrl":"{server.gateway}/shop/v1/events/subscribed",'
        f'"eventsUrl":"{server.gateway}/shop/v1/events",'
        f'"metadataUrl":"{server.gateway}/shop/v1/metadata/services",'
        f'"infoUrl":"{server.gateway}/v1/applications/management/info",'
        f'"certificatesUrl":"{server.connector}/v1/applications/certificates"}},'
        '"certificate":{"subject":"O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=shop",'
        '"extensions":"","key-algorithm":"rsa2048"}}\n')


def test_management_info_says_who_one_is(server, shop):
    answer = shop.management()
    urls = f"{server.gateway}/v1/applications/certificates"
    assert answer.status == 200 and answer.headers["content-type"] == JSON_TYPE
    assert answer.body == (
        '{"clientIdentity":{"application":"shop"},'
        f'"urls":{{"eventsInfoUrl":"{server.gateway}/shop/v1/events/subscribed",'
        f'"eventsUrl":"{server.gateway}/shop/v1/events",'
        f'"metadataUrl":"{server.gateway}/shop/v1/metadata/services",'
        f'"renewCertUrl":"{urls}/renewals","revokeCertUrl":"{urls}/revocations","revocationCertUrl":"{urls}/revocations"}},'
        '"certificate":{"subject":"O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=shop",'
        '"extensions":"","key-algorithm":"rsa2048"}}\n')
    assert json.dumps(answer.json()["certificate"]) == json.dumps(shop.info["certificate"])


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_the_whole_life_of_a_certificate(server, version):
    system = server.system("life", f"life{version}")
    info = server.curl(version, server.token("life")["url"]).json()
    system.make_request(info["certificate"]["subject"])
    signed = server.curl(version, "-d", json.dumps({"csr": system.csr_base64()}), info["csrUrl"])
    assert signed.status == 201 and signed.headers["content-type"] == JSON_TYPE
    assert list(signed.json()) == ["crt", "clientCrt", "caCrt"] and signed.body.endswith('"}\n')
    first = system.save(signed.json())

    urls = system.curl(info["api"]["infoUrl"], version).json()["urls"]
    old = system.credentials()[1]
    renewed = system.curl(urls["renewCertUrl"], version, "-d", json.dumps({"csr": system.csr_base64()}))
    assert renewed.status == 201 and renewed.headers["content-type"] == JSON_TYPE
    assert list(renewed.json()) == ["crt", "clientCrt", "caCrt"]
    keep = system.dir / "old.crt"
    keep.write_bytes(open(old, "rb").read())
    second = system.save(renewed.json())
    assert first != second

    # the old one still stands, until it revokes itself; then every route refuses it, and only it
    previous = ["--cert", keep, "--key", system.key]
    assert server.curl(version, *previous, info["api"]["infoUrl"]).status == 200
    revoked = server.curl(version, *previous, "-X", "POST", urls["revokeCertUrl"])
    assert revoked.status == 201 and revoked.body == "" and revoked.headers["content-type"] == JSON_TYPE
    for words in (["/v1/applications/management/info"], ["-d", csr_body("x"), "/v1/applications/certificates/renewals"],
                  ["-X", "POST", "/v1/applications/certificates/revocations"], ["/life/v1/events/subscribed"], ["/v1/health"]):
        assert_error(server.curl(version, *previous, *words[:-1], server.gateway + words[-1]), 403, "Certificate has been revoked.")
    assert system.curl(info["api"]["infoUrl"], version).status == 200


# ---- the certificate ----

def test_the_leaf_has_the_profile_of_the_contract(server):
    before = pki.now()
    answer = server.sign(server.sign_url("profile"), pki.csr(pki.SUBJECT + "profile"))
    leaf, ca = decoded(answer, "crt")
    assert [leaf] == decoded(answer, "clientCrt") and [ca] == decoded(answer, "caCrt")
    assert leaf.version == x509.Version.v3 and 64 < leaf.serial_number.bit_length() <= 128
    assert rfc2253(leaf) == "CN=profile,OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE"
    assert leaf.issuer.public_bytes() == ca.subject.public_bytes()
    assert datetime.timedelta(0) <= leaf.not_valid_before - (before - datetime.timedelta(minutes=5)) < datetime.timedelta(minutes=1)
    assert abs(leaf.not_valid_after - before - datetime.timedelta(days=92)) < datetime.timedelta(minutes=1)
    found = {e.oid._name: (e.critical, e.value) for e in leaf.extensions}
    assert found["keyUsage"] == (True, pki.usage(digital_signature=True))
    assert list(found["extendedKeyUsage"][1]) == [pki.CLIENT_AUTH]
    ski = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert found["authorityKeyIdentifier"][1].key_identifier == ski and "subjectKeyIdentifier" in found
    assert not {"basicConstraints", "subjectAltName", "cRLDistributionPoints"} & set(found)
    assert leaf.not_valid_after <= ca.not_valid_after


def test_crt_is_a_chain_that_openssl_verifies_leaf_first(server, shop):
    blocks = shop.crt.read_text().split("-----END CERTIFICATE-----\n")
    assert len(blocks) == 3 and blocks[2] == ""
    assert all(len(line) <= 64 for line in shop.crt.read_text().splitlines())
    run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", server.ca, shop.crt])


def test_serial_numbers_differ_and_so_do_fingerprints(server):
    request = pki.csr(pki.SUBJECT + "serials")
    leaves = [decoded(server.sign(server.sign_url("serials"), request), "clientCrt")[0] for _ in range(3)]
    assert len({leaf.serial_number for leaf in leaves}) == 3


@pytest.mark.parametrize("kind", ["rsa:2048", "rsa:3072", "ec:P-256", "ec:P-384", "ec:P-521", "ed25519"])
def test_every_good_kind_of_key_gets_a_certificate_that_works(server, kind):
    system = server.system("keys", "keys-" + kind.replace(":", "-"))
    pki.write(system.key, pki.key_pem(pki.key(kind)))
    answer = server.sign(server.sign_url("keys"), pki.csr(pki.SUBJECT + "keys", pki.key(kind)))
    assert answer.status == 201, answer
    system.save(answer.json())
    assert system.management().status == 200


def test_the_request_chooses_neither_signature_nor_extensions(server):
    san = x509.SubjectAlternativeName([x509.DNSName("gateway.example.com")])
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    request = pki.csr(pki.SUBJECT + "greedy", pki.key("rsa:2048"), extensions=[san, constraints])
    leaf, ca = decoded(server.sign(server.sign_url("greedy"), request), "crt")
    assert leaf.signature_algorithm_oid._name == ca.signature_algorithm_oid._name == "ecdsa-with-SHA256"
    assert not any(isinstance(e.value, (x509.SubjectAlternativeName, x509.BasicConstraints)) for e in leaf.extensions)


def test_renewal_may_bring_a_new_key_and_keeps_the_application(server):
    system = server.system("rekeyed").enrol()
    new = pki.key("ec:P-384")
    answer = system.curl("/v1/applications/certificates/renewals?token=ignored", "-d", csr_body(pki.csr(pki.SUBJECT + "rekeyed", new)))
    assert answer.status == 201, answer
    system.save(answer.json())
    pki.write(system.key, pki.key_pem(new))
    assert system.management().json()["clientIdentity"] == {"application": "rekeyed"}


# ---- tokens (contract 4) ----

def test_a_token_opens_info_once_and_signing_once(server):
    first = server.token("once")["url"]
    second = server.curl(first).json()["csrUrl"]
    assert_error(server.curl(first), 403, "Invalid token.")
    request = pki.csr(pki.SUBJECT + "once")
    assert server.sign(second, request).status == 201
    assert_error(server.sign(second, request), 403, "Invalid token.")


def test_the_two_tokens_of_a_pairing_are_interchangeable(server):
    assert server.sign(server.sign_url("direct"), pki.csr(pki.SUBJECT + "direct")).status == 201
    second = server.curl(server.token("direct")["url"]).json()["csrUrl"].split("token=")[1]
    third = server.curl(f"{server.connector}/v1/applications/signingRequests/info?token={second}")
    assert third.status == 200
    assert_error(server.curl(f"{server.connector}/v1/applications/signingRequests/info?token={second}"), 403, "Invalid token.")


def test_a_failed_signing_leaves_the_token_for_a_better_request(server):
    url = server.sign_url("retry")
    assert_error(server.curl("-d", "{", url), 400, "Error while unmarshalling request body: unexpected end of JSON input...")
    assert_error(server.sign(url, pki.csr(pki.SUBJECT + "other")), 400, "CSR: Invalid common name provided.")
    assert server.sign(url, pki.csr(pki.SUBJECT + "retry")).status == 201


def test_an_application_may_have_many_tokens_at_once(server):
    tokens = [server.token("many")["url"] for _ in range(3)]
    assert [server.curl(url).status for url in tokens] == [200, 200, 200]


def test_a_token_ends_with_its_time(make_server):
    server = make_server(settings={"token.application_ttl": "1s"})
    url = server.token("brief")["url"]
    time.sleep(2.1)
    assert_error(server.curl(url), 403, "Invalid token.")


def test_the_token_from_info_has_a_full_life_of_its_own(server):
    first = server.token("long")["url"]
    time.sleep(2.1)
    server.curl(first)
    ends = {t["state"]: t["expiresAt"] for t in server.cli_json("token", "list", "long", "--all")["tokens"]}
    assert ends["active"] > ends["used"]


def test_tokens_and_certificates_survive_a_restart(make_server):
    server = make_server()
    port = {name: server.address(name) for name in ("internal", "connector", "gateway")}
    unused, used = server.token("durable"), server.token("durable")
    system = server.system("durable").enrol()
    assert server.curl(used["url"]).status == 200
    server.stop()
    server.settings.update({f"listen.{name}": address for name, address in port.items()})
    server.start()
    assert_error(server.curl(used["url"]), 403, "Invalid token.")
    second = server.curl(unused["url"]).json()["csrUrl"]
    assert server.sign(second, pki.csr(pki.SUBJECT + "durable")).status == 201
    assert system.management().status == 200


def test_no_token_is_kept_in_clear_or_logged(server):
    answer = server.token("secretive")
    server.curl(answer["url"])
    for file in server.data.rglob("*"):
        if file.is_file() and not file.is_socket():
            assert answer["token"].encode() not in file.read_bytes(), file
    assert answer["token"] not in server.log() and answer["token"][:40] not in server.log()


# ---- JSON as Go reads it (contract 2) ----

@pytest.mark.parametrize("body", ['{"csr":"%s"}', '{"CSR":"%s"}', '{"Csr":"%s"}', '{"more":{"csr":[1]},"csr":"%s"}',
                                  '{"csr":"wrong","csr":"%s"}', ' \t\r\n{ "csr" : "%s" } \n'])
def test_json_is_read_as_the_original_reads_it(server, body):
    request = base64.b64encode(pki.csr(pki.SUBJECT + "json").encode()).decode()
    assert server.curl("-d", body % request, server.sign_url("json")).status == 201


@pytest.mark.parametrize("type_", ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_content_type_and_accept_are_ignored(server, type_):
    answer = server.curl("-H", f"Content-Type: {type_}", "-H", "Accept: image/png", "-d", csr_body(pki.csr(pki.SUBJECT + "types")),
                         server.sign_url("types"))
    assert answer.status == 201 and answer.headers["content-type"] == JSON_TYPE


def test_the_body_of_a_token_request_is_ignored(server):
    for body in ("{", "{}", "x" * 1000):
        assert curl("-d", body, "-H", "application: quiet", server.internal + "/v1/applications/tokens").status == 201


def test_a_token_may_be_percent_encoded_and_the_first_one_counts(server):
    encoded = server.token("query")["token"].replace("=", "%3D")
    assert server.curl(f"{server.connector}/v1/applications/signingRequests/info?x=1&token={encoded}&token=other").status == 200


def test_html_characters_are_escaped_as_go_escapes_them(server):
    answer = server.post_token("/v1/applications/tokens", Application="a<b>&c")
    info = server.curl(answer.json()["url"])
    assert '"CN=a<b>&c"' not in info.body and "CN=a\\u003cb\\u003e\\u0026c\"" in info.body
    assert info.json()["certificate"]["subject"].endswith("CN=a<b>&c")
    assert "/a%3Cb%3E%26c/v1/events" in info.json()["api"]["eventsUrl"]


def test_a_der_fingerprint_is_what_the_list_of_certificates_shows(server, shop):
    leaf = pki.chain(shop.crt.read_text())[0]
    listed = {row["fingerprint"]: row for row in server.cli_json("cert", "list")["certificates"]}
    assert pki.fingerprint(leaf) in listed
    assert leaf.public_bytes(Encoding.DER)[:1] == b"\x30" and listed[pki.fingerprint(leaf)]["application"] == "shop"
