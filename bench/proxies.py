# SPDX-License-Identifier: Apache-2.0
"""Our gateway and its peers in front of one target: each listens on plain TCP and mutual TLS, calls the target on kept-alive connections with an
Authorization header, plain or over TLS, with the same certificates and the same cipher. The target is one nginx; its CPU counts for nobody."""

import contextlib
import http.client
import json
import shutil

from material import call
from servers import Fairlead, NginxProcess, Server, connects, free_port, wait_for

BODY = "x" * 100
CLIENTS = 16
USER, PASSWORD = "user", "password"
AUTHORIZATION = "Basic dXNlcjpwYXNzd29yZA=="  # of the two
TOKEN_SECONDS = 3  # as short as a token can be and still outlive a thousand calls
PREFIX = {"plain": "/shop/orders", "secure": "/shop/secure", "bearer": "/shop/bearer"}  # our paths

TARGET = """
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        listen 127.0.0.1:{secure} ssl backlog=4096;
        ssl_certificate {m.server_certificate}; ssl_certificate_key {m.server_key};
        ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
        location / {{ if ($http_authorization != "{authorization}") {{ return 401; }} return 200 '{body}'; }}
        location /large/ {{ alias {dir}/; }}
        location /bearer {{ if ($http_authorization != "Bearer secret") {{ return 401; }} return 200 '{body}'; }}
        location = /token {{ access_log {dir}/tokens; return 200 '{{"access_token":"secret","token_type":"bearer","expires_in":{token_seconds}}}'; }}
    }}
"""
NGINX = """
    upstream plain {{ server 127.0.0.1:{target.plain}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 300; }}
    upstream secure {{ server 127.0.0.1:{target.secure}; keepalive 64; keepalive_requests 100000000; keepalive_timeout 300; }}
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "{authorization}";
    proxy_ssl_trusted_certificate {m.ca}; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on; proxy_ssl_protocols TLSv1.3;
    server {{ listen 127.0.0.1:{ports[plain]} backlog=4096; location / {{ proxy_pass http://plain; }} }}
    server {{ listen 127.0.0.1:{ports[secure]} backlog=4096; location / {{ proxy_pass https://secure; }} }}
    server {{
        listen 127.0.0.1:{ports[mutual]} ssl http2 backlog=4096;
        ssl_certificate {m.server_certificate}; ssl_certificate_key {m.server_key};
        ssl_client_certificate {m.workload_ca}; ssl_verify_client on; ssl_verify_depth 2;
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
        location / {{ proxy_pass http://plain; }}
    }}
"""
HAPROXY = """
global
    nbthread 1
    maxconn 6000
    tune.ssl.cachesize 0
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-server-options ssl-min-ver TLSv1.3
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
frontend plain
    bind 127.0.0.1:{ports[plain]} backlog 4096
    http-request set-header Authorization "{authorization}"
    default_backend plain
frontend secure
    bind 127.0.0.1:{ports[secure]} backlog 4096
    http-request set-header Authorization "{authorization}"
    default_backend secure
frontend mutual
    bind 127.0.0.1:{ports[mutual]} backlog 4096 ssl crt {m.server_both} ca-file {m.workload_ca} verify required alpn h2,http/1.1
    http-request set-header Authorization "{authorization}"
    default_backend plain
backend plain
    http-reuse always
    server one 127.0.0.1:{target.plain}
backend secure
    http-reuse always
    server one 127.0.0.1:{target.secure} ssl verify required ca-file {m.ca} sni str(localhost) verifyhost localhost
"""


class Target(NginxProcess):
    def __init__(self, directory, material):
        self.plain, self.secure = free_port(), free_port()
        super().__init__(directory, "target", TARGET.format(plain=self.plain, secure=self.secure, m=material, authorization=AUTHORIZATION, body=BODY,
                                                            dir=directory, token_seconds=TOKEN_SECONDS), lambda: connects(self.plain))
        for name, size in (("64k", 64 << 10), ("1m", 1 << 20)):
            (self.directory / name).write_bytes(b"x" * size)

    def tokens_fetched(self):
        log = self.directory / "tokens"
        return len(log.read_bytes().splitlines()) if log.exists() else 0


class Gateway(Fairlead):
    """Ours, with its proxy listener on plain TCP or mutual TLS."""

    def __init__(self, bench, directory, target, mutual=False, **settings):
        self.target, self.material = target, bench.material
        port = free_port()
        super().__init__(bench.binary, directory, 1, listen__proxy=f"127.0.0.1:{port}", outbound__allow_loopback="true",
                         outbound__ca_file=bench.material.ca, **bench.material.settings(), **(self.mutual_settings() if mutual else {}), **settings)
        self.address = {"plain": port, "secure": port, "mutual": port}

    def mutual_settings(self):
        m = self.material
        return {"tls__proxy__mode": "mutual", "tls__proxy__client_ca_file": m.workload_ca, "tls__proxy__certificate_file": m.server_certificate,
                "tls__proxy__key_file": m.server_key}

    def again(self, **settings):
        """Restarted with other settings."""
        self.stop()
        self.settings.update({k.replace("__", "."): v for k, v in settings.items()})
        self.start()

    def register(self, name, url, credentials):
        """Under /shop/{name}. A service."""
        internal = http.client.HTTPConnection("localhost", self.ports["internal"])
        call(internal, "POST", "/shop/v1/metadata/services", self.registration(name, url, credentials))
        internal.close()

    def registration(self, name, url, credentials):
        return json.dumps({"provider": "SAP", "name": name, "description": "orders", "api": {"targetUrl": url, "credentials": credentials}})

    def register_all(self):
        """One service of each kind."""
        internal = http.client.HTTPConnection("localhost", self.ports["internal"])
        call(internal, "POST", "/api/v1/applications", json.dumps({"name": "shop"}), {"Content-Type": "application/json"})
        internal.close()
        basic = {"basic": {"username": USER, "password": PASSWORD}}
        oauth = {"oauth": {"url": f"http://127.0.0.1:{self.target.plain}/token", "clientId": "shop", "clientSecret": "secret"}}
        self.register("orders", f"http://127.0.0.1:{self.target.plain}", basic)
        self.register("secure", f"https://localhost:{self.target.secure}", basic)
        self.register("bearer", f"http://127.0.0.1:{self.target.plain}/bearer", oauth)

    def register_many(self, bench, count, directory):
        """orders00000000 and so on: each with credentials of its own, from many clients at once."""
        lines = directory / "registrations"
        lines.write_text("/shop/v1/metadata/services\n" * count)
        body = self.registration("orders########", f"http://127.0.0.1:{self.target.plain}", {"basic": {"username": USER, "password": PASSWORD}})
        bench.load(port=self.ports["internal"], plain=True, mode="keepalive", threads=CLIENTS, targets=lines, body=body,
                   **{"number-from": 0}).run(seconds=600)


def nginx(directory, material, target):
    ports = {name: free_port() for name in ("plain", "secure", "mutual")}
    server = NginxProcess(directory, "nginx", NGINX.format(target=target, ports=ports, m=material, authorization=AUTHORIZATION),
                          lambda: connects(ports["plain"]))
    server.address = ports
    return server


def haproxy(directory, material, target):
    ports = {name: free_port() for name in ("plain", "secure", "mutual")}
    server = Server(directory)
    server.name, server.address = "haproxy", ports
    conf = server.directory / "haproxy.cfg"
    conf.write_text(HAPROXY.format(target=target, ports=ports, m=material, authorization=AUTHORIZATION.replace(" ", "\\ ")))
    server.launch([shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(conf)])
    wait_for("haproxy", lambda: server.alive() and connects(ports["plain"]))
    return server


class Proxies:
    def __init__(self, bench, directory, mutual=False):
        self.bench = bench
        with contextlib.ExitStack() as stack:
            self.target = stack.enter_context(Target(directory / "target", bench.material))
            self.ours = stack.enter_context(Gateway(bench, directory / "fairlead", self.target, mutual))
            self.ours.register_all()
            self.servers = [self.ours, stack.enter_context(nginx(directory / "nginx", bench.material, self.target)),
                            stack.enter_context(haproxy(directory / "haproxy", bench.material, self.target))]
            self.names = [s.name for s in self.servers]
            self.stack = stack.pop_all()

    def load(self, server, path, way="plain", service=None, **options):
        """A load on `server`: in by plain TCP or ("mutual") TLS, out to the target plain or ("secure") over TLS."""
        prefix = PREFIX[service or ("secure" if way == "secure" else "plain")] if server is self.ours else ""
        return load_on(self.bench, server, way, path=prefix + path, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def load_on(bench, server, way, **options):
    m = bench.material
    security = {"ca": m.ca, "cert": m.workload, "key": m.workload_key} if way == "mutual" else {"plain": True}
    return bench.load(port=server.address[way], **security, **{"mode": "keepalive", "threads": CLIENTS, **options})
