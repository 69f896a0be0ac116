# SPDX-License-Identifier: Apache-2.0
"""Rows about the registry: a service registered and on disk, one found among a million, a page and the whole list of a large application."""

import http.client
import json
import sqlite3
import threading
import time
import uuid

from material import Client, call
from measure import Unmeasured, cpu_of, interleaved, measured, pss_of, ratios
from rows_scale import database_of
from servers import Fairlead
from table import Figure, Row, at_most

CLIENTS = 16
SMALL = 1000
LARGE_APPLICATION = 100_000
APPLICATIONS = 90  # that share the rest
TARGETS = 20000

SPECIFICATION = {"openapi": "3.0.0", "info": {"title": "orders ########", "version": "1"}, "paths": {
    f"/orders/{i}": {"get": {"summary": f"order line {i} of a shop", "responses": {"200": {"description": "ok"}}}} for i in range(18)}}
BODY = {"provider": "SAP", "name": "orders ########", "description": "orders of the shop", "labels": {"region": "eu"},
        "api": {"targetUrl": "https://sampleapi.targeturl/v1", "spec": SPECIFICATION,
                "credentials": {"basic": {"username": "user", "password": "########"}}}}


def register_row(bench):
    """Every registration is another service with another specification (########: the load generator counts there)."""
    server = Fairlead(bench.binary, bench.directory("registry-post"), 1, **bench.material.settings())
    with server:
        client = Client(server, bench.material)
        options = {"port": server.ports["gateway"], "ca": bench.material.ca, "cert": client.leaf, "key": client.key, "mode": "keepalive",
                   "threads": CLIENTS, "path": "/bench/v1/metadata/services"}
        different = bench.load(body=json.dumps(BODY), number=True, **options)
        same = bench.load(body=json.dumps(BODY), **options)
        none = bench.load(body=json.dumps({**BODY, "api": {k: v for k, v in BODY["api"].items() if k != "spec"}}), number=True, **options)
        loads = {"with a 2 KiB specification": different, "a specification that is there": same, "without a specification": none}
        for load in loads.values():
            load.run(seconds=0.5)
        samples = interleaved({name: lambda l=load: measured(server, lambda: l.run(seconds=bench.seconds)) for name, load in loads.items()},
                              bench.rounds, bench.progress)
    figures = {name: Figure.with_load(name, s) for name, s in samples.items()}
    return Row(f"Register a service with Basic credentials, durable, {CLIENTS} keep-alive mTLS clients", list(figures.values()),
               [at_most("with a specification, us", figures["with a 2 KiB specification"].value, 300)],
               [f"Bodies of {len(json.dumps(BODY))} bytes, {len(json.dumps(SPECIFICATION))} of them the specification."])


def fill(server, count):
    """Copies of one service that needs no credentials, in a large application and many others. The server is down."""
    db = sqlite3.connect(database_of(server))
    db.create_function("new_uuid", 0, lambda: uuid.uuid4().bytes)
    for pragma in ("synchronous=OFF", "cache_size=-1000000", "temp_store=MEMORY"):
        db.execute("PRAGMA " + pragma)
    columns = [row[1] for row in db.execute("PRAGMA table_info(service)")]
    given = {"id": "t.id + 1 + i", "service_id": "new_uuid()", "name": "'filled ' || i", "path_name": "'filled-' || i",
             "application": f"CASE WHEN i < {LARGE_APPLICATION} THEN 'large' ELSE 'filled-' || (i % {APPLICATIONS}) END"}
    db.execute(f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) INSERT INTO service ({', '.join(columns)}) "
               f"SELECT {', '.join(given.get(c, 't.' + c) for c in columns)} FROM n, (SELECT * FROM service ORDER BY id DESC LIMIT 1) t", {"count": count})
    db.execute("INSERT OR IGNORE INTO application (tenant_id, name, description, created_at, last_seen_at, auto_created) "
               "SELECT DISTINCT '', application, '', created_at, 0, 1 FROM service GROUP BY application")
    db.execute("UPDATE application SET services = (SELECT count(*) FROM service s WHERE s.application = application.name)")
    db.execute("UPDATE specification SET refs = (SELECT count(*) FROM service WHERE api_specification = specification.id)")
    db.execute("UPDATE counter SET value = (SELECT count(*) FROM service) WHERE name = 'services'")
    db.execute("UPDATE counter SET value = (SELECT count(*) FROM application) WHERE name = 'applications'")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found = db.execute("SELECT application, service_id FROM service WHERE name LIKE 'filled%' ORDER BY random() LIMIT ?", (TARGETS,)).fetchall()
    db.close()
    return [(application, str(uuid.UUID(bytes=id))) for application, id in found]


class Filled:
    def __init__(self, bench, directory, count):
        self.server = Fairlead(bench.binary, directory, 1, **bench.material.settings())
        try:
            self.connection = http.client.HTTPConnection("localhost", self.server.ports["internal"])
            call(self.connection, "POST", "/api/v1/applications", json.dumps({"name": "large"}), {"Content-Type": "application/json"})
            body = {**BODY, "api": {"targetUrl": BODY["api"]["targetUrl"], "spec": SPECIFICATION}}
            call(self.connection, "POST", "/large/v1/metadata/services", json.dumps(body))
            self.connection.close()
            self.server.stop()
            bench.progress(f"writing {count:,} services")
            found = fill(self.server, count)
            self.server.start()
        except BaseException:
            self.server.stop()
            raise
        self.server.name = f"{count:,} services"
        targets = directory / "services"
        targets.write_text("".join(f"/{application}/v1/metadata/services/{id}\n" for application, id in found))
        internal = {"port": self.server.ports["internal"], "plain": True, "mode": "keepalive", "threads": 1}
        self.one = bench.load(**internal, targets=targets, again=True)
        self.page = bench.load(**internal, path="/api/v1/applications/large/services?limit=100")


def one_row(bench, small, big):
    for filled in (small, big):
        filled.one.run(seconds=1)
    samples = interleaved({f.server.name: lambda f=f: measured(f.server, lambda: f.one.run(seconds=bench.seconds)) for f in (small, big)},
                          bench.rounds, bench.progress)
    a, b = samples[small.server.name], samples[big.server.name]
    return Row("GET one service, the contract's way, with its specification", [Figure.with_load(n, s) for n, s in samples.items()],
               [at_most("p99 / p99 of the small one", ratios(b, a, "p99_us"), 1.2), at_most("CPU / CPU of the small one", ratios(b, a), 1.2)])


def page_row(bench, big):
    big.page.run(seconds=0.5)
    samples = [measured(big.server, lambda: big.page.run(seconds=bench.seconds)) for _ in range(bench.rounds)]
    figure = Figure.with_load("100 of 100,000", samples)
    return Row("A page of 100 services of an application that has 100,000 (native API)", [figure], [at_most("us", figure.value, 1000)])


class Peak(threading.Thread):
    """The largest memory that the server's processes had together while something ran."""

    def __init__(self, server):
        super().__init__()
        self.server, self.most, self.ended = server, 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            self.most = max(self.most, pss_of(self.server.pids()))
            self.ended.wait(0.05)


def whole_list(server):
    """(services, seconds, bytes) of the contract's list."""
    connection = http.client.HTTPConnection("localhost", server.ports["internal"], timeout=300)
    began = time.monotonic()
    connection.request("GET", "/large/v1/metadata/services")
    answer = connection.getresponse()
    size, count = 0, 0
    while chunk := answer.read(1 << 16):
        size += len(chunk)
        count += chunk.count(b'"id":')
    if answer.status != 200 or count < LARGE_APPLICATION * 0.99:
        raise Unmeasured(f"the list has {count} services, status {answer.status}")
    return count, time.monotonic() - began, size


def list_rows(bench, big):
    pids, rounds, seconds = big.server.pids(), [], []
    before = pss_of(pids)
    peak = Peak(big.server)
    peak.start()
    try:
        for _ in range(bench.rounds):
            cpu = cpu_of(pids)[0]
            count, took, size = whole_list(big.server)
            rounds.append((cpu_of(pids)[0] - cpu) / count / 1000)
            seconds.append(took)
    finally:
        peak.ended.set()
        peak.join()
    grown = (peak.most - before) / 1e6
    return [
        Row("The contract's list without pages, 100,000 services", [Figure.plain("CPU per service", rounds, "us"), Figure.plain("whole list", seconds, "s"),
                                                                      Figure.plain("memory while it is read", [grown], "MB more")],
            [at_most("MB more", grown, 16)], [f"{size / 1e6:.0f} MB of JSON."]),
        Row("Memory of all processes with that many services", [Figure.plain(big.server.name, [peak.most / 1e6], "MB PSS")]),
    ]


def registry(bench):
    rows = [register_row(bench)]
    directory = bench.directory("registry-size")
    small = Filled(bench, directory / "small", SMALL)
    with small.server:
        big = Filled(bench, directory / "big", max(bench.records, LARGE_APPLICATION + 10_000))
        with big.server:
            rows.append(one_row(bench, small, big))
            rows.append(page_row(bench, big))
            rows += list_rows(bench, big)
    return rows
