# SPDX-License-Identifier: Apache-2.0
"""Proves every row of the contract's error tables (3.1 to 3.5, 5) in its wording, and that no mistake of a client is answered 5xx.

Rows that differ on purpose are in docs/compatibility.md; the test names them with "differs".
"""

import base64
import json

import pki
import pytest
from harness import assert_error, csr_body, curl, run

INFO = "/v1/applications/signingRequests/info"
SIGN = "/v1/applications/certificates"
RENEW = "/v1/applications/certificates/renewals"
PEM_BLOCK = "Error while decoding pem block."
BASE64 = "There was an error while parsing the base64 content. An incorrect value was provided."


@pytest.fixture(scope="module")
def sign_url(server):
    """One token for every refusal: a refused request leaves it (contract 4), which each of these tests proves again."""
    return server.sign_url("refused")


@pytest.fixture(scope="module")
def good():
    return pki.csr(pki.SUBJECT + "refused")


# ---- tokens (3.1, 3.2) ----

@pytest.mark.parametrize("words", [[], ["-H", "Application;"], ["-H", "Applications: x"]])
def test_a_token_needs_an_application(server, words):
    answer = curl("-X", "POST", *words, server.internal + "/v1/applications/tokens")
    assert_error(answer, 400, "Required headers for ApplicationContext not specified.")


@pytest.mark.parametrize("query", ["", "?", "?token=", "?token", "?other=1", "?Token=abc", "?token=&token=abc"])
@pytest.mark.parametrize("words", [[INFO], ["-d", "{}", SIGN]])
def test_a_token_that_is_missing_or_empty_is_said_to_be(server, words, query):
    assert_error(server.curl(*words[:-1], server.connector + words[-1] + query), 403, "Token not provided.")


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t.rstrip("="), lambda t: t.swapcase(), lambda t: t + "=", lambda t: "A" * 88,
                                   lambda t: t[1:] + t[0], lambda t: "%00", lambda t: "'%20or%201=1"])
@pytest.mark.parametrize("words", [[INFO], ["-d", "{}", SIGN]])
def test_any_other_token_is_invalid(server, words, spoil):
    token = spoil(server.token("refused")["token"])
    assert_error(server.curl(*words[:-1], f"{server.connector}{words[-1]}?token={token}"), 403, "Invalid token.")


# ---- the body of sign and renew (3.3) ----

NOT_JSON = [
    ("", "unexpected end of JSON input"),
    ("{", "unexpected end of JSON input"),
    ('{"csr":"abc', "unexpected end of JSON input"),
    ("abc", "invalid character..."),
    ('{"csr":"a"} x', "unexpected data after the value..."),
    ('{"csr":"a"}{"csr":"b"}', "unexpected data after the value..."),
    ("{csr:'a'}", "..."),
    ('{"csr":1}', "csr must be a string, not ..."),
    ('{"csr":["a"]}', "csr must be a string, not ..."),
    ('{"csr":{}}', "csr must be a string, not ..."),
    ('{"csr":true}', "csr must be a string, not ..."),
    ("[]", "a JSON object is expected"),
    ('"text"', "a JSON object is expected"),
    ("7", "a JSON object is expected"),
    ('{"csr":"\\x"}', "invalid escape..."),
    ("[" * 100 + "]" * 100, "..."),
]
NOT_A_REQUEST = [
    ({}, PEM_BLOCK + " ..."),
    ({"csr": None}, PEM_BLOCK + " ..."),
    ({"csr": ""}, PEM_BLOCK + " ..."),
    ({"csr": "%%%"}, BASE64),
    ({"csr": "QUJ D"}, BASE64),
    ({"csr": "QUI"}, BASE64),
    ({"csr": "QU-_"}, BASE64),
    ({"csr": "QUJD=="}, BASE64),
    ({"csr": "QUJD"}, PEM_BLOCK + " ..."),
    ({"csr": base64.b64encode(b"-----BEGIN X-----\nQUJD\n").decode()}, PEM_BLOCK + " ..."),
    ({"csr": base64.b64encode(b"-----BEGIN X-----\nQUJD\n-----END X-----\n").decode()}, "Error while parsing CSR: ..."),
]


@pytest.mark.parametrize("body, message", NOT_JSON)
def test_a_body_that_is_not_json_differs_in_its_status_400(server, sign_url, shop, body, message):
    expected = "Error while unmarshalling request body: " + message
    assert_error(server.curl("-X", "POST", "--data-binary", body, sign_url), 400, expected)
    assert_error(shop.curl(RENEW, "-X", "POST", "--data-binary", body), 400, expected)


@pytest.mark.parametrize("body, message", NOT_A_REQUEST)
def test_what_is_not_base64_of_pem_of_a_request_is_refused(server, sign_url, shop, body, message):
    assert_error(server.curl("-d", json.dumps(body), sign_url), 400, message)
    assert_error(shop.curl(RENEW, "-d", json.dumps(body)), 400, message)


def test_a_body_over_64_kib_is_refused_before_it_is_sent(server, sign_url, tmp_path):
    answer = server.curl("--http1.1", "-d", "x" * (64 * 1024 + 1), sign_url)
    assert_error(answer, 413, "The request body is larger than this route accepts.")
    # curl 7.88 gives up over HTTP/2 when a long upload is answered early and then reset (RFC 9113 8.1); nghttp shows both
    big = pki.write(tmp_path / "big", "x" * (64 * 1024 + 1))
    assert "recv (stream_id=13) :status: 413" in run(["nghttp", "-nv", "-d", big, sign_url], check=False).stdout
    chunked = server.curl("--http1.1", "-H", "Transfer-Encoding: chunked", "-d", "x" * (64 * 1024 + 1), sign_url)
    assert chunked.status == 413


def test_weak_requests_are_refused_with_their_reason(server, sign_url, tmp_path):
    subject = "/" + (pki.SUBJECT + "refused").replace(",", "/")

    def made(*more, key="rsa:2048"):
        done = run(["openssl", "req", "-new", "-newkey", key, "-nodes", "-keyout", tmp_path / "k", "-subj", subject, *more])
        return done.stdout

    for request, message in [
        (made(key="rsa:1024"), "Error while parsing CSR: RSA key has 1024 bits, ..."),
        (made("-sha1"), "Error while parsing CSR: signature digest SHA-1 is not accepted"),
        (made("-md5"), "Error while parsing CSR: signature digest MD5 is not accepted"),
        (made("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:max"), "Error while parsing CSR: RSA-PSS must have a salt ..."),
    ]:
        assert_error(server.sign(sign_url, request), 400, message)
    curve = run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1", "-nodes", "-keyout", tmp_path / "k",
                 "-subj", subject]).stdout
    assert_error(server.sign(sign_url, curve), 400, "Error while parsing CSR: curve ...")


def der_of(pem):
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


def pem_of(der, label="CERTIFICATE REQUEST", end="\n"):
    body = base64.encodebytes(der).decode().replace("\n", end)
    return f"-----BEGIN {label}-----{end}{body}-----END {label}-----{end}"


def test_a_request_that_was_tampered_with_is_refused(server, sign_url, good):
    der = der_of(good)
    assert_error(server.sign(sign_url, pem_of(der[:-1] + bytes([der[-1] ^ 1]))), 400, "CSR signature invalid: ...")
    other = der.replace(b"Waldorf", b"Walldof", 1)
    assert_error(server.sign(sign_url, pem_of(other)), 400, "CSR signature invalid: ...")
    for broken in (der + b"\0", der[:-1], der[:40], b"0\x80" + der[4:] + b"\0\0", b""):
        assert_error(server.sign(sign_url, pem_of(broken)), 400, "Error while ...")


@pytest.mark.parametrize("shape", [
    lambda d: pem_of(d), lambda d: pem_of(d, "NEW CERTIFICATE REQUEST"), lambda d: pem_of(d, "FOO"), lambda d: pem_of(d, end="\r\n"),
    lambda d: "Some words before it.\n\n" + pem_of(d) + "and after it\n", lambda d: pem_of(d) + pem_of(b"junk")])
def test_the_first_pem_block_counts_whatever_it_is_called(server, good, shape):
    answer = server.sign(server.sign_url("refused"), shape(der_of(good)))
    assert answer.status == 201, answer


# ---- the subject (5.2) ----

VALUES = {"CN": "refused", "C": "DE", "O": "Organization", "OU": "OrgUnit", "L": "Waldorf", "ST": "Waldorf"}
WORDS = {"CN": "common name", "C": "country", "O": "organization", "OU": "organizational unit", "L": "locality", "ST": "province"}


def subject(**changes):
    values = {**VALUES, **changes}
    return [(k, v) for k, v in values.items() if v is not None]


@pytest.mark.parametrize("attribute", list(VALUES))
def test_each_part_of_the_subject_is_compared(server, sign_url, attribute):
    absent = "Invalid" if attribute == "CN" else "No"
    different = "FR" if attribute == "C" else VALUES[attribute].upper()
    assert_error(server.sign(sign_url, pki.csr(subject(**{attribute: None}))), 400, f"CSR: {absent} {WORDS[attribute]} provided.")
    assert_error(server.sign(sign_url, pki.csr(subject(**{attribute: different}))), 400, f"CSR: Invalid {WORDS[attribute]} provided.")


def test_the_first_difference_in_the_order_of_the_contract_is_named(server, sign_url):
    order = ["CN", "C", "O", "OU", "L", "ST"]
    for i, attribute in enumerate(order):
        wrong = {a: "FR" if a == "C" else "wrong" for a in order[i:]}
        assert_error(server.sign(sign_url, pki.csr(subject(**wrong))), 400, f"CSR: Invalid {WORDS[attribute]} provided.")


def test_the_last_common_name_and_the_first_of_everything_else_count(server, sign_url):
    base = subject()
    assert_error(server.sign(sign_url, pki.csr(base + [("CN", "other")])), 400, "CSR: Invalid common name provided.")
    assert_error(server.sign(sign_url, pki.csr([("O", "Other")] + base)), 400, "CSR: Invalid organization provided.")
    accepted = [("CN", "other")] + base + [("O", "Other"), ("OU", "Other"), ("emailAddress", "a@example.com")]
    for names in (accepted, list(reversed(base))):
        assert server.sign(server.sign_url("refused"), pki.csr(names)).status == 201


# ---- renewal and revocation (3.3, 3.5) ----

def test_renewal_for_another_application_is_refused(server, shop):
    assert_error(shop.curl(RENEW, "-d", csr_body(pki.csr(pki.SUBJECT + "other"))), 400, "CSR: Invalid common name provided.")


@pytest.mark.parametrize("body, message", [
    ("{}", "certificate hash value not provided."), ('{"hash":""}', "certificate hash value not provided."),
    ('{"hash":null}', "certificate hash value not provided."), ("", "unexpected end of JSON input."),
    ("{hash: abc}", "..."), ('{"hash":1}', "hash must be a string, not ..."),
    ('{"hash":"abc"}', "certificate hash value is not 64 hexadecimal digits..."),
    ('{"hash":"%s"}' % "g" * 64, "..."), ('{"hash":"%s"}' % ":".join(["aa"] * 32), "certificate hash value is not 64..."),
])
def test_a_hash_to_revoke_must_be_one(server, body, message):
    answer = curl("-X", "POST", "--data-binary", body, server.internal + "/v1/applications/certificates/revocations")
    assert_error(answer, 400, "Error while unmarshalling request body: " + message)
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("case", [str.lower, str.upper])
@pytest.mark.parametrize("member", ["hash", "Hash"])
def test_revocation_by_hash_works_in_either_case_and_twice(server, case, member):
    system = server.system("byhash", f"byhash-{case.__name__}-{member}").enrol()
    body = json.dumps({member: case(system.fingerprint())})
    for _ in range(2):
        answer = curl("-d", body, server.internal + "/v1/applications/certificates/revocations")
        assert answer.status == 201 and answer.body == "" and answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert_error(system.management(), 403, "Certificate has been revoked.")
    assert_error(system.curl(RENEW, "-d", csr_body(system.csr.read_text())), 403, "Certificate has been revoked.")


def test_a_hash_that_was_never_issued_can_be_revoked_beforehand(server):
    assert curl("-d", json.dumps({"hash": "ab" * 32}), server.internal + "/v1/applications/certificates/revocations").status == 201


def test_revoking_oneself_differs_the_second_time_403(server):
    system = server.system("twice").enrol()
    own = "/v1/applications/certificates/revocations"
    assert system.curl(own, "-d", "not even JSON").status == 201
    assert_error(system.curl(own, "-X", "POST"), 403, "Certificate has been revoked.")


def test_revocation_is_of_one_certificate_and_not_of_the_application(server):
    one, two = server.system("pair", "pair1").enrol(), server.system("pair", "pair2").enrol()
    one.curl("/v1/applications/certificates/revocations", "-X", "POST")
    assert one.management().status == 403 and two.management().status == 200


# ---- events (12) ----

def test_events_are_501_for_the_application_itself_and_403_for_others(server, shop):
    for words in (["-d", "{}", "/shop/v1/events"], ["/shop/v1/events/subscribed"]):
        assert_error(shop.curl(words[-1], *words[:-1]), 501, "Events are not available on this server yet.")
        other = words[-1].replace("shop", "other")
        assert_error(shop.curl(other, *words[:-1]), 403, "No valid subject found")
