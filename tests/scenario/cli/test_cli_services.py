# SPDX-License-Identifier: Apache-2.0
"""Proves that an operator registers, reads, changes and deletes services from the command line, that files may be JSON or YAML, that messages
name their place, and that no secret is printed."""

import json
import stat
import subprocess

import pki
import pytest
from harness import BINARY, run
from test_cli import assert_refused, rows_of

TARGET = "https://shop.example.com/orders/v1"
SECRET = "p4ss-of-the-scenario"
OPENAPI = '{"openapi": "3.0.0",\n "info": {"title": "Orders", "version": 2.0}, "max": 18446744073709551615}'


def description(name="orders", **api):
    return {"provider": "Example Ltd", "name": name, "description": f"{name} of the shop", "api": {"targetUrl": TARGET, **api}}


@pytest.fixture(scope="module")
def shop(server):
    """An application without a certificate: operators need none."""
    server.cli("app", "create", "shop", "--description", "web shop", "--label", "region=eu", "--label", "tier=1")
    return server


@pytest.fixture(autouse=True)
def nothing_is_left(shop):
    """Each scenario begins with an application that has registered nothing."""
    yield
    for service in shop.cli_json("service", "list", "shop")["services"]:
        shop.cli("service", "delete", "shop", service["id"], "--yes")


def register(server, tmp_path, body, *more):
    file = pki.write(tmp_path / "service.json", json.dumps(body))
    return server.cli_json("service", "register", "shop", "-f", file, *more)


# ---- registering ----

def test_json_is_registered_shown_changed_and_deleted(shop, tmp_path):
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(description(credentials={"basic": {"username": "someone", "password": SECRET}}, spec=json.loads('{"openapi":"3.0.0"}'))))
    checked = shop.cli("service", "register", "shop", "-f", file, "--dry-run").stdout
    assert checked == "Valid; nothing was changed.\n" and shop.cli_json("service", "list", "shop") == {"services": []}
    text = shop.cli("service", "register", "shop", "-f", file).stdout
    (row,) = rows_of(shop.cli("service", "list", "shop").stdout)
    assert row["NAME"] == "orders" and row["CREDENTIALS"] == "basic" and row["TARGET"] == TARGET
    assert f"Next: fairlead service show shop {row['ID']}\n" in text and f"app-shop-{row['ID']}" in text

    shown = shop.cli("service", "show", "shop", row["ID"]).stdout
    assert "Password:       ********" in shown and SECRET not in shown and "json, 20 bytes, sent with the registration" in shown
    revision = shop.cli_json("service", "show", "shop", row["ID"])["revision"]

    file.write_text(json.dumps(description("bills", credentials={"basic": {"username": "********", "password": "********"}})))
    stale = shop.cli("service", "update", "shop", row["ID"], "-f", file, "--if-revision", revision + 1, check=False)
    assert_refused(stale, f"revision {revision}")
    assert shop.cli("service", "update", "shop", row["ID"], "-f", file, "--if-revision", revision).stdout == f"Updated: revision {revision + 1}\n"
    assert shop.cli_json("service", "show", "shop", row["ID"])["name"] == "bills"

    assert_refused(shop.cli("service", "delete", "shop", row["ID"], check=False, stdin=subprocess.DEVNULL), "--yes", code=2)
    shop.cli("service", "delete", "shop", row["ID"], "--yes")
    assert_refused(shop.cli("service", "delete", "shop", row["ID"], "--yes", check=False), "`fairlead service list shop`")
    assert_refused(shop.cli("service", "show", "shop", row["ID"], check=False), "`fairlead service list shop`")


def test_yaml_is_registered_with_its_specification_as_it_is_written(shop, tmp_path):
    file = tmp_path / "orders.yaml"
    file.write_text(f"""\
provider: Example Ltd
name: orders
description: >
  Orders of
  the shop
labels: {{region: eu, "with \\"quotes\\"": "1"}}
api:
  targetUrl: {TARGET}
  credentials:
    oauth: {{url: https://shop.example.com/token, clientId: platform, clientSecret: {SECRET}}}
  spec: |
    openapi: 3.0.0
    info: {{title: Orders}}   # a comment
""")
    made = shop.cli_json("service", "register", "shop", "-f", file)
    assert made["description"] == "Orders of the shop\n" and made["labels"]['with "quotes"'] == "1"
    assert shop.cli("service", "specification", "shop", made["id"]).stdout == "openapi: 3.0.0\ninfo: {title: Orders}   # a comment\n"
    shown = shop.cli("service", "show", "shop", made["id"]).stdout
    assert 'with "quotes"=1' in shown and "yaml, " in shown and SECRET not in shown
    piped = run([BINARY, "service", "register", "shop", "-f", "-", "--data", shop.data, "-o", "json"], input=file.read_text(), env=shop.environment)
    assert json.loads(piped.stdout)["api"]["specification"] == made["api"]["specification"]


@pytest.mark.parametrize("name, text, says", [
    ("x.json", '{"name": "x",\n}', ["x.json: ", "trailing comma before '}' at line 2, column 1"]),
    ("x.json", '{"provider":"p","nmae":"x"}', ["x.json: ", "nmae", "did you mean name?"]),
    ("x.json", '{"provider":"p","name":5}', ["x.json: ", "name must be a string"]),
    ("x.json", '{"provider":"p","name":"x","description":"d"}', ["x.json: ", "'api', 'events' have to be provided"]),
    ("x.json", "", ["it is empty"]),
    ("x.yaml", "name: x\napi:\n  spec: &a {}\n", ["x.yaml:3:9: "]),
    ("x.yaml", "name: x\nname: y\n", ["x.yaml:2:1: ", "'name'"]),
    ("x.yaml", "name: [x\n", ["x.yaml:"]),
    ("x.yaml", "- a\n", ["object"]),
])
def test_a_mistake_is_named_with_its_place(shop, tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    assert_refused(shop.cli("service", "register", "shop", "-f", tmp_path / name, check=False), *says)
    assert shop.cli_json("service", "list", "shop") == {"services": []}


def test_unknown_applications_and_files_are_refused_with_the_next_step(shop, tmp_path):
    file = pki.write(tmp_path / "service.json", json.dumps(description()))
    assert_refused(shop.cli("service", "register", "nobody", "-f", file, check=False), "`fairlead app list`")
    assert_refused(shop.cli("service", "list", "nobody", check=False), "`fairlead app list`")
    assert_refused(shop.cli("service", "register", "shop", "-f", tmp_path / "missing", check=False), "missing")
    assert_refused(shop.cli("service", "register", "shop", check=False), "-f FILE", code=2)
    assert_refused(shop.cli("service", "show", "shop", "orders", check=False), "36 characters", code=2)


# ---- lists ----

def test_lists_are_filtered_limited_and_the_same_in_every_form(shop, tmp_path):
    for i in range(12):
        register(shop, tmp_path, description(f"service-{i:04}") | {"labels": {"part": str(i % 2)}})
    assert [row["NAME"] for row in rows_of(shop.cli("service", "list", "shop").stdout)] == [f"service-{i:04}" for i in range(12)]
    assert len(shop.cli("service", "list", "shop", "-o", "csv").stdout.splitlines()) == 13
    assert len(shop.cli_json("service", "list", "shop", "--label", "part=1")["services"]) == 6
    assert len(shop.cli_json("service", "list", "shop", "--name", "E-000", "--limit", "4")["services"]) == 4
    assert shop.cli_json("service", "list", "shop", "--provider", "nobody")["services"] == []
    assert len(shop.cli_json("service", "list", "--target", "SHOP.example")["services"]) == 12
    assert {row["APPLICATION"] for row in rows_of(shop.cli("service", "list").stdout)} == {"shop"}
    assert int(rows_of(shop.cli("app", "list").stdout)[0]["SERVICES"]) == 12


# ---- credentials ----

def make_pair(directory, name):
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}", "-days", "30"],
        cwd=directory)
    (directory / f"{name}.key").chmod(0o600)
    return ["--certificate", str(directory / f"{name}.crt"), "--key", str(directory / f"{name}.key")]


def test_a_pair_is_generated_fetched_replaced_and_restored(shop, tmp_path):
    body = description(credentials={"certificateGen": {"commonName": "generated"}})
    made = register(shop, tmp_path, body)
    words = ["service", "credentials", "shop", made["id"]]
    shop.cli(*words, "--certificate-out", tmp_path / "out.crt")
    generated = pki.chain((tmp_path / "out.crt").read_text())[0]
    assert generated.subject.rfc4514_string() == "CN=generated"
    shown = shop.cli("service", "show", "shop", made["id"]).stdout
    assert pki.fingerprint(generated) in shown and "Common name:" in shown and " left)" in shown

    own = make_pair(tmp_path, "own")
    other = make_pair(tmp_path, "other")
    (tmp_path / "own.key").chmod(0o644)
    assert_refused(shop.cli(*words, *own, check=False), "own.key")
    (tmp_path / "own.key").chmod(0o600)
    assert_refused(shop.cli(*words, *own[:2], *other[2:], check=False), "does not belong to the certificate")
    answer = shop.cli(*words, *own)
    assert "put in place by hand" in answer.stdout and "CN=own" in answer.stdout and "PRIVATE" not in answer.stdout
    assert "PRIVATE" not in shop.cli(*words, "-o", "json").stdout

    shop.cli(*words, *other)
    history = shop.cli_json(*words)["history"]
    (sequence,) = [h["sequence"] for h in history if h["certificate"]["subject"] == "CN=own"]
    assert f"  {sequence}  until " in shop.cli(*words).stdout
    shop.cli(*words, "--restore", sequence)
    assert shop.cli_json(*words)["certificate"]["subject"] == "CN=own"
    assert_refused(shop.cli(*words, "--restore", 999999, check=False))


def test_passwords_come_from_a_file_or_a_pipe(shop, tmp_path):
    made = register(shop, tmp_path, description(credentials={"basic": {"username": "a", "password": "b"}}))
    words = ["service", "credentials", "shop", made["id"]]
    file = tmp_path / "password.yaml"
    file.write_text(f"username: someone\npassword: {SECRET}\n")
    file.chmod(0o644)
    assert_refused(shop.cli(*words, "--from-file", file, check=False), "password.yaml")
    file.chmod(0o600)
    answer = shop.cli(*words, "--from-file", file).stdout
    assert "put in place by hand" in answer and SECRET not in answer
    piped = shop.cli(*words, "--from-file", "-", input=json.dumps({"username": "x", "password": SECRET})).stdout
    assert "username, password" in piped and SECRET not in piped
    assert_refused(shop.cli(*words, "--certificate-out", tmp_path / "none.crt", check=False), "have no certificate")
    assert not (tmp_path / "none.crt").exists()


# ---- specifications ----

def test_a_specification_comes_back_to_the_byte(shop, tmp_path):
    body = json.dumps(description(spec="SPEC")).replace('"SPEC"', OPENAPI)
    made = shop.cli_json("service", "register", "shop", "-f", pki.write(tmp_path / "service.json", body))
    assert shop.cli("service", "specification", "shop", made["id"]).stdout == OPENAPI
    shop.cli("service", "specification", "shop", made["id"], "--out", tmp_path / "spec")
    assert (tmp_path / "spec").read_text() == OPENAPI and stat.S_IMODE((tmp_path / "spec").stat().st_mode) == 0o644
    assert_refused(shop.cli("service", "specification", "shop", made["id"], "--kind", "events", check=False), "events")
    assert_refused(shop.cli("service", "specification", "shop", made["id"], "--refresh", check=False), "URL")


# ---- applications ----

def test_labels_and_descriptions_of_applications_are_changed(shop):
    text = shop.cli("app", "show", "shop").stdout
    assert "region=eu tier=1" in text and "0 active" in text
    shop.cli("app", "update", "shop", "--label", "region=us", "--label", "new=a=b", "--remove-label", "tier")
    assert shop.cli_json("app", "show", "shop")["labels"] == {"new": "a=b", "region": "us"}
    assert shop.cli_json("app", "update", "shop", "--description", "changed")["labels"] == {"new": "a=b", "region": "us"}
    row = next(row for row in rows_of(shop.cli("app", "list").stdout) if row["NAME"] == "shop")
    assert row["LABELS"] == "new=a=b region=us" and row["DESCRIPTION"] == "changed"
    assert_refused(shop.cli("app", "update", "nobody", "--description", "x", check=False), "`fairlead app list`")
    assert_refused(shop.cli("app", "update", "shop", check=False), "--label", code=2)
