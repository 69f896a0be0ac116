# SPDX-License-Identifier: Apache-2.0
"""Proves that tables line up, lose nothing but the ends of fingerprints, hold no escape sequences, and that errors name the next step."""

import re


def rows(text):
    return dict(line.split(":", 1) for line in text.splitlines() if re.match(r"[A-Z][A-Za-z0-9 -]*: ", line))


def test_status_is_rows_that_line_up(server, shop):
    text = server.cli("status").stdout
    assert "\x1b" not in text
    seen = rows(text)
    assert seen["Certificates"].strip().startswith("1 active, the first ends 2")
    assert seen["Applications"].strip() == "1"
    assert seen["Sandbox"].strip() == "off: core and fronts run unconfined" or "core and fronts: seccomp" in seen["Sandbox"]
    store = text[text.index("Store:"):].split("\n\n")[0].splitlines()
    assert len({len(line) - len(line.split(":", 1)[1].lstrip()) for line in store}) == 1, store


def test_a_short_fingerprint_is_enough_and_other_subjects_stay_whole(server, shop):
    table = server.cli("audit", "list").stdout
    assert "listener/connector" in table
    assert shop.fingerprint() not in table and shop.fingerprint()[:16] in table
    assert shop.fingerprint() in server.cli("cert", "show", shop.fingerprint()[:16]).stdout


def test_csv_keeps_what_the_table_shortens(server, shop):
    assert shop.fingerprint() in server.cli("cert", "list", "-o", "csv").stdout


def test_refusals_name_the_next_step(server, shop):
    for words, step in (
            (("app", "show", "none"), "fairlead app list"),
            (("app", "delete", "none", "--yes"), "fairlead app list"),
            (("token", "revoke", "000000000000"), "fairlead token list"),
            (("cert", "show", "zz"), "fairlead cert list"),
            (("token", "create"), "fairlead token create APP"),
            (("tokn", "list"), "did you mean"),
    ):
        done = server.cli(*words, check=False)
        assert done.returncode in (1, 2) and step in done.stderr, done
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
