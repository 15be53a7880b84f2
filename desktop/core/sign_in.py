"""Microsoft Entra tokens for the agent, from whoever is signed in on this PC.

Signing in with a browser comes later; whoever opens the agent chooses the credential.
"""

from __future__ import annotations

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError

from desktop.core.agent.port import AgentCode, AgentError

PROJECT_SCOPE = "https://ai.azure.com/.default"
RESOURCE_SCOPE = "https://cognitiveservices.azure.com/.default"


def scope_for(host: str) -> str:
    """The scope of a Foundry project endpoint, or of an Azure OpenAI resource."""
    return PROJECT_SCOPE if host.endswith(".services.ai.azure.com") else RESOURCE_SCOPE


class EntraTokens:
    """A function that fetches a token for each request; the credential caches it.

    Tokens go to the agent's host over HTTPS and are kept in memory only.
    """

    def __init__(self, credential: AsyncTokenCredential, scope: str) -> None:
        self._credential = credential
        self._scope = scope

    async def __call__(self) -> str:
        """A token that is valid now. Raises AgentError(SIGN_IN)."""
        try:
            token = await self._credential.get_token(self._scope)
        except AzureError:
            raise AgentError(AgentCode.SIGN_IN) from None
        return token.token
