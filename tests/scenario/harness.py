# SPDX-License-Identifier: Apache-2.0
"""A real server, a real CLI, real curl and openssl: what the scenarios are written with.

FAIRLEAD_BINARY names the binary (build-asan/fairlead or build/fairlead), FAIRLEAD_TEST_FRONTS the value of server.fronts.
"""

import base64
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FAIRLEAD_BINARY", str(ROOT / "build" / "fairlead"))
FRONTS = os.environ.get("FAIRLEAD_TEST_FRONTS", "1")
SANITIZED = b"__asan_init" in pathlib.Path(BINARY).read_bytes() if os.path.exists(BINARY) else False
READY_SECONDS = 120
PATIENCE = 60  # seconds for what an idle machine does at once: a limit ends what hangs, it judges nobody
JSON_TYPE = "application/json;charset=UTF-8"  # as the original writes it, without a blank
GATEWAY = {"listen.proxy": "127.0.0.1:0", "outbound.allow_loopback": "true"}  # settings under which targets of the tests can be called


def run(command, check=True, timeout=120, **more):
    """Runs a command and returns it with text output; a failure shows everything it said."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def poll(condition, seconds, complaint):
    """Waits until the condition holds and returns what it said; for what another process does in its own time. A busy machine has more of it."""
    give_up = time.monotonic() + max(seconds, PATIENCE)
    while not (found := condition()):
        assert time.monotonic() < give_up, complaint
        time.sleep(0.01)
    return found


class Answer:
    """What curl brought back."""

    def __init__(self, status, headers, body, version):
        self.status, self.headers, self.body, self.version = status, headers, body, version

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def curl(*arguments, check=True, timeout=PATIENCE):
    """The real curl; returns the last answer. With check=False, None when there was no answer."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", str(timeout), *[str(a) for a in arguments]],
                          capture_output=True, timeout=timeout + 10)
    if done.returncode != 0:
        if check:
            raise AssertionError(f"curl {arguments} ended with {done.returncode}: {done.stderr.decode()}")
        return None
    rest = done.stdout
    while True:
        head, _, rest = rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
        if not status.startswith("1"):
            break
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Answer(int(status), headers, rest.decode("utf-8", "replace"), version)


def curl_failure(*arguments, timeout=PATIENCE):
    """What the real curl says when it gets no answer. An answer is the failure."""
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", str(timeout), *[str(a) for a in arguments]],
                          capture_output=True, text=True, timeout=timeout + 10)
    assert done.returncode != 0, f"curl {arguments} was answered: {done.stdout}"
    return done.stderr


class System:
    """An external system: a directory with its key, request and certificate."""

    def __init__(self, server, directory, application):
        self.server, self.dir, self.application = server, pathlib.Path(directory), application
        self.dir.mkdir(parents=True, exist_ok=True)
        self.key, self.csr, self.crt = self.dir / "client.key", self.dir / "client.csr", self.dir / "client.crt"

    def make_request(self, subject, key="rsa:2048", more=()):
        openssl_subject = "/" + subject.replace(",", "/")
        new = ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{key[3:]}"] if key.startswith("ec:") else ["-newkey", key]
        if key == "ed25519":
            new = ["-newkey", "ed25519"]
        run(["openssl", "req", "-new", *new, "-nodes", "-keyout", self.key, "-out", self.csr, "-subj", openssl_subject, *more])
        return self.csr_base64()

    def csr_base64(self):
        return base64.b64encode(self.csr.read_bytes()).decode()

    def save(self, answer):
        """Keeps the chain of a signing answer and returns the leaf's SHA-256 in lower hex."""
        self.crt.write_bytes(base64.b64decode(answer["crt"]))
        return self.fingerprint()

    def fingerprint(self):
        out = run(["openssl", "x509", "-in", self.crt, "-noout", "-fingerprint", "-sha256"]).stdout
        return out.split("=")[1].strip().replace(":", "").lower()

    def credentials(self):
        return ["--cert", str(self.crt), "--key", str(self.key)]

    def enrol(self, key="rsa:2048"):
        """Token, info, key and request, certificate. Returns self."""
        url = self.server.token(self.application)["url"]
        info = self.server.curl(url).json()
        self.make_request(info["certificate"]["subject"], key)
        signed = self.server.curl("-d", json.dumps({"csr": self.csr_base64()}), info["csrUrl"])
        assert signed.status == 201, signed
        self.info = info
        self.save(signed.json())
        return self

    def curl(self, path, *arguments, **more):
        url = path if path.startswith("https://") else self.server.gateway + path
        return self.server.curl(*self.credentials(), *arguments, url, **more)

    def management(self, *arguments, **more):
        return self.curl("/v1/applications/management/info", *arguments, **more)


class Server:
    """`fairlead serve` on ports of its own and a data directory of its own."""

    def __init__(self, directory, settings=None, fronts=None, environment=None, config=None):
        self.dir = pathlib.Path(directory)
        self.data = self.dir / "data"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.settings = {
            "listen.internal": "127.0.0.1:0",
            "listen.connector": "127.0.0.1:0",
            "listen.gateway": "127.0.0.1:0",
            "listen.proxy": "off",
            "listen.cluster": "off",
            "server.fronts": fronts if fronts is not None else FRONTS,
            "vault.key_file": str(self.dir / "vault.key"),
            "log.level": "info",
            **(settings or {}),
        }
        self.environment = dict(os.environ, HOME=str(self.dir), XDG_CONFIG_HOME=str(self.dir / "config"), **(environment or {}))
        self.config = config
        self.process = None
        self.log_path = self.dir / "server.log"
        self.ca = self.dir / "ca.crt"

    # ---- life ----
    def command(self):
        sets = [word for key, value in self.settings.items() if value is not None for word in ("--set", f"{key}={value}")]
        config = ["--config", str(self.config)] if self.config else []
        return [BINARY, "serve", "--data", str(self.data), *config, *sets]

    def start(self, wait=True):
        ready = self.data / "run" / "listeners.json"
        ready.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, env=self.environment)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        ready = self.data / "run" / "listeners.json"
        give_up = time.monotonic() + READY_SECONDS
        while not ready.exists():
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.log()}"
            assert time.monotonic() < give_up, f"the server was not ready in time:\n{self.log()}"
            time.sleep(0.02)
        self.listeners = json.loads(ready.read_text())
        self.internal = "http://" + self.address("internal")
        self.connector = "https://localhost:" + self.port("connector")
        self.gateway = "https://localhost:" + self.port("gateway")
        self.ca.write_text(self.cli("ca", "export").stdout)

    def address(self, name):
        return self.listeners[name]

    def port(self, name):
        return self.listeners[name].rsplit(":", 1)[1]

    def stop(self, expected=0, sign=signal.SIGTERM, timeout=120):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(sign)
        code = self.process.wait(timeout)
        self.process = None
        self.assert_clean()
        assert code == expected, f"the server ended with {code}:\n{self.log()}"

    def kill(self):
        """kill -9 to all of it: supervisor and, through the parent-death signal, its children."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def assert_clean(self):
        """Nothing that a sanitizer or a broken invariant wrote."""
        log = self.log()
        for sign in ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "broken invariant"):
            assert sign not in log, log[max(0, log.find(sign) - 500):][:6000]

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def children(self):
        """pid -> kind ("core", "front") of the running child processes."""
        out = run(["ps", "--ppid", self.process.pid, "-o", "pid=,args="], check=False).stdout
        found = {}
        for line in out.splitlines():
            pid, _, args = line.strip().partition(" ")
            match = re.search(r"--child (\w+)", args)
            if match:
                found[int(pid)] = match.group(1)
        return found

    # ---- speaking to it ----
    def cli(self, *arguments, check=True, **more):
        words = [*arguments]
        at = words.index("--") if "--" in words else len(words)
        words[at:at] = ["--data", self.data]
        return run([BINARY, *words], check=check, env=self.environment, **more)

    def cli_json(self, *arguments):
        return json.loads(self.cli(*arguments, "-o", "json").stdout)

    def curl(self, *arguments, **more):
        return curl("--cacert", self.ca, *arguments, **more)

    def post_token(self, path, **headers):
        words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        return curl("-X", "POST", *words, self.internal + path)

    def token(self, application):
        answer = self.post_token("/v1/applications/tokens", Application=application)
        assert answer.status == 201, answer
        return answer.json()

    def sign_url(self, application):
        """Where a request is signed, with a token of its own (which need not pass through info, contract 4)."""
        return f"{self.connector}/v1/applications/certificates?token={self.token(application)['token']}"

    def sign(self, url, pem):
        return self.curl("-d", csr_body(pem), url)

    def system(self, application, name=None):
        return System(self, self.dir / (name or application), application)

    def metric(self, name):
        for line in curl(self.internal + "/metrics").body.splitlines():
            if line.startswith(name + " ") or line.startswith(name + "{"):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def audit(self, **query):
        words = [word for key, value in query.items() for word in (f"--{key}", str(value))]
        return self.cli_json("audit", "list", *words)

    def database(self):
        return sqlite3.connect(f"file:{self.data / 'fairlead.db'}?mode=ro", uri=True)


def csr_body(pem):
    """The body of sign and renew for the PEM text of a request."""
    return json.dumps({"csr": base64.b64encode(pem.encode()).decode()})


def assert_error(answer, status, message):
    """An error in the contract's shape, to the byte. A message that ends in "..." is only the beginning."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == JSON_TYPE, answer.headers
    if message.endswith("..."):
        assert answer.json()["code"] == status and answer.json()["error"].startswith(message[:-3]), answer
        assert list(answer.json()) == ["code", "error"] and answer.body.endswith("}\n"), answer
    else:
        assert answer.body == f'{{"code":{status},"error":{json.dumps(message)}}}\n', answer
