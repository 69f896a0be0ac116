# SPDX-License-Identifier: Apache-2.0
"""Runs every stage of scripts/test, one after the other, and adds up what passed and failed.

Each stage is a function that returns (passed, failed). A stage that cannot run counts as one failure: there is no way to
be green by not having run.
"""

import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

import scenarios

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = "/usr/bin/python3"
ASAN_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def run(command, **more):
    print("+ " + " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, **more)


def build(directory, options, environment=None, targets=()):
    env = dict(os.environ, **(environment or {}))
    path = os.path.join(ROOT, directory)
    if not os.path.exists(os.path.join(path, "build.ninja")):
        done = run(["meson", "setup", directory, *options], env=env, stdout=subprocess.DEVNULL)
        if done.returncode:
            return False
    started = time.monotonic()
    done = run(["ninja", "-C", directory, "--quiet", *targets], env=env)
    print(f"  built {directory} in {time.monotonic() - started:.0f} s", flush=True)
    return done.returncode == 0


def cmocka_counts(output, returncode):
    """cmocka says how many cases passed and failed; a program that says nothing counts as one."""
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", output))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] .*?(\d+) test", output))
    if returncode and not failed:
        failed = 1
    return passed or (0 if failed else 1), failed


def meson_tests(directory):
    log = os.path.join(ROOT, directory, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    # The time-outs of the meson.build files are for an idle machine; here they only end what hangs.
    run(["meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs", "--quiet", "--timeout-multiplier", "5"],
        env=dict(os.environ, **ASAN_ENVIRONMENT))
    if not os.path.exists(log):
        return 0, 1
    passed = failed = 0
    with open(log, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            output = (test.get("stdout") or "") + (test.get("stderr") or "")
            p, f = cmocka_counts(output, 0 if test["result"] in ("OK", "SKIP") else 1)
            passed, failed = passed + p, failed + f
            if f:
                print(f"  FAILED {test['name']}", flush=True)
    return passed, failed


def build_sanitized():
    return build("build-asan", ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized"])


def stage_unit():
    return meson_tests("build-asan") if build_sanitized() else (0, 1)


def stage_clang():
    """The other compiler, the same warnings as errors. Its build of the tests runs too, without sanitizers."""
    return meson_tests("build-clang") if build("build-clang", ["-Dbuildtype=release"], {"CC": "clang"}) else (0, 1)


def stage_lint(fast):
    done = run(["scripts/lint", *(["--fast"] if fast else [])])
    return (0, 1) if done.returncode else (1, 0)


def pytest(directory, environment, select=()):
    report = os.path.join(ROOT, "build-asan", "pytest.xml")
    os.makedirs(os.path.dirname(report), exist_ok=True)
    if os.path.exists(report):
        os.remove(report)
    run([PYTHON, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", directory, *select],
        env=dict(os.environ, **environment))
    if not os.path.exists(report):
        return 0, 1
    suite = xml.parse(report).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    return total - failed - skipped, failed or (1 if total == 0 else 0)


def stage_scenario():
    """Every scenario against the sanitized binary, in one process and with two fronts."""
    if not build_sanitized():
        return 0, 1
    return scenarios.run(os.path.join(ROOT, "tests", "scenario"), os.path.join(ROOT, "build-asan", "fairlead"), ASAN_ENVIRONMENT)


def stage_release():
    """What sanitizers switch off: the sandbox, timing, and memory; with the binary that users get."""
    if run(["scripts/bootstrap"]).returncode:
        return 0, 1
    environment = {"FAIRLEAD_BINARY": os.path.join(ROOT, "build", "fairlead"), "FAIRLEAD_TEST_FRONTS": "2"}
    return pytest("tests/scenario", environment, ["-m", "release"])


def main(arguments):
    fast = "--fast" in arguments
    wanted = [a for a in arguments if not a.startswith("--")]
    stages = {
        "unit": stage_unit,
        "lint": lambda: stage_lint(fast),
        "clang": stage_clang,
        "scenario": stage_scenario,
        "release": stage_release,
    }
    unknown = [w for w in wanted if w not in stages]
    if unknown:
        print(f"test: unknown stage {unknown[0]!r}; there are: {' '.join(stages)}", file=sys.stderr)
        return 2
    chosen = wanted or (["unit", "lint"] if fast else list(stages))
    results = []
    for name in chosen:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        passed, failed = stages[name]()
        results.append((name, passed, failed, time.monotonic() - started))
    print()
    for name, passed, failed, seconds in results:
        print(f"{name:<10}{passed:>7} passed{failed:>5} failed{seconds:>8.0f} s")
    passed, failed = sum(r[1] for r in results), sum(r[2] for r in results)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
