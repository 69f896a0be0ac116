# SPDX-License-Identifier: Apache-2.0
"""Rows about the gateway: one kept-alive call through it with credentials added, beside nginx and HAProxy that do the same. The target is one
nginx for all of them, and its CPU counts for nobody."""

import contextlib
import http.client
import json
import shutil

from material import call
from measure import interleaved, measured
from rows_tls import against_best
from servers import Fairlead, NginxProcess, Server, connects, free_port, wait_for
from table import Figure, Row, at_most

BODY = "x" * 100
CLIENTS = 16
AUTHORIZATION = "Basic dXNlcjpwYXNzd29yZA=="  # user:password

TARGET = """
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ if ($http_authorization != "{authorization}") {{ return 401; }} return 200 '{body}'; }}
        location /large/ {{ alias {dir}/; }}
    }}
"""
NGINX = """
    upstream target {{ server 127.0.0.1:{target}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 300; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "{authorization}";
                      proxy_buffering on; }}
    }}
"""
HAPROXY = """
global
    nbthread 1
    maxconn 6000
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
frontend in
    bind 127.0.0.1:{port} backlog 4096
    http-request set-header Authorization "{authorization}"
    default_backend target
backend target
    http-reuse always
    server one 127.0.0.1:{target}
"""


class Proxies:
    """Ours and the peers in front of one target."""

    def __init__(self, bench, directory, services=1):
        with contextlib.ExitStack() as stack:
            port = free_port()
            target = stack.enter_context(NginxProcess(directory / "target", "target", TARGET.format(
                port=port, authorization=AUTHORIZATION, body=BODY, dir=directory / "target"), lambda: connects(port)))
            for name, size in (("64k", 64 << 10), ("1m", 1 << 20)):
                (target.directory / name).write_bytes(b"x" * size)
            self.ours = stack.enter_context(Fairlead(bench.binary, directory / "fairlead", 1, listen__proxy=f"127.0.0.1:{(proxy := free_port())}",
                                                     outbound__allow_loopback="true", **bench.material.settings()))
            self.ours.port = proxy
            self.register(port, services)
            nginx_port, haproxy_port = free_port(), free_port()
            nginx = stack.enter_context(NginxProcess(directory / "nginx", "nginx", NGINX.format(
                port=nginx_port, target=port, authorization=AUTHORIZATION), lambda: connects(nginx_port)))
            nginx.port = nginx_port
            haproxy = stack.enter_context(Server(directory / "haproxy"))
            haproxy.name, haproxy.port = "haproxy", haproxy_port
            conf = haproxy.directory / "haproxy.cfg"
            conf.write_text(HAPROXY.format(port=haproxy_port, target=port, authorization=AUTHORIZATION.replace(" ", "\\ ")))
            haproxy.launch([shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(conf)])
            wait_for("haproxy", lambda: haproxy.alive() and connects(haproxy_port))
            self.servers = [self.ours, nginx, haproxy]
            self.stack = stack.pop_all()

    def register(self, port, services):
        internal = http.client.HTTPConnection("localhost", self.ours.ports["internal"])
        call(internal, "POST", "/api/v1/applications", json.dumps({"name": "shop"}), {"Content-Type": "application/json"})
        for i in range(services):
            call(internal, "POST", "/shop/v1/metadata/services", json.dumps({
                "provider": "SAP", "name": f"orders{i}", "description": "orders", "api": {
                    "targetUrl": f"http://127.0.0.1:{port}", "credentials": {"basic": {"username": "user", "password": "password"}}}}))
        internal.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def contenders(bench, proxies, path):
    made = {}
    for server in proxies.servers:
        prefix = "/shop/orders0" if server is proxies.ours else ""
        load = bench.load(port=server.port, plain=True, mode="keepalive", threads=CLIENTS, path=prefix + path)
        load.run(seconds=0.5)
        made[server.name] = lambda s=server, l=load: measured(s, lambda: l.run(seconds=bench.seconds))
    return made


def proxy(bench):
    rows = []
    with Proxies(bench, bench.directory("proxy"), 1) as p:
        names = [s.name for s in p.servers]
        for title, path, target in (("100 B", "/x", 0.9), ("64 KiB", "/large/64k", 1.0), ("1 MiB", "/large/1m", 1.0)):
            made = contenders(bench, p, path)
            samples = interleaved(made, bench.rounds, bench.progress)
            rows.append(against_best(f"Keep-alive call with credentials added, plain HTTP/1.1, answer of {title}", samples, target, names))
    rows.append(many_services(bench))
    return rows


def many_services(bench):
    """Does it matter how many services are called?"""
    count = 1000
    directory = bench.directory("proxy-many")
    with Proxies(bench, directory, count) as p:
        targets = directory / "targets"
        targets.write_text("".join(f"/shop/orders{i * 7919 % count}/x\n" for i in range(20000)))
        loads = {"one service": bench.load(port=p.ours.port, plain=True, mode="keepalive", threads=CLIENTS, path="/shop/orders0/x"),
                 f"{count:,} services in turn": bench.load(port=p.ours.port, plain=True, mode="keepalive", threads=CLIENTS, targets=targets, again=True)}
        for load in loads.values():
            load.run(seconds=1)
        samples = interleaved({name: lambda l=load: measured(p.ours, lambda: l.run(seconds=bench.seconds)) for name, load in loads.items()},
                              bench.rounds, bench.progress)
    figures = {name: Figure.with_load(name, s) for name, s in samples.items()}
    one, many = figures.values()
    return Row("The same, one service and a thousand", list(figures.values()), [at_most("CPU / CPU of one", many.value / one.value, 1.2)])
