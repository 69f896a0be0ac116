# SPDX-License-Identifier: Apache-2.0
"""Proves that a client of the first generation (0.4/0.5, remote environments; contract 10) gets its certificate, byte for byte."""

import base64
import datetime
import json
import re

import pki
import pytest
from harness import JSON_TYPE, assert_error, curl

SUBJECT = "OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE,CN="
ROOT = "/v1/remoteenvironments/"


def token(server, name):
    answer = server.post_token(f"{ROOT}{name}/tokens")
    assert answer.status == 201, answer
    return answer.json()["token"]


def info_url(server, name, value):
    return f"{server.connector}{ROOT}{name}/info?token={value}"


def sign_url(server, name, value=None):
    return f"{server.connector}{ROOT}{name}/client-certs?token={value or token(server, name)}"


def test_a_token_to_the_byte(server):
    answer = server.post_token(ROOT + "ec-prod/tokens")
    value = answer.json()["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}==", value)
    assert answer.status == 201 and answer.headers["content-type"] == JSON_TYPE
    assert answer.body == f'{{"url":"{info_url(server, "ec-prod", value)}","token":"{value}"}}\n'


def test_info_to_the_byte(server):
    answer = server.curl(info_url(server, "ec-prod", token(server, "ec-prod")))
    second = answer.json()["csrUrl"].split("token=")[1]
    assert answer.status == 200 and answer.headers["content-type"] == JSON_TYPE
    assert answer.body == (
        f'{{"csrUrl":"{sign_url(server, "ec-prod", second)}",'
        f'"api":{{"metadataUrl":"{server.gateway}/ec-prod/v1/metadata/services","eventsUrl":"{server.gateway}/ec-prod/v1/events",'
        f'"certificatesUrl":"{server.connector}{ROOT}ec-prod"}},'
        f'"certificate":{{"subject":"{SUBJECT}ec-prod","extensions":"","key-algorithm":"rsa2048"}}}}\n')


def test_signing_answers_the_chain_and_nothing_else(server):
    answer = server.sign(sign_url(server, "ec-prod"), pki.csr(SUBJECT + "ec-prod"))
    assert answer.status == 201 and answer.headers["content-type"] == JSON_TYPE
    assert list(answer.json()) == ["crt"] and answer.body.endswith('"}\n')
    leaf, ca = pki.chain(base64.b64decode(answer.json()["crt"], validate=True).decode())
    assert ca.public_bytes(pki.serialization.Encoding.PEM).decode() == server.ca.read_text()
    assert abs(leaf.not_valid_after - pki.now() - datetime.timedelta(days=365)) < datetime.timedelta(minutes=1)
    assert list(leaf.extensions.get_extension_for_class(pki.x509.ExtendedKeyUsage).value) == [pki.CLIENT_AUTH]


def test_the_certificate_opens_the_gateway(server):
    system = server.system("ec-live")
    answer = server.sign(sign_url(server, "ec-live"), pki.csr(SUBJECT + "ec-live", pki.key("rsa:2048")))
    system.save(answer.json())
    pki.write(system.key, pki.key_pem(pki.key("rsa:2048")))
    assert system.management().json()["clientIdentity"] == {"application": "ec-live"}
    assert_error(system.curl("/ec-live/v1/events", "-d", "{}"), 501, "Events are not available on this server yet.")


# ---- one token per remote environment ----

def test_a_new_token_ends_the_previous_one_of_its_remote_environment_only(server):
    first, other = token(server, "ec-one"), token(server, "ec-two")
    second = token(server, "ec-one")
    assert_error(server.curl(info_url(server, "ec-one", first)), 403, "Invalid token.")
    assert server.curl(info_url(server, "ec-one", second)).status == 200
    assert server.curl(info_url(server, "ec-two", other)).status == 200


def test_info_replaces_the_token_and_signing_uses_it_up(server):
    first = token(server, "ec-steps")
    second = server.curl(info_url(server, "ec-steps", first)).json()["csrUrl"].split("token=")[1]
    assert_error(server.curl(info_url(server, "ec-steps", first)), 403, "Invalid token.")
    third = server.curl(info_url(server, "ec-steps", second)).json()["csrUrl"]
    assert_error(server.sign(third, pki.csr(SUBJECT + "other")), 400, "CSR: Invalid CName provided.")
    assert server.sign(third, pki.csr(SUBJECT + "ec-steps")).status == 201
    assert_error(server.sign(third, pki.csr(SUBJECT + "ec-steps")), 403, "Invalid token.")


def test_a_token_opens_its_own_remote_environment_and_generation_only(server):
    value = token(server, "ec-mine")
    for url in (info_url(server, "ec-other", value), f"{server.connector}/v1/applications/signingRequests/info?token={value}"):
        assert_error(server.curl(url), 403, "Invalid token.")
    assert_error(server.curl("-d", "{}", sign_url(server, "ec-other", value)), 403, "Invalid token.")
    assert_error(server.curl(info_url(server, "ec-mine", server.token("ec-mine")["token"])), 403, "Invalid token.")
    assert server.curl(info_url(server, "ec-mine", value)).status == 200


# ---- refusals ----

@pytest.mark.parametrize("query", ["", "?token="])
def test_a_missing_token(server, query):
    assert_error(server.curl(f"{server.connector}{ROOT}ec-prod/info{query}"), 403, "Token not provided.")
    assert_error(server.curl("-d", "{}", f"{server.connector}{ROOT}ec-prod/client-certs{query}"), 403, "Token not provided.")


@pytest.mark.parametrize("body, message", [
    ("", "Error while unmarshalling request body: unexpected end of JSON input"),
    ('{"csr":"%%%"}', "There was an error while parsing the base64 content. An incorrect value was provided."),
    ('{"csr":"QUJD"}', "Error while decoding pem block. ..."), ("{}", "Error while decoding pem block. ..."),
])
def test_bad_bodies(server, body, message):
    assert_error(server.curl("-X", "POST", "--data-binary", body, sign_url(server, "ec-bad")), 400, message)


@pytest.mark.parametrize("changed, message", [
    ("CN=x", "CSR: Invalid CName provided."), ("C=FR", "CSR: Invalid country provided."), ("O=x", "CSR: Invalid organization provided."),
    ("OU=x", "CSR: Invalid organizational unit provided."), ("L=x", "CSR: Invalid locality provided."),
    ("ST=x", "CSR: Invalid province provided.")])
def test_each_part_of_the_subject_is_compared(server, changed, message):
    attribute = changed.split("=")[0]
    parts = [changed if p.split("=")[0] == attribute else p for p in (SUBJECT + "ec-subject").split(",")]
    assert_error(server.sign(sign_url(server, "ec-subject"), pki.csr(",".join(parts))), 400, message)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "ec/info/", 404), ("POST", "ec/info", 405), ("GET", "ec/client-certs", 405), ("GET", "ec", 404), ("POST", "ec/tokens", 404),
    ("POST", "ec/renewals", 404), ("GET", "a/b/info", 404), ("HEAD", "ec/info", 405)])
def test_other_paths_and_methods(server, method, path, status):
    words = ["-I"] if method == "HEAD" else ["-X", method]
    answer = server.curl(*words, server.connector + ROOT + path)
    assert answer.status == status
    if method != "HEAD":
        assert_error(answer, status, {404: "Requested resource could not be found.", 405: "Method not allowed."}[status])


# ---- names in the path ----

def test_an_empty_name_is_redirected_to_the_cleaned_path(server):
    answer = curl("--path-as-is", "-X", "POST", f"{server.internal}{ROOT}/tokens")
    assert (answer.status, answer.headers["location"], answer.body) == (301, "/v1/remoteenvironments/tokens", "")


def test_a_name_with_a_blank_is_kept_and_encoded_in_addresses(server):
    answer = server.post_token(ROOT + "ec%20prod/tokens")
    assert f"{ROOT}ec%20prod/info?token=" in answer.json()["url"]
    info = server.curl(answer.json()["url"]).json()
    assert info["certificate"]["subject"] == SUBJECT + "ec prod"
    assert server.sign(info["csrUrl"], pki.csr(SUBJECT + "ec prod")).status == 201


@pytest.mark.parametrize("name, status", [("a%2Fb", 400), ("a,b", 400), ("a=b", 400), ("a%00b", 400), ("%2E%2E", 301), ("x" * 65, 400)])
def test_a_name_that_cannot_be_a_common_name_is_refused(server, name, status):
    answer = curl("--path-as-is", "-X", "POST", f"{server.internal}{ROOT}{name}/tokens")
    assert answer.status in (status, 400, 404) and answer.status < 500


def test_the_list_of_tokens_tells_the_kinds_apart(server):
    token(server, "ec-listed")
    kinds = {t["application"]: t["kind"] for t in json.loads(server.cli("token", "list", "-o", "json").stdout)["tokens"]}
    assert kinds["ec-listed"] == "remoteEnvironment"
