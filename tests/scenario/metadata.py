# SPDX-License-Identifier: Apache-2.0
"""The Metadata API as its clients use it: bodies, a fast keep-alive client beside the real curl, and what the contract says of answers."""

import http.client
import json
import re
import ssl

from harness import JSON_TYPE

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MASK = "********"
TARGET = "https://sampleapi.targeturl/v1"


def service(name="orders", api=True, **more):
    """A registration with an API that needs no credentials, unless `credentials` or other members of the api are given."""
    body = {"provider": "SAP", "name": name, "description": f"{name} of the shop"}
    details = {key: more.pop(key) for key in list(more) if key in (
        "credentials", "spec", "specificationUrl", "apiType", "requestParameters", "headers", "queryParameters",
        "specificationCredentials", "specificationRequestParameters", "targetUrl")}
    if api:
        body["api"] = {"targetUrl": TARGET, **details}
    body.update(more)
    return body


class Metadata:
    """One connection to an application's services: with its certificate on the gateway listener, or on the internal one."""

    def __init__(self, server, application, system=None, timeout=60):
        self.application = application
        if system:
            context = ssl.create_default_context(cafile=str(server.ca))
            context.load_cert_chain(system.crt, system.key)
            self.connection = http.client.HTTPSConnection("localhost", int(server.port("gateway")), timeout=timeout, context=context)
        else:
            host, port = server.address("internal").rsplit(":", 1)
            self.connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
        self.base = f"/{application}/v1/metadata/services"

    def close(self):
        self.connection.close()

    def raw(self, method, path, body=None, headers=None):
        """(status, headers, text). A connection that the server closed is opened again by the next call."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def call(self, method, id=None, body=None):
        """(status, decoded JSON or ""), after the rules for every answer: type, one line, one newline."""
        status, headers, text = self.raw(method, self.base + (f"/{id}" if id else ""), body)
        assert headers["Content-Type"] == JSON_TYPE, (status, headers.items())
        if status == 204:
            assert text == ""
            return status, ""
        assert text.endswith("\n") and text.count("\n") == 1, text[-200:]
        for character in "<>&\u2028\u2029":
            assert character not in text, text
        return status, json.loads(text)

    def register(self, body):
        status, answer = self.call("POST", body=body)
        assert status == 200, answer
        assert list(answer) == ["id"] and UUID.fullmatch(answer["id"]), answer
        return answer["id"]

    def get(self, id):
        status, answer = self.call("GET", id)
        assert status == 200, answer
        return answer

    def put(self, id, body):
        status, answer = self.call("PUT", id, body)
        assert status == 200, answer
        return answer

    def delete(self, id):
        assert self.call("DELETE", id)[0] == 204

    def list(self):
        status, answer = self.call("GET")
        assert status == 200, answer
        return answer

    def refused(self, method, status, message, id=None, body=None):
        """An error in the contract's shape. A message that ends in "..." is only the beginning."""
        got, answer = self.call(method, id, body)
        assert got == status, (got, answer)
        assert list(answer) == ["code", "error"] and answer["code"] == status, answer
        if message.endswith("..."):
            assert answer["error"].startswith(message[:-3]), answer
        else:
            assert answer["error"] == message, answer
        return answer["error"]
