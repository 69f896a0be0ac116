# SPDX-License-Identifier: Apache-2.0
"""Proves that a supplied CA of any supported key and file format signs, chains lead from leaf to root in order, and a wrong CA starts nothing."""

import base64

import pki
import pytest
from harness import run


def supply(directory, authority, root=None, style="pkcs8", key=None):
    directory.mkdir(parents=True, exist_ok=True)
    settings = {
        "ca.certificate_file": str(pki.write(directory / "ca.pem", authority.pem)),
        "ca.key_file": str(pki.write(directory / "ca.key", pki.key_pem(key or authority.key, style))),
    }
    if root:
        settings["ca.root_file"] = str(pki.write(directory / "root.pem", root.pem))
    return settings


@pytest.mark.parametrize("kind, style", [("rsa:2048", "traditional"), ("rsa:2048", "pkcs8"), ("ec:P-256", "traditional"), ("ec:P-384", "pkcs8")])
def test_every_supported_key_and_its_formats_sign(make_server, tmp_path, kind, style):
    authority = pki.Authority("CN=Supplied CA,O=Example", kind)
    server = make_server(settings=supply(tmp_path, authority, style=style))
    system = server.system("shop").enrol()
    leaf, ca = pki.chain(system.crt.read_text())
    assert ca == authority.certificate and leaf.issuer == authority.subject
    assert system.management().status == 200


def test_with_a_root_the_chain_differs_leaf_signing_ca_root(make_server, tmp_path):
    root = pki.Authority("CN=Test Root", which=0)
    signing = pki.Authority("CN=Test Signing", which=2, issuer=root)
    server = make_server(settings=supply(tmp_path, signing, root))
    system = server.system("shop")
    answer = server.sign(server.sign_url("shop"), pki.csr(pki.SUBJECT + "shop")).json()
    parts = {name: pki.chain(base64.b64decode(answer[name]).decode()) for name in ("crt", "clientCrt", "caCrt")}
    assert parts["crt"][1:] == [signing.certificate, root.certificate] == parts["caCrt"]
    assert parts["clientCrt"] == parts["crt"][:1]
    assert server.ca.read_text() in (root.pem, signing.pem + root.pem)
    system.save(answer)
    pki.write(system.key, pki.key_pem(pki.key("rsa:2048")))
    assert system.management().status == 200
    run(["openssl", "verify", "-purpose", "sslclient", "-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "ca.pem", system.crt])


def test_a_leaf_ends_with_its_ca(make_server, tmp_path):
    authority = pki.Authority(days=(-1, 7))
    server = make_server(settings=supply(tmp_path, authority))
    leaf = pki.chain(server.system("shop").enrol().crt.read_text())[0]
    assert leaf.not_valid_after <= authority.certificate.not_valid_after


@pytest.mark.parametrize("what, say", [("other key", "key"), ("expired", "ended at"), ("not a CA", "CA"), ("readable by others", "chmod 600"),
                                       ("no key", "ca.key_file")])
def test_a_ca_that_cannot_work_differs_the_server_does_not_start(make_server, tmp_path, what, say):
    authority = pki.Authority(days=(-9, -1) if what == "expired" else (-1, 100))
    settings = supply(tmp_path, authority, key=pki.key("ec:P-256", 7) if what == "other key" else None)
    if what == "not a CA":
        leaf = pki.Authority().issue("CN=leaf", pki.key("ec:P-256", 8))
        pki.write(tmp_path / "ca.pem", pki.pem(leaf))
        pki.write(tmp_path / "ca.key", pki.key_pem(pki.key("ec:P-256", 8)))
    if what == "readable by others":
        (tmp_path / "ca.key").chmod(0o644)
    if what == "no key":
        del settings["ca.key_file"]
    server = make_server(settings=settings, start=False)
    server.start(wait=False)
    assert server.process.wait(30) == 1
    server.process = None
    server.assert_clean()
    assert say in server.log()
