# SPDX-License-Identifier: Apache-2.0
"""Proves what a specification's download does against servers that are slow, endless, lying or hostile: a clear 4xx or 502, and nothing stored."""

import base64
import gzip
import http.server
import json
import os
import signal
import threading
import time
import urllib.parse
import zlib

import pytest
from harness import Server, poll
from metadata import Metadata, service

OPENAPI = b'{"openapi":"3.0.0","info":{"title":"from a URL","version":"1"},"n":18446744073709551615}'
EDMX = (b'<?xml version="1.0"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices/></edmx:Edmx>')
LAUGHS = (b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">' +
          b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b']><edmx:Edmx xmlns:edmx="x">&j;</edmx:Edmx>')
BOMB = gzip.compress(b" " * (200 << 20), 1)
ENTITY = b'<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]><Edmx>&x;</Edmx>'


class Hostile(http.server.BaseHTTPRequestHandler):
    """One path per kind of misbehaviour; what was asked is kept in `asked`."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, status=200, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, piece, pause, **headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while not self.server.closing:
            self.wfile.write(piece)
            time.sleep(pause)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.server.asked.append((path, query, dict(self.headers)))
        try:
            self.behave(path)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, body, dict(self.headers)))
        if self.path == "/token":
            self.answer(b'{"access_token":"a-token","token_type":"bearer","expires_in":60}')
        else:
            self.answer(b'{"error":"invalid_client"}', 401)

    def behave(self, path):
        if path == "/openapi":
            self.answer(OPENAPI)
        elif path == "/yaml":
            self.answer(b"openapi: 3.0.0\ninfo:\n  title: yaml\n", kind="application/yaml")
        elif path in ("/edmx", "/base/$metadata"):
            self.answer(EDMX, kind="application/xml")
        elif path == "/laughs":
            self.answer(LAUGHS, kind="application/xml")
        elif path == "/entity":
            self.answer(ENTITY, kind="application/xml")
        elif path == "/login":
            self.answer(b"<!DOCTYPE html><html><body>please log in</body></html>", kind="application/json")
        elif path == "/text":
            self.answer(b"just some words", kind="text/plain")
        elif path == "/broken":
            self.answer(b'{"openapi":"3.0.0",}')
        elif path == "/truncated":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"openapi":')
            self.close_connection = True
        elif path == "/slow":
            self.stream(b" ", 0.1)
        elif path == "/silent":
            while not self.server.closing:
                time.sleep(0.05)
        elif path == "/endless":
            self.stream(b"[" + b"1," * 30000, 0)
        elif path == "/bomb":
            self.answer(BOMB, Content_Encoding="gzip")
        elif path == "/gzip":
            self.answer(gzip.compress(OPENAPI), Content_Encoding="gzip")
        elif path == "/deflate":
            self.answer(zlib.compress(OPENAPI), Content_Encoding="deflate")
        elif path.startswith("/status/"):
            self.answer(b"no", int(path.rsplit("/", 1)[1]))
        elif path.startswith("/redirect/"):
            self.answer(b"", 302, Location=urllib.parse.unquote(path[len("/redirect/"):]))
        elif path == "/loop":
            self.answer(b"", 302, Location="/loop")
        else:
            self.answer(b"", 404)


@pytest.fixture(scope="module")
def web():
    """The server of specifications, on loopback: allowed for this file, so that the rest can be told apart."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    made.daemon_threads, made.asked, made.closing = True, [], False
    threading.Thread(target=made.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{made.server_port}"
    yield made
    made.closing = True
    made.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("server"), settings={
        "outbound.allow_loopback": "true", "registry.fetch_timeout": "3s", "registry.specification_bytes": "1MiB"}).start()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def app(server):
    m = Metadata(server, "shop", server.system("shop").enrol())
    yield m
    m.close()


def nothing_stored(server):
    with server.database() as database:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("service", "secret", "specification")] == [0, 0, 0]


REFUSED = [
    ("/status/404", 502, "Fetching API spec from URL failed with status 404 Not Found"), ("/status/500", 502, "failed with status 500"),
    ("/status/204", 502, "failed with status 204"), ("/status/401", 502, "failed with status 401 Unauthorized"),
    ("/slow", 502, "3 s"), ("/silent", 502, "3 s"), ("/endless", 502, "registry.specification_bytes"), ("/bomb", 502, "registry.specification_bytes"),
    ("/login", 502, "HTML"), ("/text", 502, ""), ("/broken", 502, ""), ("/truncated", 502, ""), ("/laughs", 502, "DOCTYPE"), ("/entity", 502, "DOCTYPE"),
    ("/loop", None, "redirect"),
    ("/redirect/http%3A%2F%2F169.254.169.254%2Flatest%2Fmeta-data", None, "169.254.169.254"),
    ("/redirect/http%3A%2F%2F[fd00:ec2::254]%2F", None, ""), ("/redirect/file%3A%2F%2F%2Fetc%2Fpasswd", None, ""),
    ("/redirect/gopher%3A%2F%2F127.0.0.1%3A6379%2F_FLUSHALL", None, ""), ("/redirect/http%3A%2F%2F0.0.0.0%2F", None, ""),
    ("/redirect/http%3A%2F%2F[::ffff:169.254.169.254]%2F", None, ""), ("/redirect/http%3A%2F%2F[64:ff9b::a9fe:a9fe]%2F", None, ""),
]


@pytest.mark.parametrize("path,status,words", REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_downloads_that_fail(server, app, web, path, status, words):
    body = service(specificationUrl=web.url + path, credentials={"basic": {"username": "u", "password": "p"}})
    got, answer = app.call("POST", body=body)
    assert got in ((status,) if status else (400, 502)), answer
    assert answer["error"].startswith("Determining API spec for service with ID ") and words in answer["error"], answer
    assert "root:" not in answer["error"] and nothing_stored(server)


DIRECT = ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/", "http://metadata.internal.invalid/", "http://0.0.0.0:{own}/",
          "http://127.0.0.1:{own}/api/v1/status", "http://localhost:{own}/api/v1/tokens", "http://[::1]:1/", "http://2852039166/", "http://0xa9fea9fe/",
          "ftp://127.0.0.1/", "file:///etc/passwd", "not a url", "http://", "http://h.com:99999/", "http://user:topsecret@127.0.0.1:1/"]


@pytest.mark.parametrize("url", DIRECT)
def test_urls_that_lead_nowhere_good(server, app, url):
    """Our own listeners are refused although loopback is allowed here."""
    own = server.port("internal")
    status, answer = app.call("POST", body=service(specificationUrl=url.format(own=own)))
    assert status in (400, 502), answer
    assert "topsecret" not in answer["error"] and nothing_stored(server)


def test_loopback_is_refused_unless_allowed(make_server, web):
    server = make_server()
    m = Metadata(server, "shop", server.system("shop").enrol())
    status, answer = m.call("POST", body=service(specificationUrl=web.url + "/openapi"))
    assert status in (400, 502) and "loopback" in answer["error"] and "outbound.allow_loopback" in answer["error"], answer
    m.close()


def test_a_refused_update_leaves_everything_as_it_was(app, web):
    id = app.register(service("kept", spec={"openapi": "3.0.0"}))
    before = app.get(id)
    status, answer = app.call("PUT", id, service("changed", specificationUrl=web.url + "/status/404"))
    assert status == 502 and answer["error"].startswith(f"Updating {id} service failed, Determining API spec for service with ID {id} failed, "), answer
    assert app.get(id) == before
    app.delete(id)


@pytest.mark.parametrize("path,more,shown", [
    ("/openapi", {}, json.loads(OPENAPI)), ("/gzip", {}, json.loads(OPENAPI)), ("/deflate", {}, json.loads(OPENAPI)),
    ("/yaml", {}, "openapi: 3.0.0\ninfo:\n  title: yaml\n"), ("/edmx", {"apiType": "OData"}, EDMX.decode()),
    ("/redirect/%2Fopenapi", {}, json.loads(OPENAPI)),
])
def test_downloads_that_work(app, web, path, more, shown):
    id = app.register(service(specificationUrl=web.url + path, **more))
    got = app.get(id)["api"]
    assert got["spec"] == shown and got["specificationUrl"] == web.url + path
    app.delete(id)


def test_odata_metadata_lies_below_the_target(app, web):
    for target in (web.url + "/base", web.url + "/base/"):
        id = app.register(service(targetUrl=target, apiType="odata"))
        assert app.get(id)["api"]["spec"] == EDMX.decode()
        app.delete(id)


def test_odata_that_is_none_is_refused(server, app, web):
    status, answer = app.call("POST", body=service(specificationUrl=web.url + "/openapi", apiType="OData"))
    assert status == 502 and nothing_stored(server), answer


def test_an_inline_specification_beats_the_url(app, web):
    web.asked.clear()
    id = app.register(service(spec={"inline": True}, specificationUrl=web.url + "/openapi"))
    assert app.get(id)["api"]["spec"] == {"inline": True} and web.asked == []
    app.delete(id)


def test_registration_contacts_nobody_else(app, web):
    """Neither the target, nor the token endpoint, nor the CSRF endpoint."""
    web.asked.clear()
    id = app.register(service(targetUrl=web.url, credentials={"oauth": {"url": web.url + "/token", "clientId": "i", "clientSecret": "s",
                                                                        "csrfInfo": {"tokenEndpointURL": web.url + "/csrf"}}}))
    time.sleep(0.2)
    assert web.asked == []
    app.delete(id)


def test_credentials_of_the_download(app, web, server):
    web.asked.clear()
    basic = {"basic": {"username": "u", "password": "pa:ss"}}
    parameters = {"headers": {"X-Extra": ["1"], "Authorization": ["mine"]}, "queryParameters": {"q": ["a b"], "own": ["no"]}}
    id = app.register(service(specificationUrl=web.url + "/openapi?own=yes", specificationCredentials=basic, specificationRequestParameters=parameters))
    (path, query, headers), = web.asked
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"u:pa:ss").decode() and headers["X-Extra"] == "1"
    assert urllib.parse.parse_qs(query) == {"own": ["yes"], "q": ["a b"]}
    shown = app.raw("GET", f"{app.base}/{id}")[2]
    assert "pa:ss" not in shown and "specificationCredentials" not in shown and "X-Extra" not in shown
    app.delete(id)
    web.asked.clear()
    oauth = {"oauth": {"url": web.url + "/token", "clientId": "the-id", "clientSecret": "the-secret"}}
    app.delete(app.register(service(specificationUrl=web.url + "/openapi", specificationCredentials=oauth)))
    (token_path, form, _), (path, _, headers) = web.asked
    assert token_path == "/token" and "grant_type=client_credentials" in form and headers["Authorization"] == "Bearer a-token"
    oauth["oauth"]["url"] = web.url + "/refusing"
    status, answer = app.call("POST", body=service(specificationUrl=web.url + "/openapi", specificationCredentials=oauth))
    assert status == 502 and "Adding authorization for fetching API spec from URL failed" in answer["error"] and "the-secret" not in answer["error"], answer


def test_many_slow_downloads_do_not_stop_the_others(server, app, web):
    """More downloads than are allowed at once: they are told to come back; everybody else is served meanwhile."""
    answers = []

    def one():
        m = Metadata(server, "shop")
        answers.append(m.raw("POST", m.base, service(specificationUrl=web.url + "/silent"))[0])
        m.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for t in threads:
        t.start()
    poll(lambda: 503 in answers, 20, "nobody is told to come again")  # so all places are taken
    app.delete(app.register(service("meanwhile")))
    assert any(t.is_alive() for t in threads), "the others were not served meanwhile"
    for t in threads:
        t.join(120)
    assert set(answers) == {502, 503}, answers


def test_a_refetch_sees_what_changed(app, web, server):
    id = app.register(service(specificationUrl=web.url + "/openapi"))
    shown = server.cli_json("service", "specification", "shop", id, "--refresh")
    assert shown["api"]["specification"]["format"] == "json", shown
    app.delete(id)


def test_the_fetcher_comes_back(server, app, web):
    killed = [pid for pid, kind in server.children().items() if kind == "fetcher"]
    assert len(killed) == 1, server.children()
    os.kill(killed[0], signal.SIGKILL)
    poll(lambda: any(kind == "fetcher" and pid not in killed for pid, kind in server.children().items()), 20, "no new fetcher")
    poll(lambda: app.call("POST", body=service(specificationUrl=web.url + "/openapi"))[0] == 200, 10, "the new fetcher does nothing")
    for s in app.list():
        app.delete(s["id"])
