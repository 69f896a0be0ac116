# SPDX-License-Identifier: Apache-2.0
"""Proves for any JSON body: an answer of 200 or 4xx with words, never 5xx, never silence; and what was accepted reads back equal."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metadata import MASK, Metadata

EXAMPLES = 300
# Texts as JSON can carry them; lone surrogates cannot be sent as UTF-8.
texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=30)
names = st.text(st.characters(whitelist_categories=("Lu", "Ll", "Nd")), min_size=1, max_size=20)
json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
                           lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12)
tokens = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", min_size=1, max_size=12).map(lambda t: "X-" + t)
header_values = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7e), max_size=20)
headers = st.dictionaries(tokens, st.lists(header_values, min_size=1, max_size=3), max_size=3)
queries = st.dictionaries(names, st.lists(texts, min_size=1, max_size=3), max_size=3)
parameters = st.fixed_dictionaries({}, optional={"headers": headers, "queryParameters": queries})
urls = st.sampled_from(["https://h.com", "http://h.com/base", "h.com", "http://10.0.0.1:8080/x", "https://[::1]:8443/", "https://例え.jp"])
csrf = st.fixed_dictionaries({}, optional={"csrfInfo": st.fixed_dictionaries({"tokenEndpointURL": urls})})
some = names.filter(lambda t: t != MASK)
basic = st.tuples(st.fixed_dictionaries({"username": some, "password": some}), csrf).map(lambda p: {"basic": {**p[0], **p[1]}})
oauth = st.tuples(st.fixed_dictionaries({"url": urls, "clientId": some, "clientSecret": some},
                                        optional={"requestParameters": parameters}), csrf).map(lambda p: {"oauth": {**p[0], **p[1]}})
credentials = st.none() | basic | oauth | headers.map(lambda h: {"headers": h})
specifications = st.dictionaries(texts, json_values, max_size=5)
accepted = st.fixed_dictionaries(
    {"provider": names, "name": names, "description": names,
     "api": st.fixed_dictionaries({"targetUrl": urls}, optional={
         "spec": specifications, "apiType": names, "credentials": credentials, "requestParameters": parameters})},
    optional={"labels": st.dictionaries(names, texts.filter(lambda t: "\0" not in t), max_size=5), "shortDescription": texts,
              "events": st.fixed_dictionaries({"spec": specifications}),
              "documentation": st.fixed_dictionaries({"displayName": names, "description": names, "type": names},
                                                     optional={"tags": st.lists(texts, max_size=3)})})
keys = st.sampled_from(["provider", "name", "description", "shortDescription", "identifier", "labels", "api", "events", "documentation",
                        "targetUrl", "credentials", "spec", "specificationUrl", "apiType", "requestParameters", "basic", "oauth",
                        "certificateGen", "commonName", "csrfInfo", "tokenEndpointURL", "url", "clientId", "headers", "queryParameters"])
shaped = st.recursive(json_values, lambda inner: st.dictionaries(keys, inner, max_size=6), max_leaves=20).filter(
    lambda value: "specificationUrl" not in json.dumps(value))  # what a download does is told elsewhere
relaxed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
                   database=None)


@pytest.fixture(scope="module")
def app(server, shop):
    m = Metadata(server, "shop", shop)
    yield m
    m.close()


def shown(value):
    """As Go shows texts: what is no UTF-8 is replaced; everything else stays."""
    return json.loads(json.dumps(value))


def expected_api(sent):
    api = dict(sent["api"])
    given = api.get("credentials")
    if given is None or not any(given.values()):
        api.pop("credentials", None)
    for kind, masked in (("basic", ("username", "password")), ("oauth", ("clientId", "clientSecret"))):
        if given and kind in given:
            api["credentials"] = {kind: {**given[kind], **{name: MASK for name in masked}}}
            if not any(api["credentials"][kind].get("requestParameters", {}).values() or [0]):
                api["credentials"][kind].pop("requestParameters", None)
    if not any(api.get("requestParameters", {}).values()):
        api.pop("requestParameters", None)
    return api


def without_empty(value):
    """Empty objects inside parameters are left out of answers, as the original does."""
    if isinstance(value, dict):
        return {key: kept for key, inner in value.items() if (kept := without_empty(inner)) not in ({}, None)}
    return value


@relaxed
@given(accepted)
def test_what_is_accepted_reads_back_equal(app, body):
    id = app.register(body)
    try:
        got = app.get(id)
        for name in ("provider", "name", "description"):
            assert got[name] == body[name]
        assert got["labels"] == {**body.get("labels", {}), "connected-app": "shop"}
        want = expected_api(body)
        assert got["api"].get("spec") == shown(want.get("spec")), "the specification"
        for side in (got["api"], want):
            side.pop("spec", None)
        assert without_empty(got["api"]) == without_empty(want)
        assert got.get("events") == body.get("events")
        for name, value in body.get("documentation", {}).items():
            assert got["documentation"].get(name, []) == value
        # What was read is sent back: nothing changes, masks included.
        before = app.get(id)
        app.put(id, {**before, "shortDescription": body.get("shortDescription")})
        assert app.get(id) == before
    finally:
        app.delete(id)


@relaxed
@given(st.one_of(json_values, shaped))
def test_any_json_gets_an_answer_with_words(app, body):
    for method, id in (("POST", None), ("PUT", "x")):
        status, answer = app.call(method, id, json.dumps(body))
        assert status == 200 or 400 <= status < 500, (status, answer)
        if status == 200:
            app.delete(answer["id"])
        else:
            assert answer["code"] == status and answer["error"], answer


@relaxed
@given(st.binary(max_size=200), st.integers(0, 100))
def test_any_bytes_get_an_answer_with_words(app, noise, at):
    good = json.dumps({"provider": "p", "name": "n", "description": "d", "api": {"targetUrl": "h.com"}}).encode()
    for body in (noise, good[:at] + noise + good[at:]):
        status, _, text = app.raw("POST", app.base, body)
        assert status == 200 or 400 <= status < 500, (status, text)
        answer = json.loads(text)
        if status == 200:
            app.delete(answer["id"])
        else:
            assert answer["error"]
