# SPDX-License-Identifier: Apache-2.0
"""Rows about issuing: a durable certificate from a token and from a renewal, beside cfssl and beside the bare signature."""

import json
import re
import subprocess

from material import Client, Material, sign_body
from measure import Unmeasured, interleaved, measured, ratios, summary
from servers import Cfssl, Fairlead
from table import Figure, Row, at_least, at_most

CLIENTS = 16
TOKENS_PER_SECOND = 6000  # more than two cores can use up


class Issuing:
    """One of our servers, with what it takes to have it issue certificates."""

    def __init__(self, bench, directory, material):
        self.bench = bench
        self.server = Fairlead(bench.binary, directory / "fairlead", 1, **material.settings())
        _, csr = material.request("bench", "rsa:2048")
        self.client = Client(self.server, material, key_algorithm="ec:P-256")
        self.body = sign_body(csr)
        self.csr = csr
        self.targets = directory / "targets"
        ports = self.server.ports
        posts = {"expect": 201, "mode": "keepalive"}
        self.by_token = bench.load(port=ports["connector"], ca=material.ca, body=self.body, targets=self.targets, **posts)
        self.by_renewal = bench.load(port=ports["gateway"], ca=material.ca, cert=self.client.leaf, key=self.client.key, body=self.body,
                                     path="/v1/applications/certificates/renewals", **posts)
        self.tokens = bench.load(port=ports["internal"], plain=True, body="", header="Application: bench", threads=CLIENTS,
                                 path="/v1/applications/tokens", collect=directory / "tokens", **posts)

    def make_tokens(self, seconds):
        """Tokens for the next round, made through the internal listener, outside of what is measured."""
        wanted = int(TOKENS_PER_SECOND * seconds)
        targets = []
        while len(targets) < wanted:
            self.tokens.run(seconds=1)
            with open(self.tokens.options["collect"], encoding="ascii") as f:
                targets += ["/v1/applications/certificates?token=" + line.strip() for line in f]
        self.targets.write_text("\n".join(targets) + "\n")

    def token_round(self, threads):
        self.make_tokens(self.bench.seconds if threads > 1 else self.bench.seconds / 2)
        return measured(self.server, lambda: self.by_token.run(threads=threads, seconds=self.bench.seconds))

    def renewal_round(self):
        return measured(self.server, lambda: self.by_renewal.run(threads=CLIENTS, seconds=self.bench.seconds))


def cfssl_load(bench, server, material, csr, tls):
    body = json.dumps({"certificate_request": csr})
    return bench.load(port=server.port, plain=not tls, ca=material.ca, body=body, path="/api/v1/cfssl/sign", mode="keepalive",
                      threads=CLIENTS)


def p256(bench):
    material = bench.material
    directory = bench.directory("certificates-p256")
    issuing = Issuing(bench, directory, material)
    with issuing.server, Cfssl(directory / "cfssl", material.ca, material.ca_key) as plain, \
            Cfssl(directory / "cfssl-tls", material.ca, material.ca_key, tls=material) as over_tls:
        contenders = {"by token": lambda: issuing.token_round(CLIENTS), "by renewal": issuing.renewal_round,
                      "one client": lambda: issuing.token_round(1)}
        for server in (plain, over_tls):
            load = cfssl_load(bench, server, material, issuing.csr, tls=server is over_tls)
            load.run(seconds=0.5)
            contenders[server.name] = lambda s=server, l=load: measured(s, lambda: l.run(seconds=bench.seconds))
        samples = interleaved(contenders, bench.rounds, bench.progress)
    figures = {name: Figure.with_load(name, s) for name, s in samples.items()}
    return [
        Row("Durable certificate, 16 keep-alive clients, RSA-2048 request, P-256 CA", [figures[n] for n in ("by token", "by renewal", plain.name, over_tls.name)],
            [at_most("by token, us", figures["by token"].value, 200),
             at_most("by renewal, us", figures["by renewal"].value, 200),
             at_least(f"{plain.name} / by token", ratios(samples[plain.name], samples["by token"]), 2.5),
             at_least(f"{over_tls.name} / by token", ratios(samples[over_tls.name], samples["by token"]), 2.5)],
            ["Ours over TLS and committed to disk before the answer; plain cfssl without TLS, and it keeps nothing."]),
        Row("The same, one client", [figures["one client"]],
            [at_most("one client, us", figures["one client"].value, 400)]),
    ]


def raw_signature(seconds):
    """CPU of one RSA-2048 signature by `openssl speed`, which counts user time itself."""
    command = ["openssl", "speed", "-seconds", str(max(1, int(seconds))), "rsa2048"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    rate = re.search(r"^rsa 2048 bits +\S+ +\S+ +([0-9.]+)", done.stdout, re.MULTILINE)
    if not rate:
        raise Unmeasured("openssl speed said nothing about rsa2048")
    microseconds = 1e6 / float(rate.group(1))
    return {"cpu_us": microseconds, "user_us": microseconds, "kernel_us": 0, "rate": float(rate.group(1)), "p50_us": 0, "p99_us": 0,
            "operations": 0}


def rsa2048(bench):
    directory = bench.directory("certificates-rsa")
    material = Material(directory / "material", "rsa:2048")
    issuing = Issuing(bench, directory, material)
    with issuing.server, Cfssl(directory / "cfssl", material.ca, material.ca_key) as cfssl:
        load = cfssl_load(bench, cfssl, material, issuing.csr, False)
        load.run(seconds=0.5)
        contenders = {"by token": lambda: issuing.token_round(CLIENTS), "raw signature": lambda: raw_signature(bench.seconds),
                      "cfssl": lambda: measured(cfssl, lambda: load.run(seconds=bench.seconds))}
        samples = interleaved(contenders, bench.rounds, bench.progress)
    over = [a["cpu_us"] - b["cpu_us"] for a, b in zip(samples["by token"], samples["raw signature"])]
    return [Row("Durable certificate, 16 keep-alive clients, RSA-2048 request, RSA-2048 CA",
                [Figure.with_load(n, s) for n, s in samples.items()],
                [at_most("over the raw signature, us", sorted(over)[len(over) // 2], 200)])]
