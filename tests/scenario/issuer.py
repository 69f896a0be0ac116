# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect issuer on a loopback port: discovery, keys, and tokens in the shape of Dex's, or spoilt in one place."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def encode(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def number(value):
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, kid, kind="rsa"):
        self.kid = kid
        self.private = {"rsa": lambda: rsa.generate_private_key(65537, 2048), "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
                        "ed": ed25519.Ed25519PrivateKey.generate}[kind]()
        self.algorithm = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}[kind]

    def jwk(self):
        public = self.private.public_key()
        common = {"use": "sig", "kid": self.kid, "alg": self.algorithm}
        if self.algorithm == "RS256":
            return {"kty": "RSA", "n": number(public.public_numbers().n), "e": "AQAB", **common}
        if self.algorithm == "ES256":
            x, y = (v.to_bytes(32, "big") for v in (public.public_numbers().x, public.public_numbers().y))
            return {"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y), **common}
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)), **common}

    def pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, algorithm, data):
        if algorithm == "none":
            return b""
        if algorithm == "HS256":
            return hmac.new(self.pem(), data, hashlib.sha256).digest()
        if algorithm == "RS256":
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if algorithm == "PS256":
            return self.private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        if algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(data)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        issuer = self.server.issuer
        issuer.asked.append(self.path)
        if issuer.mode == "slow":
            issuer.released.wait(30)
        if issuer.mode in ("down", "slow"):
            self.send_error(503)
            return
        document = issuer.document(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        try:
            self.wfile.write(json.dumps(document).encode() + (b" " * 10_000_000 if issuer.mode == "huge" else b""))
        except OSError:
            pass


class Issuer:
    def __init__(self, audience="fairlead", tls=None):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.issuer = self
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self.http.server_address[1]}/dex"
        self.audience, self.mode, self.asked, self.released = audience, "fine", [], threading.Event()
        self.keys = [Key("first")]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    def document(self, path):
        if path == "/dex/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": self.url + "/keys", "authorization_endpoint": self.url + "/auth",
                    "id_token_signing_alg_values_supported": ["RS256"]}
        return {"keys": [key.jwk() for key in self.keys]} if path == "/dex/keys" else {}

    def claims(self, **changes):
        """As Dex writes them; a change to None leaves one out."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": "CiQwOGE4Njg0Yi1kYjg4LTRiNzMtOTBhOS0zY2QxNjYxZjU0NjYSBWxvY2Fs", "aud": self.audience, "exp": now + 3600,
                  "iat": now, "at_hash": "gQ3pVHhmpRHGvfdc7kXyWw", "email": "admin@kyma.cx", "email_verified": True, "name": "admin"}
        return {k: v for k, v in {**claims, **changes}.items() if v is not None}

    def token(self, key=None, algorithm=None, header=None, **changes):
        key = key or self.keys[0]
        algorithm = algorithm or key.algorithm
        covered = encode({"alg": algorithm, "kid": key.kid, **(header or {})}) + "." + encode(self.claims(**changes))
        return covered + "." + encode(key.sign(algorithm, covered.encode()))
