"""Opens the agent that the settings choose."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from desktop.core.agent.demo import DemoAgent
from desktop.core.agent.port import Agent
from desktop.core.settings import AgentKind, Settings
from desktop.core.texts import every_language
from local_tools.vocabulary import Vocabulary


@asynccontextmanager
async def open_agent(settings: Settings, vocabulary: Vocabulary) -> AsyncGenerator[Agent]:
    """The agent; its connections are closed at the end.

    Raises:
        NotConfigured: The cloud agent lacks its address, model or key.
        NoKeyring: The key cannot be read, because there is no safe keyring.
    """
    if settings.agent is AgentKind.DEMO:
        yield DemoAgent(vocabulary, every_language())
        return
    # openai and azure-identity take a second to load; demo mode has no use for them.
    from desktop.core.cloud_agents import open_cloud_agent  # noqa: PLC0415

    async with open_cloud_agent(settings) as agent:
        yield agent
