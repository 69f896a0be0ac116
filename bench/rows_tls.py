# SPDX-License-Identifier: Apache-2.0
"""Rows about connections: requests on kept-alive ones, handshakes, two fronts, memory."""

import contextlib
import time

from material import Client
from measure import interleaved, measured, pss_of, ratios, summary
from servers import Fairlead, haproxy, nginx
from table import Figure, Row, at_most

INFO = "/v1/applications/management/info"
CONNECTIONS = 2000


class Gateways:
    """Ours and the peers, up, with a client certificate and an answer that all of them give."""

    def __init__(self, bench, directory, fronts=1, peers=True):
        material = bench.material
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.ours = stack.enter_context(Fairlead(bench.binary, directory / "fairlead", fronts, **material.settings()))
            self.ours.port = self.ours.ports["gateway"]
            self.client = Client(self.ours, material)
            self.servers = [self.ours]
            if peers:
                body = self.client.management_info(self.ours)
                self.servers.append(stack.enter_context(nginx(directory / "nginx", material, body)))
                self.servers.append(stack.enter_context(haproxy(directory / "haproxy", material, body)))
            self.stack = stack.pop_all()

    def load(self, bench, server, certificate):
        return bench.load(port=server.port, ca=bench.material.ca, cert=certificate, key=self.client.key, path=INFO)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def run_contenders(bench, gateways, servers, certificate, **options):
    contenders = {}
    for server in servers:
        load = gateways.load(bench, server, certificate)
        load.run(seconds=0.5, **options)  # warm: caches, connections to what is behind
        contenders[server.name] = lambda s=server, l=load: measured(s, lambda: l.run(seconds=bench.seconds, **options))
    return interleaved(contenders, bench.rounds, bench.progress)


def against_best(question, samples, target, names):
    """A row: ours against the peer with the lowest median."""
    ours, *peers = names
    figures = [Figure.with_load(name, samples[name]) for name in names]
    best = min(peers, key=lambda p: summary(samples[p])["cpu_us"])
    return Row(question, figures, [at_most(f"{ours} / {best}", ratios(samples[ours], samples[best]), target)])


def keepalive(bench):
    """Management info through front and core, 16 kept-alive mTLS connections; nginx asks a second nginx over a Unix socket."""
    rows = []
    with Gateways(bench, bench.directory("keepalive")) as g:
        for title, h2 in (("HTTP/1.1", False), ("HTTP/2", True)):
            samples = run_contenders(bench, g, g.servers, g.client.leaf, mode="keepalive", threads=16, h2=h2)
            ours, peer, *_ = names = [s.name for s in g.servers]
            verdict = at_most(f"{ours} / {peer}", ratios(samples[ours], samples[peer]), 1.0)
            figures = [Figure.with_load(n, samples[n]) for n in names]
            rows.append(Row(f"Keep-alive API request over mTLS, {title}", figures, [verdict]))
    return rows


def handshake(bench):
    rows = []
    with Gateways(bench, bench.directory("handshake")) as g:
        for title, certificate in (("leaf only sent", g.client.leaf), ("leaf and CA sent", g.client.chain)):
            samples = run_contenders(bench, g, g.servers, certificate, mode="handshake", threads=4)
            rows.append(against_best(f"mTLS handshake and one request, {title}", samples, 1.0, [s.name for s in g.servers]))
    return rows


def two_fronts(bench):
    options = {"mode": "handshake", "threads": 8}
    with Gateways(bench, bench.directory("one-front"), 1, peers=False) as one, \
            Gateways(bench, bench.directory("two-fronts"), 2, peers=False) as two:
        contenders = {}
        for g in (one, two):
            load = g.load(bench, g.ours, g.client.leaf)
            load.run(seconds=0.5, **options)
            contenders[g.ours.name] = lambda g=g, l=load: measured(g.ours, lambda: l.run(seconds=bench.seconds, **options))
        samples = interleaved(contenders, bench.rounds, bench.progress)
        names = [one.ours.name, two.ours.name]
        verdict = at_most("two fronts / one", ratios(samples[names[1]], samples[names[0]]), 1.1)
        figures = [Figure.with_load(n, samples[n]) for n in names]
        return [Row("CPU per handshake, two fronts busy against one", figures, [verdict])]


def memory(bench):
    """Fresh servers: memory with 2,000 idle connections that made one request each, and after they have gone."""
    idle, kept = {}, {}
    rounds = max(1, bench.rounds // 2)
    for r in range(rounds):
        with Gateways(bench, bench.directory(f"memory-{r}")) as g:
            for server in g.servers:
                bench.progress(f"memory, round {r + 1} of {rounds}: {server.name}")
                load = g.load(bench, server, g.client.leaf)
                load.run(mode="keepalive", threads=2, seconds=0.3)
                time.sleep(1)
                start = pss_of(server.pids())
                held = load.hold(connections=CONNECTIONS)
                time.sleep(2)
                full = pss_of(server.pids())
                held.release()
                time.sleep(bench.settle)
                idle.setdefault(server.name, []).append((full - start) / CONNECTIONS / 1024)
                kept.setdefault(server.name, []).append((pss_of(server.pids()) - start) / 1e6)
    ours, peer = [s.name for s in g.servers][:2]
    by = {name: Figure.plain(name, values, "KB each") for name, values in idle.items()}
    after = {name: Figure.plain(name, values, "MB kept") for name, values in kept.items()}
    return [
        Row(f"Memory per idle mTLS connection ({CONNECTIONS:,} of them, PSS of all processes)", list(by.values()),
            [at_most(f"{ours} - {peer}, KB", by[ours].value - by[peer].value, 1.0)]),
        Row(f"Memory kept after {CONNECTIONS:,} connections have gone", list(after.values()),
            [at_most("MB over the start", after[ours].value, 10.0)]),
    ]
