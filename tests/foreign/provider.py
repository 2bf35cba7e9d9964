"""An authorization server that is not ours: npm oidc-provider, with a client for each way to prove oneself.

It demands a nonce in each DPoP proof, the issuer as the sole audience of assertions, and gives out JWTs for its resources.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
import secrets
import subprocess
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

RESOURCE, SHORT_LIVED = "https://orders.example", "https://brief.example"
SCOPE = "orders:read"
RESOURCES = {
    RESOURCE: {"scope": "orders:read orders:write", "ttl": 300},
    SHORT_LIVED: {"scope": "orders:read", "ttl": 2},
}


@pytest.fixture(scope="session")
def provider(built, tmp_path_factory):
    """oidc-provider as a process of its own, with all its clients."""
    provider = Provider(built / "node", tmp_path_factory.mktemp("provider"))
    yield provider
    provider.stop()


class Provider:
    """`clients[name].arguments` is what our command line is told; the same material is there as files and values."""

    def __init__(self, node: Path, folder: Path):
        self.folder = folder
        self.authority = Authority(folder)
        self.ca = self.authority.file
        self.clients, self.registered = {}, []
        for method in ["basic", "post"]:
            self._with_secret(method, token_endpoint_auth_method=f"client_secret_{method}")
        self._with_secret("dpop", token_endpoint_auth_method="client_secret_basic", dpop_bound_access_tokens=True)
        for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"]:
            self._with_key(algorithm)
        self._with_certificate("mtls", self.authority.sign, "tls_client_auth", tls_client_auth_san_dns="mtls.example")
        self._with_certificate("mtls-self-signed", self_signed, "self_signed_tls_client_auth")
        key, cert = self.authority.sign("server", folder, address="127.0.0.1")
        tls = {"key": key.read_text(), "cert": cert.read_text(), "ca": self.ca.read_text()}
        settings = {"clients": self.registered, "resources": RESOURCES, "tls": tls}

        self.process = subprocess.Popen(
            ["node", "provider.mjs"], cwd=node, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=(folder / "errors").open("w"), text=True,
        )
        self.process.stdin.write(json.dumps(settings) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line.startswith("{"), f"oidc-provider did not start:\n{self._errors()}"
        places = json.loads(line)
        self.issuer, self.mtls_token_endpoint = places["issuer"], places["mtls_token_endpoint"]
        self.token_endpoint = f"{self.issuer}/token"

    @property
    def given(self) -> int:
        """How many tokens it gave; a token is told of before its answer is sent."""
        return self._errors().splitlines().count("gave a token")

    def stop(self) -> None:
        """Ends the process by closing its input; what it could not do is a failure."""
        self.process.stdin.close()
        assert self.process.wait(20) == 0, self._errors()
        self.process.stdout.close()
        # The warnings of its start are in colour, and say "WARNING".
        faults = [line for line in self._errors().splitlines() if "rror:" in line]
        assert not faults, self._errors()

    def _errors(self) -> str:
        return (self.folder / "errors").read_text()

    def _with_secret(self, name: str, **metadata) -> None:
        secret = f"{secrets.token_urlsafe(16)}+/:% &{secrets.token_urlsafe(16)}"
        file = self._write(f"{name}.secret", secret)
        self._register(name, ["--client-secret-file", file], client_secret=secret, **metadata)
        self.clients[name].secret = secret

    def _with_key(self, algorithm: str) -> None:
        name, key = f"key-{algorithm}", private_key(algorithm)
        file = self._write(f"{name}.pem", pem(key))
        public = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
        public = {"kid": name, "alg": algorithm, "use": "sig", **{member: public[member] for member in MEMBERS if member in public}}
        self._register(
            name, ["--private-key", file, "--key-id", name, "--signing-alg", algorithm], jwks={"keys": [public]},
            token_endpoint_auth_method="private_key_jwt", token_endpoint_auth_signing_alg=algorithm,
        )
        self.clients[name].key, self.clients[name].algorithm = key, algorithm

    def _with_certificate(self, name: str, sign, method: str, **metadata) -> None:
        key, cert = sign(name, self.folder)
        loaded = x509.load_pem_x509_certificate(cert.read_bytes())
        if method == "self_signed_tls_client_auth":
            jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(loaded.public_key()))
            der = base64.b64encode(loaded.public_bytes(serialization.Encoding.DER)).decode()
            metadata["jwks"] = {"keys": [{**jwk, "kid": name, "use": "sig", "alg": "ES256", "x5c": [der]}]}
        self._register(
            name, ["--client-cert", cert, "--client-key", key, "--ca-file", self.ca],
            token_endpoint_auth_method=method, tls_client_certificate_bound_access_tokens=True, **metadata,
        )
        self.clients[name].cert, self.clients[name].tls_key = cert, key
        self.clients[name].thumbprint = unpadded(loaded.fingerprint(hashes.SHA256()))

    def _register(self, name: str, arguments: list, **metadata) -> None:
        common = {"client_id": name, "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": []}
        self.registered.append({**common, **metadata})
        arguments = ["--client-id", name, *(str(argument) for argument in arguments)]
        self.clients[name] = SimpleNamespace(client_id=name, arguments=arguments)

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.touch(0o600)
        file.write_text(text)
        return file


class Authority:
    """A certificate authority of the tests."""

    def __init__(self, folder: Path):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = subject("authority of the tests")
        builder = certificate_for(self.name, self.key.public_key())
        builder = builder.issuer_name(self.name).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def sign(self, name: str, folder: Path, address: str | None = None) -> tuple[Path, Path]:
        """A key and its certificate, for `name.example` or for an address, as files."""
        return made(name, folder, address, self.name, self.key)


def self_signed(name: str, folder: Path) -> tuple[Path, Path]:
    return made(name, folder, None, None, None)


def made(name, folder, address, issuer, signer):
    key = ec.generate_private_key(ec.SECP256R1())
    own = subject(name)
    alternative = x509.IPAddress(ipaddress.ip_address(address)) if address else x509.DNSName(f"{name}.example")
    builder = certificate_for(own, key.public_key()).issuer_name(issuer or own)
    builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    certificate = builder.sign(signer or key, hashes.SHA256())
    files = folder / f"{name}-key.pem", folder / f"{name}-cert.pem"
    files[0].touch(0o600)
    files[0].write_text(pem(key))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files


def certificate_for(name, public_key):
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).public_key(public_key).serial_number(x509.random_serial_number())
    day = datetime.timedelta(days=1)
    return builder.not_valid_before(now - day).not_valid_after(now + day)


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def private_key(algorithm):
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key) -> str:
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*encoding).decode()


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def thumbprint(jwk: dict) -> str:
    """RFC 7638."""
    required = {member: jwk[member] for member in sorted(jwk) if member in MEMBERS}
    return unpadded(hashlib.sha256(json.dumps(required, separators=(",", ":")).encode()).digest())


# The public members of a key that name it (RFC 7638 §3.2).
MEMBERS = ["crv", "e", "kty", "n", "x", "y"]
