# SPDX-License-Identifier: Apache-2.0
"""Proves what else the handshake decides: server names and Host, listeners that share an address, resumption, protocol versions and ciphers."""

import socket
import subprocess

import pki
import pytest
from harness import Server, assert_error, curl, curl_failure

MANAGEMENT = "/v1/applications/management/info"


def s_client(server, *words, say="", port=None):
    """What openssl s_client prints. Stdin stays open for a moment, so that what follows a TLS 1.3 handshake is seen."""
    port = port or server.port("gateway")
    options = ["-connect", f"127.0.0.1:{port}", "-CAfile", server.ca, "-servername", "localhost", *words]
    command = f"(printf '{say}'; sleep 0.4) | openssl s_client " + " ".join(map(str, options))
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, errors="replace", timeout=60)
    return done.stdout + done.stderr


# ---- names ----

def test_the_host_must_be_the_name_of_the_handshake(server, shop):
    for version in ("--http1.1", "--http2"):
        answer = shop.curl(MANAGEMENT, version, "-H", "Host: other.example")
        assert_error(answer, 421, "The Host header is not the name that the TLS handshake was about.")
        same = shop.curl(MANAGEMENT, version, "-H", "Host: LOCALHOST:1")
        assert same.status == 200
    assert_error(server.curl("-H", "Host: other.example", server.connector + "/v1/health"), 421, "The Host header is not the name...")


def test_a_name_or_none_in_the_handshake_serves_where_the_port_says_it_all(server, shop):
    """-k: the certificate cannot hold these names, which is the client's to judge."""
    port = server.port("gateway")
    by_address = shop.curl(f"https://127.0.0.1:{port}{MANAGEMENT}", "-k")  # an address is no server name (RFC 6066 3)
    other = shop.curl(f"https://other.example:{port}{MANAGEMENT}", "-k", "--connect-to", f"other.example:{port}:127.0.0.1:{port}")
    assert by_address.status == 200 and other.status == 200


def test_listeners_that_share_an_address_are_told_apart_by_name(make_server):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    shared = {"listen.connector": f"127.0.0.1:{free}", "listen.gateway": f"127.0.0.1:{free}", "url.domain": "example.test"}
    server = make_server(settings=shared)
    to = ["--connect-to", f"::127.0.0.1:{free}"]
    connector, gateway = f"https://connector-service.example.test:{free}", f"https://gateway.example.test:{free}"
    url = server.token("shop")["url"]
    assert url.startswith(connector)
    info = server.curl(*to, url).json()
    assert info["api"]["infoUrl"].startswith(gateway)
    system = server.system("shop")
    signed = server.curl(*to, "-d", f'{{"csr":"{request(system)}"}}', info["csrUrl"])
    system.save(signed.json())
    for version in (["--tls-max", "1.2"], ["--tlsv1.3"]):
        assert system.curl(gateway + MANAGEMENT, *to, *version).status == 200
        assert server.curl(*to, *version, connector + "/v1/health").status == 200
        # the certificate is asked for behind one name only, and a route is where its name is
        assert "alert" in curl_failure("--cacert", server.ca, *to, *version, gateway + MANAGEMENT)
        assert_error(system.curl(connector + MANAGEMENT, *to, *version), 404, "Requested resource could not be found.")
        crossed = server.curl(*to, *version, "-H", f"Host: gateway.example.test:{free}", connector + MANAGEMENT)
        assert_error(crossed, 421, "The Host header is not the name...")
        for unknown in (f"https://other.example.test:{free}/v1/health", f"https://127.0.0.1:{free}/v1/health"):
            assert "unrecognized name" in curl_failure("-k", *to, *version, unknown)


def request(system):
    return system.make_request("O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN=shop", key="ec:P-256")


# ---- resumption ----

@pytest.mark.parametrize("listener", ["gateway", "connector"])
def test_no_session_is_ever_resumed(server, shop, tmp_path, listener):
    words = shop.credentials() if listener == "gateway" else []
    words = [w.replace("--", "-") for w in words]
    port = server.port(listener)
    assert "New, TLSv1.3" in s_client(server, *words, port=port)
    assert "New Session Ticket arrived" not in s_client(server, "-tls1_3", *words, port=port)
    again = s_client(server, "-tls1_2", "-reconnect", *words, port=port)
    assert again.count("New, TLSv1.2") == 6 and "Reused" not in again
    assert "TLS session ticket:" not in again


def test_a_resumed_session_is_revoked_like_any_other(make_server, tmp_path):
    server = make_server(settings={"tls.gateway.resumption": "true"}, fronts="1")  # each front has ticket keys of its own
    system = server.system("shop").enrol()
    words = [w.replace("--", "-") for w in system.credentials()]
    ask = "GET /v1/applications/management/info HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
    for version in ("-tls1_2", "-tls1_3"):
        ticket = tmp_path / f"ticket{version}"
        assert "HTTP/1.1 200" in s_client(server, version, *words, "-ign_eof", "-sess_out", ticket, say=ask)
        resumed = s_client(server, version, *words, "-ign_eof", "-sess_in", ticket, say=ask)
        assert "Reused, " in resumed and "HTTP/1.1 200" in resumed, resumed
    assert curl("-d", f'{{"hash":"{system.fingerprint()}"}}', server.internal + "/v1/applications/certificates/revocations").status == 201
    for version in ("-tls1_2", "-tls1_3"):
        refused = s_client(server, version, *words, "-ign_eof", "-sess_in", tmp_path / f"ticket{version}", say=ask)
        assert "HTTP/1.1 403" in refused, refused


# ---- versions and ciphers ----

@pytest.fixture(scope="module")
def rsa_server(tmp_path_factory):
    """Server certificates of an RSA key of our own, on both TLS listeners."""
    directory = tmp_path_factory.mktemp("rsa")
    issuer = pki.Authority("CN=Server CA", which=5)
    leaf = issuer.issue("CN=localhost", pki.key("rsa:2048", 1), usages=(pki.SERVER_AUTH,), sans=["localhost"])
    settings = {}
    for listener in ("gateway", "connector"):
        settings[f"tls.{listener}.certificate_file"] = str(pki.write(directory / "server.pem", pki.pem(leaf) + issuer.pem))
        settings[f"tls.{listener}.key_file"] = str(pki.write(directory / "server.key", pki.key_pem(pki.key("rsa:2048", 1), "traditional")))
    s = Server(directory, settings=settings).start()
    s.ca.write_text(issuer.pem)
    yield s
    s.stop()


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"])
def test_what_openssl_1_0_2_offers_is_served_with_an_rsa_certificate(rsa_server, cipher):
    system = rsa_server.system("old", f"old-{cipher}").enrol()
    answer = system.management("--tls-max", "1.2", "--ciphers", cipher, "--curves", "prime256v1")
    assert answer.status == 200
    said = s_client(rsa_server, "-tls1_2", "-cipher", cipher, "-groups", "P-256", *[w.replace("--", "-") for w in system.credentials()])
    assert f"Cipher is {cipher}" in said


def test_what_openssl_1_0_2_offers_is_served_with_our_own_certificate(server, shop):
    for cipher in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"):
        assert shop.management("--tls-max", "1.2", "--ciphers", cipher, "--curves", "prime256v1").status == 200


@pytest.mark.parametrize("words", [["-tls1"], ["-tls1_1"], ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA"],
                                   ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"],
                                   ["-tls1_2", "-cipher", "aNULL"]], ids=" ".join)
def test_older_versions_and_weaker_ciphers_are_refused(rsa_server, words):
    if "-cipher" in words:
        words = [*words[:-1], words[-1] + ":@SECLEVEL=0"]
    else:
        words = [*words, "-cipher", "DEFAULT:@SECLEVEL=0"]
    for port in (rsa_server.port("gateway"), rsa_server.port("connector")):
        said = s_client(rsa_server, *words, port=port)
        assert "Cipher is (NONE)" in said and "alert" in said, said


@pytest.mark.parametrize("offer, chosen", [("h2,http/1.1", "h2"), ("http/1.1,h2", "h2"), ("http/1.1", "http/1.1")])
def test_http2_is_preferred_where_the_client_offers_it(server, offer, chosen):
    said = s_client(server, "-alpn", offer, port=server.port("connector"))
    assert f"ALPN protocol: {chosen}" in said


def test_renegotiation_and_compression_are_off(server):
    said = s_client(server, "-tls1_2", say="R\\n", port=server.port("connector"))
    assert "Compression: NONE" in said and ("no renegotiation" in said or "alert" in said or "RENEGOTIATING" in said)
