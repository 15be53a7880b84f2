"""The one way in which a release becomes bytes: what is approved, hashed, stored and sent."""

from __future__ import annotations

import json


def canonical(document: object) -> bytes:
    """Return JSON with sorted keys and without spaces, in UTF-8."""
    text = json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode()
