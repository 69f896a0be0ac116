# SPDX-License-Identifier: Apache-2.0
"""Proves what /metrics says about calls per application and service: every end of a call, names that want escaping, bounds, and restarts."""

import json
import os
import re
import signal
import socket
import threading
import urllib.parse

import pytest
from harness import FRONTS, GATEWAY, curl, poll
from metadata import Metadata, service
from target import Target

LINE = re.compile(r'([a-z_]+)\{(.*)\} ([0-9.e+-]+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\.)*)"(?:,|$)')


def parse(text):
    """{(name, ((label, value), ...)): number} of the gateway's lines, read strictly as the text format says."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("fairlead_gateway_"):
            continue
        name, labels, number = LINE.fullmatch(line).groups()
        assert LABEL.sub("", labels) == "", line
        pairs = tuple((k, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], v)) for k, v in LABEL.findall(labels))
        assert (name, pairs) not in found, line
        found[(name, pairs)] = float(number)
    return found


def metrics(server):
    return parse(curl(server.internal + "/metrics").body)


def calls(server, application, name):
    """{class: number} of a service."""
    return {dict(labels)["class"]: n for (metric, labels), n in metrics(server).items()
            if metric == "fairlead_gateway_calls_total" and dict(labels).get("application") == application and dict(labels)["service"] == name}


def times(server, name):
    return {(metric.rsplit("_", 1)[1], dict(labels).get("le")): n for (metric, labels), n in metrics(server).items()
            if metric.startswith("fairlead_gateway_call_seconds") and dict(labels)["service"] == name}


def test_each_end_of_a_call_has_its_class(server, registry, target):
    id = registry.register(service("ends", targetUrl=target.url))
    url = f"http://{server.address('proxy')}/shop/ends"
    for path in ("/x", "/x", "/status?304", "/status?404", "/status?500", "/status?503"):
        curl(url + path)
    assert curl("--path-as-is", f"http://{server.address('proxy')}/shop/{id}/..").status == 400  # its id is another name of the same
    assert curl(url + "/raw?" + urllib.parse.quote("nonsense\r\n\r\n")).status == 502
    assert curl(url + "/raw?" + urllib.parse.quote("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), check=False) is None
    assert curl(url + "/slow?20", timeout=1, check=False) is None
    wanted = {"2xx": 2, "3xx": 1, "4xx": 2, "5xx": 2, "failed": 2, "cancelled": 1}
    poll(lambda: "cancelled" in calls(server, "shop", "ends"), 5, "the caller's leaving was not noticed")
    assert calls(server, "shop", "ends") == wanted
    registry.delete(id)
    assert calls(server, "shop", "ends") == wanted  # stays


def test_times_are_a_histogram_without_tunnels(server, registry, target):
    id = registry.register(service("times", targetUrl=target.url))
    url = f"http://{server.address('proxy')}/shop/times"
    for path in ("/x", "/slow?0.2", "/slow?0.3"):
        assert curl(url + path).status == 200
    got = times(server, "times")
    buckets = [got[("bucket", le)] for le in ("0.01", "0.1", "1", "10", "+Inf")]
    assert buckets == sorted(buckets) and buckets[2:] == [3, 3, 3] and buckets[1] <= 1, got
    assert got[("count", None)] == 3 and 0.5 <= got[("sum", None)] < 3, got
    registry.delete(id)


def test_unknown_services_make_no_series(server):
    before = metrics(server)
    for i in range(20):
        assert curl(f"http://{server.address('proxy')}/shop/unknown-{i}/x").status == 404
    assert metrics(server).keys() == before.keys()


def test_what_is_over_the_bound_is_counted_together_and_nothing_goes_back(make_server, target):
    server = make_server(settings=GATEWAY)
    server.cli("app", "create", "many")
    m = Metadata(server, "many")
    host, port = server.address("proxy").rsplit(":", 1)
    for i in range(1010):
        m.register(service(f"s{i}", targetUrl=target.url))
    with socket.create_connection((host, int(port))) as s, s.makefile("rb") as answers:
        for i in [*range(1010), *range(1005, 1010)]:
            s.sendall(f"GET /many/s{i}/status?204 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert answers.readline().startswith(b"HTTP/1.1 204"), i
            while answers.readline() != b"\r\n":
                pass
    got = {labels: n for (name, labels), n in metrics(server).items() if name == "fairlead_gateway_calls_total"}
    assert len(got) == 1001 and got[(("application", "other"), ("service", ""), ("class", "2xx"))] == 15
    assert sum(got.values()) == 1015
    m.close()


@pytest.mark.skipif(FRONTS == "0", reason="one process")
def test_restarts_neither_lose_nor_double(make_server, target):
    server = make_server(settings={**GATEWAY, "server.fronts": "2"})
    server.cli("app", "create", "shop")
    m = Metadata(server, "shop")
    for name in ("first", "second"):
        m.register(service(name, targetUrl=target.url))
    m.close()
    url = f"http://{server.address('proxy')}/shop/"

    def call(name, times_):
        for _ in range(times_):
            poll(lambda: (answer := curl(url + name + "/x", check=False)) and answer.status == 200, 20, "no calls")

    call("first", 10)
    for kind in ("core", "front", "front"):
        before = server.children()
        victim = next(pid for pid, k in before.items() if k == kind)
        os.kill(victim, signal.SIGKILL)
        poll(lambda: victim not in server.children() and len(server.children()) == len(before), 20, f"no new {kind}")
        poll(lambda: curl(server.internal + "/readyz", check=False), 20, "not ready again")
    call("second", 5)
    call("first", 3)
    first, second = calls(server, "shop", "first"), calls(server, "shop", "second")
    assert first == {"2xx": 13} and second == {"2xx": 5}, (first, second)


def test_many_callers_are_all_counted(server, registry, target):
    id = registry.register(service("crowd", targetUrl=target.url))
    threads = [threading.Thread(target=lambda: [curl(f"http://{server.address('proxy')}/shop/crowd/x") for _ in range(5)]) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert calls(server, "shop", "crowd") == {"2xx": 40}
    registry.delete(id)
