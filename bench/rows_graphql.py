# SPDX-License-Identifier: Apache-2.0
"""Rows about GraphQL: the engine alone (requests of Compass's clients, answered from constants on one thread: graphql_bench.c), a whole pairing
beside Kyma's way, a page of a large tenant."""

import base64
import http.client
import itertools
import json
import sqlite3
import ssl
import subprocess
import threading
import time
import uuid

from material import SUBJECT, call, openssl, sign_body
from measure import Unmeasured, interleaved, measured, ratios
from rows_scale import database_of
from servers import Fairlead
from table import Figure, Row, at_least, at_most


def engine(bench):
    program = bench.loader.parent / "bench_graphql"
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unmeasured(f"{program.name}: {done.stderr.strip()}")
    figures, sizes = [], []
    for line in done.stdout.splitlines():
        name, median, least, most, size = line.split("\t")
        figures.append(Figure(name, {"low": float(least) / 1000, "high": float(most) / 1000}, float(median) / 1000, "us CPU"))
        sizes.append(f"{name} {size}")
    return [Row("GraphQL: parse, validate, execute, no I/O, one thread", figures,
                [at_least("configuration, thousands per s", 1000 / figures[0].value, 200)],
                [f"From the JSON of the request to that of the answer; bytes of the answers: {', '.join(sizes)}."])]


# ---- pairing ----

class Session:
    """One external system and its operator, on kept-alive connections of their own; pairs again and again."""

    def __init__(self, server, material, name):
        trust = ssl.create_default_context(cafile=str(material.ca))
        self.internal = http.client.HTTPConnection("localhost", server.ports["internal"])
        self.connector = http.client.HTTPSConnection("localhost", server.ports["connector"], context=trust)
        self.name = name
        self.prepare(material)

    def graphql(self, connection, path, query, token=None):
        headers = {"Content-Type": "application/json", **({"Connector-Token": token} if token else {})}
        answer = call(connection, "POST", path, json.dumps({"query": query, "variables": None}), headers)
        if "errors" in answer:
            raise Unmeasured(f"{path}: {answer['errors'][0]['message']}")
        return answer["data"]["result"]

    def close(self):
        self.internal.close()
        self.connector.close()


class Rest(Session):
    """Kyma's three requests: token, info, certificate."""

    def prepare(self, material):
        self.body = sign_body(material.request(self.name, "rsa:2048")[1])

    def pair(self):
        token = call(self.internal, "POST", "/v1/applications/tokens", headers={"Application": self.name})["token"]
        info = call(self.connector, "GET", "/v1/applications/signingRequests/info?token=" + token)
        url = info["csrUrl"]
        call(self.connector, "POST", url[url.index("/v1"):], self.body, {"Content-Type": "application/json"})


class Graphql(Session):
    """Compass's three, for system auths in turn: the subject of each stays, so that its request can be signed again."""

    def prepare(self, material):
        director = "/director/graphql"
        app = self.graphql(self.internal, director, f'mutation {{ result: registerApplication(in: {{name: "{self.name}"}}) {{ id }} }}')["id"]
        for _ in range(AUTHS):
            self.graphql(self.internal, director, f'mutation {{ result: requestOneTimeTokenForApplication(id: "{app}") {{ token }} }}')
        auths = self.graphql(self.internal, director, f'{{ result: application(id: "{app}") {{ auths {{ id }} }} }}')["auths"]
        key, _ = material.request("pairing", "rsa:2048")
        self.turns = itertools.cycle([(
            f'mutation {{ result: requestOneTimeTokenForApplication(id: "{app}", systemAuthID: "{auth["id"]}") {{ token connectorURL }} }}',
            f'mutation {{ result: signCertificateSigningRequest(csr: "{encoded_request(key, auth["id"])}") '
            "{ certificateChain caCertificate clientCertificate } }") for auth in auths])

    def pair(self):
        ask, sign = next(self.turns)
        token = self.graphql(self.internal, "/director/graphql", ask)["token"]
        configuration = self.graphql(self.connector, "/connector/graphql", CONFIGURATION, token)
        self.graphql(self.connector, "/connector/graphql", sign, configuration["token"]["token"])


def encoded_request(key, name):
    return base64.b64encode(openssl("req", "-new", "-key", key, "-subj", SUBJECT + name).encode()).decode()


CONFIGURATION = ("query { result: configuration() { token { token } certificateSigningRequestInfo { subject keyAlgorithm } "
                 "managementPlaneInfo { directorURL certificateSecuredConnectorURL } } }")
SYSTEMS = 8
AUTHS = 30  # of each system


def pair_for(sessions, seconds):
    """What the load generator reports, for whole pairings; one thread for each session."""
    times, failures = [], []

    def run(session):
        while time.monotonic() < end and not failures:
            began = time.monotonic()
            try:
                session.pair()
            except (Unmeasured, OSError, http.client.HTTPException) as e:
                failures.append(e)
                return
            times.append((time.monotonic() - began) * 1e6)

    began = time.monotonic()
    end = began + seconds
    threads = [threading.Thread(target=run, args=(s,)) for s in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or not times:
        raise Unmeasured(f"pairing failed: {failures[0] if failures else 'not once'}")
    times.sort()
    return {"operations": len(times), "errors": 0, "seconds": time.monotonic() - began, "p50_us": times[len(times) // 2],
            "p99_us": times[len(times) * 99 // 100]}


def pairing(bench):
    server = Fairlead(bench.binary, bench.directory("graphql-pairing"), 1, **bench.material.settings())
    with server:
        ways = {}
        for title, make in (("GraphQL", Graphql), ("REST", Rest)):
            ways[title] = [make(server, bench.material, f"{title.lower()}-{i}") for i in range(SYSTEMS)]
            pair_for(ways[title], 0.5)
        samples = interleaved({title: lambda s=sessions: measured(server, lambda: pair_for(s, bench.seconds)) for title, sessions in ways.items()},
                              bench.rounds, bench.progress)
        for sessions in ways.values():
            for session in sessions:
                session.close()
    return [Row(f"A whole pairing, durable: token, configuration, certificate; {SYSTEMS} systems", [Figure.with_load(n, s) for n, s in samples.items()],
                [at_most("CPU of GraphQL / of REST", ratios(samples["GraphQL"], samples["REST"]), 1.3)],
                ["RSA-2048 requests, P-256 CA; each system has the same requests signed again and again. The rate is the clients', which are Python."])]


# ---- a page ----

PAGE = ('{ result: applications(filter: [{key: "region", query: "\\"eu\\""}], first: 100) '
        "{ data { id name labels status { condition timestamp } } pageInfo { startCursor endCursor hasNextPage } totalCount } }")


def fill(server, count):
    """Copies of one application, through the tables of the Director and of Kyma's faces. The server is down."""
    db = sqlite3.connect(database_of(server))
    db.create_function("new_uuid", 0, lambda: uuid.uuid4().bytes)
    for pragma in ("synchronous=OFF", "temp_store=MEMORY"):
        db.execute("PRAGMA " + pragma)
    labels = """iif(i % 3 = 0, '{"managed":"false","name":"mp-filled-' || i || '","region":"eu"}', '{"managed":"false","name":"mp-filled-' || i || '"}')"""
    for table, given in (("object", {"object_id": "new_uuid()", "name": "'mp-filled-' || i"}),
                         ("application", {"name": "'mp-filled-' || i", "labels": labels})):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
        given = {c: given.get(c, "t." + c) for c in columns}
        db.execute(f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) INSERT INTO {table} ({', '.join(columns)}) "
                   f"SELECT {', '.join(given.values())} FROM n, (SELECT * FROM {table} WHERE name = 'mp-first') t", {"count": count})
    db.execute("INSERT INTO label (tenant_id, kind, key, item, object_id) SELECT l.tenant_id, l.kind, l.key, l.item, o.object_id FROM object o, label l "
               "WHERE l.object_id = (SELECT object_id FROM object WHERE name = 'mp-first') AND l.key <> 'name' AND o.name LIKE 'mp-filled-%' "
               "AND (l.key <> 'region' OR CAST(substr(o.name, 11) AS INTEGER) % 3 = 0)")
    db.execute("UPDATE counter SET value = (SELECT count(*) FROM application) WHERE name = 'applications'")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def page(bench):
    count = 100_000 if bench.records >= 100_000 else 10_000
    server = Fairlead(bench.binary, bench.directory("graphql-page"), 1, **bench.material.settings())
    with server:
        connection = http.client.HTTPConnection("localhost", server.ports["internal"])
        headers = {"Content-Type": "application/json"}
        first = {"query": 'mutation { registerApplication(in: {name: "first", labels: {region: "eu"}}) { id } }'}
        call(connection, "POST", "/director/graphql", json.dumps(first), headers)
        connection.close()
        server.stop()
        bench.progress(f"writing {count:,} applications")
        fill(server, count)
        server.start()
        answer = call(connection, "POST", "/director/graphql", json.dumps({"query": PAGE}), headers)
        found = answer.get("data", {}).get("result", {})
        if len(found.get("data", [])) != 100 or not count // 3 < found["totalCount"] <= count // 3 + 2:
            raise Unmeasured(f"the page is not what was asked for: {str(answer)[:200]}")
        load = bench.load(port=server.ports["internal"], plain=True, mode="keepalive", threads=1, path="/director/graphql", body=json.dumps({"query": PAGE}))
        load.run(seconds=0.5)
        samples = [measured(server, lambda: load.run(seconds=bench.seconds)) for _ in range(bench.rounds)]
    figure = Figure.with_load(f"100 of {count:,}", samples)
    return [Row(f"A page of 100 of {count:,} applications by GraphQL, with a label filter that a third of them match", [figure],
                [at_most("median, ms", figure.data["p50_us"] / 1000, 10)])]
