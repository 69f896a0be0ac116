# SPDX-License-Identifier: Apache-2.0
"""Proves that who is calling is decided by TLS alone: no header makes anybody somebody else, on no listener and in no version of HTTP,
unless it comes from a trusted proxy; and that a request whose Host, Origin or SNI points elsewhere is turned away.
"""

import json
import socket
import ssl

import pytest
import wire
from harness import Server, assert_error

MANAGEMENT = "/v1/applications/management/info"
REVOKE = "/v1/applications/certificates/revocations"
SUBJECT = "CN={cn},OU=OrgUnit,O=Organization,L=Waldorf,ST=Waldorf,C=DE"
NOT_HERE = "This listener answers to localhost, 127.0.0.1, [::1]..."
OTHER_SITE = "Requests from other sites are not accepted here."
OTHER_NAME = "The Host header is not the name that the TLS handshake was about."


@pytest.fixture(scope="module")
def victim(server):
    return server.system("victim").enrol()


def forwarded(system):
    return f'Hash={system.fingerprint()};Subject="{SUBJECT.format(cn=system.application)}";URI='


def spoofs(system):
    """Every header by which some proxy says who its client is, saying `system`."""
    xfcc, subject = forwarded(system), SUBJECT.format(cn=system.application)
    pem = system.crt.read_text().split("-----END")[0].replace("\n", " ") + "-----END CERTIFICATE-----"
    return [
        ("X-Forwarded-Client-Cert", xfcc), ("x-forwarded-client-cert", xfcc), ("X_Forwarded_Client_Cert", xfcc),
        ("X-Forwarded-Client-Cert", f'{xfcc},By=spiffe://x;{xfcc}'),
        ("SSL-Client-Cert", pem), ("Ssl-Client-Subject-Dn", subject), ("SSL-Client-S-DN", subject), ("SSL-Client-Verify", "SUCCESS"),
        ("SSL_CLIENT_S_DN", subject), ("X-SSL-Client-Cert", pem), ("X-SSL-Client-S-DN", subject), ("X-Client-Cert", pem),
        ("X-Forwarded-Tls-Client-Cert", pem), ("Client-Cert", f":{pem}:"), ("Client-Certificate", pem),
        ("Client-Certificate-Subject", subject), ("X-ARR-ClientCert", pem), ("X-Remote-User", system.application),
        ("Application", system.application), ("Authorization", "Basic dmljdGltOng="), ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"), ("Forwarded", "for=127.0.0.1;by=127.0.0.1"),
    ]


def words(headers):
    return [word for name, value in headers for word in ("-H", f"{name}: {value}")]


def who(answer):
    return answer.json()["clientIdentity"]["application"]


# ---- spoofed identities ----

@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_no_header_makes_one_system_another(server, shop, victim, version):
    everything = [header for header in spoofs(victim) if header[0] != "x-forwarded-client-cert"]
    plain = shop.management(version)
    assert who(plain) == "shop"
    for header in [[h] for h in spoofs(victim)] + [everything]:
        answer = shop.management(version, *words(header))
        assert answer.status == 200 and answer.body == plain.body, (header, answer)


def test_events_of_another_stay_another_s(server, shop, victim):
    for header in [[]] + [[h] for h in spoofs(victim)]:
        assert_error(shop.curl("/victim/v1/events", "-d", "{}", *words(header)), 403, "No valid subject found")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_revocation_takes_the_caller_not_the_one_it_names(server, victim, version):
    caller = server.system("caller", f"caller{version[-1]}").enrol()
    answer = caller.curl(REVOKE, version, "-X", "POST", *words([spoofs(victim)[0]]))
    assert answer.status == 201, answer
    assert_error(caller.management(), 403, "Certificate has been revoked.")
    assert who(victim.management()) == "victim"


def test_a_revoked_certificate_stays_revoked_whatever_it_sends(server, victim):
    revoked = server.system("revoked").enrol()
    assert revoked.curl(REVOKE, "-X", "POST").status == 201
    for header in spoofs(victim):
        assert_error(revoked.management(*words([header])), 403, "Certificate has been revoked.")


@pytest.mark.parametrize("listener", ["internal", "connector"])
def test_without_a_certificate_no_header_opens_anything(server, victim, listener):
    base = server.internal if listener == "internal" else server.connector
    for header in [[h] for h in spoofs(victim)] + [spoofs(victim)[:1] + spoofs(victim)[4:]]:
        for method, path in (("GET", MANAGEMENT), ("POST", "/victim/v1/events"), ("POST", "/v1/applications/certificates/renewals")):
            assert_error(server.curl("-X", method, *words(header), base + path), 404, "Requested resource could not be found.")
        if listener == "connector":
            assert_error(server.curl("-X", "POST", *words(header), base + "/v1/applications/certificates"), 403, "Token not provided.")
            assert server.curl(*words(header), base + "/metrics").status == 404


def test_the_gateway_does_not_even_listen_without_a_certificate(server, victim):
    assert server.curl(*words(spoofs(victim)[:1]), server.gateway + MANAGEMENT, check=False) is None


# ---- trusted proxies ----

@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """A server that trusts a proxy on this host; `proxy` and `client` are enrolled."""
    made = Server(tmp_path_factory.mktemp("behind"), settings={"inbound.trusted_proxies": "10.0.0.0/8,127.0.0.1/32"}).start()
    made.proxy, made.client = made.system("proxy").enrol(), made.system("client").enrol()
    yield made
    made.stop()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_trusted_proxy_speaks_for_its_clients(behind, version):
    assert who(behind.proxy.management(version)) == "proxy"
    assert who(behind.proxy.management(version, *words([("X-Forwarded-Client-Cert", forwarded(behind.client))]))) == "client"
    assert who(behind.proxy.management(version)) == "proxy"


def test_the_header_is_envoy_s(behind):
    """Elements of several hops, quotes and escapes, upper-case hashes; the first element that has both hash and subject counts."""
    hash_of, subject = behind.client.fingerprint(), SUBJECT.format(cn="client")
    empty_hop = f'By=spiffe://mesh;Hash={behind.proxy.fingerprint()};Subject="";URI=spiffe://mesh'
    for value in (f'Subject="{subject}";Hash={hash_of}', f'hash={hash_of};subject="{subject}"', f"{empty_hop},Hash={hash_of};Subject=\"{subject}\"",
                  f'Hash={hash_of};Subject="{subject}",{empty_hop}', f'Hash={hash_of};Subject="CN=a\\",Hash=00;,OU=b"',
                  f'Hash={hash_of.upper()};Subject="{subject}"'):
        answer = behind.proxy.management(*words([("X-Forwarded-Client-Cert", value)]))
        assert answer.status == 200 and who(answer) == "client", (value, answer)


def test_a_forwarded_certificate_must_be_on_record_and_not_revoked(behind):
    gone = behind.system("gone").enrol()
    header = words([("X-Forwarded-Client-Cert", forwarded(gone))])
    assert who(behind.proxy.management(*header)) == "gone"
    assert gone.curl(REVOKE, "-X", "POST").status == 201
    assert_error(behind.proxy.management(*header), 403, "Certificate has been revoked.")
    unknown = words([("X-Forwarded-Client-Cert", f'Hash={"0" * 64};Subject="{SUBJECT.format(cn="client")}"')])
    assert behind.proxy.management(*unknown).status == 403
    assert who(behind.proxy.management()) == "proxy", "the proxy's own certificate pays for what it forwarded"


@pytest.mark.parametrize("value", ["garbage", "Hash=00", 'Subject="CN=client"', 'Hash=zz;Subject="CN=client"', 'Hash=;Subject="x"', ";,;,", '"'])
def test_what_a_proxy_forwards_illegibly_is_nobody_and_not_the_proxy(behind, value):
    answer = behind.proxy.management(*words([("X-Forwarded-Client-Cert", value)]))
    assert_error(answer, 400, "Invalid certificate: Certificate header is empty")


def test_of_two_forwarded_certificates_neither_is_believed(behind):
    header = ("X-Forwarded-Client-Cert", forwarded(behind.client))
    for second in (header, ("x-forwarded-client-cert", forwarded(behind.proxy))):
        answer = behind.proxy.management(*words([header, second]))
        assert_error(answer, 400, "Invalid certificate: Certificate header is empty")


@pytest.mark.parametrize("trusted", ["10.0.0.0/8", "127.0.0.2/32", "::/128", "128.0.0.0/1"])
def test_others_are_not_trusted(make_server, trusted):
    server = make_server(settings={"inbound.trusted_proxies": trusted})
    shop, victim = server.system("shop").enrol(), server.system("victim").enrol()
    assert who(shop.management(*words([("X-Forwarded-Client-Cert", forwarded(victim))]))) == "shop"


# ---- Host, Origin, Sec-Fetch-Site on internal ----

def ask_internal(server, host, headers=(), method="POST"):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    data = f"{method} /v1/applications/tokens HTTP/1.1\r\nHost: {host}\r\nApplication: x\r\n{lines}Connection: close\r\nContent-Length: 0\r\n\r\n"
    return wire.exchange(server, data.encode())[0]


@pytest.mark.parametrize("host", ["localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80"])
def test_names_of_this_host_are_answered(server, host):
    assert ask_internal(server, host).status == 201


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "localhost.evil.example", "evil.localhost", "127.0.0.1.evil.example", "0.0.0.0",
                                  "127.0.0.2", "[::ffff:127.0.0.1]", "[::]", "localhost."])
def test_a_rebound_name_is_421_and_makes_no_token(server, host):
    before = server.metric("fairlead_tokens_active")
    answer = ask_internal(server, host)
    assert answer.status == 421 and b"url.internal_hosts" in answer.body
    assert server.metric("fairlead_tokens_active") == before


@pytest.mark.parametrize("headers", [[("Origin", "https://evil.example")], [("Origin", "null")], [("Origin", "http://localhost.evil.example")],
                                     [("Origin", "http://evil.example/localhost")], [("Origin", "file://")], [("Origin", "")],
                                     [("Sec-Fetch-Site", "cross-site")], [("Origin", "http://localhost"), ("Sec-Fetch-Site", "cross-site")]])
def test_another_site_is_403_and_makes_no_token(server, headers):
    before = server.metric("fairlead_tokens_active")
    answer = ask_internal(server, "localhost", headers)
    assert answer.status == 403 and json.loads(answer.body)["error"] == OTHER_SITE
    assert server.metric("fairlead_tokens_active") == before


@pytest.mark.parametrize("headers", [[("Origin", "http://localhost:8080")], [("Origin", "https://127.0.0.1")], [("Origin", "http://[::1]:1")],
                                     [("Sec-Fetch-Site", "same-origin")], [("Sec-Fetch-Site", "none")]])
def test_our_own_pages_are_served(server, headers):
    assert ask_internal(server, "localhost", headers).status == 201


def test_names_of_the_configuration_are_answered(make_server):
    server = make_server(settings={"url.internal_hosts": "fairlead.internal"})
    assert ask_internal(server, "fairlead.internal:80").status == 201
    assert ask_internal(server, "fairlead.internal", [("Origin", "http://fairlead.internal")]).status == 201
    assert ask_internal(server, "x.fairlead.internal").status == 421


# ---- Host and SNI ----

def ask_tls(server, listener, host, sni, system=None):
    data = f"GET /v1/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    return wire.exchange(server, data, listener, sni=sni, system=system)[0]


@pytest.mark.parametrize("listener", ["connector", "gateway"])
def test_the_host_must_be_the_name_of_the_handshake(server, shop, listener):
    system = shop if listener == "gateway" else None
    for host, sni, status in (("localhost", "localhost", 200), ("LOCALHOST:99", "localhost", 200), ("localhost", "LocalHost", 200), ("evil.example", "localhost", 421),
                              ("127.0.0.1", "localhost", 421), ("localhost", "evil.example", 421), ("localhost", None, 200)):
        answer = ask_tls(server, listener, host, sni, system)
        assert answer.status == status, (host, sni, answer)
        assert status == 200 or json.loads(answer.body) == {"code": 421, "error": OTHER_NAME}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Connector and gateway on one address, as public names usually are."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    made = Server(tmp_path_factory.mktemp("shared"), settings={"listen.connector": address, "listen.gateway": address, "url.domain": "names.localhost"}).start()
    made.names = {"connector": "connector-service.names.localhost", "gateway": "gateway.names.localhost"}
    yield made
    made.stop()


def test_on_a_shared_address_the_name_chooses_the_listener(shared):
    url = shared.token("one")["url"]
    assert url.startswith(f"https://{shared.names['connector']}:")
    assert shared.curl(url).status == 200
    # the gateway wants a certificate, whatever the Host says
    for host in shared.names.values():
        answer = shared.curl("-H", f"Host: {host}", f"https://{shared.names['gateway']}:{shared.port('gateway')}/v1/health", check=False)
        assert answer is None
    # and through the connector's name nothing of the gateway can be had
    answer = shared.curl("-H", f"Host: {shared.names['gateway']}", f"https://{shared.names['connector']}:{shared.port('connector')}{MANAGEMENT}")
    assert_error(answer, 421, OTHER_NAME)


@pytest.mark.parametrize("sni", [None, "evil.example", "names.localhost.evil.example"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_on_a_shared_address_no_name_or_an_unknown_one_is_refused(shared, sni, version):
    context = wire.tls_context(shared)
    context.minimum_version = context.maximum_version = version
    raw = socket.create_connection(("127.0.0.1", int(shared.port("connector"))), timeout=10)
    with pytest.raises(ssl.SSLError, match="(?i)unrecognized.name|handshake.failure|internal.error|access.denied|missing.extension"):
        context.wrap_socket(raw, server_hostname=sni).recv(1)

