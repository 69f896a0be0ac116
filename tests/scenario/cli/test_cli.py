# SPDX-License-Identifier: Apache-2.0
"""Proves that every command does its work and refuses in one line: tables for people, JSON and CSV for programs, exit status 0, 1, 2 and 3."""

import csv
import io
import json
import os
import pathlib
import re
import stat
import subprocess

import pki
import pytest
from harness import BINARY, ROOT, curl, poll, run

UPDATE_TRUST = "/usr/sbin/update-ca-certificates"


def fairlead(server, *arguments, **more):
    """The CLI as a person types it: without --data."""
    return run([BINARY, *arguments], check=False, env=server.environment, stdin=subprocess.DEVNULL, **more)


def assert_refused(done, *says, code=1):
    assert done.returncode == code, done
    assert done.stdout == ""
    line = done.stderr.strip()
    assert len(line.splitlines()) == 1 and line.startswith("fairlead: "), done.stderr
    for word in says:
        assert word in line, line


def rows_of(table):
    """A table for people as a list of dicts; every cell begins under its heading."""
    header, *lines = table.splitlines()
    starts = [m.start() for m in re.finditer(r"(?:^|(?<=  ))\S", header)]
    names = [header[a:b].strip() for a, b in zip(starts, starts[1:] + [None])]
    found = []
    for line in lines:
        for start in starts[1:]:
            assert line[start - 2:start] == "  " and line[start] != " ", f"out of line:\n{header}\n{line}"
        found.append({name: line[a:b].strip() for name, a, b in zip(names, starts, starts[1:] + [None])})
    return found


@pytest.fixture(scope="module")
def filled(server):
    """Three applications, two certificates, a revoked one, tokens in several states."""
    server.cli("app", "create", "blue", "--description", "web shop, \"team\" blue")
    server.cli("app", "create", "green application with a rather long name")
    server.blue = server.system("blue").enrol("ec:P-256")
    server.red = server.system("red").enrol("ec:P-384")
    lost = server.system("red", "lost").enrol()
    server.cli("revoke", "--fingerprint", lost.fingerprint())
    server.cli("token", "create", "blue")
    return server


LISTS = [("app list", "applications"), ("token list --all", "tokens"), ("cert list", "certificates"), ("audit list", "entries")]


# ---- lists ----

@pytest.mark.parametrize("command, member", LISTS)
def test_a_list_is_a_table_json_or_csv_with_the_same_rows(filled, command, member):
    words = command.split()
    table = rows_of(filled.cli(*words).stdout)
    objects = filled.cli_json(*words)[member]
    lines = list(csv.DictReader(io.StringIO(filled.cli(*words, "-o", "csv").stdout)))
    assert len(table) == len(objects) == len(lines) >= 3
    assert all(None not in line and None not in line.values() for line in lines), "a row with too many or too few fields"
    assert all(set(line) <= set(objects[0]) for line in lines)
    assert_refused(filled.cli(*words, "-o", "xml", check=False), "-o takes table, json or csv", code=2)


def test_an_empty_list_has_no_rows_and_is_no_error(server):
    assert json.loads(server.cli("cert", "list", "nobody", "-o", "json").stdout)["certificates"] == []
    assert server.cli("cert", "list", "nobody").returncode == 0


def test_csv_quotes_what_needs_it(filled):
    lines = list(csv.DictReader(io.StringIO(filled.cli("app", "list", "-o", "csv").stdout)))
    assert {line["description"] for line in lines} >= {'web shop, "team" blue'}


def test_certificates_are_filtered_and_sorted(filled):
    def names(*words):
        return [c["application"] for c in filled.cli_json("cert", "list", *words)["certificates"]]
    assert names("red") == ["red", "red"] and names("--state", "revoked") == ["red"]
    assert names("--state", "active", "--sort", "application") == ["blue", "red"]
    assert names("--state", "active", "--sort", "application", "--desc") == ["red", "blue"]
    assert names("--subject", "CN=blue") == ["blue"] and names("--expires-before", "30d") == []
    assert len(names("--limit", "1")) == 1
    assert_refused(filled.cli("cert", "list", "--sort", "colour", check=False), "--sort", code=2)
    assert_refused(filled.cli("cert", "list", "--expires-before", "soon", check=False), "--expires-before", code=2)


def test_expiring_says_by_its_exit_status_whether_there_are_any(filled):
    none = filled.cli("cert", "expiring", check=False)
    assert none.returncode == 0
    some = filled.cli("cert", "expiring", "--within", "100d", check=False)
    assert some.returncode == 3 and {row["APPLICATION"] for row in rows_of(some.stdout)} == {"blue", "red"}
    assert filled.cli("cert", "expiring", "--within", "100d", "-o", "json", check=False).returncode == 3
    assert_refused(filled.cli("cert", "expiring", "--within", "-1d", check=False), code=2)


# ---- one thing ----

def test_applications_are_made_shown_and_deleted(server):
    made = server.cli("app", "create", "short-lived", "--description", "x")
    assert "Next: fairlead token create short-lived" in made.stdout
    assert server.cli_json("app", "show", "short-lived")["description"] == "x"
    assert_refused(server.cli("app", "create", "short-lived", check=False), "short-lived")
    assert_refused(server.cli("app", "create", "a,b", check=False), ",")
    assert_refused(server.cli("app", "create", "x" * 65, check=False), "64")
    system = server.system("short-lived").enrol("ec:P-256")
    assert_refused(server.cli("app", "delete", "short-lived", check=False, stdin=subprocess.DEVNULL), "--yes", code=2)
    assert system.management().status == 200
    server.cli("app", "delete", "short-lived", "--yes")
    assert system.management().status == 403
    assert_refused(server.cli("app", "show", "short-lived", check=False), "short-lived")


def test_a_certificate_is_found_by_the_beginning_of_its_fingerprint(filled):
    whole = filled.blue.fingerprint()
    assert filled.cli_json("cert", "show", whole[:12])["fingerprint"] == whole
    assert filled.cli("cert", "show", whole, "--pem").stdout.strip() in filled.blue.crt.read_text()
    assert whole in filled.cli("cert", "show", whole).stdout
    assert_refused(filled.cli("cert", "show", "zz", check=False), "hex digits", code=2)
    assert_refused(filled.cli("cert", "show", "00" * 32, check=False), "no such certificate")


def test_the_ca_is_shown_and_exported(server):
    shown = server.cli_json("ca", "show")
    certificate = pki.chain(server.cli("ca", "export").stdout)[0]
    assert pki.fingerprint(certificate) == shown["fingerprint"]
    assert shown["fingerprint"] in server.cli("ca", "show").stdout
    assert len(pki.chain(server.cli("ca", "export", "--chain").stdout)) == 1
    assert_refused(server.cli("ca", "trust", "--install", "--uninstall", check=False), "exclude", code=2)


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists(UPDATE_TRUST), reason="changes this host's trust store")
def test_the_ca_is_installed_in_the_hosts_trust_store_and_removed(make_server):
    server = make_server()
    url = server.connector + "/v1/health"
    assert curl(url, check=False) is None, "this host trusts a CA that was made just now"
    commands = server.cli("ca", "trust").stdout
    assert "update-ca-certificates" in commands and curl(url, check=False) is None, "without an option it only says what to do"
    assert_refused(server.cli("ca", "trust", "--uninstall", check=False), "not in the host's trust store")
    try:
        server.cli("ca", "trust", "--install")
        assert curl(url).status == 200
        done = fairlead(server, "connect", server.token("shop")["url"], "--out", server.dir / "c", "--key", "ec:P-256")
        assert done.returncode == 0, done
    finally:
        server.cli("ca", "trust", "--uninstall")
    assert curl(url, check=False) is None


# ---- tokens ----

def revoke_token(server, value):
    return fairlead(server, "token", "revoke", "--data", server.data, "--", value)


def test_tokens_are_made_listed_and_revoked(server):
    made = server.cli_json("token", "create", "shop")
    text = server.cli("token", "create", "shop").stdout
    assert made["caFingerprint"] in text and "fairlead connect 'https://" in text
    assert made["token"] not in server.cli("token", "list", "-o", "json").stdout
    assert revoke_token(server, made["id"]).returncode == 0
    assert server.curl(made["url"]).status == 403
    assert_refused(revoke_token(server, made["id"]), "no longer active")
    assert_refused(revoke_token(server, "0123456789ab"), "no token")
    assert_refused(server.cli("token", "create", "a,b", check=False), ",")
    assert_refused(server.cli("token", "create", check=False), "APP", code=2)
    assert_refused(server.cli("token", "create", "--runtime", check=False))  # central mode only


def test_a_token_is_revoked_by_its_value_also_when_it_begins_with_a_dash(server):
    made = poll(lambda: next((t for t in [server.cli_json("token", "create", "dash")] if t["token"][0] == "-"), None), 120,
                "no token begins with a dash")
    assert revoke_token(server, made["token"]).returncode == 0
    assert server.curl(made["url"]).status == 403
    assert_refused(revoke_token(server, "-abc"))
    assert_refused(fairlead(server, "token", "revoke", "-abc", "--data", server.data), "--", code=2)


# ---- the external system's side ----

def connect(server, out, *more, url=None, **how):
    return fairlead(server, "connect", url or server.token("cli")["url"], "--out", out, *more, **how)


def pinned(server):
    return ["--ca-fingerprint", server.cli_json("ca", "show")["fingerprint"]]


def test_connect_saves_a_working_connection(server, tmp_path):
    out = tmp_path / "c"
    done = connect(server, out, *pinned(server), "--key", "ec:P-256")
    assert done.returncode == 0 and done.stderr == "", done
    assert {p.name for p in out.iterdir()} == {"client.key", "client.crt", "chain.crt", "ca.crt", "connection.json"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700 and stat.S_IMODE((out / "client.key").stat().st_mode) == 0o600
    try_it = re.search(r"^  (curl .*)$", done.stdout, re.M).group(1)
    assert '"application":"cli"' in run(["sh", "-c", try_it]).stdout, "the printed command does not work"
    assert json.loads((out / "connection.json").read_text())["infoUrl"].startswith(server.gateway)
    run(["openssl", "verify", "-CAfile", out / "ca.crt", out / "client.crt"])
    assert_refused(connect(server, out, *pinned(server)), "renew")


def test_connect_without_terminal_and_pin_shows_the_fingerprint_and_keeps_the_token(server, tmp_path):
    url, fingerprint = server.token("cli")["url"], pinned(server)[1]
    assert_refused(connect(server, tmp_path / "c", url=url), fingerprint, "--ca-fingerprint")
    assert_refused(connect(server, tmp_path / "c", "--ca-fingerprint", "00" * 32, url=url), "pinned")
    assert_refused(connect(server, tmp_path / "c", "--ca-fingerprint", "abc", url=url), "64 hex digits", code=2)
    assert not (tmp_path / "c").exists(), "a directory is left behind"
    colons = ":".join(fingerprint[i:i + 2] for i in range(0, 64, 2)).upper()
    done = connect(server, tmp_path / "c", "--ca-fingerprint", colons, "-o", "json", "--key", "ec:P-384", url=url)
    assert done.returncode == 0, "the token was used, or a fingerprint as openssl prints it is not taken"
    assert json.loads(done.stdout)["keyAlgorithm"] == "ec:P-384"


def test_connect_takes_the_url_from_standard_input_and_refuses_what_is_none(server, tmp_path):
    url = server.token("cli")["url"]
    done = run([BINARY, "connect", "-", "--out", tmp_path / "c", *pinned(server), "--key", "ed25519"], env=server.environment, input=url + "\n")
    assert "ed25519" in done.stdout
    assert_refused(connect(server, tmp_path / "d", url="http://localhost/x"))
    assert_refused(connect(server, tmp_path / "d", *pinned(server), url=url), "403")
    assert_refused(connect(server, tmp_path / "d", "--key", "rsa:1024"), "rsa:2048", code=2)
    assert_refused(fairlead(server, "connect", url), "--out", code=2)


def test_connect_and_renew_write_a_pkcs12_that_openssl_opens(server, tmp_path):
    password, out = pki.write(tmp_path / "password", "correct horse\n"), tmp_path / "c"
    assert connect(server, out, *pinned(server), "--key", "ec:P-256", f"--p12={password}").returncode == 0

    def opened():
        text = run(["openssl", "pkcs12", "-in", out / "client.p12", "-passin", f"file:{password}", "-nodes"]).stdout
        assert text.count("BEGIN CERTIFICATE") == 2 and text.count("PRIVATE KEY") == 2
        return text
    assert (out / "client.crt").read_text().strip() in opened()
    assert fairlead(server, "renew", out, f"--p12={password}").returncode == 0
    assert (out / "client.crt").read_text().strip() in opened()
    assert run(["openssl", "pkcs12", "-in", out / "client.p12", "-passin", "pass:wrong", "-nodes"], check=False).returncode != 0
    password.chmod(0o644)
    assert_refused(connect(server, tmp_path / "d", *pinned(server), f"--p12={password}"), "password")


def test_renew_replaces_key_and_certificate_when_it_is_time(server, tmp_path):
    out = tmp_path / "c"
    assert connect(server, out, *pinned(server), "--key", "ec:P-256").returncode == 0
    before = (out / "client.key").read_text(), (out / "client.crt").read_text()
    assert "Not renewed" in fairlead(server, "renew", out, "--if-expires-within", "30d").stdout
    assert before == ((out / "client.key").read_text(), (out / "client.crt").read_text())
    done = fairlead(server, "renew", out, "--if-expires-within", "100d", "-o", "json")
    assert json.loads(done.stdout)["renewed"] is True
    after = (out / "client.key").read_text(), (out / "client.crt").read_text()
    assert before[0] != after[0] and before[1] != after[1]
    run(["openssl", "verify", "-CAfile", out / "ca.crt", out / "client.crt"])
    assert_refused(fairlead(server, "renew", tmp_path / "nowhere"), "nowhere")
    assert_refused(fairlead(server, "renew", out, "--if-expires-within", "later"), "30d", code=2)
    (out / "client.key").chmod(0o644)
    assert_refused(fairlead(server, "renew", out), "client.key")


def test_revoke_ends_ones_own_connection_a_certificate_or_all_of_an_application(server, tmp_path):
    out = tmp_path / "c"
    assert connect(server, out, *pinned(server), "--key", "ec:P-256").returncode == 0
    assert fairlead(server, "revoke", out).returncode == 0
    assert_refused(fairlead(server, "renew", out), "revoked")
    first, second = server.system("all", "a1").enrol("ec:P-256"), server.system("all", "a2").enrol("ec:P-256")
    server.cli("revoke", "--fingerprint", first.fingerprint()[:20])
    assert (first.management().status, second.management().status) == (403, 200)
    assert "Revoked 1 certificate." in server.cli("revoke", "--app", "all", "--reason", "lost").stdout
    assert second.management().status == 403
    assert server.cli_json("cert", "show", second.fingerprint())["revokedReason"] == "lost"
    assert_refused(server.cli("revoke", check=False), "--fingerprint", code=2)
    assert_refused(server.cli("revoke", "--app", "nobody", check=False), "nobody")


# ---- configuration ----

def check(tmp_path, text, mode=0o644, environment=None):
    file = pki.write(tmp_path / "fairlead.yaml", text, mode)
    return run([BINARY, "config", "check", file], check=False, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **(environment or {})})


@pytest.mark.parametrize("text, line, says", [
    ("lisen:\n  internal: off\n", 1, "did you mean"),
    ("listen:\n  intrenal: off\n", 2, "did you mean listen.internal?"),
    ("log:\n  level: loud\n", 2, "log.level: must be debug, info, notice, warning or error, not 'loud'"),
    ("token:\n  length: 3\n", 2, "16 to 256"),
    ("token: 5\n", 1, "token"),
    ("a: [\n", None, ""),
    ("log:\n  level: info\n  level: debug\n", 3, "log.level"),
    ("url:\n  connector: http://insecure\n", 2, "https"),
])
def test_a_wrong_configuration_is_one_line_with_file_line_and_key(tmp_path, text, line, says):
    done = check(tmp_path, text)
    assert_refused(done, f"{tmp_path}/fairlead.yaml:{line or ''}", says)
    assert not (tmp_path / ".local").exists(), "a check starts nothing"


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    authority = pki.Authority()
    pki.write(tmp_path / "ca.crt", authority.pem, 0o644)
    pki.write(tmp_path / "ca.key", pki.key_pem(authority.key), 0o644)
    text = f"ca:\n  certificate_file: {tmp_path}/ca.crt\n  key_file: {tmp_path}/ca.key\n"
    assert_refused(check(tmp_path, text), "ca.key_file", "chmod")
    (tmp_path / "ca.key").chmod(0o600)
    assert check(tmp_path, text).returncode == 0
    (tmp_path / "ca.key").unlink()
    assert_refused(check(tmp_path, text), "ca.key_file")


def test_nothing_starts_with_a_wrong_setting(tmp_path):
    for setting, says in (("lstn.internal=off", "did you mean listen.internal?"), ("nonsense", "--set"), ("log.level=loud", "log.level"),
                          ("listen.internal=0.0.0.0:0", "listen.internal")):
        done = run([BINARY, "serve", "--data", tmp_path / "data", "--set", setting], check=False, env={"HOME": str(tmp_path)})
        assert done.returncode in (1, 2) and says in done.stderr, done
        assert not (tmp_path / "data" / "fairlead.db").exists()


def test_file_environment_and_command_line_override_each_other_in_that_order(tmp_path):
    file = pki.write(tmp_path / "f.yaml", "log:\n  level: debug\n  format: json\n  access: all\n")
    environment = {"HOME": str(tmp_path), "FAIRLEAD_LOG_FORMAT": "text", "FAIRLEAD_LOG_ACCESS": "off"}
    shown = json.loads(run([BINARY, "config", "show", "--config", file, "--set", "log.access=all", "-o", "json"], env=environment).stdout)
    assert {k: v for k, v in shown.items() if k.startswith("log.")} == {"log.level": "debug", "log.format": "text", "log.access": "all", "log.access_sample": "100"}
    done = run([BINARY, "config", "show"], check=False, env={"HOME": str(tmp_path), "FAIRLEAD_LOG_LEVL": "info"})
    assert_refused(done, "FAIRLEAD_LOG_LEVL")


def test_what_config_show_prints_is_a_configuration(tmp_path):
    text = run([BINARY, "config", "show", "--set", "log.level=debug"], env={"HOME": str(tmp_path)}).stdout
    done = check(tmp_path, text)
    assert done.returncode == 0, done


def test_the_reference_names_every_setting_in_three_forms(tmp_path):
    settings = json.loads(run([BINARY, "config", "reference", "-o", "json"]).stdout)
    rows = settings if isinstance(settings, list) else settings["settings"]
    text, markdown = run([BINARY, "config", "reference"]).stdout, run([BINARY, "config", "reference", "-o", "markdown"]).stdout
    for key in ("listen.internal", "limits.idle", "vault.key_file"):
        assert key in [row["key"] for row in rows]
    assert all(row["key"] in text and row["key"] in markdown for row in rows)
    assert_refused(run([BINARY, "config", "reference", "-o", "xml"], check=False), code=2)


# ---- the rest ----

def test_status_says_where_things_are_and_warns(server):
    found = server.cli_json("status")
    assert found["listeners"][0]["address"] == server.address("internal") and found["vault"]["keyFile"].endswith("vault.key")
    assert "localhost" in found["warnings"][0]
    assert "Warning: " in server.cli("status").stdout


def test_a_server_that_does_not_run_is_said_so(tmp_path):
    for words in (["status"], ["app", "list"], ["backup", tmp_path / "b"], ["ca", "export"]):
        done = run([BINARY, *words, "--data", tmp_path / "none"], check=False)
        assert_refused(done, str(tmp_path / "none"), "serve")


def test_another_user_does_not_reach_the_control_socket(server):
    if os.geteuid() != 0:
        pytest.skip("needs root, to be somebody else")
    done = run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "app", "list", "--data", server.data], check=False)
    assert_refused(done)


@pytest.mark.parametrize("words, says", [
    (["bogus"], "fairlead help"), (["tokn"], "did you mean 'token'"), (["token", "revok", "x"], "did you mean 'token revoke'"),
    (["app", "create"], "NAME"), (["app", "create", "a", "b"], ""), (["app", "create", "a", "--colour", "red"], "--colour"),
    (["token", "create", "a", "--tenant=x", "--group"], ""), (["serve", "now"], ""), (["cert", "list", "-n", "many"], ""),
])
def test_wrong_usage_is_exit_status_2_and_says_what_is_right(server, words, says):
    assert_refused(server.cli(*words, check=False) if words[0] != "bogus" else fairlead(server, *words), says, code=2)


def test_help_completion_man_pages_and_version_come_from_one_table(tmp_path):
    overview = run([BINARY, "help"]).stdout
    commands = re.findall(r"^  ((?:[a-z]+ ?){1,2}?) +[A-Z]", overview, re.M)
    assert len(commands) > 25
    bash, page = run([BINARY, "completion", "bash"]).stdout, run([BINARY, "man"]).stdout
    run(["bash", "-n"], input=bash)
    for command in commands:
        assert f'.SS "fairlead {command}' in page, command
        text = run([BINARY, "help", *command.split()]).stdout
        assert text.splitlines()[0] and f"Usage: fairlead {command}" in text
        assert run([BINARY, *command.split(), "--help"]).stdout == text
        assert all(word in bash for word in command.split())
    assert page.startswith(".TH FAIRLEAD 1 ") and run([BINARY, "man", "config"]).stdout.startswith(".TH FAIRLEAD.YAML 5 ")
    assert not [line for line in page.splitlines() if line.startswith(("'", " .")) or re.search(r"\\[^-f&e(]", line)], "unescaped roff"
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    assert version in run([BINARY, "version"]).stdout
    assert_refused(run([BINARY, "help", "bogus"], check=False), code=2)


def test_bash_completes_commands_and_options(tmp_path):
    script = pathlib.Path(pki.write(tmp_path / "c.bash", run([BINARY, "completion", "bash"]).stdout))
    name = re.search(r"complete .*-F (\w+)", script.read_text()).group(1)
    program = f'. {script}; COMP_WORDS=(fairlead token cr); COMP_CWORD=2; {name}; echo "${{COMPREPLY[@]}}"'
    assert run(["bash", "-c", program]).stdout.split() == ["create"]
    program = f'. {script}; COMP_WORDS=(fairlead connect --ca); COMP_CWORD=2; {name}; echo "${{COMPREPLY[@]}}"'
    assert "--ca-fingerprint" in run(["bash", "-c", program]).stdout.split()
