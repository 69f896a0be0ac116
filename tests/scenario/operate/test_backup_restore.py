# SPDX-License-Identifier: Apache-2.0
"""Proves that a backup can be written anywhere its caller may write, and that a server made from it elsewhere knows what the first one knew."""

import json
import stat

from harness import BINARY, run


def test_a_backup_goes_where_the_sandboxed_core_may_not_write(server, shop, tmp_path):
    file = tmp_path / "elsewhere.db"
    server.cli("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert server.audit(action="store.backup")["entries"][0]["subject"] == str(file)
    assert not list(server.data.glob("backup-*")), "what the core made is left behind"
    again = server.cli("backup", str(file), check=False)
    assert again.returncode == 1 and "is there already" in again.stderr
    nowhere = server.cli("backup", str(tmp_path / "none" / "x.db"), check=False)
    assert nowhere.returncode == 1 and "none" in nowhere.stderr
    assert not list(server.data.glob("backup-*"))


def test_a_restored_server_knows_certificates_revocations_and_used_tokens(server, shop, make_server, tmp_path):
    lost = server.system("shop", "lost").enrol()
    server.cli("revoke", "--fingerprint", lost.fingerprint())
    used = server.token("shop")["url"]
    assert server.curl(used).status == 200
    file = tmp_path / "moved.db"
    server.cli("backup", str(file))

    copy = make_server("copy", start=False, settings={"vault.key_file": str(server.dir / "vault.key")})
    run([BINARY, "restore", str(file), "--data", str(copy.data)], env=copy.environment)
    copy.start()
    assert copy.ca.read_text() == server.ca.read_text()
    info = f"{copy.gateway}/v1/applications/management/info"
    assert copy.curl(*shop.credentials(), info).status == 200
    refused = copy.curl(*lost.credentials(), info)
    assert (refused.status, json.loads(refused.body)["error"]) == (403, "Certificate has been revoked.")
    assert copy.curl(used.replace(server.connector, copy.connector)).status == 403


def test_a_restore_writes_over_nothing(server, shop, tmp_path):
    file = tmp_path / "whole.db"
    server.cli("backup", str(file))
    running = server.cli("restore", str(file), check=False)
    assert running.returncode == 1 and "stop it first" in running.stderr
