#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much do we cost, beside the peers? Rows of CPU time per operation, memory and latency; see docs/performance.md for how to read them.

Everything runs on loopback addresses in a temporary directory. A figure that misses its target is reported, not failed: the exit status is 1
only when something could not be measured."""

import argparse
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rows_certificates
import rows_graphql
import rows_proxy
import rows_registry
import rows_scale
import rows_tls
from material import Material
from measure import Load, Pinning, Unmeasured
from servers import OPEN_FILES

ROWS = {
    "certificate": rows_certificates.p256,
    "certificate-rsa": rows_certificates.rsa2048,
    "handshake": rows_tls.handshake,
    "memory": rows_tls.memory,
    "fronts": rows_tls.two_fronts,
    "million": rows_scale.million,
    "registry": rows_registry.registry,
    "graphql": rows_graphql.engine,
    "graphql-pairing": rows_graphql.pairing,
    "graphql-page": rows_graphql.page,
    "keepalive": rows_tls.keepalive,
    "proxy": rows_proxy.proxy,
    "proxy-mutual": rows_proxy.mutual,
    "proxy-many": rows_proxy.many,
    "proxy-latency": rows_proxy.latency,
}
COMPARED = ("handshake", "memory", "keepalive", "proxy", "proxy-mutual", "proxy-latency")  # with nginx and HAProxy


class Bench:
    def __init__(self, options, root):
        self.binary = Path(options.build).resolve() / "fairlead"
        self.loader = Path(options.build).resolve() / "bench" / "bench_load"
        self.rounds = options.rounds or (2 if options.quick else 5)
        self.seconds = options.seconds or (1.0 if options.quick else 2.0)
        self.settle = 3 if options.quick else 6
        self.records = options.records or (50_000 if options.quick else 1_000_000)
        self.root = root
        self.material = Material(root / "material", "ec:P-256")

    def directory(self, name):
        path = self.root / name
        path.mkdir()
        return path

    def load(self, **options):
        return Load(self.loader, **options)

    @staticmethod
    def progress(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def version(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "absent"
    return ((done.stdout + done.stderr).strip().splitlines() or ["?"])[0]


def environment(bench):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    cores = len([p for p in Path("/sys/devices/system/cpu").glob("cpu[0-9]*")])
    cfssl = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "golang-cfssl"], capture_output=True, text=True, check=False).stdout
    return {"date": time.strftime("%Y-%m-%d"), "machine": f"{cores} cores, {model}", "kernel": platform.release(),
            "fairlead": version(bench.binary, "--version"), "openssl": version("openssl", "version"), "nginx": version("nginx", "-v"),
            "haproxy": version("haproxy", "-v"), "cfssl": "golang-cfssl " + (cfssl or "absent"),
            "method": f"{bench.rounds} interleaved rounds of {bench.seconds:g} s; CPU of all processes from /proc/PID/task/*/schedstat; "
                      "beside nginx and HAProxy servers on one core, load on another"}


def chosen(names):
    """`proxy` stands for all rows about the gateway."""
    return [row for row in ROWS if not names or row in names or ("proxy" in names and row.startswith("proxy-"))]


def run(options, root):
    bench = Bench(options, root)
    facts = environment(bench)
    print("\n".join(f"{k:<10} {v}" for k, v in facts.items()) + "\n")
    results, failed = [], False
    for name in chosen(options.rows):
        Pinning.set(name in COMPARED)
        try:
            rows = ROWS[name](bench)
        except Unmeasured as e:
            bench.progress("")
            print(f"{name}: could not be measured: {e}\n", flush=True)
            results.append({"question": name, "unmeasured": str(e)})
            failed = True
            continue
        bench.progress("")
        for row in rows:
            print(row.text() + "\n", flush=True)
            results.append({"row": name, **row.json()})
    if options.json:
        Path(options.json).write_text(json.dumps({"environment": facts, "rows": results}, indent=1) + "\n")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures fairlead beside its peers. A missed target is not an error.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which rows, all by default: {' '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="short rounds and a smaller store, for development; no figures to quote")
    parser.add_argument("--rounds", type=int, help="rounds (5; 2 with --quick)")
    parser.add_argument("--seconds", type=float, help="seconds of load per round and contender (2; 1 with --quick)")
    parser.add_argument("--records", type=int, help="certificates on record in row `million`, services in row `registry` (1,000,000); below 100,000 rows `proxy-many` and `graphql-page` have 10,000")
    parser.add_argument("--json", metavar="FILE", help="write the results there, too")
    parser.add_argument("--build", default="build", metavar="DIR", help="build directory, release (build)")
    parser.add_argument("--keep", action="store_true", help="keep the temporary directory")
    options = parser.parse_args()
    unknown = [r for r in options.rows if r not in ROWS]
    if unknown:
        parser.error(f"unknown row '{unknown[0]}'")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(OPEN_FILES, hard)), hard))
    root = Path(tempfile.mkdtemp(prefix="fairlead-bench-"))
    try:
        return run(options, root)
    finally:
        if options.keep:
            print(f"kept: {root}", file=sys.stderr)
        else:
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
