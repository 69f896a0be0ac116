# SPDX-License-Identifier: Apache-2.0
"""Rows about the gateway: one call through it with credentials added, beside nginx and HAProxy that do the same (proxies.py)."""

import random
import time

from measure import Unmeasured, interleaved, measured, pss_of, ratios, summary
from proxies import PREFIX, TOKEN_SECONDS, Gateway, Proxies, Target, load_on
from rows_tls import against_best
from table import Figure, Row, at_most

MANY = 100_000
PARALLEL = 1000
WARM_SECONDS = 0.5
CACHED = "outbound.targets 200,000"


def run_contenders(bench, p, path, way="plain", **options):
    contenders = {}
    for server in p.servers:
        load = p.load(server, path, way, **options)
        load.run(seconds=WARM_SECONDS)
        contenders[server.name] = lambda s=server, l=load: measured(s, lambda: l.run(seconds=bench.seconds))
    return interleaved(contenders, bench.rounds, bench.progress)


def proxy(bench):
    rows = []
    with Proxies(bench, bench.directory("proxy")) as p:
        for title, path, target in (("100 B", "/x", 0.9), ("64 KiB", "/large/64k", 1.0), ("1 MiB", "/large/1m", 1.0)):
            samples = run_contenders(bench, p, path)
            rows.append(against_best(f"Keep-alive call with credentials added, plain HTTP/1.1, answer of {title}", samples, target, p.names))
        for title, path in (("64 KiB", "/large/64k"), ("1 MiB", "/large/1m")):
            samples = run_contenders(bench, p, path, "secure")
            rows.append(against_best(f"The same, TLS to the target, answer of {title}", samples, 1.0, p.names))
        rows.append(expired_token(bench, p))
    return rows


def mutual(bench):
    """Workloads with certificates: kept-alive connections, then a new one for each call."""
    rows = []
    with Proxies(bench, bench.directory("proxy-mutual"), mutual=True) as p:
        for title, h2 in (("HTTP/1.1", False), ("HTTP/2", True)):
            samples = run_contenders(bench, p, "/x", "mutual", h2=h2)
            row = against_best(f"Keep-alive call with credentials added, mTLS, {title} in, answer of 100 B", samples, 0.85, p.names)
            ours, *peers = p.names
            best = min(peers, key=lambda n: summary(samples[n])["cpu_us"])
            row.verdicts.append(at_most(f"user CPU of {ours} / {best}", ratios(samples[ours], samples[best], "user_us"), 0.6))
            rows.append(row)
        samples = run_contenders(bench, p, "/x", "mutual", mode="handshake", threads=4)
        rows.append(against_best("A new mTLS connection for each call, through to the target", samples, 1.0, p.names))
    return rows


def latency(bench):
    """Open loop: calls are due at a fixed rate, the same for all, and late ones count from when they were due."""
    rows = []
    for way, title in (("plain", "plain HTTP/1.1"), ("mutual", "mTLS HTTP/1.1")):
        with Proxies(bench, bench.directory(f"proxy-latency-{way}"), mutual=way == "mutual") as p:
            saturation = {s.name: max(p.load(s, "/x", way, threads=32).run(seconds=1.0)["operations"] for _ in range(2)) for s in p.servers}
            ours, *peers = p.names
            rate = int(0.7 * max(saturation[n] for n in peers))
            samples = run_contenders(bench, p, "/x", way, threads=32, rate=rate)
        best = min(peers, key=lambda n: summary(samples[n])["p99_us"])
        rows.append(Row(f"p99 at 70 % of the better peer's saturation, {title}, {rate:,} calls per second", [Figure.with_load(n, samples[n]) for n in p.names],
                        [at_most(f"p99 of {ours} / {best}", ratios(samples[ours], samples[best], "p99_us"), 1.0)],
                        ["Saturation, per s: " + ", ".join(f"{n} {r:,}" for n, r in saturation.items())]))
    return rows


def expired_token(bench, p):
    """Single flight: however many calls find the token expired, one is asked for."""
    fetched = []
    for _ in range(min(3, bench.rounds)):
        p.load(p.ours, "", service="bearer", threads=1).run(seconds=0.05)
        time.sleep(TOKEN_SECONDS + 0.3)
        before = p.target.tokens_fetched()
        report = p.load(p.ours, "", service="bearer", mode="burst", connections=PARALLEL).run()
        if report["operations"] != PARALLEL:
            raise Unmeasured(f"{report['operations']} of {PARALLEL} calls were answered")
        fetched.append(p.target.tokens_fetched() - before)
    return Row(f"{PARALLEL:,} parallel calls on an expired OAuth token", [Figure.plain("token requests", fetched, "requests")],
               [at_most("token requests", max(fetched), 1)])


class Many:
    """Ours with very many services, and loads that call one of them, or all in random order."""

    def __init__(self, bench, directory):
        self.bench, self.directory = bench, directory
        self.count = MANY if bench.records >= MANY else MANY // 10
        self.target = Target(directory / "target", bench.material)
        try:
            self.ours = Gateway(bench, directory / "fairlead", self.target, outbound__targets=2 * MANY)
            self.ours.register_all()
            bench.progress(f"registering {self.count:,} services")
            began = time.monotonic()
            self.ours.register_many(bench, self.count, directory)
            self.seconds = time.monotonic() - began
        except BaseException:
            self.__exit__()
            raise
        paths = [f"{PREFIX['plain']}{i:08}/x\n" for i in range(self.count)]
        self.in_order, self.shuffled = directory / "in-order", directory / "shuffled"
        self.in_order.write_text("".join(paths))
        random.Random(4).shuffle(paths)
        self.shuffled.write_text("".join(paths))

    def one_and_all(self, way, name):
        one = load_on(self.bench, self.ours, way, path=PREFIX["plain"] + "/x")
        every = load_on(self.bench, self.ours, way, targets=self.shuffled, again=True)
        one.run(seconds=WARM_SECONDS)
        before = pss_of(self.ours.pids())
        load_on(self.bench, self.ours, way, targets=self.in_order).run(seconds=600)
        every.run(seconds=WARM_SECONDS)
        grown = pss_of(self.ours.pids()) - before
        loads = {f"one service, {name}": one, f"{self.count:,} in random order": every}
        samples = interleaved({n: lambda l=l: measured(self.ours, lambda: l.run(seconds=self.bench.seconds)) for n, l in loads.items()},
                              self.bench.rounds, self.bench.progress)
        return samples, grown

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if hasattr(self, "ours"):
            self.ours.stop()
        self.target.stop()


def one_against_all(question, samples, grown, count, notes=()):
    one, every = samples.values()
    return Row(question, [Figure.with_load(n, s) for n, s in samples.items()], [at_most("CPU / CPU of one", ratios(every, one), 1.1)],
               [f"{grown / 1e6:.1f} MB more in all processes for {count:,} remembered targets.", *notes])


def many(bench):
    """Does it matter how many services are called? Every front remembers outbound.targets of them; behind that each call asks the core."""
    rows = []
    with Many(bench, bench.directory("proxy-many")) as m:
        samples, grown = m.one_and_all("plain", CACHED)
        rows.append(one_against_all(f"Keep-alive call, one service and {m.count:,}, plain", samples, grown, m.count,
                                    [f"{m.count:,} services with credentials were registered in {m.seconds:.0f} s."]))
        few = m.count // 10
        m.ours.again(outbound__targets=few)
        samples, _ = m.one_and_all("plain", f"outbound.targets {few:,}")
        rows.append(Row("The same with ten times as many services as a front remembers", [Figure.with_load(n, s) for n, s in samples.items()], [],
                        ["Nine of ten calls ask the core how to call their service."]))
        m.ours.again(**m.ours.mutual_settings(), outbound__targets=2 * MANY)
        samples, grown = m.one_and_all("mutual", CACHED)
        rows.append(one_against_all(f"Keep-alive call, one service and {m.count:,}, mTLS in", samples, grown, m.count))
    return rows
