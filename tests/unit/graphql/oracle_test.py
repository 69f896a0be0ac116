# SPDX-License-Identifier: Apache-2.0
"""The engine and graphql-js (Debian's node-graphql) say the same about every request: refused at the same step, or
executed with the same data and errors at the same paths.

    oracle_test.py TOY_PROGRAM [SEED [COUNT]]
"""

import json
import os
import subprocess
import sys
import tempfile

import generate

HERE = os.path.dirname(os.path.abspath(__file__))

# Requests about which we differ on purpose, and what we say.
DIFFERENT = {
    # gqlgen takes empty parentheses, and all clients of Compass send them (contract, section 5.2).
    "{ __typename @include() }": "validation",
    "query Q() { __typename": "parse",
    # SourceCharacter (October 2021, section 2.1.1): graphql-js 16 follows a later draft.
    '{"query": "{ __typename \\u0007 }"}': "parse",
    # There is no such root type; graphql-js finds out when it executes.
    "subscription { __typename }": "validation",
}


class Process:
    """A line in, a line out."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8", env=dict(os.environ, **(environment or {})))

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args[0]} ended over {json.dumps(request)}")
        return line

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"{self.process.args[0]}: exit status {self.process.returncode}")


def ours(toy, request):
    status, body = toy.ask(request).split(" ", 1)
    answer = json.loads(body)
    errors = answer.get("errors", [])
    if status == "200":
        return {"stage": "executed", "data": answer["data"], "paths": [e.get("path") for e in errors], "message": body}
    assert status == "422", body
    code = errors[0]["extensions"]["code"]
    stage = "parse" if code == "GRAPHQL_PARSE_FAILED" else "variables" if "path" in errors[0] else "validation"
    return {"stage": stage, "message": body}


def difference(toy, js, request, name, stages):
    """None, or what they say. Empty documents and definitions of types are refused, at whichever step."""
    mine = ours(toy, request)
    theirs = json.loads(js.ask(request))
    stages[theirs["stage"]] = stages.get(theirs["stage"], 0) + 1
    if name in DIFFERENT:
        return None if mine["stage"] == DIFFERENT[name] else (mine, theirs)
    if "no operation provided" in mine["message"] and theirs["stage"] == "parse":
        return None
    if mine["stage"] == "parse" and theirs.get("message", "").endswith("definition is not executable."):
        return None
    same = mine["stage"] == theirs["stage"]
    if same and mine["stage"] == "executed":
        same = mine["data"] == theirs["data"] and mine["paths"] == theirs["paths"]
    return None if same else (mine, theirs)


def documents():
    with open(os.path.join(HERE, "documents.txt"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield line, json.loads(line) if line.startswith('{"query"') else {"query": line}


def check_introspection(toy, js):
    """graphql-js can rebuild the schema from its own introspection query, and it is the one it was."""
    with open(os.path.join(HERE, "introspection.graphql"), encoding="utf-8") as query:
        answer = json.loads(toy.ask({"query": query.read()}).split(" ", 1)[1])
    assert "errors" not in answer, answer
    said = json.loads(js.ask({"introspection": answer["data"]}))
    assert said["errors"] == [], said["errors"]
    assert said["sdl"] == said["want"], said


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 4000
    sdl = subprocess.run([program, "--schema"], check=True, capture_output=True, text=True).stdout
    with tempfile.NamedTemporaryFile("w", suffix=".graphql") as schema:
        schema.write(sdl)
        schema.flush()
        toy = Process([program])
        js = Process(["node", os.path.join(HERE, "oracle.js"), schema.name], {"NODE_PATH": "/usr/share/nodejs"})
        check_introspection(toy, js)
        bad, stages = [], {}
        requests = list(documents())
        fixed = len(requests)
        maker = generate.Maker(sdl, seed)
        requests += [(None, maker.request()) for _ in range(count)]
        for name, request in requests:
            said = difference(toy, js, request, name, stages)
            if said:
                bad.append((request, *said))
        toy.close()
        js.close()
    for request, mine, theirs in bad[:20]:
        print(json.dumps(request, ensure_ascii=False), "\n    ours:  ", mine, "\n    theirs:", theirs)
    print(f"{fixed} documents, {count} made with seed {seed}: {len(bad)} differences; {stages}")
    if min(stages.get(stage, 0) for stage in ("parse", "validation", "variables", "executed")) * 100 < count:
        sys.exit("the requests are not varied enough to say much")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
