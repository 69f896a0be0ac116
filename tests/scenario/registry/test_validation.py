# SPDX-License-Identifier: Apache-2.0
"""Proves the refusals of a registration: contract 1.4 and 1.6 row by row, in order, and our own rules; the same for POST and PUT."""

import json

import pytest
from metadata import Metadata, service

STRUCTURE = "Failed to validate request body, Incorrect structure of service definition, "
VALIDATE = "Failed to validate request body, "
UNMARSHAL = "Failed to unmarshal request body, "
OBJECT = " is not a proper json object, json: cannot unmarshal {} into Go value of type map[string]*json.RawMessage"
BASIC = {"username": "u", "password": "p"}
OAUTH = {"url": "https://h.com/t", "clientId": "i", "clientSecret": "s"}


@pytest.fixture(scope="module")
def app(server, shop):
    m = Metadata(server, "shop", shop)
    yield m
    m.close()


def with_credentials(**credentials):
    return service(credentials=credentials)


FIELDS = [
    ({}, "Provider field cannot be empty.;Name field cannot be empty.;Description field cannot be empty."),
    (service(api=False, provider=""), "Provider field cannot be empty."),
    (service(api=False, name=""), "Name field cannot be empty."),
    (service(api=False, description=None), "Description field cannot be empty."),
    (service(targetUrl=""), "targetUrl field cannot be empty."),
    (service(targetUrl="not a url"), "targetUrl: not a url does not validate as url"),
    (with_credentials(oauth={**OAUTH, "url": ""}), "oauth url field cannot be empty"),
    (with_credentials(oauth={**OAUTH, "url": "http:h.com"}), "url: http:h.com does not validate as url"),
    (with_credentials(oauth={**OAUTH, "clientId": ""}), "oauth clientId field cannot be empty"),
    (with_credentials(oauth={**OAUTH, "clientSecret": ""}), "oauth clientSecret cannot be empty"),
    (with_credentials(basic={**BASIC, "username": ""}), "basic auth username field cannot be empty"),
    (with_credentials(basic={"username": "u"}), "basic auth password field cannot be empty"),
    (with_credentials(basic={**BASIC, "csrfInfo": {}}), "tokenEndpointURL field cannot be empty"),
    (with_credentials(basic={**BASIC, "csrfInfo": {"tokenEndpointURL": "h"}}), "tokenEndpointURL: h does not validate as url"),
    (service(events={}), "spec cannot be empty"),
    (service(documentation={"description": "d", "type": "t"}), "displayName field cannot be empty in documentation"),
    (service(documentation={"displayName": "d", "type": "t"}), "description field cannot be empty in documentation"),
    (service(documentation={"displayName": "d", "description": "t"}), "type field cannot be empty in documentation"),
    ({"api": {"targetUrl": "", "credentials": {"oauth": {"csrfInfo": {}}, "basic": {}}}, "events": {}, "documentation": {}},
     "Provider field cannot be empty.;Name field cannot be empty.;Description field cannot be empty.;targetUrl field cannot be empty.;"
     "oauth url field cannot be empty;oauth clientId field cannot be empty;oauth clientSecret cannot be empty;"
     "tokenEndpointURL field cannot be empty;"
     "basic auth username field cannot be empty;basic auth password field cannot be empty;"
     "spec cannot be empty;displayName field cannot be empty in documentation;description field cannot be empty in documentation;"
     "type field cannot be empty in documentation"),
    (service(specificationCredentials={"basic": {"username": "u"}}), "basic auth password field cannot be empty"),
]
STAGES = [
    (service(api=False), "At least one of service definition attributes: 'api', 'events' have to be provided"),
    (service(spec="str"), "api.Spec" + OBJECT.format("string")),
    (service(spec=[1]), "api.Spec" + OBJECT.format("array")),
    (service(spec=5), "api.Spec" + OBJECT.format("number")),
    (service(spec=True), "api.Spec" + OBJECT.format("bool")),
    (with_credentials(basic=BASIC, oauth=OAUTH), "api.CredentialsWithCSRF is invalid: to many authentication methods provided"),
    (with_credentials(basic=BASIC, certificateGen={}), "api.CredentialsWithCSRF is invalid: to many authentication methods provided"),
    (service(specificationCredentials={"basic": BASIC, "oauth": OAUTH}), "api.CredentialsWithCSRF is invalid: to many authentication methods provided"),
    (service(events={"spec": "x"}), "events.Spec" + OBJECT.format("string")),
    (with_credentials(certificateGen={"commonName": "x" * 65}), "..."),
]


@pytest.mark.parametrize("body,message", FIELDS)
def test_fields(app, body, message):
    app.refused("POST", 400, STRUCTURE + message, body=body)
    app.refused("PUT", 400, STRUCTURE + message, "no-such-service", body)  # before anybody looks whether it exists


@pytest.mark.parametrize("body,message", STAGES)
def test_stages(app, body, message):
    app.refused("POST", 400, VALIDATE + message, body=body)
    app.refused("PUT", 400, VALIDATE + message, "no-such-service", body)


def test_a_common_name_that_is_too_long_says_so(app):
    told = app.refused("POST", 400, VALIDATE + "...", body=with_credentials(certificateGen={"commonName": "x" * 65}))
    assert "commonName" in told and "64" in told


@pytest.mark.parametrize("body,tail", [
    ("", "unexpected end of JSON input"),
    ("{", "unexpected end of JSON input..."),
    ('{"name":"x', "unexpected end of JSON input..."),
    ("[]", "..."),
    ('{"name":5}', "..."),
    ('{"api":"x"}', "..."),
    ('{"api":{"requestParameters":{"headers":{"h":"v"}}}}', "..."),
    ('{} x', "..."),
    ('{"a":1,}', "trailing comma before '}'..."),
    ('{"a":NaN}', "..."), ("{'a':1}", "..."), ('{"a":"\x01"}', "..."), ('{"a":"\\ud800"', "..."), ("\ufeff{}", "..."),
])
def test_what_is_no_registration_at_all(app, body, tail):
    told = app.refused("POST", 400, UNMARSHAL + tail, body=body)
    app.refused("PUT", 400, UNMARSHAL + tail, "x", body)
    assert len(told) > len(UNMARSHAL)


def test_a_type_error_names_the_member(app):
    for body, words in [({"name": 5}, "name"), ({"api": "x"}, "api"), ({"api": {"credentials": {"basic": []}}}, "basic"),
                        ({"api": {"requestParameters": {"headers": {"X-A": "v"}}}}, "headers")]:
        assert words in app.refused("POST", 400, UNMARSHAL + "...", body=body)


def test_the_place_of_a_trailing_comma(app):
    """What the tutorials print: somebody will paste it."""
    body = '{\n  "provider": "p",\n  "api": {\n    "targetUrl": "https://sampleapi.targeturl/v1",\n    "credentials": {\n' \
           '      "basic": {"username": "u", "password": "p"},\n  }\n}}'
    told = app.refused("POST", 400, UNMARSHAL + "trailing comma before '}'...", body=body)
    assert "line 7, column 3" in told, told


@pytest.mark.parametrize("body", [
    service(credentials={}), service(credentials={"certificateGen": {}}), service(credentials={"certificateGen": {"commonName": ""}}),
    service(spec=None), service(events={"spec": {}}), service(events={"spec": None}), service(events=None), service(" "),
    {**service(), "provider": " ", "description": " "}, service(labels={"a": None}), service(credentials=None), service(shortDescription=None),
])
def test_what_is_accepted_though_odd(app, body):
    id = app.register(body)
    assert "credentials" not in app.get(id)["api"]
    app.delete(id)


def test_null_is_an_empty_description(app):
    app.refused("POST", 400, STRUCTURE + FIELDS[0][1], body="null")


def test_an_unknown_application_is_told_only_after_the_body_was_read(server):
    m = Metadata(server, "no-such-application")
    m.refused("POST", 400, STRUCTURE + FIELDS[0][1], body={})
    m.close()


@pytest.mark.parametrize("name,value", [("Host", "x"), ("Content-Length", "5"), ("Transfer-Encoding", "chunked"), ("Connection", "close"),
                                        ("bad name", "v"), ("X-A", "line\r\nInjected: 1"), ("", "v")])
def test_headers_that_could_break_a_call_are_refused(app, name, value):
    for body in (service(requestParameters={"headers": {name: [value]}}), with_credentials(headers={name: [value]}),
                 with_credentials(oauth={**OAUTH, "requestParameters": {"headers": {name: [value]}}})):
        told = app.refused("POST", 400, VALIDATE + "...", body=body)
        assert "Injected" not in told or json.dumps(told).count("\\r\\n") == 0


ACCEPTED = ["http://h.com", "h.com", "ab.c", "http://svc:8080/x", "localhost:80", "10.0.0.1", "1.2.3.4.5", "[::1]", "https://[::1]:8443/x",
            "https://h.com:99999/", "https://h.com?x=1", "http://u:p@h.com", "http://a_b.com", "http://a..b", "https://例え.jp",
            "http://h.com/{id}", "ftp://h.com", "wss://h.com", "mailto:a@b.c", "http://h.com/" + "x" * (2082 - 13)]
REFUSED = ["h", "abc", "a.b", "abcd", "localhost", "foo_bar", "/path", "//h.com/x", "256.1.1.1", "http://1.2", "http://::1/",
           "https://h.com:123456/", "https://h.com:/", "https://h.com/a b", "https://h.com/a%zz", " http://h.com", "http://h.com\n",
           "javascript:alert(1)", "http:/h.com", "http://", "http:///x", "HTTP://h.com", "http://-a.com", "http://.a.com",
           "http://$h.com", "http://h.com;x", "gopher://h.com", "file:///etc/passwd", "http://h.com/" + "x" * (2083 - 13)]


@pytest.mark.parametrize("url", ACCEPTED)
def test_urls_that_are_accepted(app, url):
    id = app.register(service(targetUrl=url))
    assert app.get(id)["api"]["targetUrl"] == url
    app.delete(id)


@pytest.mark.parametrize("url", REFUSED)
def test_urls_that_are_refused(app, url):
    app.refused("POST", 400, STRUCTURE + f"targetUrl: {url} does not validate as url", body=service(targetUrl=url))
