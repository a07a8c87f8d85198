"""An authenticator in software (WebAuthn Level 3, 6 and 7): it answers as it is told, rightly or not."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40  # flags of authenticator data


@dataclass
class SoftwarePasskey:
    origin: str = "http://testserver"
    rp_id: str = ""  # empty: the domain that is asked for
    flags: int = PRESENT | VERIFIED
    count: int = 0  # goes up with each answer, unless `synced`
    synced: bool = False  # as those of clouds, which count nothing
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """Its answer to `navigator.credentials.create`, as our pages send it."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(options["rp"]["id"], self.flags | ATTESTED) + attested + cbor2.dumps(cose)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("webauthn.create", options, attestationObject=attestation)

    def get(self, options: dict[str, Any]) -> str:
        """Its answer to `navigator.credentials.get`."""
        data = self._data(options["rpId"], self.flags)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer("webauthn.get", options, authenticatorData=data, signature=signature)

    def _data(self, rp_id: str, flags: int) -> bytes:
        if not self.synced:
            self.count += 1
        hashed = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return hashed + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _answer(self, kind: str, options: dict[str, Any], **parts: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        response = {"clientDataJSON": self._client(kind, options), **parts}
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": {key: bytes_to_base64url(value) for key, value in response.items()},
            }
        )
