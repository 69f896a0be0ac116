# SPDX-License-Identifier: Apache-2.0
"""Proves central mode: tenants and groups name the subject, runtimes exist, and a token or certificate of one kind opens nothing of the other."""

import base64
import json

import pki
import pytest
from harness import JSON_TYPE, Server, assert_error, csr_body, curl

PLACE = "L=Waldorf,ST=Waldorf,C=DE"
WHO = {"Tenant": "acme", "Group": "emea"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("central"), settings={"mode.central": "true"}).start()
    yield s
    s.stop()


class Member:
    """An application or the runtime of acme's group emea, enrolled."""

    def __init__(self, server, kind, **headers):
        self.server, self.kind = server, kind
        self.info = server.curl(server.post_token(f"/v1/{kind}/tokens", **headers).json()["url"]).json()
        self.request = pki.csr(self.info["certificate"]["subject"])
        answer = server.sign(self.info["csrUrl"], self.request)
        assert answer.status == 201, answer
        self.crt = pki.write(server.dir / f"{kind}.crt", base64.b64decode(answer.json()["crt"]).decode())
        self.key = pki.write(server.dir / f"{kind}.key", pki.key_pem(pki.key("rsa:2048")))

    def curl(self, path, *words):
        return self.server.curl("--cert", self.crt, "--key", self.key, *words, self.server.gateway + path)


@pytest.fixture(scope="module")
def application(server):
    return Member(server, "applications", Application="shop", **WHO)


@pytest.fixture(scope="module")
def runtime(server):
    return Member(server, "runtimes", **WHO)


@pytest.mark.parametrize("missing", ["Application", "Tenant", "Group"])
def test_an_application_needs_its_name_tenant_and_group(server, missing):
    headers = {"Application": "shop", **WHO}
    for given in ({**headers, missing: ""}, {k: v for k, v in headers.items() if k != missing}):
        words = [w for k, v in given.items() for w in ("-H", f"{k}: {v}" if v else f"{k};")]
        answer = curl("-X", "POST", *words, server.internal + "/v1/applications/tokens")
        assert_error(answer, 400, "Required headers for ApplicationContext not specified.")


@pytest.mark.parametrize("missing", ["Tenant", "Group"])
def test_a_runtime_needs_its_tenant_and_group(server, missing):
    answer = server.post_token("/v1/runtimes/tokens", **{k: v for k, v in WHO.items() if k != missing})
    assert_error(answer, 400, "Required headers for ClusterContext not specified.")


def test_a_runtimes_token_names_its_own_route(server):
    answer = server.post_token("/v1/runtimes/tokens", **WHO)
    token = answer.json()["token"]
    assert answer.status == 201
    assert answer.body == (f'{{"url":"{server.connector}/v1/runtimes/signingRequests/info?token={token}","token":"{token}"}}\n')


def test_info_of_a_runtime_has_two_addresses_and_no_more(server, runtime):
    second = runtime.info["csrUrl"].split("token=")[1]
    assert json.dumps(runtime.info) == json.dumps({
        "csrUrl": f"{server.connector}/v1/runtimes/certificates?token={second}",
        "api": {"infoUrl": f"{server.gateway}/v1/runtimes/management/info", "certificatesUrl": f"{server.connector}/v1/runtimes/certificates"},
        "certificate": {"subject": f"O=acme,OU=emea,{PLACE},CN=*Runtime*", "extensions": "", "key-algorithm": "rsa2048"}})


def test_tenant_and_group_take_the_place_of_organization_and_unit(application):
    assert application.info["certificate"]["subject"] == f"O=acme,OU=emea,{PLACE},CN=shop"
    leaf = pki.chain(application.crt.read_text())[0]
    assert leaf.subject.rfc4514_string().count("acme") == 1


def test_management_info_of_both_kinds(server, application, runtime):
    own = application.curl("/v1/applications/management/info")
    assert own.status == 200 and own.headers["content-type"] == JSON_TYPE
    assert own.body.startswith('{"clientIdentity":{"application":"shop","group":"emea","tenant":"acme"},"urls":{"eventsInfoUrl":')
    urls = f"{server.gateway}/v1/runtimes/certificates"
    assert runtime.curl("/v1/runtimes/management/info").body == (
        '{"clientIdentity":{"group":"emea","tenant":"acme"},'
        f'"urls":{{"renewCertUrl":"{urls}/renewals","revokeCertUrl":"{urls}/revocations","revocationCertUrl":"{urls}/revocations"}},'
        f'"certificate":{{"subject":"O=acme,OU=emea,{PLACE},CN=*Runtime*","extensions":"","key-algorithm":"rsa2048"}}}}\n')


def test_a_token_of_one_kind_does_not_open_the_routes_of_the_other(server):
    for kind, other in (("applications", "runtimes"), ("runtimes", "applications")):
        token = server.post_token(f"/v1/{kind}/tokens", Application="shop", **WHO).json()["token"]
        assert_error(server.curl(f"{server.connector}/v1/{other}/signingRequests/info?token={token}"), 403, "Invalid token.")
        assert_error(server.curl("-d", csr_body(pki.csr("CN=x")), f"{server.connector}/v1/{other}/certificates?token={token}"),
                     403, "Invalid token.")
        assert server.curl(f"{server.connector}/v1/{kind}/signingRequests/info?token={token}").status == 200


def test_a_certificate_of_the_other_kind_differs_in_its_status_403(application, runtime):
    for path, words in (("management/info", []), ("certificates/renewals", ["-d", "{}"])):
        assert_error(application.curl("/v1/runtimes/" + path, *words), 403, "Failed to extract ClusterContext from request")
        assert_error(runtime.curl("/v1/applications/" + path, *words), 403, "Failed to extract ApplicationContext from request")


def test_renewal_of_a_runtime(runtime):
    answer = runtime.curl("/v1/runtimes/certificates/renewals", "-d", csr_body(runtime.request))
    assert answer.status == 201 and list(answer.json()) == ["crt", "clientCrt", "caCrt"]


def test_the_other_tenants_subject_is_not_signed(server):
    url = server.post_token("/v1/applications/tokens", Application="shop", **WHO).json()["url"]
    csr_url = server.curl(url).json()["csrUrl"]
    for subject, message in ((f"O=other,OU=emea,{PLACE},CN=shop", "CSR: Invalid organization provided."),
                             (f"O=acme,OU=other,{PLACE},CN=shop", "CSR: Invalid organizational unit provided."),
                             (f"O=acme,OU=emea,{PLACE},CN=*Runtime*", "CSR: Invalid common name provided.")):
        assert_error(server.sign(csr_url, pki.csr(subject)), 400, message)


def test_nobody_can_be_called_like_a_runtime(server):
    answer = server.post_token("/v1/applications/tokens", Application="*Runtime*", **WHO)
    assert_error(answer, 400, "The application's name may not be *Runtime*...")


def test_the_first_generation_differs_it_is_404_in_central_mode(server):
    for words in (["-X", "POST", server.internal + "/v1/remoteenvironments/shop/tokens"],
                  [server.connector + "/v1/remoteenvironments/shop/info?token=x"]):
        assert_error(server.curl(*words), 404, "Requested resource could not be found.")


def test_either_kind_may_revoke_itself_on_either_route(server):
    for kind, other in (("applications", "runtimes"), ("runtimes", "applications")):
        member = Member(server, kind, Application="brief", **WHO)
        answer = member.curl(f"/v1/{other}/certificates/revocations", "-X", "POST")
        assert answer.status == 201 and answer.body == ""
        assert_error(member.curl(f"/v1/{kind}/management/info"), 403, "Certificate has been revoked.")


def test_one_name_in_two_tenants_is_two_applications(server):
    for tenant in ("one", "two"):
        assert server.post_token("/v1/applications/tokens", Application="twin", Tenant=tenant, Group="g").status == 201
    listed = curl(server.internal + "/api/v1/applications").json()["applications"]
    assert sorted(row["tenant"] for row in listed if row["name"] == "twin") == ["one", "two"]
