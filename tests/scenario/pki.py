# SPDX-License-Identifier: Apache-2.0
"""Keys, requests and certificates of every quality, made with python's cryptography: an X.509 writer that is not ours.

Keys are made once per run and shared: what is proved never depends on a key being fresh.
"""

import datetime
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME, "ST": NameOID.STATE_OR_PROVINCE_NAME, "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME, "CN": NameOID.COMMON_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
SUBJECT = "O=Organization,OU=OrgUnit,L=Waldorf,ST=Waldorf,C=DE,CN="  # of the default configuration, before the name


@functools.lru_cache(maxsize=None)
def key(kind="ec:P-256", which=0):
    """rsa:BITS, ec:CURVE or ed25519; `which` tells keys of one kind apart."""
    name, _, size = kind.partition(":")
    if name == "rsa":
        return rsa.generate_private_key(65537, int(size))
    return ec.generate_private_key(CURVES[size]()) if name == "ec" else ed25519.Ed25519PrivateKey.generate()


def key_pem(private, style="pkcs8"):
    formats = {"pkcs8": serialization.PrivateFormat.PKCS8, "traditional": serialization.PrivateFormat.TraditionalOpenSSL}
    return private.private_bytes(serialization.Encoding.PEM, formats[style], serialization.NoEncryption()).decode()


def name(subject):
    """"O=..,CN=.." in the order given; a list of (attribute, value) where values hold commas; or what is a name already."""
    if isinstance(subject, x509.Name):
        return subject
    pairs = [part.split("=", 1) for part in subject.split(",")] if isinstance(subject, str) else subject
    return x509.Name([x509.NameAttribute(ATTRIBUTES[a], v) for a, v in pairs])


def digest_for(private):
    return None if isinstance(private, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def csr(subject, private=None, digest=None, extensions=(), attributes=()):
    """The PEM text of a request."""
    private = private or key("rsa:2048")
    builder = x509.CertificateSigningRequestBuilder().subject_name(name(subject))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    for oid, value in attributes:
        builder = builder.add_attribute(oid, value)
    return builder.sign(private, digest or digest_for(private)).public_bytes(serialization.Encoding.PEM).decode()


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


class Authority:
    """A CA of the test's own, self-signed or signed by `issuer`."""

    def __init__(self, subject="CN=Test CA", kind="ec:P-256", which=0, issuer=None, days=(-1, 3650)):
        self.key, self.subject = key(kind, which), name(subject)
        above = issuer or self
        builder = (x509.CertificateBuilder().subject_name(self.subject).issuer_name(above.subject)
                   .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now() + datetime.timedelta(days[0])).not_valid_after(now() + datetime.timedelta(days[1]))
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                   .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key()), critical=False))
        self.certificate = builder.sign(above.key, digest_for(above.key))

    @property
    def pem(self):
        return pem(self.certificate)

    def issue(self, subject, private=None, usages=(CLIENT_AUTH,), days=(-1, 30), sans=(), ca=False):
        """A leaf as the server's own CA writes them, but for what the arguments say."""
        private = private or key("ec:P-256", 1)
        builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(self.subject)
                   .public_key(private.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now() + datetime.timedelta(days[0])).not_valid_after(now() + datetime.timedelta(days[1]))
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
                   .add_extension(usage(digital_signature=True), critical=True))
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        if sans:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(s) for s in sans]), critical=False)
        return builder.sign(self.key, digest_for(self.key))


def usage(**true):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{n: true.get(n, False) for n in names})


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def fingerprint(certificate):
    return certificate.fingerprint(hashes.SHA256()).hex()


def chain(text):
    """The certificates of a PEM text, in its order."""
    end = "-----END CERTIFICATE-----\n"
    return [x509.load_pem_x509_certificate((block + end).encode()) for block in text.split(end) if block.strip()]


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path
