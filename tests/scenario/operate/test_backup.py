# SPDX-License-Identifier: Apache-2.0
"""Proves that a backup made under load is a working server elsewhere, that new vault keys stop nobody, and that no secret lies in the data directory or the log.

What a backup file may overwrite, and revocations in it, are in test_backup_restore.py.
"""

import base64
import json
import re
import shutil
import threading

import pki
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from harness import BINARY, curl, poll, run
from load import Client, Load


def restored(make_server, server, file, key=None, name="copy"):
    """A server made from a backup, with a copy of the vault's key file; not started."""
    copy = make_server(name, start=False)
    shutil.copy(key or server.dir / "vault.key", copy.dir / "vault.key")
    run([BINARY, "restore", file, "--data", copy.data], env=copy.environment)
    return copy


# ---- backup ----

def test_a_backup_under_load_holds_all_that_was_acknowledged_before_it(make_server, tmp_path):
    server = make_server()
    shop = server.system("shop").enrol()
    with Load(server) as load:
        load.wait_issued(30)
        before = dict(load.issued)
        server.cli("backup", tmp_path / "b.db")
        load.wait_issued(10)
    assert set(load.statuses) == {201}, "the backup was in the way"
    copy = restored(make_server, server, tmp_path / "b.db").start()
    client = Client(copy)
    assert all(client.certificate(fingerprint)["state"] == "active" for fingerprint in before)
    assert all(client.sign(token, load.csr)[0] == 403 for token in list(before.values())[:20])
    assert copy.database().execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    # The CA's key is in it and opens: the copy signs, and what the first one signed is good.
    assert copy.ca.read_text() == server.ca.read_text()
    assert copy.curl(*shop.credentials(), copy.gateway + "/v1/applications/management/info").status == 200
    assert copy.system("shop", "shop2").enrol().management().status == 200


def test_a_copy_without_the_vaults_key_does_not_start_and_makes_no_new_key(make_server, tmp_path):
    server = make_server()
    server.cli("backup", tmp_path / "b.db")
    copy = restored(make_server, server, tmp_path / "b.db")
    (copy.dir / "vault.key").unlink()
    refused = run(copy.command(), check=False, env=copy.environment)
    assert refused.returncode == 1
    assert "vault.key" in refused.stderr
    assert not (copy.dir / "vault.key").exists(), "a new key would make the loss look like a fresh start"
    (copy.dir / "vault.key").write_bytes(base64.b64encode(b"k" * 32) + b"\n")
    (copy.dir / "vault.key").chmod(0o600)
    refused = run(copy.command(), check=False, env=copy.environment)
    assert refused.returncode == 1 and "vault.key" in refused.stderr


def test_a_backup_that_was_copied_half_is_not_restored(make_server, tmp_path):
    server, copy = make_server(), make_server("copy", start=False)
    server.cli("backup", tmp_path / "b.db")
    whole = (tmp_path / "b.db").read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 4096):
        (tmp_path / "half.db").write_bytes(whole[:size])
        refused = run([BINARY, "restore", tmp_path / "half.db", "--data", copy.data], check=False, env=copy.environment)
        assert refused.returncode == 1 and "not a whole backup" in refused.stderr
    run([BINARY, "restore", tmp_path / "b.db", "--data", copy.data], env=copy.environment)


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + b"\0" * 5000], ids=["empty", "text", "damaged"])
def test_a_file_that_is_no_backup_is_not_restored(make_server, tmp_path, content):
    copy = make_server(start=False)
    (tmp_path / "b.db").write_bytes(content)
    refused = run([BINARY, "restore", tmp_path / "b.db", "--data", copy.data], check=False, env=copy.environment)
    assert refused.returncode == 1 and len(refused.stderr.strip().splitlines()) == 1
    assert not (copy.data / "fairlead.db").exists()


# ---- new keys ----

def test_new_vault_keys_under_load_stop_nobody_and_the_old_key_opens_nothing(make_server, tmp_path):
    server = make_server()
    key = server.dir / "vault.key"
    old = key.read_bytes()
    with Load(server) as load:
        for _ in range(3):
            load.wait_issued(5)
            server.cli("vault", "rekey")
    assert set(load.statuses) == {201}, load.statuses
    assert key.read_bytes() != old and key.stat().st_mode & 0o777 == 0o600
    assert list(server.dir.glob("vault.key*")) == [key], "the old key is left behind"
    ca = server.ca.read_text()
    server.stop()
    server.start()
    assert server.ca.read_text() == ca
    assert server.system("shop").enrol().management().status == 200
    assert len([e for e in server.audit(action="vault.rekey")["entries"]]) == 3
    server.stop()
    new = key.read_bytes()
    key.write_bytes(old)
    refused = run(server.command(), check=False, env=server.environment)
    assert refused.returncode == 1 and "vault.key" in refused.stderr
    key.write_bytes(new)
    server.start()


def test_killed_while_keys_are_made_anew_it_starts_with_the_right_ones(make_server):
    """At ten moments of the change; whichever key is in place, the start finds its way and the CA signs."""
    server = make_server()
    ca = server.ca.read_text()
    for moment in range(10):
        rekey = threading.Thread(target=lambda: server.cli("vault", "rekey", check=False))
        before = (server.dir / "vault.key").read_bytes()
        rekey.start()
        if moment % 2:
            poll(lambda: (server.dir / "vault.key.old").exists() or (server.dir / "vault.key").read_bytes() != before or
                 not rekey.is_alive(), 10, "no new key")
        server.kill()
        rekey.join()
        server.start()
        assert server.ca.read_text() == ca
        assert not (server.dir / "vault.key.old").exists(), "it knows which one is right, and keeps both"
    assert server.system("shop").enrol().management().status == 200


# ---- nothing to find ----

# How private keys begin: PEM, PKCS#8 and SEC1 of EC keys, PKCS#8 and PKCS#1 of RSA keys.
KEY_SIGNS = {
    "pem": rb"PRIVATE KEY-----",
    "pkcs8 ec": rb"\x02\x01\x00\x30[\x10-\x1f]\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    "sec1": rb"\x30[\x60-\xff]{1,2}\x02\x01\x01\x04[\x20\x30\x42]",
    "pkcs8 rsa": rb"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82",
    "pkcs1": rb"\x30\x82..\x02\x01\x00\x02\x82",
}


def signs_in(content):
    return [name for name, sign in KEY_SIGNS.items() if re.search(sign, content, re.S)]


def everything_in(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_signs_find_keys():
    """What the next test looks for is what keys look like."""
    for kind in ("ec:P-256", "ec:P-384", "rsa:2048"):
        for style in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            assert signs_in(pki.key(kind).private_bytes(Encoding.DER, style, NoEncryption())), (kind, style)
    assert signs_in(pki.key_pem(pki.key("ec:P-256")).encode()) == ["pem"]


def test_no_key_and_no_token_lies_in_the_data_directory_the_backup_or_the_log(make_server, tmp_path):
    authority = pki.Authority()
    pki.write(tmp_path / "ca.crt", authority.pem)
    pki.write(tmp_path / "ca.key", pki.key_pem(authority.key))
    for which, more in enumerate(({}, {"ca.key_algorithm": "rsa:2048"},
                                  {"ca.certificate_file": tmp_path / "ca.crt", "ca.key_file": tmp_path / "ca.key"})):
        server = make_server(f"s{which}", settings={"log.level": "debug", "log.access": "all", **more})
        tokens = use_tokens(server)
        server.cli("vault", "rekey")
        server.cli("backup", tmp_path / f"b{which}.db")
        secrets = [t.encode() for t in tokens] + [base64.urlsafe_b64decode(t) for t in tokens]
        key = (server.dir / "vault.key").read_bytes().strip()
        secrets += [key, base64.b64decode(key)]
        secrets.append(authority.key.private_numbers().private_value.to_bytes(32, "big"))
        live = everything_in(server.data)
        server.stop()
        files = {**live, **everything_in(server.data), tmp_path / "b": (tmp_path / f"b{which}.db").read_bytes()}
        assert any(b"certificate" in content for content in files.values()), "the right files were read"
        for path, content in [*files.items(), (server.log_path, server.log_path.read_bytes())]:
            assert not signs_in(content), path
            assert not [s for s in secrets if s in content], path


def use_tokens(server):
    """Tokens made, exchanged, used, refused, listed and revoked; their values."""
    unused, shown = server.token("shop")["token"], server.cli_json("token", "create", "shop")
    url = server.token("shop")["url"]
    info = server.curl(url).json()
    second = info["csrUrl"].split("token=")[1]
    system = server.system("shop")
    system.make_request(info["certificate"]["subject"], "ec:P-256")
    assert server.curl("-d", json.dumps({"csr": system.csr_base64()}), info["csrUrl"]).status == 201
    assert server.curl("-d", json.dumps({"csr": system.csr_base64()}), info["csrUrl"]).status == 403
    assert server.curl(url).status == 403
    assert curl(f"{server.internal}/v1/health?token={unused}").status == 200
    server.cli("token", "revoke", shown["id"])
    server.cli("token", "list", "--all")
    return [unused, shown["token"], url.split("token=")[1], second]
