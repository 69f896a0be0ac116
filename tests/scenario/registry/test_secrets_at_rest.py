# SPDX-License-Identifier: Apache-2.0
"""Proves that no password, client secret or private key is in the data directory, the log or an answer, while it is in use and afterwards."""

import base64
import json
import re

from harness import System, curl
from metadata import MASK, Metadata, service

SECRETS = ["pass-7f3a1c-word", "user-7f3a1c-name", "client-7f3a1c-id", "client-7f3a1c-secret", "header-7f3a1c-value", "query-7f3a1c-value",
           "replaced-7f3a1c-word", "legacy-7f3a1c-header"]


def bodies():
    password, user, client, secret, header, query, replaced, legacy = SECRETS
    return [
        service("basic", credentials={"basic": {"username": user, "password": password}}),
        service("oauth", credentials={"oauth": {"url": "https://h.com/t", "clientId": client, "clientSecret": secret,
                                                "requestParameters": {"headers": {"X-K": [header]}, "queryParameters": {"k": [query]}}}}),
        service("custom", requestParameters={"headers": {"X-K": [header]}, "queryParameters": {"k": [query]}}),
        service("kyma-1.2", credentials={"headers": {"X-K": [legacy]}, "basic": {"username": user, "password": password}}),
        service("certificate", credentials={"certificateGen": {"commonName": "secured"}}),
    ]


def occurrences(server, words):
    """File and word for each that is found anywhere below the server's directory but the vault's key."""
    forms = {}
    for word in words:
        raw = word.encode()
        forms[word] = [raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode()]
    found = []
    for path in server.dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [(path.name, word) for word, shapes in forms.items() if any(shape in content for shape in shapes)]
    return found


def test_grep_finds_nothing(make_server):
    server = make_server(settings={"log.level": "debug", "log.access": "all"})
    # Secrets that may be seen in answers are those of requestParameters, where the contract shows them to their owner.
    hidden = [s for s in SECRETS if not s.startswith(("header", "query", "legacy"))]
    system = server.dir.parent / "shop"
    shop = System(server, system, "shop").enrol()
    m = Metadata(server, "shop", shop)
    answers = []
    for body in bodies():
        id = m.register(body)
        answers.append(m.raw("GET", f"{m.base}/{id}")[2])
        if body["name"] == "basic":
            changed = service("basic", credentials={"basic": {"username": MASK, "password": SECRETS[6]}})
            answers.append(json.dumps(m.put(id, changed)))
        answers.append(server.cli("service", "show", "shop", id).stdout)
        answers.append(server.cli("service", "credentials", "shop", id, check=False).stdout)
        answers.append(curl(server.internal + f"/api/v1/applications/shop/services/{id}").body)
        # Refusals repeat nothing either.
        broken = json.dumps(body)[:-1] + ",}"
        answers.append(m.raw("POST", m.base, broken)[2])
        answers.append(m.raw("PUT", f"{m.base}/{id}", {**body, "name": ""})[2])
    answers += [json.dumps(m.list()), server.cli("audit", "list", "-o", "json").stdout, curl(server.internal + "/metrics").body]
    for answer in answers:
        for secret in hidden:
            assert secret not in answer, answer
        assert "PRIVATE KEY" not in answer
    assert occurrences(server, SECRETS) == []
    m.close()
    server.stop()  # and once the write-ahead log has been folded in
    assert occurrences(server, SECRETS) == []
    server.start()
    backup = server.dir / "backup.db"
    server.cli("backup", backup)
    assert occurrences(server, SECRETS) == []
    m = Metadata(server, "shop", shop)
    for s in m.list():
        m.delete(s["id"])
    m.close()
    with server.database() as database:
        assert database.execute("SELECT count(*) FROM secret").fetchone() == (0,)
    assert occurrences(server, SECRETS) == []


def test_no_key_lies_in_the_data_directory(server, shop):
    """PEM or DER: the generated pair's key has a modulus that openssl knows from the certificate; the key's other numbers must be nowhere."""
    m = Metadata(server, "shop", shop)
    id = m.register(service(credentials={"certificateGen": {"commonName": "pair"}}))
    pem = base64.b64decode(m.get(id)["api"]["credentials"]["certificateGen"]["certificate"])
    assert re.match(rb"-----BEGIN CERTIFICATE-----\n", pem)
    for path in server.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"PRIVATE KEY" not in content, path
            # RSAPrivateKey of 2048 bits: SEQUENCE, version 0, modulus of 257 octets.
            assert not re.search(rb"\x30\x82..\x02\x01\x00\x02\x82\x01\x01\x00", content, re.S), path
    m.delete(id)
    m.close()
