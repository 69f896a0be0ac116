# SPDX-License-Identifier: Apache-2.0
"""Proves that targets which offer HTTP/2 get it: many calls on one connection, each with its own fate; and that nothing but the protocol is different."""

import concurrent.futures
import hashlib
import http.client
import os
import socket
import ssl
import subprocess
import time

import h2_target
import pki
import pytest
from harness import GATEWAY, Server, curl, poll, run
from metadata import Metadata, service
from peers import program

MIB = 1 << 20


@pytest.fixture(scope="module")
def authority():
    return pki.Authority("CN=Private CA of HTTP/2", which=20)


@pytest.fixture(scope="module")
def identity(authority, tmp_path_factory):
    """(certificate, key, CA) as files."""
    d = tmp_path_factory.mktemp("h2")
    key = pki.key("ec:P-256", 21)
    return (pki.write(d / "localhost.crt", pki.pem(authority.issue("CN=localhost", key, (pki.SERVER_AUTH,), sans=("localhost",)))),
            pki.write(d / "localhost.key", pki.key_pem(key)), pki.write(d / "ca.crt", authority.pem))


@pytest.fixture
def target(identity):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity[0], identity[1])
    t = h2_target.Target(tls)
    yield t
    t.close()


@pytest.fixture
def api(server, registry, identity):
    made = []

    def make(url, name="orders", **more):
        i = registry.register(service(name, targetUrl=url, **more))
        made.append(i)
        server.cli("service", "update", "shop", i, "--ca-file", identity[2])
        return f"http://{server.address('proxy')}/shop/{i}"

    yield make
    for i in made:
        registry.delete(i)


def connection_to(server):
    return http.client.HTTPConnection(*server.address("proxy").rsplit(":", 1), timeout=60)


def raw(server, data, until=b""):
    """What the proxy listener says to these bytes, up to `until` or the end."""
    sock = socket.create_connection(server.address("proxy").rsplit(":", 1), timeout=60)
    sock.sendall(data)
    got = b""
    while not until or until not in got:
        piece = sock.recv(65536)
        if not piece:
            break
        got += piece
    return sock, got


def path_of(base):
    return "/shop" + base.partition("/shop")[2]


def seen(answer):
    assert answer.status == 200, answer
    return answer.json()


def test_a_call_goes_over_http2_and_the_target_sees_the_same_fields(api, target):
    base = api(target.url + "/base")
    got = seen(curl("-H", "X-Kept: yes", "-H", "TE: trailers", "-H", "Connection: X-Hop, TE", "-H", "X-Hop: 1", base + "/a%2Fb/echo?q=1"))
    fields = dict(got["headers"])
    assert got["protocol"] == "h2" and fields[":path"] == "/base/a%2Fb/echo?q=1" and fields[":authority"] == f"localhost:{target.port}"
    assert fields[":scheme"] == "https" and fields["x-kept"] == "yes" and fields["te"] == "trailers" and fields["x-request-id"]
    assert not {"connection", "x-hop", "host", "transfer-encoding", "keep-alive"} & set(fields)
    assert all(name == name.lower() for name in fields)


@pytest.mark.parametrize("words", [(), ("--http2-prior-knowledge",)], ids=["h1", "h2"])
def test_bodies_of_every_framing(api, target, tmp_path, words):
    base = api(target.url)
    data = tmp_path / "data"
    data.write_bytes(bytes(range(256)) * 4000)
    wanted = hashlib.sha256(data.read_bytes()).hexdigest()
    for more in (["--data-binary", f"@{data}"], ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{data}"], ["-T", str(data)],
                 ["-H", "Expect: 100-continue", "--data-binary", f"@{data}"], ["-X", "POST"], ["-X", "DELETE"]):
        got = seen(curl(*words, *more, base + "/x"))
        assert got["sha256"] == (wanted if "data" in " ".join(more) else hashlib.sha256(b"").hexdigest()), more
    assert len(curl(*words, base + "/big?1000003").body) == 1000003
    head = curl(*words, "-I", base + "/big?0")
    assert head.status == 200 and head.body == ""
    for status in (201, 204, 304, 404, 503):
        assert curl(*words, f"{base}/status?{status}").status == status


def test_many_calls_share_a_connection(server, api, target):
    base = api(target.url)
    with concurrent.futures.ThreadPoolExecutor(60) as many:
        answers = list(many.map(lambda _: seen(curl(f"{base}/slow?1.5", timeout=60)), range(60)))
    fronts = len({a["connection"] for a in answers})
    assert fronts <= max(1, int(server.settings["server.fronts"])), "one for each front, and no more"
    assert sum(c.most for c in target.connections) >= 20, "at once"


def test_the_targets_limit_counts(identity, api):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity[0], identity[1])
    t = h2_target.Target(tls, streams=3)
    base = api(t.url)
    with concurrent.futures.ThreadPoolExecutor(20) as many:
        answers = list(many.map(lambda _: seen(curl(f"{base}/slow?0.5", timeout=60)), range(20)))
    assert len(answers) == 20 and max(c.most for c in t.connections) <= 3 and not t.resets
    t.close()


def test_goaway_under_load_loses_no_call(api, target):
    base = api(target.url)

    def one(n):
        return seen(curl(f"{base}/{'goaway' if n % 10 == 5 else 'slow?0.05'}", timeout=60))

    with concurrent.futures.ThreadPoolExecutor(16) as many:
        answers = list(many.map(one, range(120)))
    assert len(answers) == 120 and len(target.connections) > 1


def test_a_refused_stream_is_sent_again_once(api, target):
    base = api(target.url)
    assert seen(curl("-d", "small body", f"{base}/refused?1"))["size"] == 10
    assert [path for _, path in target.calls] == ["/refused?1"] * 2
    answer = curl(f"{base}/never")
    assert answer.status == 502 and ": reset" in answer.json()["error"], answer
    assert len(target.calls) == 4


def test_faults_of_one_call_are_its_own(server, api, target):
    base = api(target.url)
    with concurrent.futures.ThreadPoolExecutor(4) as many:
        slow = [many.submit(lambda: seen(curl(f"{base}/slow?1.0", timeout=60))) for _ in range(3)]
        time.sleep(0.3)
        reset = curl(f"{base}/error")
        assert reset.status == 502 and ": reset" in reset.json()["error"]
        for path in ("cut", "short"):
            sock, got = raw(server, f"GET {path_of(base)}/{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            sock.close()
            assert b"HTTP/1.1 502" in got or (b"HTTP/1.1 200" in got and not got.endswith(b"0\r\n\r\n")), got
        assert all(f.result()["protocol"] == "h2" for f in slow)


def test_noise_ends_the_connection_as_malformed_and_the_next_call_works(api, target):
    base = api(target.url)
    answer = curl(f"{base}/noise")
    assert answer.status == 502 and "malformed" in answer.json()["error"], answer
    assert seen(curl(f"{base}/echo"))["protocol"] == "h2"


def test_time_outs_and_a_reload(identity, target, tmp_path):
    """A server of its own: what a call waits for is a setting, and so is HTTP/2."""
    config = tmp_path / "fairlead.yaml"
    config.write_text("outbound:\n  first_byte_timeout: 3s\n")
    s = Server(tmp_path / "server", settings={**GATEWAY, "outbound.eject_after": "0"}, config=config).start()
    try:
        s.cli("app", "create", "shop")
        registry = Metadata(s, "shop")
        i = registry.register(service("orders", targetUrl=target.url))
        s.cli("service", "update", "shop", i, "--ca-file", identity[2])
        base = f"http://{s.address('proxy')}/shop/{i}"
        with concurrent.futures.ThreadPoolExecutor(4) as many:
            fine = many.submit(lambda: seen(curl(f"{base}/slow?0.7")))
            late = curl(f"{base}/slow?30")
            assert late.status == 504 and "first_byte_timeout" in late.json()["error"]
            assert fine.result()["protocol"] == "h2"
        poll(lambda: ("/slow?30", 8) in target.resets, 5, "CANCEL did not come")
        config.write_text("outbound:\n  http2: false\n")
        s.reload()
        poll(lambda: curl(f"{base}/echo").json()["protocol"] == "http/1.1", 10, "still HTTP/2")
        registry.close()
    finally:
        s.stop()


def test_trailers_and_early_hints(server, api, target):
    base = api(target.url)
    path = path_of(base)
    _, got = raw(server, f"GET {path}/trailers HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n".encode())
    assert b"message\r\n0\r\n" in got and b"grpc-status: 0\r\n" in got.lower() and b"x-digest: " in got.lower(), got
    _, got = raw(server, f"GET {path}/trailers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert b"message\r\n0\r\n\r\n" in got, "who does not ask gets none"
    _, got = raw(server, f"GET {path}/hints HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    hints, _, rest = got.partition(b"\r\n\r\n")
    assert hints.startswith(b"HTTP/1.1 103 ") and b"rel=preload" in hints and rest.startswith(b"HTTP/1.1 200 ")
    told = run(["nghttp", "-v", f"http://{server.address('proxy')}{path}/trailers", "-H", "te: trailers"]).stdout
    assert "grpc-status: 0" in told, told


def test_trailers_of_the_caller_arrive(server, api, target):
    base = api(target.url)
    path = path_of(base)
    body = "4\r\nbody\r\n0\r\nX-Sum: 4\r\n\r\n"
    _, got = raw(server, f"POST {path}/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n{body}".encode())
    assert b'"trailers": [["x-sum", "4"]]' in got, got


def test_a_websocket_goes_over_http11_to_the_same_target(server, api, target):
    base = api(target.url)
    assert seen(curl(base + "/echo"))["protocol"] == "h2"
    path = path_of(base)
    sock, got = raw(server, (f"GET {path}/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode(), b"\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 101 ") and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in got, got
    sock.sendall(b"\x81\x85pass" + b"hello")
    assert sock.recv(100) == b"\x81\x85pass" + b"hello"
    sock.close()
    assert target.upgraded == 1 and seen(curl(base + "/echo"))["protocol"] == "h2"


def test_a_reader_that_stalls_stops_its_own_stream_only(server, api, target):
    base = api(target.url)
    path = path_of(base)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    host, _, port = server.address("proxy").rpartition(":")
    sock.connect((host, int(port)))
    sock.sendall(f"GET {path}/big?{400 * MIB} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert sock.recv(1000)

    def stands():
        sent = target.sent
        time.sleep(0.5)
        return target.sent == sent
    poll(stands, 20, "the reader stands still and the target goes on")
    stalled = target.sent
    assert stalled < 64 * MIB, "the reader stands still and the target goes on"
    assert seen(curl(base + "/echo"))["protocol"] == "h2", "others go on"
    assert target.sent < stalled + MIB
    sock.close()
    poll(lambda: any("/big" in p for p, _ in target.resets), 10, "the caller left and the target was not told")


def test_a_target_that_reads_nothing_stops_the_caller(server, api, target):
    base = api(target.url)
    seen(curl(base + "/echo"))
    target.stalled = True
    path = path_of(base)
    sock = socket.create_connection(server.address("proxy").rsplit(":", 1), timeout=3)
    sock.sendall(f"POST {path}/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {400 * MIB}\r\n\r\n".encode())
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 400 * MIB:
            sent += sock.send(h2_target.PIECE)
    assert sent < 64 * MIB
    sock.close()


def test_a_client_certificate_over_http2(server, identity, authority, api, tmp_path):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity[0], identity[1])
    tls.verify_mode = ssl.CERT_OPTIONAL
    tls.load_verify_locations(identity[2])
    t = h2_target.Target(tls)
    key = pki.key("ec:P-256", 22)
    chain = pki.pem(authority.issue("CN=workload", key, (pki.CLIENT_AUTH,)))
    base = api(t.url, "certified", credentials={"certificateGen": {"commonName": "workload"}})
    i = base.rpartition("/")[2]
    crt, own = pki.write(tmp_path / "w.crt", chain), pki.write(tmp_path / "w.key", pki.key_pem(key))
    server.cli("service", "credentials", "shop", i, "--certificate", crt, "--key", own)
    got = seen(curl(base + "/echo"))
    assert got["protocol"] == "h2" and "workload" in got["subject"], got
    t.close()


def start_and_wait(command, port):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def listens():
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    poll(listens, 10, f"{command[0]} does not listen")
    return process


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


@pytest.mark.slow
def test_two_hundred_mebibytes_each_way_through_nghttpd(server, api, identity, tmp_path):
    port, size = free_port(), 200 * MIB
    with open(tmp_path / "large", "wb") as f:
        f.truncate(size)
    process = start_and_wait([program("nghttpd"), "--address=127.0.0.1", "-d", str(tmp_path), "--echo-upload", str(port), str(identity[1]), str(identity[0])], port)
    try:
        base = api(f"https://localhost:{port}", "large")
        connection = connection_to(server)
        connection.request("GET", path_of(base) + "/large")
        answer, got = connection.getresponse(), 0
        while piece := answer.read(MIB):
            got += len(piece)
        assert answer.status == 200 and got == size
        data = bytes(range(256)) * 4096
        wanted, digest = hashlib.sha256(), hashlib.sha256()
        for _ in range(size // len(data)):
            wanted.update(data)
        connection.request("POST", path_of(base) + "/echo", (data for _ in range(size // len(data))), {"Content-Length": str(size)})
        answer = connection.getresponse()
        while piece := answer.read(MIB):
            digest.update(piece)
        assert answer.status == 200 and digest.digest() == wanted.digest()
        connection.close()
    finally:
        process.terminate()
        process.wait()


def test_nginx_with_http2(api, identity, tmp_path):
    port = free_port()
    (tmp_path / "page").write_text("from nginx")
    (tmp_path / "nginx.conf").write_text(f"""
{"user root;" if os.geteuid() == 0 else ""} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{ access_log {tmp_path}/access.log; client_body_temp_path {tmp_path}; proxy_temp_path {tmp_path}; fastcgi_temp_path {tmp_path};
        uwsgi_temp_path {tmp_path}; scgi_temp_path {tmp_path}; keepalive_requests 7;
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {identity[0]}; ssl_certificate_key {identity[1]}; root {tmp_path}; }} }}
""")
    process = start_and_wait([program("nginx"), "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path), "-e", str(tmp_path / "error.log")], port)
    try:
        base = api(f"https://localhost:{port}", "nginx")
        with concurrent.futures.ThreadPoolExecutor(8) as many:
            answers = list(many.map(lambda _: curl(base + "/page", timeout=60), range(60)))
        assert [a.body for a in answers] == ["from nginx"] * 60, "GOAWAY after every seventh request"
        assert curl(base + "/nothing").status == 404
        assert (tmp_path / "access.log").read_text().count("HTTP/2.0") >= 61
    finally:
        process.terminate()
        process.wait()
