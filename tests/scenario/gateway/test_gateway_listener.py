# SPDX-License-Identifier: Apache-2.0
"""Proves who may call through the proxy listener with mutual TLS, as which tenant, by which names, and that a revoked runtime loses what it has open."""

import base64
import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from types import SimpleNamespace

import pki
import pytest
from harness import FRONTS, GATEWAY, SANITIZED, Server, assert_error, curl, curl_failure, poll
from target import Target

ACME, OTHER = {"Tenant": "acme", "Group": "emea"}, {"Tenant": "other", "Group": "emea"}
NOT_A_WORKLOAD = "This listener is for workloads..."
WITHIN = 30 if SANITIZED else 0.010
UUID = "3e2ee2c7-4cf5-4a58-9e9d-01d1ce2f0fee"


class Member:
    """An application or a runtime, enrolled: --cert and --key for curl, a context for sockets."""

    def __init__(self, server, kind, name, **headers):
        self.info = server.curl(server.post_token(f"/v1/{kind}/tokens", **headers).json()["url"]).json()
        answer = server.sign(self.info["csrUrl"], pki.csr(self.info["certificate"]["subject"]))
        assert answer.status == 201, answer
        self.certificate = base64.b64decode(answer.json()["crt"]).decode()
        self.paths(server, name, self.certificate, pki.key("rsa:2048"))

    def paths(self, server, name, certificate, key):
        self.crt = pki.write(server.dir / f"{name}.crt", certificate)
        self.key = pki.write(server.dir / f"{name}.key", pki.key_pem(key))
        self.words = ["--cert", self.crt, "--key", self.key]
        return self

    def fingerprint(self):
        return pki.fingerprint(pki.chain(self.certificate)[0])


def guest(server, name, authority, **how):
    """A client of a CA that is not ours."""
    made = Member.__new__(Member)
    return made.paths(server, name, pki.pem(authority.issue("CN=" + name, **how)), pki.key("ec:P-256", 1))


def register(server, tenant, application, name, target):
    server.cli("app", "create", application, "--tenant", tenant)
    answer = curl("-d", json.dumps({"provider": "p", "name": name, "description": "d", "api": {"targetUrl": target.url}}),
                  f"{server.internal}/api/v1/applications/{application}/services?tenant={tenant}")
    assert answer.status == 201, answer
    return answer.json()["id"]


@pytest.fixture(scope="module")
def workloads():
    return pki.Authority("CN=Workloads", which=2)


@pytest.fixture(scope="module")
def target():
    t = Target()
    yield t
    t.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, workloads, target):
    directory = tmp_path_factory.mktemp("server")
    ca = pki.write(directory / "workloads.pem", workloads.pem, 0o644)
    s = Server(directory, settings={**GATEWAY, "mode.central": "true", "tls.proxy.mode": "mutual", "tls.proxy.client_ca_file": ca,
                                    "listen.proxy": "0.0.0.0:0", "url.internal_hosts": "gateway.example"}).start()
    s.proxy = "https://localhost:" + s.port("proxy")
    s.id = register(s, "acme", "shop", "orders", target)
    yield s
    s.stop()


@pytest.fixture(scope="module")
def runtime(server):
    return Member(server, "runtimes", "runtime", **ACME)


@pytest.fixture(scope="module")
def application(server):
    return Member(server, "applications", "application", Application="shop", **ACME)


# ---- who ----

def test_without_a_certificate_there_is_no_handshake(server):
    assert re.search("certificate required|alert", curl_failure("--cacert", server.ca, server.proxy + "/shop/orders/x"))


def test_plain_http_is_not_spoken(server):
    answer = curl(server.proxy.replace("https", "http") + "/shop/orders/x", check=False)
    assert answer is None or answer.status == 400


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_runtime_calls(server, runtime, version):
    answer = server.curl(version, *runtime.words, server.proxy + "/shop/orders/x")
    assert answer.status == 200 and answer.json()["target"] == "/x", answer
    assert answer.version == {"--http1.1": "HTTP/1.1", "--http2": "HTTP/2"}[version]


@pytest.mark.parametrize("paths", [["/x"], ["/x", "/shop/orders/y"], ["/shop/orders/y", "/x"], ["/x", "/x", "/v1/health", "/shop/orders/y"]])
def test_a_first_request_of_a_new_runtime_may_be_refused_at_once(server, paths):
    """The core's answer about the certificate goes on to a call that is over before anything else happens; what was sent behind it follows."""
    member = Member(server, "runtimes", "newcomer", **ACME)
    with connect(server, member) as s:
        s.settimeout(60)
        s.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode() for path in paths))
        expected = [b"400" if path == "/x" else b"200" for path in paths]
        got = b""
        while len(re.findall(rb"HTTP/1\.1 \d", got)) < len(paths):
            got += s.recv(65536) or pytest.fail(f"closed after {got}")
        assert re.findall(rb"HTTP/1\.1 (\d+)", got) == expected, got
        for path in paths:  # and the connection goes on
            s.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
    assert server.curl(*member.words, server.proxy + "/shop/orders/x").status == 200


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_an_application_is_refused(server, application, version):
    for path in ("/shop/orders/x", "/v1/health", "/nothing"):
        assert_error(server.curl(version, *application.words, server.proxy + path), 403, NOT_A_WORKLOAD)
    host = ["-H", f"Host: shop-{server.id}.x"]
    assert_error(server.curl(*application.words, *host, server.proxy + "/x"), 403, NOT_A_WORKLOAD)


def test_a_client_of_another_authority_calls_when_its_authority_was_named(server, workloads):
    words = guest(server, "workload", workloads).words
    answer = server.curl(*words, "-H", "Tenant: acme", server.proxy + "/shop/orders/x")
    assert answer.status == 200 and "tenant" not in {name.lower() for name, _ in answer.json()["headers"]}, answer
    assert server.curl(*words, server.proxy + "/v1/health").status == 200


def test_a_guest_that_is_called_like_an_application_is_a_guest(server, workloads):
    words = guest(server, "shop", workloads).words
    assert server.curl(*words, "-H", "Tenant: acme", server.proxy + "/shop/orders/x").status == 200
    assert "unknown ca" in curl_failure("--cacert", server.ca, *words, server.gateway + "/v1/applications/management/info")


@pytest.mark.parametrize("how", [{"days": (-3, -1)}, {"days": (1, 3)}, {"usages": (pki.SERVER_AUTH,)}, {"usages": ()}],
                         ids=["expired", "not yet", "a server's", "for nothing"])
def test_a_guests_certificate_must_be_good(server, workloads, how):
    assert "alert" in curl_failure("--cacert", server.ca, *guest(server, "bad", workloads, **how).words, server.proxy + "/shop/orders/x")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_certificate_that_ends_while_its_connection_is_kept(server, workloads, version):
    """Two requests on one connection, four seconds apart; the second is refused, and the connection has ended for a third."""
    words = guest(server, "short", workloads, days=(-1, 3 / 86400)).words
    urls = 3 * ["-o", "/dev/null", server.proxy + "/shop/orders/x"]
    done = subprocess.run(["curl", "-sS", version, "--rate", "15/m", "--cacert", server.ca, *words, "-H", "Tenant: acme",
                           "-w", "%{http_code} %{num_connects}\n", *urls], capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:3] == ["200 1", "403 0", "000 1"] and "alert" in done.stderr, done


def test_a_foreign_authority_is_refused(server):
    words = guest(server, "foreign", pki.Authority("CN=Workloads", which=3)).words
    assert "alert" in curl_failure("--cacert", server.ca, *words, server.proxy + "/shop/orders/x")


def test_a_forwarded_certificate_counts_for_nothing(server, application, runtime):
    words = ["-H", f'X-Forwarded-Client-Cert: Hash={runtime.fingerprint()};Subject="CN=*Runtime*"']
    assert server.curl(*application.words, *words, server.proxy + "/shop/orders/x").status == 403


# ---- revocation ----

def connect(server, member, alpn="http/1.1"):
    context = ssl.create_default_context(cafile=str(server.ca))
    context.load_cert_chain(member.crt, member.key)
    context.set_alpn_protocols([alpn])
    return context.wrap_socket(socket.create_connection(("127.0.0.1", int(server.port("proxy")))), server_hostname="localhost")


def test_a_revoked_runtime_is_refused_and_loses_its_open_call(server, target):
    member = Member(server, "runtimes", "leaving", **ACME)
    url = server.proxy + "/shop/orders/x"
    assert server.curl(*member.words, url).status == 200
    running = connect(server, member)
    running.sendall(b"GET /shop/orders/slow?20 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    idle = connect(server, member)
    idle.sendall(b"GET /shop/orders/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200")
    poll(lambda: any("slow" in path for _, path, _ in target.calls), 5, "the call did not arrive")
    ended = []

    def wait():
        try:
            said = running.recv(65536)
        except OSError:
            said = b""
        ended.append((said, time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert curl("-d", json.dumps({"hash": member.fingerprint()}), f"{server.internal}/v1/applications/certificates/revocations").status == 201
    answered = time.monotonic()
    waiting.join(60)
    assert ended and ended[0][0] == b"" and ended[0][1] - answered < WITHIN, ended
    assert_error(server.curl(*member.words, url), 403, "Certificate has been revoked.")
    running.close()
    idle.close()


# ---- tenants ----

def test_the_certificate_says_whose_services_are_called(server, runtime, target):
    register(server, "other", "shop", "theirs", target)
    stranger = Member(server, "runtimes", "stranger", **OTHER)
    assert server.curl(*stranger.words, server.proxy + "/shop/theirs/x").status == 200
    unknown = server.curl(*stranger.words, server.proxy + "/shop/nothing/x")
    for words in ([], ["-H", "Tenant: acme"]):
        wrong = server.curl(*stranger.words, *words, server.proxy + "/shop/orders/x")
        assert wrong.status == 404 and wrong.body == unknown.body.replace("nothing", "orders"), wrong
    by_host = server.curl(*stranger.words, "-H", f"Host: shop-{server.id}.x", server.proxy + "/x")
    assert by_host.status == 404
    assert by_host.body == server.curl(*stranger.words, "-H", f"Host: shop-{UUID}.x", server.proxy + "/x").body.replace(UUID, server.id)
    assert server.curl(*runtime.words, "-H", f"Host: shop-{server.id}.x", server.proxy + "/x").status == 200


def test_a_guest_says_it_in_a_header(server, workloads):
    words = guest(server, "tenants", workloads).words
    url = server.proxy + "/shop/orders/x"
    none, wrong, long = (server.curl(*words, *more, url) for more in ([], ["-H", "Tenant: nobody"], ["-H", "Tenant: " + "t" * 5000]))
    for answer in (none, wrong, long):
        assert_error(answer, 404, "service with name orders not found")
    assert_error(server.curl(*words, "-H", "Tenant: acme", "-H", "tenant: other", url), 400, "There is more than one header Tenant.")
    assert server.curl("--http2", *words, "-H", "Tenant: acme", url).status == 200


def test_on_a_plain_listener_everybody_says_it_in_a_header(make_server, target):
    server = make_server(settings={**GATEWAY, "mode.central": "true"})
    register(server, "acme", "shop", "orders", target)
    url = f"http://{server.address('proxy')}/shop/orders/x"
    answer = curl("-H", "Tenant: acme", url)
    assert answer.status == 200 and "tenant" not in {name.lower() for name, _ in answer.json()["headers"]}
    assert curl("-H", "Tenant: other", url).status == 404 and curl(url).status == 404


def test_without_central_mode_the_header_is_the_targets(make_server, target):
    server = make_server(settings=GATEWAY)
    register(server, "", "shop", "orders", target)
    answer = curl("-H", "Tenant: acme", f"http://{server.address('proxy')}/shop/orders/x")
    assert answer.status == 200 and ["Tenant", "acme"] in answer.json()["headers"]


# ---- names ----

def test_it_answers_to_the_names_of_its_certificate(server, runtime):
    context = ssl.create_default_context(cafile=str(server.ca))
    context.check_hostname = False
    context.load_cert_chain(runtime.crt, runtime.key)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(server.port("proxy")))), server_hostname="localhost") as s:
        names = {value for kind, value in s.getpeercert()["subjectAltName"]}
    assert {"localhost", "127.0.0.1", "gateway.example", socket.gethostname()} <= names
    url = f"https://gateway.example:{server.port('proxy')}/shop/orders/x"
    to = ["--resolve", f"gateway.example:{server.port('proxy')}:127.0.0.1"]
    assert server.curl(*runtime.words, *to, url).status == 200
    assert server.curl(*runtime.words, *to, "-H", f"Origin: {url.rsplit('/', 3)[0]}", url).status == 200


def test_a_foreign_host_or_origin_is_refused(server, runtime):
    url = server.proxy + "/shop/orders/x"
    assert_error(server.curl(*runtime.words, "-H", "Host: evil.example", url), 421, "This listener answers to...")
    assert_error(server.curl(*runtime.words, "-H", "Origin: https://evil.example", url), 403, "Requests from other sites are not accepted here.")
    assert_error(server.curl(*runtime.words, "-H", "Sec-Fetch-Site: cross-site", url), 403, "Requests from other sites are not accepted here.")


def test_an_own_certificate_brings_its_names(make_server, target, tmp_path, workloads):
    own = pki.Authority("CN=Public", which=4)
    crt = pki.write(tmp_path / "own.crt", pki.pem(own.issue("CN=x", usages=(pki.SERVER_AUTH,), sans=("*.svc.example",))))
    ca = pki.write(tmp_path / "workloads.pem", workloads.pem)
    server = make_server(settings={**GATEWAY, "tls.proxy.mode": "mutual", "tls.proxy.client_ca_file": ca, "tls.proxy.certificate_file": crt,
                                   "tls.proxy.key_file": pki.write(tmp_path / "own.key", pki.key_pem(pki.key("ec:P-256", 1)))})
    register(server, "", "shop", "orders", target)
    words = ["--cacert", pki.write(tmp_path / "public.pem", own.pem), *guest(server, "workload", workloads).words]
    port = server.port("proxy")
    for host, status in (("calls.svc.example", 200), ("evil.example", 421), ("a.calls.svc.example", 421)):
        answer = curl("-k", *words, "--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/shop/orders/x")
        assert answer.status == status, (host, answer)


# ---- the authority changes ----

def open_tunnel(server, member):
    """Both ends of one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        register(server, "", "talk", "chat", SimpleNamespace(url="http://127.0.0.1:%d" % listening.getsockname()[1]))
        ours = connect(server, member)
        ours.sendall(b"GET /talk/chat/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        theirs, _ = listening.accept()
    assert b"Upgrade: websocket" in theirs.recv(65536)
    theirs.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    assert ours.recv(65536).startswith(b"HTTP/1.1 101 ")
    theirs.sendall(b"hello")
    assert ours.recv(100) == b"hello"
    return ours, theirs


def test_a_reload_takes_another_authority(make_server, target, tmp_path, workloads):
    other = pki.Authority("CN=Other workloads", which=5)
    ca = pki.write(tmp_path / "ca.pem", workloads.pem)
    server = make_server(settings={**GATEWAY, "tls.proxy.mode": "mutual", "tls.proxy.client_ca_file": ca})
    register(server, "", "shop", "orders", target)
    url = f"https://localhost:{server.port('proxy')}/shop/orders/x"
    first, second = guest(server, "first", workloads), guest(server, "second", other)
    assert server.curl(*first.words, url).status == 200
    tunnel, end = open_tunnel(server, first)
    ca.write_text(other.pem)
    server.reload()
    tunnel.settimeout(30)
    with contextlib.suppress(ConnectionError, ssl.SSLEOFError):  # cut, by what means does not matter
        assert tunnel.recv(100) == b""
    tunnel.close()
    end.close()
    poll(lambda: server.curl(*second.words, url, check=False), 5, "the new authority was not taken")
    assert "alert" in curl_failure("--cacert", server.ca, *first.words, url)
    ca.write_text("no certificate")
    server.reload()
    poll(lambda: "tls.proxy.client_ca_file: no PEM certificate found" in server.log(), 5, "nonsense was not refused")
    assert server.curl(*second.words, url).status == 200


# ---- what does not start ----

@pytest.mark.parametrize("settings, complaint", [
    ({"listen.proxy": "0.0.0.0:0"}, "use 127.0.0.1 or [::1], or set tls.proxy.mode: mutual"),
    ({"listen.proxy": "127.0.0.1:0", "tls.proxy.mode": "mutual"}, "'mutual' would admit nobody"),
    ({"listen.proxy": "127.0.0.1:0", "tls.proxy.client_ca_file": "CA"}, "is used with tls.proxy.mode: mutual only"),
    ({"listen.proxy": "127.0.0.1:0", "tls.proxy.mode": "mutual", "tls.proxy.client_ca_file": "NONE"}, "tls.proxy.client_ca_file"),
])
def test_what_would_not_protect_does_not_start(make_server, tmp_path, workloads, settings, complaint):
    files = {"CA": pki.write(tmp_path / "ca.pem", workloads.pem), "NONE": pki.write(tmp_path / "none.pem", "nothing")}
    server = make_server(settings={k: files.get(v, v) for k, v in settings.items()}, start=False)
    server.start(wait=False)
    assert server.process.wait(30) == 1
    server.process = None
    assert complaint in server.log(), server.log()


# ---- the command line ----

def test_the_command_says_that_it_has_no_certificate(server):
    done = server.cli("call", "shop", "orders", "/x", "--tenant", "acme", check=False)
    assert done.returncode == 1 and "this command has none: use curl" in done.stderr, done.stderr


def test_the_command_calls_for_a_tenant(make_server, target):
    server = make_server(settings={**GATEWAY, "mode.central": "true"})
    register(server, "acme", "shop", "My Orders", target)
    assert json.loads(server.cli("call", "shop", "My Orders", "/x", "--tenant", "acme").stdout)["target"] == "/x"
    assert "/x" in server.cli("call", "shop", "my-orders", "/x", "--tenant", "acme", "--explain").stdout
    assert server.cli("call", "shop", "my-orders", "/x", "--tenant", "other", check=False).returncode == 1
