"""Tasks beside the body of a context manager, which may raise plainly."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.abc


@asynccontextmanager
async def background() -> AsyncGenerator[anyio.abc.TaskGroup]:
    """A task group that is cancelled when the body ends.

    Unlike a bare task group it does not wrap what the body raises into an ExceptionGroup. Waits for
    its tasks: each must bound what it shields.
    """
    tasks = anyio.create_task_group()
    await tasks.__aenter__()
    try:
        yield tasks
    finally:
        tasks.cancel_scope.cancel()
        await tasks.__aexit__(None, None, None)
