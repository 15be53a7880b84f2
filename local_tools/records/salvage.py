"""What a file that cannot be read still tells of who is in it.

A record that is half written, or in another encoding, is not offered. But its patient's name must
not become unknown to the scan because of that. So the pairs of key and text in it are taken as they
stand, wherever they stand; too many of them are better than too few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from local_tools.records.leaves import Leaf
from local_tools.records.strict_json import MAX_BYTES

_PAIR = re.compile(
    r'"([^"\\\n]{1,40})"\s{0,8}:\s{0,8}(?:"((?:[^"\\\n]|\\.){1,500})"|([0-9]{3,20}))'
)
_OTHER_ENCODING = "cp932"  # what a Japanese Windows writes if nobody asks for UTF-8


def salvaged(content: bytes) -> Iterator[Leaf]:
    """Yield the pairs of key and value in the content of a broken file, as if at its top."""
    for key, text, number in _PAIR.findall(_decoded(content[:MAX_BYTES])):
        yield Leaf("", (key,), _unescaped(text) if text else number, is_flag=False)


def _decoded(content: bytes) -> str:
    for encoding in (json.detect_encoding(content), _OTHER_ENCODING):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(errors="replace")


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text
