# SPDX-License-Identifier: Apache-2.0
"""The servers under measurement: ours, nginx, HAProxy and cfssl, each on loopback addresses, with its files in a directory of its own."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

from measure import Pinning, Unmeasured, tree

OPEN_FILES = 20000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, check, seconds=15.0, step=0.02):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise Unmeasured(f"{what} did not come up in {seconds:.0f} s")
        time.sleep(step)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Server:
    """A process tree. Subclasses fill in name, arguments and ready()."""

    name = "?"

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.settled = None

    def launch(self, arguments, env=None):
        log = open(self.directory / "output", "ab")  # pylint: disable=consider-using-with
        arguments = Pinning.on(Pinning.servers, arguments)
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=self.directory,
                                        start_new_session=True)
        log.close()

    def alive(self):
        if self.process.poll() is not None:
            tail = (self.directory / "output").read_text(errors="replace")[-600:]
            raise Unmeasured(f"{self.name} ended with status {self.process.returncode}: {tail}")
        return True

    def pids(self):
        self.alive()
        return tree(self.process.pid)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        """kill -9 of every process at once."""
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Fairlead(Server):
    name = "fairlead"

    def __init__(self, binary, directory, fronts=1, **settings):
        super().__init__(directory)
        self.binary = binary
        self.ports = {name: free_port() for name in ("internal", "connector", "gateway")}
        self.data = self.directory / "data"
        self.settings = {**{f"listen.{k}": f"127.0.0.1:{v}" for k, v in self.ports.items()},
                         "listen.proxy": "off", "listen.cluster": "off", "server.fronts": fronts,
                         "vault.key_file": self.directory / "vault.key", "token.application_ttl": "60m",
                         "limits.connections_per_address": 20000, **{k.replace("__", "."): v for k, v in settings.items()}}
        self.name = "fairlead" if fronts == 1 else f"fairlead, {fronts} fronts"
        self.start()

    def start(self):
        """Returns the seconds until the server said that it was ready."""
        ready = self.data / "run" / "listeners.json"
        ready.unlink(missing_ok=True)
        arguments = [str(self.binary), "serve", "--data", str(self.data)]
        for key, value in self.settings.items():
            arguments += ["--set", f"{key}={value}"]
        began = time.monotonic()
        self.launch(arguments)
        wait_for(self.name, lambda: self.alive() and ready.exists(), seconds=60, step=0.002)
        return time.monotonic() - began

    def status(self):
        out = subprocess.run([str(self.binary), "status", "--data", str(self.data), "-o", "json"], capture_output=True, text=True, check=False)
        return json.loads(out.stdout) if out.returncode == 0 else {}


NGINX = """
{user}daemon off; master_process on; worker_processes 1; worker_rlimit_nofile {files};
pid {dir}/pid; error_log {dir}/error.log crit;
events {{ worker_connections 8000; }}
http {{
    access_log off; default_type application/json; keepalive_timeout 300; keepalive_requests 100000000;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
{http}
}}
"""

NGINX_FRONT = """
    upstream behind {{ server unix:{upstream}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 300; }}
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=4096;
        ssl_certificate {m.server_certificate}; ssl_certificate_key {m.server_key};
        ssl_client_certificate {m.ca}; ssl_verify_client on; ssl_verify_depth 2;
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
        location / {{ proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
"""

NGINX_BEHIND = """
    server {{ listen unix:{socket} backlog=4096; location / {{ return 200 '{body}'; }} }}
"""


class NginxProcess(Server):
    def __init__(self, directory, name, http, ready):
        super().__init__(directory)
        self.name = name
        conf = self.directory / "nginx.conf"
        conf.write_text(NGINX.format(user="user root; " if os.geteuid() == 0 else "", files=OPEN_FILES, dir=self.directory, http=http))
        self.launch([shutil.which("nginx") or "/usr/sbin/nginx", "-e", str(self.directory / "error.log"), "-c", str(conf)])
        wait_for(name, lambda: self.alive() and ready())


class Answering(NginxProcess):
    """nginx on a Unix socket that answers `body`: what stands behind the peers where the core stands behind our front."""

    def __init__(self, directory, body):
        self.socket = Path(directory) / "socket"
        super().__init__(directory, "nginx behind", NGINX_BEHIND.format(socket=self.socket, body=body), self.socket.exists)


class Proxied:
    """A peer's front and the nginx behind it, measured together."""

    def __init__(self, name, front, behind):
        self.name, self.front, self.behind = name, front, behind
        self.port = front.port

    def pids(self):
        return self.front.pids() + self.behind.pids()

    def stop(self):
        self.front.stop()
        self.behind.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def nginx(directory, material, body):
    behind = Answering(Path(directory) / "behind", body)
    port = free_port()
    front = NginxProcess(Path(directory) / "front", "nginx", NGINX_FRONT.format(upstream=behind.socket, port=port, m=material), lambda: connects(port))
    front.port = port
    return Proxied("nginx + nginx", front, behind)


HAPROXY = """
global
    nbthread 1
    maxconn 6000
    tune.ssl.cachesize 0
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
frontend in
    bind 127.0.0.1:{port} backlog 4096 ssl crt {m.server_both} ca-file {m.ca} verify required alpn h2,http/1.1
    default_backend behind
backend behind
    http-reuse always
    server one unix@{socket}
"""


def haproxy(directory, material, body):
    behind = Answering(Path(directory) / "behind", body)
    front = Server(Path(directory) / "front")
    front.name, front.port = "haproxy", free_port()
    conf = front.directory / "haproxy.cfg"
    conf.write_text(HAPROXY.format(port=front.port, m=material, socket=behind.socket))
    front.launch([shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(conf)])
    wait_for("haproxy", lambda: front.alive() and connects(front.port))
    return Proxied("haproxy + nginx", front, behind)


# certdb/sqlite/migrations of cfssl 1.2.0, in WAL mode with its default of synchronous=FULL, as ours.
CFSSL_TABLES = """
PRAGMA journal_mode=WAL;
CREATE TABLE certificates (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, ca_label blob, status blob NOT NULL, reason int,
    expiry timestamp, revoked_at timestamp, pem blob NOT NULL, PRIMARY KEY (serial_number, authority_key_identifier));
CREATE TABLE ocsp_responses (serial_number blob NOT NULL, authority_key_identifier blob NOT NULL, body blob NOT NULL, expiry timestamp,
    PRIMARY KEY (serial_number, authority_key_identifier));
"""


class Cfssl(Server):
    """Debian's cfssl: in the cheapest form it has (plain HTTP, nothing kept), or with `tls` in the one that does what ours does: TLS, and each
    certificate in an SQLite database before the answer."""

    def __init__(self, directory, ca, key, tls=None):
        super().__init__(directory)
        self.name = "cfssl, TLS and SQLite" if tls else "cfssl"
        self.port = free_port()
        profile = {"signing": {"default": {"expiry": "2208h", "usages": ["digital signature", "client auth"]}}}
        (self.directory / "config.json").write_text(json.dumps(profile))
        arguments = ["cfssl", "serve", "-address", "127.0.0.1", "-port", str(self.port), "-ca", str(ca), "-ca-key", str(key),
                     "-config", "config.json", "-loglevel", "5"]
        if tls:
            arguments += ["-tls-cert", str(tls.server_certificate), "-tls-key", str(tls.server_key), "-db-config", "db.json"]
            database = sqlite3.connect(self.directory / "certificates.db")
            database.executescript(CFSSL_TABLES)
            database.close()
            (self.directory / "db.json").write_text(json.dumps({"driver": "sqlite3", "data_source": "certificates.db?_busy_timeout=10000"}))
        self.launch(arguments)
        wait_for(self.name, lambda: self.alive() and connects(self.port))
