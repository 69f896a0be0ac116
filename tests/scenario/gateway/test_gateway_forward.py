# SPDX-License-Identifier: Apache-2.0
"""Proves that a workload calls a registered API by name and reaches it: path, query, headers and bodies as the contract says, both ways."""

import hashlib
import http.client
import json
import socket
import threading
import time

import pytest
from harness import curl, poll
from metadata import service

MIB = 1 << 20


class Api:
    """One registered API and a way to call it."""

    def __init__(self, server, registry, name, **more):
        self.server, self.registry = server, registry
        self.name = name
        self.id = registry.register(service(name, **more))
        self.proxy = f"http://{server.address('proxy')}"
        self.base = f"{self.proxy}/shop/{name}"

    def call(self, rest="/", *arguments, **more):
        return curl(*arguments, self.base + rest, **more)

    def delete(self):
        self.registry.delete(self.id)


@pytest.fixture
def api(server, registry, target):
    made = []

    def make(name="orders", base="/base", **more):
        made.append(Api(server, registry, name, targetUrl=target.url + base, **more))
        return made[-1]

    yield make
    for a in made:
        a.delete()


def headers_of(answer):
    return {name.lower(): value for name, value in answer.json()["headers"]}


@pytest.mark.parametrize("rest,seen", [
    ("/x", "/base/x"), ("/x/", "/base/x/"), ("/a%20b/Xyz('1')", "/base/a%20b/Xyz('1')"), ("/a%2Fb", "/base/a%2Fb"), ("/x?q=1&q=2", "/base/x?q=1&q=2"),
    ("/x?", "/base/x?"), ("/%7C(", "/base/%7C("), ("/$metadata?$format=json", "/base/$metadata?$format=json"), ("", "/base"), ("/", "/base/"),
])
def test_path_and_query_arrive_byte_for_byte(api, rest, seen):
    assert api().call(rest, "--path-as-is").json()["target"] == seen


def test_by_name_by_id_and_by_host(server, api, target):
    a = api("My Orders (EU) ")
    answers = [curl(f"{a.proxy}/shop/my-orders-eu/x"), curl(f"{a.proxy}/shop/{a.id}/x")]
    for host in (f"shop-{a.id}", f"app-shop-{a.id}", f"shop-{a.id}.kyma-integration.svc.cluster.local", f"shop-{a.id}.kyma-integration:80"):
        answers.append(curl("-H", f"Host: {host}", f"{a.proxy}/x"))
    for answer in answers:
        assert answer.status == 200 and answer.json()["target"] == "/base/x", answer
        assert headers_of(answer)["host"] == f"127.0.0.1:{target.port}"


@pytest.mark.parametrize("path,status,message", [
    ("/", 400, "failed to extract API Identifier from path"), ("/shop", 400, "failed to extract API Identifier from path"),
    ("/shop/nothing/x", 404, "service with name nothing not found"), ("/nobody/orders/x", 404, "service with name orders not found"),
    ("/shop/ORDERS/x", 404, "service with name ORDERS not found"),
])
def test_what_is_not_there(server, api, path, status, message):
    a = api()
    answer = curl(a.proxy + path)
    assert (answer.status, answer.body) == (status, json.dumps({"code": status, "error": message}, separators=(",", ":")) + "\n")


def test_headers_both_ways(api):
    a = api()
    got = headers_of(a.call("/x", "-H", "Connection: close, X-Hop", "-H", "X-Hop: 1", "-H", "Keep-Alive: 5", "-H", "TE: gzip", "-H", "Proxy-Authorization: x",
                            "-H", "X-Kept: yes", "-H", "Authorization: mine", "-H", "User-Agent: caller/1"))
    assert got["x-kept"] == "yes" and got["authorization"] == "mine" and got["user-agent"] == "caller/1"
    for gone in ("x-hop", "keep-alive", "proxy-authorization"):
        assert gone not in got
    assert "127.0.0.1" in got["x-forwarded-for"] and got["traceparent"] and got["x-request-id"]
    answer = a.call("/cookies")
    raw = http.client.HTTPConnection(*a.proxy.removeprefix("http://").rsplit(":", 1))
    raw.request("GET", f"/shop/{a.name}/cookies")
    seen = raw.getresponse().getheaders()
    assert [v for n, v in seen if n.lower() == "set-cookie"] == ["a=1; Path=/", "b=2"] and [v for n, v in seen if n.lower() == "x-twice"] == ["one", "two"]
    assert answer.status == 200
    raw.close()


@pytest.mark.parametrize("sent,shown", [
    ("{url}/base/y?z=1", "/shop/orders/y?z=1"), ("/base/y", "/shop/orders/y"), ("https://elsewhere.example.com/base/y", "https://elsewhere.example.com/base/y"),
    ("/other", "/other"),
])
def test_location_is_rewritten_when_it_leads_back(api, target, sent, shown):
    answer = api().call("/location?" + sent.format(url=target.url).replace("?", "%3F"))
    assert answer.status == 302 and answer.headers["location"] == shown, answer


@pytest.mark.parametrize("status", [201, 204, 301, 304, 400, 404, 500, 503])
def test_statuses_pass_through(api, status):
    assert api().call(f"/status?{status}").status == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method(api, method):
    assert api().call("/x", "-X", method).json()["method"] == method


def test_head_has_the_length_and_no_body(api):
    answer = api().call("/x", "-I")
    assert answer.status == 200 and answer.body == "" and int(answer.headers["content-length"]) > 0


def test_bodies_of_every_framing(api, tmp_path):
    a = api()
    data = tmp_path / "data"
    data.write_bytes(bytes(range(256)) * 4000)
    wanted = hashlib.sha256(data.read_bytes()).hexdigest()
    for words in (["--data-binary", f"@{data}"], ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{data}"], ["-T", str(data)],
                  ["--http2-prior-knowledge", "--data-binary", f"@{data}"], ["-H", "Expect: 100-continue", "--data-binary", f"@{data}"]):
        answer = a.call("/x", "-H", "Content-Type: application/octet-stream", *words).json()
        assert answer["sha256"] == wanted, (words, answer)
    for rest, size in (("/big?1000003", 1000003), ("/chunks?1000", 5000), ("/close", 13)):
        for version in ("--http1.1", "--http2-prior-knowledge"):
            assert len(a.call(rest, version).body.encode("utf-8", "replace")) >= min(size, 13)


def memory_of(server):
    """MiB of all processes. For the release binary: a sanitizer keeps what was freed, to notice later use."""
    total = 0
    for pid in [server.process.pid, *server.children()]:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    return total / 1024


def stands(target):
    sent = target.sent
    time.sleep(0.5)
    return target.sent == sent


@pytest.mark.slow
@pytest.mark.release
def test_a_large_download_costs_no_memory_and_a_stalled_reader_stops_the_writer(server, api, target):
    a = api()
    size = 300 * MIB
    before = memory_of(server)
    sock = socket.create_connection(a.proxy.removeprefix("http://").rsplit(":", 1))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.sendall(f"GET /shop/{a.name}/big?{size} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    got = len(sock.recv(65536))
    poll(lambda: stands(target), 20, "the reader stands still and the target goes on")
    assert target.sent < 64 * MIB
    while chunk := sock.recv(1 << 20):
        got += len(chunk)
    sock.close()
    assert got > size and memory_of(server) - before < 32


@pytest.mark.slow
@pytest.mark.release
def test_a_large_upload_costs_no_memory(server, api, target):
    a = api()
    before, size = memory_of(server), 200 * MIB
    connection = http.client.HTTPConnection(*a.proxy.removeprefix("http://").rsplit(":", 1), timeout=120)
    piece = bytes(range(256)) * 4096
    connection.request("POST", f"/shop/{a.name}/x", (piece for _ in range(size // len(piece))), {"Content-Length": str(size)})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert answer["size"] == size and memory_of(server) - before < 32


def test_a_caller_that_leaves_ends_the_call(server, api, target):
    a = api()
    sock = socket.create_connection(a.proxy.removeprefix("http://").rsplit(":", 1))
    sock.sendall(f"GET /shop/{a.name}/big?{1 << 40} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert sock.recv(1000)
    sock.close()
    poll(lambda: stands(target), 10, "the target goes on sending")


FAULTS = [
    ("/raw?HTTP/1.1%20200%20OK%0D%0AContent-Length:%20100%0D%0A%0D%0Ashort", None), ("/raw?not%20http%20at%20all%0D%0A%0D%0A", 502), ("/raw?", 502),
    ("/raw?HTTP/1.1%20200%20OK%0D%0AContent-Length:%205%0D%0ATransfer-Encoding:%20chunked%0D%0A%0D%0A0%0D%0A%0D%0A", 502),
    ("/raw?HTTP/1.1%20200%20OK%0D%0AContent-Length:%205%0D%0AContent-Length:%206%0D%0A%0D%0Ahello", 502),
    ("/raw?HTTP/1.1%20200%20OK%0D%0AX:%20a%0D%0A%20folded%0D%0AContent-Length:%200%0D%0A%0D%0A", 502),
    ("/raw?HTTP/1.1%20200%20OK%0AContent-Length:%200%0A%0A", 502), ("/raw?HTTP/1.1%20200%20OK%0D%0ABad%20Name:%20x%0D%0A%0D%0A", 502),
]


@pytest.mark.parametrize("rest,status", FAULTS, ids=range(len(FAULTS)))
def test_a_malformed_or_cut_answer_is_never_passed_on(api, rest, status):
    answer = api().call(rest, check=False)
    if status is None:
        assert answer is None, "a cut answer looks whole"
    else:
        assert answer.status == status and answer.json()["error"], answer


@pytest.mark.parametrize("end,whole", [("0%0D%0A%0D%0A", True), ("", False)])
def test_a_caller_without_chunks_sees_the_cut_too(api, end, whole):
    """HTTP/1.0, which nginx speaks by default: the end of the connection is that of the answer, so only a reset tells."""
    a = api()
    sock = socket.create_connection(a.proxy.removeprefix("http://").rsplit(":", 1), timeout=20)
    rest = "HTTP/1.1%20200%20OK%0D%0ATransfer-Encoding:%20chunked%0D%0A%0D%0A5%0D%0Ahello%0D%0A" + end
    sock.sendall(f"GET /shop/{a.name}/raw?{rest} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    got = b""
    try:
        while data := sock.recv(65536):
            got += data
        seen_whole = got.endswith(b"\r\n\r\nhello")
    except ConnectionResetError:
        seen_whole = False
    sock.close()
    assert seen_whole == whole, got


def test_a_target_that_is_down(server, registry):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    a = Api(server, registry, "down", targetUrl=f"http://127.0.0.1:{port}")
    answer = a.call("/x")
    assert answer.status == 502 and "connect" in answer.json()["error"], answer
    a.delete()
    for url in ("http://no-such-host.invalid", "http://169.254.169.254/latest", f"http://127.0.0.1:{server.port('internal')}"):
        a = Api(server, registry, "nowhere", targetUrl=url)
        answer = a.call("/x")
        assert answer.status in (502, 403, 400) and answer.json()["error"], answer
        a.delete()


def test_changes_are_seen_by_the_next_call(server, registry, api, target):
    a = api()
    assert a.call("/x").json()["target"] == "/base/x"
    registry.put(a.id, service("orders", targetUrl=target.url + "/other"))
    assert a.call("/x").json()["target"] == "/other/x"
    registry.put(a.id, service("renamed", targetUrl=target.url + "/other"))
    assert a.call("/x").status == 404 and curl(f"{a.proxy}/shop/renamed/x").status == 200
    registry.delete(a.id)
    assert curl(f"{a.proxy}/shop/renamed/x").status == 404


def test_many_calls_at_once(api):
    a = api()
    statuses = []

    def one():
        connection = http.client.HTTPConnection(*a.proxy.removeprefix("http://").rsplit(":", 1), timeout=60)
        for _ in range(20):
            connection.request("GET", f"/shop/{a.name}/x")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(32)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert statuses == [200] * 640


def test_a_page_in_a_browser_cannot_call(api):
    a = api()
    for words in (["-H", "Host: evil.example.com"], ["-H", "Origin: https://evil.example.com"], ["-H", "Sec-Fetch-Site: cross-site"]):
        assert a.call("/x", *words).status in (403, 421), words
