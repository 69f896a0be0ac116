# SPDX-License-Identifier: Apache-2.0
"""Other people's servers as reverse proxies, in front of ours or behind it: nginx, HAProxy, Apache and lighttpd, as lenient as their settings
allow. Whoever is strict hides what the next one gets wrong.

They are packages of scripts/packages; one that is missing fails the scenario.
"""

import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess

from harness import poll

NGINX = """
daemon off; master_process off; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; underscores_in_headers on; ignore_invalid_headers off; merge_slashes off;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    upstream next {{ server 127.0.0.1:{to}; {keep} }}
    server {{
        listen 127.0.0.1:{port} {listen}; client_max_body_size 0; keepalive_timeout 300; large_client_header_buffers 4 64k;
        {server}
        location / {{
            proxy_pass http://next{path}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection "";
            proxy_next_upstream off; {location}
        }}
    }}
}}
"""

HAPROXY = """
global
    expose-experimental-directives
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    option http-keep-alive
frontend here
    bind 127.0.0.1:{port}
    option accept-invalid-http-request
    {frontend}
    default_backend next
backend next
    {keep}
    {backend}
    server one 127.0.0.1:{to}
"""

APACHE = """
ServerRoot {dir}
ServerName localhost
PidFile {dir}/pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}
Mutex posixsem
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
User nobody
Group nogroup
StartServers 1
Listen 127.0.0.1:{port}
KeepAlive On
MaxKeepAliveRequests 0
HttpProtocolOptions Unsafe LenientMethods Allow0.9
AllowEncodedSlashes {slashes}
ProxyPass / http://127.0.0.1:{to}{path}/ {words}
"""

LIGHTTPD = """
server.modules = ("mod_proxy")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}"
server.errorlog = "{dir}/error.log"
server.max-keep-alive-requests = 100000
server.http-parseopts = ("header-strict" => "disable", "host-strict" => "disable", "host-normalize" => "disable", "method-get-body" => "enable",
                         "url-normalize" => "{normal}", {options})
proxy.header = ("force-http10" => "disable" {header})
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {to})))
"""


def free_port():
    """Below the ports that the system gives to outgoing connections (net.ipv4.ip_local_port_range): none of those takes it before the server does."""
    while True:
        port = random.randrange(16384, 32768)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def program(name):
    """The path of a server that scripts/bootstrap installs for the tests: one that is missing is a failure, not a test less."""
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    assert found, f"{name} is not installed; scripts/bootstrap --packages-only test"
    return found


class Peer:
    """One such server on a port of its own, which passes everything on to port `to`."""

    def __init__(self, directory, template, command, to, **values):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        config = self.dir / "config"
        config.write_text(template.format(dir=self.dir, port=self.port, to=to, **values))
        with open(self.dir / "output", "wb") as output:
            self.process = subprocess.Popen([program(command[0]), *(str(config) if word == "CONFIG" else word for word in command[1:])],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        poll(lambda: answers(self.port) or self.process.poll() is not None, 20, f"{command[0]} does not listen")
        assert self.process.poll() is None, f"{command[0]} ended:\n{(self.dir / 'output').read_text()}"

    def close(self):
        self.process.terminate()
        self.process.wait(60)


def nginx(directory, to, reuse=True, path="", listen="", server="", location=""):
    keep = "keepalive 4;" if reuse else ""
    return Peer(directory, NGINX, ["nginx", "-c", "CONFIG"], to, keep=keep, path=path, listen=listen, server=server, location=location)


def nginx_streaming(directory, to, reuse=True):
    return nginx(directory, to, reuse, location="proxy_request_buffering off; proxy_buffering off;")


def haproxy(directory, to, reuse=True, frontend="", backend=""):
    keep = "http-reuse always" if reuse else "option http-server-close"
    return Peer(directory, HAPROXY, ["haproxy", "-q", "-f", "CONFIG", "-db"], to, keep=keep, frontend=frontend, backend=backend)


def apache(directory, to, path="", slashes="NoDecode", words="nocanon"):
    pathlib.Path(directory).parent.chmod(0o755)
    return Peer(directory, APACHE, ["apache2", "-f", "CONFIG", "-DFOREGROUND"], to, path=path, slashes=slashes, words=words)


def lighttpd(directory, to, normal="disable", options="", header=""):
    return Peer(directory, LIGHTTPD, ["lighttpd", "-D", "-f", "CONFIG"], to, normal=normal, options=options, header=header)


BEHIND = {"nginx": nginx, "nginx-streaming": nginx_streaming, "haproxy": haproxy, "apache": apache, "lighttpd": lighttpd}
BEFORE = {"nginx": nginx, "nginx-streaming": nginx_streaming, "haproxy": haproxy}
