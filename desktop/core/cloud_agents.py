"""Opens the cloud agent, with its key from the keyring or a Microsoft Entra sign-in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from anyio import to_thread
from azure.identity.aio import DefaultAzureCredential

from desktop.core.agent.cloud import CloudAgent
from desktop.core.agent.cloud_client import host_of, is_private, open_client
from desktop.core.errors import NotConfigured, SettingsError
from desktop.core.secrets import agent_key_name, read_secret
from desktop.core.settings import Auth, Settings
from desktop.core.sign_in import EntraTokens, scope_for
from local_tools.model import Lang
from local_tools.resources import resource


@asynccontextmanager
async def open_cloud_agent(settings: Settings) -> AsyncGenerator[CloudAgent]:
    """The agent at `base_url`.

    Raises:
        SettingsError: The key and the conversation would go there in the clear.
        NotConfigured: A setting or the key is missing.
        NoKeyring: The key cannot be read.
    """
    if settings.base_url is None or settings.model is None:
        raise NotConfigured("base_url", "model")
    if not is_private(settings.base_url):
        raise SettingsError("base_url")
    async with AsyncExitStack() as stack:
        key = await _key(settings.auth, host_of(settings.base_url), stack)
        client = await stack.enter_async_context(open_client(settings.base_url, key))
        yield CloudAgent(client, settings.model, read_prompts())


def read_prompts() -> Mapping[Lang, str]:
    """What the model is told of its task, per language."""
    return {"ja": _prompt("ja"), "en": _prompt("en")}


def _prompt(lang: Lang) -> str:
    return resource("prompts", f"guidance_{lang}.md").read_text(encoding="utf-8")


async def _key(auth: Auth, host: str, stack: AsyncExitStack) -> str | Callable[[], Awaitable[str]]:
    if auth is Auth.ENTRA:
        credential = await stack.enter_async_context(DefaultAzureCredential())
        return EntraTokens(credential, scope_for(host))
    key = await to_thread.run_sync(read_secret, agent_key_name(host))
    if not key:
        raise NotConfigured("api_key")
    return key
