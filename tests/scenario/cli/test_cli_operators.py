# SPDX-License-Identifier: Apache-2.0
"""Proves that an operator made at the command line asks the Director from outside with its bearer token, as far as its scopes, tenants and time
reach, and that tenants are a wall."""

import json
import time

import pytest
from test_cli import assert_refused, rows_of

APPLICATIONS = "{ applications { totalCount data { name } } }"


def ask(server, query, token=None, tenant=None):
    """Status and parsed answer of the Director: with a token on the connector listener, without one on the internal."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if tenant:
        headers["Tenant"] = tenant
    base = server.connector if token else server.internal
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    answer = server.curl("-X", "POST", *words, "--data-binary", json.dumps({"query": query}), base + "/director/graphql")
    return answer.status, answer.json()


def code(answer):
    return answer["errors"][0]["extensions"]["error_code"]


def operator(server, name, *more):
    return server.cli_json("operator", "create", name, *more)["token"]


@pytest.fixture(scope="module")
def tenants(server):
    """Two tenants; the second has an application."""
    server.cli("tenant", "create", "acme", "--name", "Acme Ltd", "--type", "customer")
    server.cli("tenant", "create", "bolt")
    status, answer = ask(server, 'mutation { r: registerApplication(in: {name: "hidden"}) { id } }', tenant="bolt")
    assert status == 200 and "errors" not in answer
    server.hidden = answer["data"]["r"]["id"]
    return server


# ---- refusals ----

def test_wrong_words_are_refused_in_one_line(server):
    for words, step in (
            (("operator", "create", "a b"), "An operator's name has 1 to 64"),
            (("operator", "create", "x", "--scope", "application:all"), "There is no scope 'application:all'"),
            (("operator", "create", "x", "--tenant", "nobody"), "`fairlead tenant list`"),
            (("operator", "create", "x", "--expires", "soon"), "such as 90d"),
            (("operator", "update", "nobody", "--scope", "*"), "`fairlead operator list`"),
            (("operator", "update", "nobody"), "Nothing to change"),
            (("operator", "delete", "nobody"), "`fairlead operator list`"),
            (("tenant", "create", "a b"), "no blanks"),
            (("tenant", "delete", "nobody"), "`fairlead tenant list`"),
    ):
        assert_refused(server.cli(*words, check=False), step)
    assert server.cli_json("operator", "list") == {"operators": []}


def test_a_token_does_what_its_scopes_say(server):
    token = operator(server, "reader", "--scope", "application:read")
    status, answer = ask(server, APPLICATIONS, token)
    assert status == 200 and "errors" not in answer, answer
    for query in ('mutation { registerApplication(in: {name: "x"}) { id } }', "{ runtimes { totalCount } }", "{ tenants { totalCount } }"):
        status, answer = ask(server, query, token)
        assert status == 200 and code(answer) == 23, answer


def test_a_token_works_in_its_tenants_only(tenants):
    token = operator(tenants, "acme-only", "--tenant", "acme")
    status, answer = ask(tenants, APPLICATIONS, token, tenant="acme")
    assert status == 200 and "errors" not in answer, answer
    default = tenants.cli_json("status")["defaultTenant"]
    for tenant in ("bolt", "nobody's", default, None):
        status, answer = ask(tenants, APPLICATIONS, token, tenant=tenant)
        assert status == 400 and code(answer) == 25, answer


def test_a_token_ends_with_its_time(server):
    token = operator(server, "brief", "--expires", "1s")
    time.sleep(2.1)
    status, answer = ask(server, APPLICATIONS, token)
    assert status == 401 and code(answer) == 26, answer
    (row,) = [r for r in rows_of(server.cli("operator", "list").stdout) if r["NAME"] == "brief"]
    assert row["STATE"] == "expired" and row["LEFT"] == "over"
    for life in ("3d", "never"):
        assert_refused(server.cli("operator", "update", "brief", "--expires", life, check=False), "has ended: delete it and create another")
    assert ask(server, APPLICATIONS, token)[0] == 401


def test_a_token_ends_with_its_operator(server):
    token = operator(server, "gone")
    assert ask(server, APPLICATIONS, token)[0] == 200
    server.cli("operator", "delete", "gone")
    status, answer = ask(server, APPLICATIONS, token)
    assert status == 401 and code(answer) == 26, answer
    again = operator(server, "gone")
    assert again != token and ask(server, APPLICATIONS, token)[0] == 401 and ask(server, APPLICATIONS, again)[0] == 200


def test_a_changed_operator_may_do_what_it_may_now(tenants):
    token = operator(tenants, "changed", "--tenant", "acme")
    tenants.cli("operator", "update", "changed", "--scope", "application:read", "--tenant", "bolt")
    status, answer = ask(tenants, APPLICATIONS, token, tenant="acme")
    assert status == 400 and code(answer) == 25, answer
    assert ask(tenants, APPLICATIONS, token, tenant="bolt")[1]["data"]["applications"]["totalCount"] == 1
    assert code(ask(tenants, "{ runtimes { totalCount } }", token, tenant="bolt")[1]) == 23
    shown = tenants.cli("operator", "update", "changed", "--expires", "3d").stdout
    assert "Scopes:   application:read\n" in shown and token not in shown and "as before" in shown
    (row,) = [r for r in rows_of(tenants.cli("operator", "list").stdout) if r["NAME"] == "changed"]
    assert (row["STATE"], row["TENANTS"]) == ("expiring", "bolt")
    tenants.cli("operator", "delete", "changed")
    assert_refused(tenants.cli("operator", "update", "changed", "--scope", "*", check=False), "`fairlead operator list`")
    assert [e["action"] for e in tenants.audit(action="operator.update")["entries"]] == ["operator.update"] * 2


def test_a_token_is_for_the_director_alone(server):
    token = operator(server, "elsewhere")
    for path in ("/api/v1/operators", "/api/v1/status"):
        assert server.curl("-H", f"Authorization: Bearer {token}", server.connector + path).status == 404
    assert server.curl("-H", f"Authorization: Bearer {token}", server.connector + "/v1/applications/signingRequests/info").status == 403


def test_a_used_tenant_and_the_default_one_stay(tenants):
    assert_refused(tenants.cli("tenant", "delete", "bolt", check=False), "Tenant bolt is used")
    default = tenants.cli_json("status")["defaultTenant"]
    assert_refused(tenants.cli("tenant", "delete", default, check=False), "is the default one")
    assert_refused(tenants.cli("tenant", "create", "acme", check=False), "There is a tenant acme already")


# ---- what works ----

def test_an_operator_of_all_goes_where_the_header_says(tenants):
    token = operator(tenants, "all", "--expires", "never")
    for name, expected in (("acme", []), ("bolt", ["hidden"]), (None, [])):
        status, answer = ask(tenants, APPLICATIONS, token, tenant=name)
        assert status == 200
        assert [a["name"] for a in answer["data"]["applications"]["data"]] == expected


def test_what_is_in_one_tenant_is_not_there_for_another(tenants):
    by_id = '{ application(id: "%s") { name } }' % tenants.hidden
    assert ask(tenants, by_id, tenant="bolt")[1] == {"data": {"application": {"name": "hidden"}}}
    for tenant in ("acme", None):
        status, answer = ask(tenants, by_id, tenant=tenant)
        assert status == 200 and answer["data"] == {"application": None}, answer
        for change in ('mutation { unregisterApplication(id: "%s") { id } }', 'mutation { requestOneTimeTokenForApplication(id: "%s") { token } }',
                       'mutation { setApplicationLabel(applicationID: "%s", key: "a", value: 1) { key } }'):
            status, answer = ask(tenants, change % tenants.hidden, tenant=tenant)
            assert status == 200 and code(answer) == 20, answer
        assert ask(tenants, APPLICATIONS, tenant=tenant)[1]["data"]["applications"]["totalCount"] == 0


def test_what_is_shown_has_no_token_and_lines_up(tenants):
    made = tenants.cli("operator", "create", "shown", "--scope", "tenant:read", "--scope", "application:read", "--tenant", "acme").stdout
    token = next(line.split()[1] for line in made.splitlines() if line.startswith("Token:"))
    assert len(token) == 88 and "Scopes:   application:read tenant:read\n" in made and "only its hash is kept" in made
    before = next(o for o in tenants.cli_json("operator", "list")["operators"] if o["name"] == "shown")
    assert before["lastUsedAt"] is None and "token" not in before
    assert ask(tenants, "{ tenants { totalCount } }", token, tenant="acme")[0] == 200
    table = tenants.cli("operator", "list").stdout
    (row,) = [r for r in rows_of(table) if r["NAME"] == "shown"]
    assert row["SCOPES"] == "application:read tenant:read" and row["TENANTS"] == "acme" and row["STATE"] == "active" and row["USED"] != "-"
    assert token not in table and token not in tenants.log()
    assert all(token.encode() not in file.read_bytes() for file in tenants.data.glob("fairlead.db*"))
    assert [e["subject"] for e in tenants.audit(action="operator.create")["entries"]][0] == "shown"
    assert token not in json.dumps(tenants.audit(action="operator."))


def test_the_directors_acts_name_the_operator(tenants):
    token = operator(tenants, "author")
    status, answer = ask(tenants, 'mutation { r: registerApplication(in: {name: "authored"}) { id } }', token, tenant="acme")
    assert status == 200 and "errors" not in answer, answer
    (entry,) = tenants.audit(actor="operator:author")["entries"]
    assert entry["action"] == "application.create" and entry["application"] == "mp-authored"
    assert ask(tenants, 'mutation { unregisterApplication(id: "%s") { id } }' % answer["data"]["r"]["id"], token, tenant="acme")[0] == 200


def test_tenants_are_listed_and_deleted(tenants):
    default = tenants.cli_json("status")["defaultTenant"]
    rows = rows_of(tenants.cli("tenant", "list").stdout)
    assert {r["ID"] for r in rows} == {"acme", "bolt", default}
    assert next(r for r in rows if r["ID"] == default)["DEFAULT"] == "true"
    (acme,) = tenants.cli_json("tenant", "list", "Acme")["tenants"]
    assert acme["externalId"] == "acme" and acme["name"] == "Acme Ltd" and acme["type"] == "customer" and acme["default"] is False
    assert f"Default tenant: {default}" in " ".join(tenants.cli("status").stdout.split())
    assert tenants.cli_json("tenant", "create", "brief")["externalId"] == "brief"
    tenants.cli("tenant", "delete", "brief")
    assert tenants.cli("tenant", "list", "brief", "-o", "csv").stdout.splitlines() == ["externalId,type,default,createdAt,name"]
