"""The HTTP client of the cloud agent, and what its failures mean to us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    DefaultAsyncHttpx2Client,
    OpenAIError,
)

from desktop.core.agent.port import AgentCode, AgentError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def open_client(
    base_url: str,
    api_key: str | Callable[[], Awaitable[str]],
    *,
    silence_s: float = 120.0,
    max_retries: int = 2,
) -> AsyncOpenAI:
    """A client that the caller closes.

    `api_key` may be a function that fetches a fresh token; `silence_s` is how long the stream may
    say nothing.
    """
    timeout = httpx2.Timeout(silence_s, connect=10.0)
    # A proxy of the environment must not see what goes to a server on this PC.
    is_far = host_of(base_url) not in LOOPBACK
    # Nor may the server send the conversation on to another one.
    http = DefaultAsyncHttpx2Client(timeout=timeout, trust_env=is_far, follow_redirects=False)
    return AsyncOpenAI(
        base_url=base_url, api_key=api_key, http_client=http, max_retries=max_retries
    )


@contextmanager
def coded_errors() -> Generator[None]:
    """Any failure of the client becomes an AgentError, without the provider's text."""
    try:
        yield
    except OpenAIError as fault:
        raise AgentError(_code_of(fault)) from None
    except (httpx2.HTTPError, httpx2.StreamError):
        raise AgentError(AgentCode.UNREACHABLE) from None
    except (ValueError, AttributeError, TypeError):  # an event that is none
        raise AgentError(AgentCode.BAD_ANSWER) from None


_BY_STATUS = {
    401: AgentCode.SIGN_IN,
    403: AgentCode.FORBIDDEN,
    404: AgentCode.NOT_FOUND,
    408: AgentCode.TIMED_OUT,
    429: AgentCode.BUSY,
}


def _code_of(fault: OpenAIError) -> AgentCode:
    match fault:
        case APITimeoutError():
            return AgentCode.TIMED_OUT
        case APIConnectionError():
            return AgentCode.UNREACHABLE
        case APIStatusError(status_code=429, code="insufficient_quota"):
            return AgentCode.QUOTA
        case APIStatusError(status_code=status):
            other = AgentCode.BUSY if status >= 500 else AgentCode.BAD_REQUEST
            return _BY_STATUS.get(status, other)
        case _:
            return AgentCode.BUSY  # the stream itself said that it failed


def is_private(url: str) -> bool:
    """Whether nobody on the way can read along: HTTPS, or a server on this PC."""
    return urlsplit(url).scheme == "https" or host_of(url) in LOOPBACK


def host_of(url: str) -> str:
    """The host name in a URL, for the screen and the ledger."""
    return urlsplit(url).hostname or ""
