# SPDX-License-Identifier: Apache-2.0
"""Proves that a client written for Kyma's Metadata API registers, reads, updates and deletes services, byte for byte."""

import json

import pytest
import yaml
from harness import JSON_TYPE, assert_error, curl
from metadata import MASK, Metadata, service

FULL = {
    "provider": "SAP", "name": "My Service (X)", "description": "long <d> & more", "shortDescription": "sd", "identifier": "ext-1",
    "labels": {"region": "eu", "connected-app": "zzz"},
    "api": {"targetUrl": "https://h.com/base", "apiType": "OpenAPI", "spec": {"openapi": "3.0.0", "info": {"title": "t <b>"}},
            "requestParameters": {"headers": {"X-H": ["a"]}, "queryParameters": {"k": ["1", "2"]}},
            "credentials": {"oauth": {"url": "https://h.com/t", "clientId": "the-client", "clientSecret": "the-secret",
                                      "requestParameters": {"headers": {"A": ["1", "2"]}, "queryParameters": {"q": ["v"]}},
                                      "csrfInfo": {"tokenEndpointURL": "https://h.com/csrf"}}}},
    "events": {"spec": {"asyncapi": "1.0.0"}},
    "documentation": {"displayName": "D", "description": "dd", "type": "t", "tags": ["a"], "docs": [{"title": "x", "type": "y", "source": "z"}]},
}
SHOWN = (
    r'{"provider":"SAP","name":"My Service (X)","description":"long \u003cd\u003e \u0026 more","identifier":"ext-1",'
    r'"labels":{"connected-app":"transcript","region":"eu"},'
    r'"api":{"targetUrl":"https://h.com/base",'
    r'"credentials":{"oauth":{"url":"https://h.com/t","clientId":"********","clientSecret":"********",'
    r'"requestParameters":{"headers":{"A":["1","2"]},"queryParameters":{"q":["v"]}},'
    r'"csrfInfo":{"tokenEndpointURL":"https://h.com/csrf"}}},'
    r'"spec":{"openapi":"3.0.0","info":{"title":"t \u003cb\u003e"}},"apiType":"OpenAPI",'
    r'"requestParameters":{"headers":{"X-H":["a"]},"queryParameters":{"k":["1","2"]}}},'
    r'"events":{"spec":{"asyncapi":"1.0.0"}},'
    r'"documentation":{"displayName":"D","description":"dd","type":"t","tags":["a"],"docs":[{"title":"x","type":"y","source":"z"}]}}' "\n")


@pytest.fixture
def app(server, shop):
    m = Metadata(server, "shop", shop)
    yield m
    m.close()


def test_the_golden_transcript(server):
    """Contract 1.17, to the byte."""
    m = Metadata(server, "transcript", server.system("transcript").enrol())
    id = m.register(FULL)
    status, headers, text = m.raw("GET", f"{m.base}/{id}")
    assert (status, headers["Content-Type"], text) == (200, JSON_TYPE, SHOWN)
    base = text[:text.index(',"api"')] + "}\n"
    assert m.raw("GET", m.base)[2] == f'[{{"id":"{id}",{base[1:-1]}]\n'
    assert m.raw("PUT", f"{m.base}/{id}", FULL)[2] == base
    m.refused("POST", 409, "Creating service failed, Service with Identifier ext-1 already exists", body=FULL)
    m.delete(id)
    m.delete(id)
    m.refused("GET", 404, f"Reading service with ID {id} failed, Service with ID {id} not found", id)
    assert m.raw("GET", m.base)[2] == "[]\n"
    m.refused("PUT", 404, "Updating zzz service failed, Reading service with ID zzz failed, Service with ID zzz not found", "zzz", FULL)


@pytest.mark.parametrize("method,id,message", [
    ("POST", None, "Getting Application UID failed, Application ghost not found"),
    ("GET", None, "Reading services from Application failed, Application ghost not found"),
    ("GET", "x", "Reading service with ID x failed, Application ghost not found"),
    ("PUT", "x", "Updating x service failed, Reading service with ID x failed, Application ghost not found"),
    ("DELETE", "x", "Deleting service from Application repository failed, Application ghost not found"),
])
def test_an_application_that_is_not_there(server, method, id, message):
    m = Metadata(server, "ghost")
    m.refused(method, 404, message, id, service() if method in ("POST", "PUT") else None)
    m.close()


def test_an_application_that_is_not_there_with_an_identifier(server):
    m = Metadata(server, "ghost")
    m.refused("POST", 404, "Creating service failed, Checking identifier failed, Reading services from Application failed, "
              "Application ghost not found", body=service(identifier="i"))
    m.close()


def test_operators_use_the_internal_listener(server, app):
    operator = Metadata(server, "shop")
    id = operator.register(service("by-operator"))
    assert app.get(id)["name"] == "by-operator"
    operator.delete(id)
    operator.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_root_redirects_to_the_specification(server, shop, method):
    """Operators need no application for it; systems are told about their own."""
    for answer, name in ((shop.curl("/shop/v1/metadata", "-X", method), "shop"), (curl("-X", method, server.internal + "/nobody/v1/metadata"), "nobody")):
        assert answer.status == 301 and answer.headers["location"] == f"/{name}/v1/metadata/api.yaml", answer
    assert_error(shop.curl("/nobody/v1/metadata", "-X", method), 403, "No valid subject found")


def test_the_specification_is_yaml(server, shop):
    for answer in (shop.curl("/shop/v1/metadata/api.yaml"), curl(server.internal + "/nobody/v1/metadata/api.yaml")):
        assert answer.status == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
        operations = {o["operationId"] for path in yaml.safe_load(answer.body)["paths"].values() for o in path.values() if "operationId" in o}
        assert {"registerService", "getServices", "getServiceByServiceId", "updateService", "deleteServiceByServiceId"} <= operations
    assert_error(shop.curl("/nobody/v1/metadata/api.yaml"), 403, "No valid subject found")


@pytest.mark.parametrize("path,method,status", [
    ("/shop/v1/metadata/services/", "GET", 404), ("/shop/v1/metadata/", "GET", 404), ("/shop/v1/metadata/nothing", "GET", 404),
    ("/shop/v1/metadata/services", "PATCH", 405), ("/shop/v1/metadata/services", "OPTIONS", 405), ("/shop/v1/metadata/services/x", "POST", 405),
])
def test_paths_and_methods_that_are_not_there(shop, path, method, status):
    answer = shop.curl(path, "-X", method)
    text = {404: "Requested resource could not be found.", 405: "Method not allowed."}[status]
    assert (answer.status, answer.body) == (status, f'{{"code":{status},"error":"{text}"}}\n')
    assert "allow" not in answer.headers


def test_keys_in_any_case_and_the_last_of_duplicates(app):
    text = ('{"PROVIDER":"p","name":"first","NAME":"last","Description":"d","unknown":{"deep":[1]},'
            '"API":{"TARGETURL":"https://h.com","ApiType":"x","Credentials":{"BASIC":{"UserName":"u","PASSWORD":"p"}}}}')
    status, answer = app.call("POST", body=text)
    assert status == 200, answer
    got = app.get(answer["id"])
    assert got["name"] == "last" and got["api"]["apiType"] == "x" and got["api"]["credentials"]["basic"]["username"] == MASK
    app.delete(answer["id"])


@pytest.mark.parametrize("spec", [
    '{"n":18446744073709551615,"f":2.0,"e":1e3,"a":1,"a":2}', '{"b":{"z":1,"y":[ 1 , 2.50 ]}, "a" : -0.0}', "{}", "null",
    '{"deep":' + "[" * 50 + "]" * 50 + "}",
])
def test_specifications_are_kept_as_they_were_sent(app, spec):
    body = json.dumps(service()).replace('"targetUrl"', f'"spec": {spec}, "targetUrl"')
    id = app.call("POST", body=body)[1]["id"]
    text = app.raw("GET", f"{app.base}/{id}")[2]
    assert '"spec":' + "".join(spec.split()) in text, text
    app.delete(id)


def test_swagger_2_is_shown_with_our_host(app):
    id = app.register(service(spec={"swagger": "2.0"}))
    assert f'"spec":{{"schemes":["http"],"swagger":"2.0","host":"shop-{id}.kyma-integration.svc.cluster.local","paths":null}}' in \
        app.raw("GET", f"{app.base}/{id}")[2]
    app.delete(id)


def test_older_headers_are_shown_as_request_parameters(app):
    id = app.register(service(headers={"X-A": ["1"]}, queryParameters={"q": ["2", "3"]}))
    assert app.get(id)["api"]["requestParameters"] == {"headers": {"X-A": ["1"]}, "queryParameters": {"q": ["2", "3"]}}
    app.put(id, service(requestParameters={}, headers={"X-A": ["1"]}))
    assert "requestParameters" not in app.get(id)["api"]
    app.delete(id)


def test_put_replaces_everything_but_the_identifier(app):
    id = app.register(service("first", identifier="fixed", labels={"a": "1"}, spec={"openapi": "3.0.0"},
                              credentials={"basic": {"username": "u", "password": "p"}}, requestParameters={"headers": {"h": ["v"]}}))
    answer = app.put(id, {"provider": "q", "name": "second", "description": "d", "identifier": "other", "events": {"spec": {"a": 1}}})
    assert answer == {"provider": "q", "name": "second", "description": "d", "identifier": "fixed", "labels": {"connected-app": "shop"}}
    assert app.get(id) == {**answer, "events": {"spec": {"a": 1}}}
    app.delete(id)


def test_put_without_any_specification_keeps_those_that_are_there(app):
    id = app.register(service(spec={"openapi": "3.0.0"}, events={"spec": {"asyncapi": "2"}}))
    app.put(id, service(events={"spec": None}) | {"events": None})
    got = app.get(id)
    assert got["api"]["spec"] == {"openapi": "3.0.0"} and got["events"] == {"spec": {"asyncapi": "2"}}
    app.put(id, service(spec={"openapi": "3.1.0"}))
    got = app.get(id)
    assert got["api"]["spec"] == {"openapi": "3.1.0"} and "events" not in got
    app.delete(id)


def test_the_list_is_in_the_order_of_registration_and_ignores_the_query(app):
    ids = [app.register(service(name)) for name in "zyx"]
    listed = json.loads(app.raw("GET", app.base + "?limit=1&name=z")[2])
    assert [s["id"] for s in listed] == ids
    for id in ids:
        app.delete(id)


def test_the_content_type_of_a_request_does_not_matter(server, shop):
    """As curl -d sends it, and as nobody should."""
    for kind in ("application/x-www-form-urlencoded", "text/xml", ""):
        answer = shop.curl("/shop/v1/metadata/services", "-H", f"Content-Type: {kind}", "-d", json.dumps(service()))
        assert answer.status == 200, answer
        assert shop.curl(f"/shop/v1/metadata/services/{answer.json()['id']}", "-X", "DELETE").status == 204


def test_a_body_is_as_large_as_the_documents_say(app):
    """6 MiB, on its way through front and core."""
    body = service("large", spec={"openapi": "3.0.0", "x": "a" * (3 << 20)})
    body["events"] = {"spec": {"asyncapi": "2.0.0", "x": ""}}
    body["events"]["spec"]["x"] = "b" * ((6 << 20) - len(json.dumps(body)))
    id = app.register(body)
    assert app.get(id)["events"]["spec"] == body["events"]["spec"]
    app.delete(id)


def test_a_body_that_is_too_large_is_refused_before_it_costs(server, shop, tmp_path):
    """curl asks before it sends so much."""
    (tmp_path / "large").write_bytes(b" " * (7 << 20))
    answer = shop.curl("/shop/v1/metadata/services", "--data-binary", f"@{tmp_path / 'large'}")
    assert answer.status == 413 and "larger" in answer.json()["error"], answer
    assert curl(server.internal + "/readyz").status == 200
