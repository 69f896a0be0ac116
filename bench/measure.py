# SPDX-License-Identifier: Apache-2.0
"""CPU, memory and load: what every figure is made of."""

import json
import os
import statistics
import subprocess
import time

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Unmeasured(Exception):
    """A figure could not be taken: errors under load, a server that died."""


def tree(pid):
    """The process and all below it, parents first."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                children.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
        except OSError:
            continue
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def cpu_of(pids):
    """(all, user, kernel) nanoseconds so far. `all` is the scheduler's own count of every thread; the split comes in ticks of 10 ms."""
    total = user = kernel = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError as e:
            raise Unmeasured(f"process {pid} is gone") from e
        user += int(fields[11]) * TICK_NS
        kernel += int(fields[12]) * TICK_NS
    return total, user, kernel


def pss_of(pids):
    """Proportional set size in bytes: memory shared by the processes of a server counts once."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += next(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
    return total


class Pinning:
    """Servers that are compared share one CPU and the load generator has another: who is on which is otherwise the scheduler's dice."""

    servers = load = None

    @classmethod
    def set(cls, wanted):
        cpus = sorted(os.sched_getaffinity(0)) if wanted else []
        cls.servers, cls.load = (cpus[0], cpus[-1]) if len(cpus) > 1 else (None, None)

    @staticmethod
    def on(cpu, arguments):
        return arguments if cpu is None else ["taskset", "-c", str(cpu), *arguments]


class Load:
    """The load generator, with the options that stay the same from call to call."""

    def __init__(self, binary, **options):
        self.binary = binary
        self.options = options

    def arguments(self, more):
        out = Pinning.on(Pinning.load, [str(self.binary)])
        for name, value in {**self.options, **more}.items():
            if value is True:
                out.append(f"--{name}")
            elif value is not None and value is not False:
                out += [f"--{name}", str(value)]
        return out

    def run(self, **more):
        done = subprocess.run(self.arguments(more), capture_output=True, text=True, check=False)
        if done.returncode != 0 or not done.stdout:
            raise Unmeasured(f"the load generator failed: {done.stderr.strip() or done.returncode}")
        report = json.loads(done.stdout)
        if report["errors"] or not report["operations"]:
            raise Unmeasured(f"{report['errors']} of {report['operations'] + report['errors']} operations failed: {' '.join(done.args)[:300]}")
        return report

    def hold(self, **more):
        """Idle connections, open until release() of what is returned."""
        return Held(self.arguments({**more, "mode": "idle"}), int(more["connections"]))


class Held:
    def __init__(self, arguments, wanted):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        ready = json.loads(line)["ready"] if line else 0
        if ready != wanted:
            self.release()
            raise Unmeasured(f"{ready} of {wanted} connections came up")

    def release(self):
        self.process.stdin.close()
        self.process.wait()


def measured(server, work):
    """CPU per operation of all processes of `server` while `work()` loads it; work returns the load generator's report."""
    pids = server.pids()
    before = cpu_of(pids)
    report = work()
    after = cpu_of(pids)
    if server.pids() != pids:
        raise Unmeasured(f"{server.name} lost or gained a process under load")
    n = report["operations"]
    total, user, kernel = ((b - a) / n / 1000 for a, b in zip(before, after))
    scale = total / (user + kernel) if user + kernel else 0
    return {"cpu_us": total, "user_us": user * scale, "kernel_us": kernel * scale, "rate": n / report["seconds"],
            "p50_us": report["p50_us"], "p99_us": report["p99_us"], "operations": n}


def summary(samples):
    """Median and range of CPU; medians of the rest."""
    out = {key: statistics.median(s[key] for s in samples) for key in samples[0]}
    out["low"] = min(s["cpu_us"] for s in samples)
    out["high"] = max(s["cpu_us"] for s in samples)
    return out


def interleaved(contenders, rounds, progress):
    """{name: callable -> sample} measured in turn, in another order each round, so that a busy minute hits all of them."""
    names = list(contenders)
    samples = {name: [] for name in names}
    for r in range(rounds):
        for name in names[r % len(names):] + names[:r % len(names)]:
            progress(f"round {r + 1} of {rounds}: {name}")
            samples[name].append(contenders[name]())
            time.sleep(0.2)
    return samples


def ratios(ours, theirs, key="cpu_us"):
    """Median of the rounds' own ratios: what a busy machine does to both halves of a round cancels out."""
    return statistics.median(a[key] / b[key] for a, b in zip(ours, theirs))
