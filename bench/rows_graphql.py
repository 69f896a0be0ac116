# SPDX-License-Identifier: Apache-2.0
"""Row about the GraphQL engine alone: requests of Compass's clients, answered from constants on one thread (graphql_bench.c)."""

import subprocess

from measure import Unmeasured
from table import Figure, Row, at_least


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
    return Row("GraphQL: parse, validate, execute, no I/O, one thread", figures,
               [at_least("configuration, thousands per s", 1000 / figures[0].value, 200)],
               [f"From the JSON of the request to that of the answer; bytes of the answers: {', '.join(sizes)}."])
