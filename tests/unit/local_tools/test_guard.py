"""The guard: what it knows passes, everything else does not, and nothing but codes tells why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from local_tools.errors import Code, Refused
from local_tools.model import (
    Identifier,
    IdentifierKind as Kind,
    PatientRecord,
    Release,
    Statement,
    Summary,
)
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import Guard, ReleaseRegister, leaves
from local_tools.privacy.self_test import AnythingGoes
from local_tools.vocabulary import Vocabulary

PATIENTLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

IDENTIFIERS = (Identifier(Kind.NAME, "髙橋 美咲"), Identifier(Kind.PHONE, "090-1234-5678"))
TOOLS = {"tools": [{"name": "get", "description": "Gets it.", "inputSchema": {"maxLength": 20}}]}


def release(text: str = "あ") -> Release:
    record = PatientRecord("p", "", "", None, None, "", identifiers=IDENTIFIERS)
    summary = Summary(lang="ja", age_group=Statement("い"), recommendations=(Statement(text),))
    return Gate(AnythingGoes(), lambda: IDENTIFIERS).release(summary, record)


@pytest.fixture
def releases() -> ReleaseRegister:
    register = ReleaseRegister()
    register.allow(leaves(TOOLS))
    register.allow(("resultType", "complete", "supported", "2026-07-28"))
    return register


@pytest.fixture
def guard(releases: ReleaseRegister) -> Guard:
    return Guard(releases, lambda: IDENTIFIERS, AnythingGoes())


def result(**fields: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": fields}


def told(release: Release, **changes: object) -> dict[str, Any]:
    text = release.body.decode()
    fields: dict[str, Any] = {
        "content": [{"type": "text", "text": text}],
        "structuredContent": json.loads(text),
        "isError": False,
        "resultType": "complete",
    }
    return result(**(fields | changes))


def blocked(guard: Guard, message: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        guard(message)
    assert caught.value.code == Code.GUARD_BLOCKED


def test_a_registered_release_leaves_once(guard: Guard, releases: ReleaseRegister) -> None:
    known = release()
    releases.register(known)
    assert guard(told(known)) == told(known)
    blocked(guard, told(known))


def test_a_release_that_is_not_registered_does_not(guard: Guard) -> None:
    blocked(guard, told(release()))


@pytest.mark.parametrize(
    "changes",
    [
        {"content": [{"type": "text", "text": "{}"}]},
        {"content": []},
        {"content": "text"},
        {"content": [{"type": "text", "text": "{}"}, {"type": "text", "text": "髙橋"}]},
        {"structuredContent": {"name": "髙橋"}},
        {"structuredContent": None},
        {"structuredContent": ["髙橋"]},
        {"_meta": {"trace": "髙橋"}},
        {"resultType": "髙橋"},
    ],
)
def test_a_release_with_anything_else_does_not(
    guard: Guard, releases: ReleaseRegister, changes: dict[str, Any]
) -> None:
    releases.register(release())
    blocked(guard, told(release(), **changes))


def test_fields_beside_a_release_are_left_behind(guard: Guard, releases: ReleaseRegister) -> None:
    releases.register(release())
    message = told(release()) | {"note": "髙橋"}
    message["result"]["note"] = "髙橋"
    assert "髙橋" not in json.dumps(guard(message), ensure_ascii=False)


def test_a_number_of_a_patient_never_passes(guard: Guard, releases: ReleaseRegister) -> None:
    """Also if the gate had let it through: this is the second door."""
    others = Guard(releases, lambda: (Identifier(Kind.PATIENT_ID, "ABCD-12"),), AnythingGoes())
    known = release("abcd12")
    releases.register(known)
    blocked(others, told(known))
    assert guard(told(known))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("LDLコレステロールが高値", "LDLコレステロール"),
        ("気管支喘息(活動性)", "気管支喘息"),
        ("気管支喘息(活動性)", "patient_context"),
    ],
)
def test_a_word_of_some_record_that_is_a_whole_term_does_not_stop_a_release(
    releases: ReleaseRegister, text: str, value: str
) -> None:
    """Japanese names of tests are keys of records; a state such as "active" is a value."""
    vocabulary = Vocabulary.load()
    assert vocabulary.is_grammatical(text, "ja")
    others = Guard(releases, lambda: (Identifier(Kind.OTHER_ID, value),), vocabulary)
    known = release(text)
    releases.register(known)
    assert others(told(known)) == told(known)


def test_a_word_that_is_only_part_of_a_term_stops_it(releases: ReleaseRegister) -> None:
    identifiers = (Identifier(Kind.OTHER_ID, "喘息活動"),)
    others = Guard(releases, lambda: identifiers, Vocabulary.load())
    known = release("気管支喘息(活動性)")
    releases.register(known)
    blocked(others, told(known))


def test_constants_of_the_server_pass(guard: Guard) -> None:
    message = result(**TOOLS, resultType="complete")
    assert guard(message) == message
    assert guard(result()) == result()


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"name": "髙橋"}]},
        {"髙橋": []},
        {"tools": [{"name": "get", "inputSchema": {"maxLength": 9012345678}}]},
        {"tools": [["Gets it", "Gets it."]]},
        {"contents": [{"text": "x"}]},
        {"messages": [{"role": "user"}]},
    ],
)
def test_other_results_do_not(guard: Guard, fields: dict[str, Any]) -> None:
    blocked(guard, result(**fields))


@pytest.mark.parametrize("text", ["gate_blocked", "denied_by_user", "no_case_open"])
def test_a_failed_tool_tells_its_code(guard: Guard, text: str) -> None:
    message = result(content=[{"type": "text", "text": text}], isError=True)
    assert guard(message) == message


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "text", "text": "Input validation error: '髙橋' is too long"}],
        [{"type": "text", "text": "gate_blocked"}, {"type": "text", "text": "髙橋"}],
        [{"type": "image", "data": "髙橋"}],
        [],
    ],
)
def test_a_failed_tool_tells_nothing_else(guard: Guard, content: list[Any]) -> None:
    message = result(content=content, structuredContent={"a": "髙橋"}, isError=True)
    assert guard(message)["result"] == {
        "content": [{"type": "text", "text": "internal"}],
        "isError": True,
    }


@pytest.mark.parametrize(
    ("number", "kept", "code"),
    [
        (-32601, -32601, "unknown_method"),
        (-32602, -32602, "bad_arguments"),
        (-32700, -32700, "bad_arguments"),
        (0, -32603, "internal"),
        (9012345678, -32603, "internal"),
        ("髙橋", -32603, "internal"),
        (None, -32603, "internal"),
    ],
)
def test_an_error_becomes_a_code(guard: Guard, number: object, kept: int, code: str) -> None:
    error = {"code": number, "message": "髙橋 1985-03-01", "data": {"name": "髙橋"}}
    out = guard({"jsonrpc": "2.0", "id": "a-1", "error": error})
    assert out == {"jsonrpc": "2.0", "id": "a-1", "error": {"code": kept, "message": code}}


def test_an_unsupported_version_names_the_served_ones(guard: Guard) -> None:
    error = {
        "code": -32022,
        "message": "x",
        "data": {"supported": ["2026-07-28"], "requested": "髙"},
    }
    out = guard({"jsonrpc": "2.0", "id": 1, "error": error})
    assert out["error"]["data"] == {"supported": ["2026-07-28"]}
    blocked(
        guard,
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32022, "data": {"supported": ["髙橋"]}}},
    )


def test_progress_is_numbers_only(guard: Guard) -> None:
    params = {
        "progressToken": "t",
        "progress": 0.5,
        "total": 1,
        "message": "髙橋",
        "_meta": {"a": 1},
    }
    out = guard({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
    assert out["params"] == {"progressToken": "t", "progress": 0.5, "total": 1}


@pytest.mark.parametrize(
    "message",
    [
        {"method": "notifications/message", "params": {"data": "髙橋"}},
        {"method": "notifications/tools/list_changed"},
        {"method": "sampling/createMessage", "id": 1, "params": {"text": "髙橋"}},
        {"method": "notifications/progress", "params": {"progress": 9012345678}},
        {"method": "notifications/progress", "params": {"progress": "髙橋"}},
        {"method": "notifications/progress", "params": {"progressToken": "髙橋", "progress": 1}},
        {"method": "notifications/progress"},
        {"id": "髙橋", "result": {}},
        {"id": 10**30, "result": {}},
        {"id": {"a": "髙橋"}, "result": {}},
        {"id": 1, "result": "髙橋"},
        {"id": 1},
        {},
    ],
)
def test_any_other_message_is_blocked(guard: Guard, message: dict[str, Any]) -> None:
    blocked(guard, {"jsonrpc": "2.0"} | message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@PATIENTLY
@given(
    st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error", "x"]), JSON
    )
)
def test_no_message_says_anything_unknown(message: dict[str, Any]) -> None:
    """Whatever comes, only codes, numbers of JSON-RPC and the caller's own id go out."""
    try:
        out = Guard(ReleaseRegister(), lambda: IDENTIFIERS, AnythingGoes())(message)
    except Refused:
        return
    known = {"jsonrpc", "2.0", "id", "result", "error", "code", "message", "content", "isError"}
    known |= {"type", "text", "notifications/progress", "method", "params", "progress", "total"}
    known |= {"progressToken", *(code.value for code in Code)}
    if "error" in message:
        known |= {"-32700", "-32600", "-32601", "-32602", "-32603", "-32022", "data", "supported"}
    params = message.get("params")
    own = [message.get("id"), *(params.values() if isinstance(params, dict) else ())]
    assert set(leaves(out)) <= known | {str(value) for value in own}
