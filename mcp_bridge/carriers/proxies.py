"""The proxy of this PC, asked for once.

aiohttp would look for it, and for a `.netrc`, in two worker threads at every request: a quarter of
the time of a request to a service near by.
"""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def system_proxy(url: str) -> str | None:
    """The proxy for `url` by the environment or, where it has one, the system's settings.

    It may hold a user and a password: not for a log.
    """
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)
