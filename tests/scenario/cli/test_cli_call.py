# SPDX-License-Identifier: Apache-2.0
"""Proves that `fairlead call` is a workload at the command line: what goes out, what comes back, and what it explains."""

import json
import re
import subprocess

import pytest
from harness import BINARY, GATEWAY, Server, poll
from metadata import Metadata, service
from target import Target

MIB = 1 << 20


@pytest.fixture(scope="module")
def target():
    t = Target()
    yield t
    t.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory, target):
    s = Server(tmp_path_factory.mktemp("server"), settings=GATEWAY).start()
    s.cli("app", "create", "shop")
    m = Metadata(s, "shop")
    basic = {"basic": {"username": "user", "password": "s3cret-basic"}}
    m.register(service("My Orders", targetUrl=target.url + "/base", credentials=basic, requestParameters={"headers": {"X-Set": ["s3cret-header"]}}))
    m.register(service("tokens", targetUrl=target.url, credentials={"oauth": {"url": target.url + "/token", "clientId": "id", "clientSecret": "s3cret-oauth"}}))
    m.register(service("pair", targetUrl="https://no-such-host.invalid", credentials={"certificateGen": {"commonName": "the-gateway"}}))
    for _ in range(2):
        m.register(service("Twice !", targetUrl=target.url))
    m.close()
    yield s
    s.stop()


def call(server, *words, check=True):
    return server.cli("call", "shop", *words, check=check)


def test_the_target_sees_what_was_asked_for(server, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b'{"n": 1}')
    for words, method, rest, size in ((["my-orders"], "GET", "", 0), (["My Orders", "/x?a=%20b"], "GET", "/x?a=%20b", 0),
                                      (["my-orders", "x", "--body", "hello"], "POST", "/x", 5),
                                      (["my-orders", "/x", "--body", f"@{body}", "-X", "PUT"], "PUT", "/x", 8)):
        seen = json.loads(call(server, *words, "-H", "X-Own: 1").stdout)
        headers = {name.lower(): value for name, value in seen["headers"]}
        assert (seen["method"], seen["target"], seen["size"]) == (method, "/base" + rest, size)
        assert headers["x-own"] == "1" and headers["authorization"].startswith("Basic ") and headers["user-agent"].startswith("fairlead/")
        if size == 8:
            assert headers["content-type"] == "application/json"


def test_the_answer_is_printed_as_it_is(server):
    done = call(server, "tokens", "/cookies", "-i")
    assert done.stdout.startswith("HTTP/1.1 200 OK\n") and done.stdout.count("Set-Cookie: ") == 2
    assert call(server, "tokens", "/chunks?1000").stdout == "chunk" * 1000
    # As it comes, not at the end: a gigabyte needs no gigabyte.
    command = [BINARY, "call", "shop", "tokens", f"/big?{1024 * MIB}", "--data", str(server.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert len(running.stdout.read(MIB)) == MIB
        with open(f"/proc/{running.pid}/status", encoding="ascii") as f:
            memory = next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
        assert memory < 200 * 1024
        running.stdout.close()
        poll(lambda: running.poll() is not None, 30, "it goes on although nobody reads")


@pytest.mark.parametrize("words,said", [
    (["nothing"], "service with name nothing not found: `fairlead service list shop` shows"), (["Twice !"], "several services named 'Twice !'"),
    (["twice"], "multiple services found"), (["pair", "/x"], "no such host: `fairlead call --explain shop pair` shows"), (["No Such"], "no service named 'No Such'"),
    (["my-orders", "/slow?5", "--max-time", "300ms"], "within --max-time"),
])
def test_errors_say_how_to_go_on(server, words, said):
    done = call(server, *words, check=False)
    assert done.returncode == 1 and done.stdout == "" and said in done.stderr, done


@pytest.mark.parametrize("status,code", [(200, 0), (204, 0), (302, 0), (404, 1), (500, 1)])
def test_the_exit_status_is_that_of_the_answer(server, status, code):
    assert call(server, "tokens", f"/status?{status}", check=False).returncode == code


def test_an_explanation_has_the_way_and_no_secret(server):
    shown = call(server, "my-orders", "/x", "--explain").stdout
    for words in ("Name:           My Orders", "/base\n", "basic (Authorization: Basic ...)", "Headers added:  X-Set", "Answer:         200 OK, "):
        assert words in shown, shown
    explained = json.loads(call(server, "tokens", "/status?404", "--explain", "-o", "json", check=False).stdout)
    assert explained["route"]["authorization"] == "Bearer" and explained["route"]["tokenUntil"] and explained["route"]["refusal"] is None
    again = json.loads(call(server, "my-orders", "/x", "--explain", "-o", "json").stdout)
    assert "On connection:" in shown and re.search(r"^(new; HTTP/1.1; connected in|reused; HTTP/1.1; first byte after) \d+ us", again["call"]["connection"])
    assert explained["call"]["status"] == 404 and explained["call"]["answeredBy"] == "target"
    done = call(server, "pair", "--explain", check=False)
    assert done.returncode == 1 and "no-such-host.invalid: no such host" in done.stdout
    assert "s3cret" not in shown + json.dumps(explained) + done.stdout
