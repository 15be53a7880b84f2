"""Sentences for the terminal, the guidance and every error code, in Japanese and English.

They live in resources/texts/{ja,en}.toml; tests/unit/desktop/test_texts.py keeps both complete.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import cast

from local_tools.model import Lang
from local_tools.resources import resource

_Table = Mapping[str, object]


def read_table(lang: Lang) -> dict[str, str]:
    """All sentences of a language by dotted key, such as "error.agent_busy"."""
    with resource("texts", f"{lang}.toml").open("rb") as file:
        return dict(_flatten("", tomllib.load(file)))


LANGS: tuple[Lang, ...] = ("ja", "en")


class Texts:
    """The sentences of one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._sentences = read_table(lang)

    def __call__(self, key: str, **fields: object) -> str:
        """The sentence, its `{fields}` filled in. Raises KeyError for an unknown key."""
        return self._sentences[key].format(**fields)

    def __contains__(self, key: str) -> bool:
        return key in self._sentences

    def error(self, code: str) -> str:
        """What happened and what to do, for any code of app, agent, tools or bridge."""
        key = f"error.{code}"
        return self(key) if key in self else self("error.unknown", code=code)

    def problem(self, code: str) -> str:
        """What is wrong with a record file or one of its fields."""
        return self._or_code("record_problem", code)

    def rule(self, code: str) -> str:
        """What the gate found: one of its rules, or an error's code."""
        return self.error(code) if f"error.{code}" in self else self._or_code("gate_rule", code)

    def _or_code(self, group: str, code: str) -> str:
        key = f"{group}.{code}"
        return self(key) if key in self else code


def every_language() -> Mapping[Lang, Texts]:
    """The sentences of all languages, for who may change it between two calls."""
    return {lang: Texts(lang) for lang in LANGS}


def _flatten(prefix: str, table: _Table) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found += _flatten(f"{key}.", cast("_Table", value))
        else:
            found.append((key, str(value)))
    return found
