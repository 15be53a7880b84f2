"""A token, or the state "sign in"; never the provider's text."""

from __future__ import annotations

from typing import Any, cast

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from desktop.core.agent.port import AgentCode, AgentError
from desktop.core.sign_in import PROJECT_SCOPE, RESOURCE_SCOPE, EntraTokens, scope_for


class Credential:
    """Stands in for azure-identity: a real sign-in cannot run here."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.scopes: list[str] = []

    async def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        self.scopes.extend(scopes)
        if self.token is None:
            raise ClientAuthenticationError("CANARY tenant")
        return AccessToken(self.token, 0)


async def test_a_token_for_the_scope() -> None:
    credential = Credential("t")
    tokens = EntraTokens(cast("Any", credential), RESOURCE_SCOPE)
    assert await tokens() == "t"
    assert credential.scopes == [RESOURCE_SCOPE]


async def test_no_sign_in_is_a_state() -> None:
    with pytest.raises(AgentError) as failure:
        await EntraTokens(cast("Any", Credential(None)), RESOURCE_SCOPE)()
    assert failure.value.code is AgentCode.SIGN_IN
    assert failure.value.__cause__ is None


def test_scope_follows_the_endpoint() -> None:
    assert scope_for("clinic.services.ai.azure.com") == PROJECT_SCOPE
    assert scope_for("clinic.openai.azure.com") == RESOURCE_SCOPE
