# SPDX-License-Identifier: Apache-2.0
"""A system to call: it checks credentials the way real ones do, and says what it saw. One object is one server on loopback."""

import base64
import hashlib
import http.server
import json
import ssl
import threading
import time
import urllib.parse

PIECE = bytes(range(256)) * 256


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    # ---- in and out ----
    def read_body(self):
        """(size, SHA-256, beginning) of the request's body, read piece by piece."""
        size, digest, beginning = 0, hashlib.sha256(), b""
        for chunk in self.pieces():
            size += len(chunk)
            digest.update(chunk)
            if len(beginning) < 4096:
                beginning += chunk[:4096]
            if self.target.read_pause:
                time.sleep(self.target.read_pause)
        return size, digest.hexdigest(), beginning

    def pieces(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                if size == 0:
                    while self.rfile.readline() not in (b"\r\n", b""):
                        pass
                    return
                yield self.rfile.read(size)
                self.rfile.readline()
        left = int(self.headers.get("Content-Length", 0))
        while left:
            chunk = self.rfile.read(min(left, 65536))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name.replace("_", "-"), one)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_json(self, status, value, **headers):
        self.answer(status, json.dumps(value).encode(), Content_Type="application/json", **headers)

    @property
    def target(self):
        return self.server.target

    # ---- what it does ----
    def serve(self):
        t = self.target
        path, _, query = self.path.partition("?")
        with t.lock:
            t.calls.append((self.command, self.path, list(self.headers.items())))
        if path == "/token":
            return self.token()
        size, digest, beginning = self.read_body()
        if path == "/csrf":
            return self.csrf()
        refused = t.check(self)
        if refused:
            return self.answer_json(refused, {"error": "refused"})
        behave = getattr(self, "path_" + path.rstrip("/").rsplit("/", 1)[-1].split("-")[0], None)
        if behave:
            return behave(query)
        return self.answer_json(200, {
            "method": self.command, "target": self.path, "headers": self.headers.items(), "size": size, "sha256": digest,
            "body": beginning.decode("latin-1"), "subject": self.subject()})

    def subject(self):
        """Of the caller's certificate; empty without one."""
        certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        return [v for part in (certificate or {}).get("subject", ()) for v in part]

    def token(self):
        t = self.target
        _, _, body = self.read_body()
        form = urllib.parse.parse_qs(body.decode(), keep_blank_values=True)
        with t.lock:
            t.token_requests.append((self.path, dict(self.headers), form))
            number = len(t.token_requests)
        if t.token_dialect and not t.token_dialect(dict(self.headers), form, self.subject()):
            return self.answer_json(401, {"error": "invalid_client"})
        if t.token_delay:
            time.sleep(t.token_delay)
        if t.token_status != 200:
            return self.answer_json(t.token_status, {"error": "invalid_client"})
        t.tokens.add(f"token-{number}")
        return self.answer_json(200, {"access_token": f"token-{number}", "token_type": "bearer", "expires_in": t.token_life, **t.token_more})

    def csrf(self):
        t = self.target
        if t.check(self, csrf=False):
            return self.answer_json(401, {})
        with t.lock:
            t.csrf_fetches += 1
            number = t.csrf_fetches
        if t.csrf_delay:
            time.sleep(t.csrf_delay)
        t.csrf_valid = f"csrf-{number}"
        return self.answer(200, b"", X_CSRF_Token=t.csrf_valid, Set_Cookie=[f"session=s{number}; Path=/; HttpOnly", "other=o; Secure"])

    def path_status(self, query):
        status = int(query)
        if status in (204, 304):
            self.send_response(status)
            self.end_headers()
        else:
            self.answer_json(status, {"status": status})

    def path_location(self, query):
        self.answer(302, b"", Location=urllib.parse.unquote(query))

    def path_cookies(self, _):
        self.answer(200, b"", Set_Cookie=["a=1; Path=/", "b=2"], X_Twice=["one", "two"])

    def path_big(self, query):
        """So many bytes, as a sized answer."""
        left = int(query)
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        while left:
            sent = self.wfile.write(PIECE[:min(left, len(PIECE))])
            left -= sent
            self.target.sent += sent

    def path_chunks(self, query):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(int(query)):
            self.wfile.write(b"5\r\nchunk\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def path_held(self, _):
        """Until the test lets go: target.let_go.set()."""
        self.target.let_go.wait(120)
        self.answer_json(200, {})

    def path_slow(self, query):
        time.sleep(float(query))
        self.answer_json(200, {})

    def path_close(self, _):
        """Runs until the connection closes."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nuntil the end")
        self.close_connection = True

    def path_raw(self, query):
        """Exactly these bytes, then the end."""
        self.wfile.write(urllib.parse.unquote_to_bytes(query))
        self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # callers that leave are what some scenarios are about


class Target:
    def __init__(self, tls=None):
        """`tls`: an ssl context for https."""
        self.lock = threading.Lock()
        self.calls, self.token_requests, self.tokens = [], [], set()
        self.token_life, self.token_status, self.token_delay = 3600, 200, 0
        self.token_dialect, self.token_more = None, {}  # (headers, form, subject) -> whether the client is known; members of the answer
        self.csrf_fetches, self.csrf_valid, self.csrf_delay = 0, None, 0
        self.need, self.need_csrf = None, False  # what check() wants: None, ("basic", user, password), "bearer", ("value", authorization)
        self.read_pause, self.sent = 0, 0
        self.let_go = threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.target = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def check(self, handler, csrf=True):
        """0, or the status that refuses the call."""
        got = handler.headers.get("Authorization", "")
        if self.need == "bearer":
            if got.removeprefix("Bearer ") not in self.tokens or not got.startswith("Bearer "):
                return 401
        elif self.need and self.need[0] == "basic":
            if got != "Basic " + base64.b64encode(f"{self.need[1]}:{self.need[2]}".encode()).decode():
                return 401
        elif self.need and got != self.need[1]:
            return 401
        if csrf and self.need_csrf:
            cookies = handler.headers.get("Cookie", "")
            number = (self.csrf_valid or "csrf-0").removeprefix("csrf-")
            if handler.headers.get("X-CSRF-Token") != self.csrf_valid or f"session=s{number}" not in cookies:
                return 403
        return 0
