# SPDX-License-Identifier: Apache-2.0
"""Proves that GraphiQL is served on the internal listener with a policy that lets it run nothing else, and that a browser shows both schemas with it."""

import re

import pytest
from browser import Browser

FILES = {"/graphiql": "text/html", "/graphiql/connector": "text/html", "/graphiql/graphiql.js": "text/javascript",
         "/graphiql/graphiql.css": "text/css", "/graphiql/licenses.txt": "text/plain"}


# ---- refusals ----

def test_it_is_on_the_internal_listener_only(server):
    assert server.curl(server.connector + "/graphiql").status == 404
    assert server.curl(server.internal + "/graphiql/nope.js").status == 404
    assert server.curl("-X", "POST", server.internal + "/graphiql").status == 405
    assert server.curl("-H", "Host: evil.example", server.internal + "/graphiql").status == 421
    assert server.curl("-H", "Sec-Fetch-Site: cross-site", server.internal + "/graphiql").status == 403


# ---- what works ----

@pytest.mark.parametrize("path", FILES)
def test_a_file_has_its_type_its_policy_and_an_etag(server, path):
    answer = server.curl(server.internal + path)
    assert answer.status == 200 and answer.headers["content-type"] == FILES[path] + "; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-cache"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    tag = answer.headers["etag"]
    again = server.curl("-H", f"If-None-Match: {tag}", server.internal + path)
    assert again.status == 304 and not again.body and again.headers["etag"] == tag
    assert server.curl("-H", 'If-None-Match: "1"', server.internal + path).status == 200


def test_the_page_names_no_other_host_and_has_no_script_of_its_own(server):
    page = server.curl(server.internal + "/graphiql").body
    assert not re.search(r"https?://|<script>|<style|style=|\son\w+=", page)
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["data:,", "/graphiql/graphiql.css", "/graphiql/graphiql.js"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("browser"))
    yield made
    made.stop()


@pytest.mark.release
@pytest.mark.parametrize("page, endpoint, schema", [
    ("/graphiql", "/director/graphql", ["Query", "Mutation", "Application", "OneTimeTokenForApplication"]),
    ("/graphiql/connector", "/connector/graphql", ["Query", "Mutation", "CertificationResult"]),
])
def test_a_browser_loads_it_asks_for_the_schema_and_shows_it(server, browser, page, endpoint, schema):
    browser.events.clear()
    browser.call("Page.navigate", url=server.internal + page)
    names = browser.wait("(() => { const all = [...document.querySelectorAll('.graphiql-doc-explorer a')].map((a) => a.textContent);"
                         " return all.length > 3 && all; })()")
    assert set(schema) <= set(names)
    requests = [event["request"] for event in browser.happened("Network.requestWillBeSent")]
    asked = [request for request in requests if request["method"] == "POST"]
    assert asked and {request["url"] for request in asked} == {server.internal + endpoint}
    assert all("IntrospectionQuery" in request["postData"] for request in asked)
    assert all(request["url"].startswith((server.internal, "data:")) for request in requests), "it needs another host"

    browser.evaluate("document.querySelector('.graphiql-execute-button').click()")
    shown = browser.wait("(() => { const text = document.querySelector('.result-window')?.textContent;"
                         " return /[}]/.test(text) && text; })()")
    assert ('"USER"' if endpoint == "/director/graphql" else "Failed to authenticate request.") in shown
    browser.evaluate("document.querySelector('[aria-label*=settings i]').click()")
    browser.wait("document.querySelector('.graphiql-dialog') !== null")
    complaints = [event["entry"] for event in browser.happened("Log.entryAdded") if event["entry"]["level"] == "error"]
    assert not complaints and not browser.happened("Runtime.exceptionThrown")
