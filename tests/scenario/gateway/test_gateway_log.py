# SPDX-License-Identifier: Apache-2.0
"""Proves what the access log says about calls, which of them it logs, and what becomes of the ids that callers send."""

import json
import re

import pytest
from harness import GATEWAY, curl, poll
from metadata import Metadata, service
from target import Target


class Logged:
    def __init__(self, make_server, **settings):
        self.server = make_server(settings={**GATEWAY, "log.format": "json", **settings})
        self.server.cli("app", "create", "shop")
        self.target = Target()
        m = Metadata(self.server, "shop")
        self.id = m.register(service("Orders", targetUrl=self.target.url))
        m.close()
        self.url = f"http://{self.server.address('proxy')}/shop/orders"

    def lines(self, event="call"):
        out = []
        for line in self.server.log().splitlines():
            if line.startswith("{") and f'"{event}"' in line:
                out.append(json.loads(line))
        return [o for o in out if event in o.values()]

    def wait(self, count):
        poll(lambda: len(self.lines()) >= count, 5, f"fewer than {count} lines")
        return self.lines()


@pytest.fixture
def logged(make_server):
    made = []

    def make(**settings):
        made.append(Logged(make_server, **settings))
        return made[-1]

    yield make
    for each in made:
        each.target.close()


def test_a_line_says_all_that_an_operator_asks(logged):
    l = logged(**{"log.access": "all"})
    assert curl("--http2-prior-knowledge", "-d", "12345", l.url + "/x?a=1&token=s3cret&api_key=hidden").status == 200
    assert curl(l.url + "/big?100000").status == 200
    first, second = l.wait(2)
    assert "s3cret" not in l.server.log() and "hidden" not in l.server.log()
    assert first["method"] == "POST" and first["target"] == "/shop/orders/x?a=1&token=***&api_key=***" and first["protocol"] == "HTTP/2"
    assert first["status"] == first["target_status"] == 200 and first["bytes_in"] == 5 and first["bytes_out"] > 5
    assert first["application"] == "shop" and first["service"] == "orders" and first["service_id"] == l.id
    assert first["reused"] is False and first["connect_us"] > 0 and first["us"] >= first["upstream_us"] > 0
    assert first["cut"] is False and first["failure"] == "" and first["target_protocol"] == "HTTP/1.1" and first["tls"] is False
    assert second["protocol"] == "HTTP/1.1" and second["bytes_out"] == 100000 and second["bytes_in"] == 0


def test_failures_and_cuts_are_told_apart(logged):
    l = logged(**{"log.access": "all"})
    assert curl(l.url + "/raw?nonsense").status == 502
    assert curl(l.url + "/raw?HTTP/1.1%20200%20OK%0D%0AContent-Length:%209%0D%0A%0D%0Acut", check=False) is None
    assert curl(l.url + "/status?503").status == 503
    assert curl(f"http://{l.server.address('proxy')}/shop/nobody/x").status == 404
    malformed, cut, theirs, unknown = l.wait(4)
    assert malformed["status"] == 502 and malformed["target_status"] == 0 and malformed["failure"] in ("malformed", "reset")
    assert cut["status"] == 200 and cut["cut"] is True and cut["failure"] == "reset" and cut["bytes_out"] == 3
    assert theirs["status"] == theirs["target_status"] == 503 and theirs["failure"] == ""
    assert unknown["status"] == 404 and unknown["service"] == "nobody" and unknown["service_id"] == ""


def test_the_text_form_is_one_line_that_nobody_forges(logged):
    l = logged(**{"log.access": "all", "log.format": "text"})
    curl("-H", "X-Request-Id: x status=200", l.url + "/x%0a%0dinfo%20call?q=%22forged%22")
    poll(lambda: " call id=" in l.server.log(), 5, "no line")
    line = next(line for line in l.server.log().splitlines() if " call id=" in line)
    assert re.search(r" call id=[0-9a-f]{16} peer=127\.0\.0\.1:\d+ protocol=HTTP/1\.1 tls=false method=GET ", line), line


def test_off_logs_nothing(logged):
    l = logged()
    assert curl(l.url + "/status?500").status == 500
    assert l.lines() == []


def test_one_in_so_many_and_all_that_failed(logged):
    l = logged(**{"log.access": "sampled", "log.access_sample": "10", "server.fronts": "1"})
    for i in range(20):
        assert curl(f"{l.url}/x?{i}").status == 200
    for i in range(3):
        assert curl(f"{l.url}/status?500").status == 500
    statuses = [line["status"] for line in l.wait(5)]
    assert statuses.count(500) == 3 and 2 <= statuses.count(200) <= 3, statuses


def test_a_reload_switches_it(logged, tmp_path):
    config = tmp_path / "fairlead.yaml"
    config.write_text("log:\n  access: off\n")
    l = logged()
    l.server.stop()
    l.server.config = config
    l.server.start()
    l.url = f"http://{l.server.address('proxy')}/shop/orders"
    assert curl(l.url + "/x").status == 200 and l.lines() == []
    config.write_text("log:\n  access: all\n")
    l.server.reload()
    poll(lambda: curl(l.url + "/x") and l.lines(), 10, "not switched on")


# ---- ids ----

def seen(answer, name):
    return [value for key, value in answer.json()["headers"] if key.lower() == name]


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_a_sane_id_goes_to_the_target_the_log_and_back(logged, version):
    l = logged(**{"log.access": "all"})
    mine = "Abc-1_2.3:4/5+6=7@8"
    answer = curl(version, "-H", f"X-Request-Id: {mine}", l.url + "/x")
    assert seen(answer, "x-request-id") == [mine] and answer.headers["x-request-id"] == mine
    assert l.wait(1)[0]["id"] == mine
    refused = curl(version, "-H", f"X-Request-Id: {mine}", l.url + "/raw?nonsense")
    assert refused.status == 502 and refused.headers["x-request-id"] == mine


@pytest.mark.parametrize("words", [[], ["-H", "X-Request-Id: a b"], ["-H", 'X-Request-Id: a"b'], ["-H", "X-Request-Id: " + "a" * 129],
                                   ["-H", "X-Request-Id: a", "-H", "X-Request-Id: b"], ["-H", "X-Request-Id: a,b"], ["-H", "X-Request-Id: grün"]],
                         ids=["none", "blank", "quote", "long", "two", "list", "not ASCII"])
def test_another_id_is_replaced(logged, words):
    l = logged(**{"log.access": "all"})
    answer = curl(*words, l.url + "/x")
    (ours,) = seen(answer, "x-request-id")
    assert re.fullmatch("[0-9a-f]{16}", ours) and answer.headers["x-request-id"] == ours and l.wait(1)[0]["id"] == ours


def test_the_targets_own_id_comes_back(logged):
    l = logged()
    raw = "HTTP/1.1%20200%20OK%0D%0AX-Request-Id:%20theirs%0D%0AContent-Length:%200%0D%0A%0D%0A"
    assert curl(l.url + "/raw?" + raw).headers["x-request-id"] == "theirs"


PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_trace_passes(logged):
    l = logged()
    answer = curl("-H", f"traceparent: {PARENT}", "-H", "tracestate: a=1", "-H", "tracestate: b=2", l.url + "/x")
    assert seen(answer, "traceparent") == [PARENT] and seen(answer, "tracestate") == ["a=1", "b=2"]


@pytest.mark.parametrize("words", [[], ["-H", "traceparent: nonsense"], ["-H", f"traceparent: {PARENT}", "-H", f"traceparent: {PARENT}"],
                                   ["-H", "traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01"]])
def test_without_a_valid_one_a_trace_begins_without_the_callers_state(logged, words):
    l = logged()
    answer = curl(*words, "-H", "tracestate: a=1", l.url + "/x")
    (parent,) = seen(answer, "traceparent")
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent) and parent != PARENT and seen(answer, "tracestate") == []
