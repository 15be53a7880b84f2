"""Who may come in: bearer tokens from a file (tests, small sites) or of an issuer (Entra and kin).

A verifier answers None for whatever it does not accept; the middleware of the SDK makes 401 or 403
of it. No token, and no part of one, is logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from anyio import to_thread
from mcp.server.auth.provider import AccessToken

from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.private_files import is_private

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")  # never a shared key
LEEWAY_S = 60  # between the issuer's clock and ours
MAX_FILE_BYTES = 64 * 1024
FETCH_S = 10


class TokenFile:
    """Fixed tokens, one a line: `NAME TOKEN`. Only digests stay in memory."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            LocalFault: BAD_KEY, it is missing, readable by others, or has lines of another form.
        """
        try:
            if not is_private(path) or path.stat().st_size > MAX_FILE_BYTES:
                raise LocalFault(Code.BAD_KEY)
            lines = path.read_text(encoding="ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            raise LocalFault(Code.BAD_KEY) from None
        pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise LocalFault(Code.BAD_KEY)
        # A digest as key: how long the look-up takes says nothing of a token.
        self._names = {_digest(token): name for name, token in pairs}

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's holder."""
        name = self._names.get(_digest(token))
        return None if name is None else AccessToken(token="", client_id=name, scopes=[])


@dataclass(frozen=True, slots=True)
class IssuerTokens:
    """Signed tokens (JWT) of one issuer for one audience, checked against the issuer's keys."""

    issuer: str
    audience: str
    keys: jwt.PyJWKClient

    @classmethod
    def of(cls, issuer: str, audience: str, keys_url: str) -> IssuerTokens:
        """`keys_url` is the issuer's `jwks_uri`; the keys are fetched when first needed."""
        return cls(issuer, audience, jwt.PyJWKClient(keys_url, timeout=FETCH_S))

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's holder, if issuer, audience, signature and times are right."""
        try:
            claims = await to_thread.run_sync(self._claims, token)
        except (jwt.PyJWTError, ValueError):
            return None
        holder = claims.get("azp") or claims.get("appid") or claims.get("client_id")
        scopes = claims.get("scp") or claims.get("scope") or ""
        return AccessToken(
            token="",
            client_id=str(holder or claims["sub"]),
            scopes=str(scopes).split(),
            expires_at=int(claims["exp"]),
            subject=str(claims["sub"]),
            claims={"iss": self.issuer},
        )

    def _claims(self, token: str) -> dict[str, Any]:
        """Blocks on the network when the issuer has changed its keys."""
        key = self.keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key.key,
            algorithms=list(ALGORITHMS),
            audience=self.audience,
            issuer=self.issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
