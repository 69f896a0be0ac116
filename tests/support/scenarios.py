# SPDX-License-Identifier: Apache-2.0
"""Runs the scenarios in several processes at once: they wait for answers and time-outs more than they work.

Each module runs with one process and with two fronts. The modules that take longest have a pytest process of their own, the
others share one, a few of a directory; short ones come last, so that no core idles at the end. What changes this host (its
trust store, the ports that the tutorials name) is one chain, whose steps never run beside each other.
"""

import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

FRONTS = ("0", "2")
TOGETHER = 4  # modules in one pytest process
LIMIT_S = 1500  # for one step; only what hangs takes so long
HOST = ["cli/test_cli.py", "tutorials"]
LONGEST = [
    "http/test_limits.py", "registry/test_properties.py", "gateway/test_gateway_scale.py", "gateway/test_gateway_log.py", "faults/test_kill.py",
    "gateway/test_gateway_life.py", "gateway/test_gateway_credentials.py", "gateway/test_gateway_listener.py", "gateway/test_gateway_forward.py",
    "gateway/test_gateway_faults.py", "operate/test_stop_reload.py", "operate/test_fetcher.py", "operate/test_backup.py", "http/test_identity.py",
    "gateway/test_gateway_smuggling.py", "gateway/test_gateway_h2.py", "connector/test_revocation.py", "operate/test_metrics_audit.py",
    "gateway/test_gateway_matrix.py", "registry/test_metadata.py", "gateway/test_gateway_shares.py", "registry/test_fetch.py",
    "gateway/test_gateway_stop.py", "connector/test_refusals.py",
]


def chains(directory):
    """Lists of steps (paths, fronts) that run one after the other; the chains run beside each other, the first ones first."""
    alone = [*HOST, *LONGEST]
    missing = [name for name in alone if not os.path.exists(os.path.join(directory, name))]
    assert not missing, f"tests/support/scenarios.py names what is not there: {missing}"
    rest = {}
    for path in sorted(glob.glob(os.path.join(directory, "**", "test_*.py"), recursive=True)):
        name = os.path.relpath(path, directory)
        if not any(name == a or name.startswith(a + os.sep) for a in alone):
            rest.setdefault(os.path.dirname(name), []).append(name)
    return [[([name], fronts) for fronts in FRONTS for name in HOST],
            *([(names[i:i + TOGETHER], fronts)] for names in rest.values() for i in range(0, len(names), TOGETHER) for fronts in FRONTS),
            *([([name], fronts)] for name in LONGEST for fronts in FRONTS)]


def counts(report, output):
    """(passed, failed) of a report of pytest; a run without one has failed."""
    if not os.path.exists(report):
        return 0, 1
    suite = xml.parse(report).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    if total == 0 and " deselected" not in output:
        failed = 1
    return total - failed - skipped, failed


class Runner:
    def __init__(self, directory, binary, environment, scratch):
        self.directory, self.scratch = directory, scratch
        self.environment = dict(os.environ, FAIRLEAD_BINARY=binary, **environment)

    def step(self, names, fronts, number):
        report, log = (os.path.join(self.scratch, f"{number}.{kind}") for kind in ("xml", "log"))
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "-m", "not release",
                   *(os.path.join(self.directory, name) for name in names)]
        started, ended = time.monotonic(), "without an end"
        with open(log, "w+", encoding="utf-8", errors="replace") as output:
            try:
                done = subprocess.run(command, env=dict(self.environment, FAIRLEAD_TEST_FRONTS=fronts), stdin=subprocess.DEVNULL,
                                      stdout=output, stderr=output, timeout=LIMIT_S)
                ended = f"with {done.returncode}"
                worked = done.returncode in (0, 5)  # 5: nothing was selected
            except subprocess.TimeoutExpired:
                worked = False
            output.seek(0)
            said = output.read()
        passed, failed = counts(report, said)
        failed = failed or (0 if worked else 1)
        text = f"  fronts {fronts}: {' '.join(names)}: {passed} passed, {failed} failed in {time.monotonic() - started:.0f} s"
        print(text if failed == 0 else f"{text}, ended {ended}\n{said}", flush=True)
        return passed, failed

    def chain(self, first, steps):
        results = [self.step(names, fronts, first + i) for i, (names, fronts) in enumerate(steps)]
        return sum(passed for passed, _ in results), sum(failed for _, failed in results)


def workers():
    """One more than there are cores, and never many: the scenarios look at time as well."""
    return int(os.environ.get("FAIRLEAD_TEST_JOBS") or min(len(os.sched_getaffinity(0)) + 1, 4))


def run(directory, binary, environment):
    """(passed, failed) of all scenarios but those of the release build."""
    with tempfile.TemporaryDirectory(prefix="fairlead-scenarios.") as scratch, concurrent.futures.ThreadPoolExecutor(workers()) as pool:
        runner = Runner(directory, binary, environment, scratch)
        waiting = [pool.submit(runner.chain, 100 * i, steps) for i, steps in enumerate(chains(directory))]
        results = [each.result() for each in waiting]
    return sum(passed for passed, _ in results), sum(failed for _, failed in results)
