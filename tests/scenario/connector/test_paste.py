# SPDX-License-Identifier: Apache-2.0
"""Proves that what people really paste is either understood or refused with a sentence that says what is wrong with it."""

import base64
import json
import subprocess

import pki
import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ObjectIdentifier
from harness import assert_error, curl, run

RENEW = "/v1/applications/certificates/renewals"
PEM_BLOCK = "Error while decoding pem block. Reason: "


@pytest.fixture(scope="module")
def request_file(tmp_path_factory):
    return pki.write(tmp_path_factory.mktemp("paste") / "generated.csr", pki.csr(pki.SUBJECT + "shop"))


@pytest.fixture(scope="module")
def ask(server, shop, request_file):
    """Sends one body to sign and to renew; both must answer alike."""
    url = server.sign_url("shop")

    def call(body, *words):
        answers = [server.curl(*words, "--data-binary", body, url), shop.curl(RENEW, *words, "--data-binary", body)]
        assert answers[0].status == answers[1].status, answers
        return answers
    call.fresh = lambda: server.sign_url("shop")
    return call


# ---- line breaks ----

@pytest.mark.parametrize("tool", [["openssl", "base64", "-in"], ["base64"], ["base64", "-w", "60"], ["base64", "-w0"],
                                  ["openssl", "base64", "-A", "-in"]])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_output_of_base64_is_pasted_with_its_line_breaks(server, shop, request_file, tool, ending):
    pasted = run([*tool, request_file]).stdout.replace("\n", ending)
    body = '{"csr":"' + pasted + '"}'
    assert server.curl("--data-binary", body, server.sign_url("shop")).status == 201
    assert shop.curl(RENEW, "--data-binary", body).status == 201


def test_escaped_line_breaks_are_as_good(server, request_file):
    wrapped = run(["base64", request_file]).stdout
    assert server.curl("--data-binary", json.dumps({"csr": wrapped}), server.sign_url("shop")).status == 201


def test_the_shell_of_the_tutorial_works_as_it_stands(server, request_file):
    body = f"""'{{"csr":"'"$(openssl base64 -in {request_file})"'"}}'"""
    line = f'curl -sS --cacert {server.ca} -H "Content-Type: application/json" -d {body} \'{server.sign_url("shop")}\''
    assert '"crt":' in subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60).stdout


def test_line_breaks_elsewhere_are_still_errors(ask):
    for body in ('{"c\nsr":"x', '{"csr"\n:"x" "y"}'):
        for answer in ask(body):
            assert_error(answer, 400, "Error while unmarshalling request body: ...")


def test_a_tab_or_another_control_character_in_a_string_is_an_error(ask, request_file):
    text = base64.b64encode(request_file.read_bytes()).decode()
    for character in ("\t", "\x01", "\x1f"):
        for answer in ask('{"csr":"' + text[:20] + character + text[20:] + '"}'):
            assert_error(answer, 400, "Error while unmarshalling request body: control character in string...")


# ---- the wrong thing ----

def test_base64_of_base64_is_called_so(ask, request_file):
    twice = base64.b64encode(base64.b64encode(request_file.read_bytes())).decode()
    for answer in ask(json.dumps({"csr": twice})):
        assert_error(answer, 400, PEM_BLOCK + "this is base64 of base64: encode the PEM text once.")


def test_bare_der_is_called_so_with_the_command_that_helps(ask, request_file, tmp_path):
    run(["openssl", "req", "-in", request_file, "-outform", "DER", "-out", tmp_path / "der"])
    for answer in ask(json.dumps({"csr": base64.b64encode((tmp_path / "der").read_bytes()).decode()})):
        assert_error(answer, 400, PEM_BLOCK + "this is bare DER, not PEM: convert it with 'openssl req -inform DER -outform PEM'.")


def test_pem_without_its_armour_is_called_so(ask, request_file):
    inside = "".join(request_file.read_text().splitlines()[1:-1])
    for answer in ask(json.dumps({"csr": base64.b64encode(inside.encode()).decode()})):
        assert_error(answer, 400, PEM_BLOCK + "there is no PEM block: this is base64 without the BEGIN and END lines.")


def test_an_unset_shell_variable_is_called_so(ask):
    for answer in ask('{"csr":""}'):
        assert_error(answer, 400, "Error while decoding pem block. The member csr is missing or empty.")


def test_the_pem_itself_instead_of_its_base64_is_refused(ask, request_file):
    for answer in ask(json.dumps({"csr": request_file.read_text()})):
        assert_error(answer, 400, "There was an error while parsing the base64 content. An incorrect value was provided.")


@pytest.mark.parametrize("what", ["key", "certificate"])
def test_another_pem_file_is_refused(ask, shop, what):
    text = pki.key_pem(pki.key("rsa:2048")) if what == "key" else shop.crt.read_text()
    for answer in ask(json.dumps({"csr": base64.b64encode(text.encode()).decode()})):
        assert_error(answer, 400, "Error while parsing CSR: ...")
        assert "PRIVATE" not in answer.body


# ---- big keys ----

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_4096_bit_key_whose_client_waits_for_100_continue(server, version, tmp_path):
    subject = "/" + (pki.SUBJECT + "big").replace(",", "/")
    run(["openssl", "genrsa", "-out", tmp_path / "generated.key", "4096"])
    run(["openssl", "req", "-new", "-out", tmp_path / "generated.csr", "-key", tmp_path / "generated.key", "-subj", subject])
    body = pki.write(tmp_path / "body", json.dumps({"csr": base64.b64encode((tmp_path / "generated.csr").read_bytes()).decode()}))
    waits = ["-H", "Expect: 100-continue", "--expect100-timeout", "20"]
    answer = server.curl(version, *waits, "-d", f"@{body}", server.sign_url("big"), timeout=60)
    assert answer.status == 201


def test_an_expectation_before_a_refusal_is_answered_with_the_refusal(server):
    waits = ["-H", "Expect: 100-continue", "--expect100-timeout", "20"]
    answer = server.curl("--http1.1", *waits, "-d", "{}", server.connector + "/nowhere", timeout=60)
    assert_error(answer, 404, "Requested resource could not be found.")


# ---- the dialogue of openssl req ----

def test_the_request_of_the_dialogue_with_email_and_unstructured_name(server, tmp_path):
    """openssl req asks for an address and "an optional company name"; both are written as people answer them."""
    answers = "DE\nWaldorf\nWaldorf\nOrganization\nOrgUnit\ndialogue\nadmin@example.com\nchallenge\nExample Ltd\n"
    run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", tmp_path / "key"])
    run(["openssl", "req", "-new", "-key", tmp_path / "key", "-out", tmp_path / "csr"], input=answers)
    text = run(["openssl", "req", "-in", tmp_path / "csr", "-noout", "-text"]).stdout
    assert "admin@example.com" in text and "unstructuredName" in text and "challengePassword" in text
    answer = server.sign(server.sign_url("dialogue"), (tmp_path / "csr").read_text())
    assert answer.status == 201, answer
    leaf = pki.chain(base64.b64decode(answer.json()["clientCrt"]).decode())[0]
    assert "email" not in leaf.subject.rfc4514_string() and "1.2.840.113549" not in leaf.subject.rfc4514_string()


def test_string_types_of_other_tools_are_read(server):
    values = dict(part.split("=") for part in (pki.SUBJECT + "types").split(","))
    kinds = [_ASN1Type.UTF8String, _ASN1Type.PrintableString, _ASN1Type.T61String, _ASN1Type.BMPString]
    for kind in kinds[:2]:
        names = [x509.NameAttribute(pki.ATTRIBUTES[k], v, _ASN1Type.PrintableString if k == "C" else kind) for k, v in values.items()]
        names.append(x509.NameAttribute(ObjectIdentifier("0.9.2342.19200300.100.1.25"), "example", _ASN1Type.IA5String))
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
        pem = builder.sign(pki.key("rsa:2048"), pki.hashes.SHA256()).public_bytes(pki.serialization.Encoding.PEM).decode()
        assert server.sign(server.sign_url("types"), pem).status == 201


# ---- names ----

@pytest.mark.parametrize("name, reason", [
    ("x" * 65, "has 65 characters; a certificate's subject holds at most 64"), ("a,b", "holds ','"), ("a=b", "holds '='"), ("a+b", "holds '+'"),
    ("a/b", "holds '/'"), ("..", "may not be '.' or '..'"), (".", "may not be '.' or '..'"), ("*Runtime*", "may not be *Runtime*")])
def test_a_name_that_no_certificate_can_hold_is_refused_with_the_reason(server, name, reason):
    asked = server.post_token("/v1/applications/tokens", Application=name)
    assert_error(asked, 400, f"The application's name {reason}...")
    made = curl("-H", "Content-Type: application/json", "-d", json.dumps({"name": name}), server.internal + "/api/v1/applications")
    assert made.status == 400 and made.headers["content-type"] == "application/problem+json" and reason in made.json()["detail"]
    told = server.cli("app", "create", name, check=False)
    assert told.returncode == 1 and reason in told.stderr and told.stderr.count("\n") == 1


def test_names_that_are_just_allowed(server):
    for name in ("x" * 64, "ä" * 64, "a b", "a.b_c-d", "-starts-with-a-dash", "名前"):
        answer = server.post_token("/v1/applications/tokens", Application=name)
        assert answer.status == 201, (name, answer)
        info = server.curl(answer.json()["url"]).json()
        subject = [p.split("=", 1) for p in info["certificate"]["subject"].split(",")]
        assert subject[-1] == ["CN", name]
        assert server.sign(info["csrUrl"], pki.csr([tuple(p) for p in subject])).status == 201


def test_a_token_that_begins_with_a_dash_works_on_the_command_line(server):
    for _ in range(1000):
        made = server.token("dashed")
        if made["token"].startswith("-"):
            break
    done = server.cli("token", "revoke", "--", made["token"], check=False)
    assert done.returncode == 0, done.stderr
    assert_error(server.curl(made["url"]), 403, "Invalid token.")
    assert server.cli("token", "revoke", made["token"], check=False).stderr.endswith("(a value that begins with '-' goes after --)\n")
