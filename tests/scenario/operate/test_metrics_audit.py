# SPDX-License-Identifier: Apache-2.0
"""Proves that health, readiness and metrics say what happens, and that the audit names who did what, from where and with what."""

import json
import os
import re
import signal
import time

import pki
import pytest
from harness import FRONTS, csr_body, curl, poll

AGENT = "link-preview/1.0"


def metrics(server):
    """name or name{labels} -> value"""
    lines = curl(server.internal + "/metrics").body.splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and not line.startswith("#")}


def moved(server, before):
    after = metrics(server)
    return {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name)}


# ---- health ----

def test_health_and_readiness(server):
    for path, text in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
        answer = curl(server.internal + path)
        assert (answer.status, answer.body) == (200, text)
        head = curl("-I", server.internal + path)
        assert (head.status, head.body) == (200, "")
    assert server.curl(server.connector + "/healthz").status == 404  # the operator's business alone


def test_every_listener_says_what_is_spoken(server, shop):
    answers = [curl(server.internal + "/version"), server.curl(server.connector + "/version"), shop.curl("/version")]
    assert {a.status for a in answers} == {200} and len({a.body for a in answers}) == 1
    assert answers[0].json()["compass"] == "1.8+" and answers[0].headers["content-type"] == "application/json"
    assert curl("-X", "POST", server.internal + "/version").status == 405


@pytest.mark.skipif(FRONTS == "0", reason="front and core are one process")
def test_a_front_without_its_core_is_alive_and_not_ready(make_server):
    server = make_server()
    core = next(pid for pid, kind in server.children().items() if kind == "core")
    os.kill(core, signal.SIGSTOP)
    try:
        assert curl(server.internal + "/healthz").status == 200
        assert curl("--max-time", "1", server.internal + "/readyz", check=False) is None
    finally:
        os.kill(core, signal.SIGCONT)
    assert curl(server.internal + "/readyz").status == 200


# ---- metrics ----

def test_metrics_are_what_a_scraper_reads(server, shop):
    answer = curl(server.internal + "/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    kinds, seen = {}, set()
    for line in answer.body.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds, f"{name} is declared twice"
            kinds[name] = kind
        elif not line.startswith("#"):
            sample = re.fullmatch(r'([a-z0-9_]+)(\{[a-z]+="[^"]*"\})? -?[0-9.e+]+', line)
            assert sample, line
            name = re.sub("_(bucket|sum|count)$", "", sample.group(1)) if sample.group(1) not in kinds else sample.group(1)
            assert name in kinds and name.startswith("fairlead_"), line
            assert (kinds[name] == "counter") == name.endswith("_total"), line
            assert sample.group(0).rsplit(" ", 1)[0] not in seen, line
            seen.add(sample.group(0).rsplit(" ", 1)[0])
    for name in ("requests", "duration", "handshakes", "tokens", "certificates_issued", "soonest_expiry", "commit", "queue_depth"):
        assert any(name in kind for kind in kinds), f"nothing about {name}"


def test_enrolment_moves_the_figures_that_count_it(make_server):
    server = make_server()
    before = metrics(server)
    shop = server.system("shop").enrol()
    change = moved(server, before)
    assert change["fairlead_tokens_created_total"] == 2 and change["fairlead_tokens_used_total"] == 2
    assert change["fairlead_certificates_issued_total"] == 1 and change["fairlead_certificates_active"] == 1
    assert change["fairlead_applications"] == 1
    assert change["fairlead_tls_handshakes_total"] == 2
    assert change["fairlead_store_commits_total"] >= 3 and change["fairlead_store_commit_microseconds_total"] > 0
    ends = metrics(server)["fairlead_certificate_soonest_expiry_timestamp_seconds"]
    assert abs(ends - (time.time() + 92 * 86400)) < 3600

    before = metrics(server)
    assert shop.management("--http2").status == 200 and shop.management("--http1.1").status == 200
    change = moved(server, before)
    assert change["fairlead_http2_requests_total"] == 1 and change["fairlead_http1_requests_total"] >= 1
    assert change["fairlead_http_responses_2xx_total"] >= 2
    assert change["fairlead_request_duration_seconds_count"] >= 2
    assert change['fairlead_request_duration_seconds_bucket{le="+Inf"}'] == change["fairlead_request_duration_seconds_count"]


def test_refusals_move_the_figures_that_count_them(make_server):
    server = make_server()
    shop = server.system("shop").enrol()
    before = metrics(server)
    assert server.curl(server.connector + "/v1/applications/certificates?token=wrong", "-d", "{}").status == 403
    assert server.curl(server.gateway + "/v1/applications/management/info", check=False) is None
    assert curl("-H", "Host: evil.example", server.internal + "/v1/health").status == 421
    change = moved(server, before)
    assert change["fairlead_http_responses_4xx_total"] >= 2
    assert change["fairlead_tls_handshake_failures_total"] == 1
    assert "fairlead_certificates_revoked_total" not in change
    server.cli("revoke", "--fingerprint", shop.fingerprint())
    for _ in range(3):
        assert shop.management().status == 403
    change = moved(server, before)
    assert change["fairlead_certificates_revoked_total"] == 1 and change["fairlead_certificates_revoked"] == 1
    assert change["fairlead_certificates_active"] == -1
    assert change["fairlead_revoked_refusals_total"] == 3
    assert metrics(server)["fairlead_connections_open"] <= 2


def test_figures_survive_the_end_of_a_process_that_counted_them(make_server):
    if FRONTS == "0":
        pytest.skip("front and core are one process")
    server = make_server()
    server.system("shop").enrol()
    before = metrics(server)
    for pid in server.children():
        os.kill(pid, signal.SIGKILL)
    poll(lambda: (a := curl(server.internal + "/readyz", check=False)) and a.status == 200, 15, "it does not come back")
    after = metrics(server)
    for name in ("tokens_created_total", "certificates_issued_total", "tls_handshakes_total"):
        assert after["fairlead_" + name] >= before["fairlead_" + name] > 0


# ---- audit ----

def entries(server, **query):
    return server.audit(**query)["entries"]


def test_the_audit_says_who_consumed_a_token_and_how(server):
    """A link preview can burn a token: address and user agent tell."""
    shown = server.cli_json("token", "create", "preview")
    assert server.curl("-A", AGENT, shown["url"]).status == 200
    created, exchanged = entries(server, app="preview", action="token.create")[0], entries(server, app="preview", action="token.exchange")[0]
    assert created["actor"] == f"uid:{os.getuid()}" and created["subject"] == shown["id"]
    assert exchanged["actor"] == "token:" + shown["id"]
    assert exchanged["userAgent"] == AGENT and exchanged["address"].startswith("127.0.0.1:")
    listed = next(t for t in server.cli_json("token", "list", "preview", "--all")["tokens"] if t["id"] == shown["id"])
    assert listed["state"] == "used" and listed["endedBy"] == exchanged["address"]


def test_every_step_of_a_certificates_life_is_one_row(server):
    system = server.system("life").enrol()
    first = system.fingerprint()
    renewals = system.management("-A", "renewer/2").json()["urls"]["renewCertUrl"]
    renewed = system.curl(renewals, "-A", "renewer/2", "-d", csr_body(system.csr.read_text()))
    assert renewed.status == 201, renewed
    second = system.save(renewed.json())
    revoke = system.management().json()["urls"]["revokeCertUrl"]
    assert system.curl(revoke, "-A", "revoker/3", "-X", "POST").status == 201
    rows = list(reversed(entries(server, app="life")))
    assert [r["action"] for r in rows] == ["token.create", "token.exchange", "certificate.issue", "certificate.renew", "certificate.revoke"]
    create, exchange, issue, renew, revoked = rows
    assert create["actor"] == "loopback"
    assert issue["subject"] == first and issue["actor"].startswith("token:") and issue["detail"]["keyAlgorithm"] == "rsa:2048"
    assert renew["subject"] == second and first[:16] in renew["actor"] and renew["userAgent"] == "renewer/2"
    assert revoked["subject"] == second and second[:16] in revoked["actor"] and revoked["userAgent"] == "revoker/3"
    assert all(r["address"].startswith("127.0.0.1:") and r["requestId"] and r["count"] == 1 for r in rows)
    assert [r["id"] for r in rows] == sorted(r["id"] for r in rows)


def test_what_was_refused_is_no_row_of_what_was_done(server):
    before = len(entries(server, limit=1000))
    request = pki.csr(pki.SUBJECT + "someone-else", pki.key("ec:P-256"))
    assert server.sign(server.sign_url("refused-app"), request).status == 400
    assert [e["action"] for e in entries(server, app="refused-app")] == ["token.create"]
    assert len(entries(server, limit=1000)) == before + 1


def test_refusals_become_one_row_with_a_count(make_server):
    """Written once a minute, and when the server stops."""
    server = make_server()
    shop = server.system("shop").enrol()
    server.cli("revoke", "--app", "shop", "--reason", "lost, at the airport")
    for _ in range(7):
        assert shop.management().status == 403
    for _ in range(5):
        assert server.curl("-A", AGENT, server.connector + "/v1/applications/signingRequests/info?token=guess").status == 403
    server.stop()
    server.start()
    refused = [e for e in entries(server, limit=1000) if e["action"].startswith("refused.")]
    revoked = [e for e in refused if e["action"] == "refused.revoked"]
    assert [e["count"] for e in revoked] == [7], refused
    assert shop.fingerprint()[:16] in revoked[0]["actor"], revoked
    tokens = [e for e in refused if "token" in e["action"]]
    assert [e["count"] for e in tokens] == [5] and tokens[0]["userAgent"] == AGENT, refused
    assert tokens[0]["lastAt"] >= tokens[0]["at"]
    assert [e["detail"] for e in entries(server, action="application.revoke")] == [{"reason": "lost, at the airport"}]


def test_the_audit_is_exported_whole_and_can_be_asked_for_a_part(server, shop):
    exported = [json.loads(line) for line in server.cli("audit", "export").stdout.splitlines()]
    listed = entries(server, limit=1000)
    assert exported == listed and len(exported) > 3
    assert [e["id"] for e in exported] == sorted((e["id"] for e in exported), reverse=True)
    assert entries(server, action="ca.create")[0]["actor"] == "start"
    assert len(entries(server, limit=2)) == 2
    assert entries(server, until="1h") == [] and entries(server, since="1h") == listed
    assert all(e["actor"] == "loopback" for e in entries(server, actor="loopback"))


def test_nobody_puts_a_line_or_a_terminal_command_into_audit_or_log(make_server):
    """What a client sends is data: no control character reaches the log or a person's terminal."""
    server = make_server(settings={"log.access": "all", "log.level": "debug"})
    nasty = "evil\x1b[2J\"\\ \x7f\tagent level=error"
    curl("-A", nasty, "-X", "POST", "-H", "Application: a", server.internal + "/v1/applications/tokens")
    curl("-A", AGENT, server.internal + "/%0a%1b%5b31mfake?x=%0dtoken=abc")
    for text in (server.log(), server.cli("audit", "list").stdout, server.cli("audit", "export").stdout):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), text
