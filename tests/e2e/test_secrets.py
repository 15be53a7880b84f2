"""No command says a secret: not on its command line, not on stdout or stderr, not in a file."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import anyio
import pytest

from mcp_bridge.carriers.opening import DEVELOPMENT_ACCOUNT, open_carrier
from mcp_bridge.cli import run
from mcp_bridge.sealing import PairingSecret, read_key_file, write_key_file
from tests.fakes.commands import environment, mcp_bridge

CANARY_KEY = "Y2FuYXJ5LWFjY291bnQta2V5LW9mLXRoZS1jbGluaWMtMDEyMzQ1Njc4OQ=="
CANARY_SIG = "canarySignature0123456789"
CANARY_TOKEN = "canary-bearer-token-0123456789"
PAIRING = PairingSecret.generate()
SECRETS = (CANARY_KEY, CANARY_SIG, CANARY_TOKEN, PAIRING.to_text().split(".")[2])
END_S = 30.0

# What each command is given beside --queue and --name; {folder} holds the secrets' own files.
COMMANDS: Mapping[str, Sequence[str]] = {
    "keygen": ("--key-file", "{folder}/key"),  # it is there already
    "pair": ("--key-file", "{folder}/key", "--offer", "--minutes", "0.01"),
    "provision": ("--caller", "cloud", "--sweep"),
    "grant": ("--caller", "cloud", "--out", "{folder}/new-grant"),
    "serve": ("--key-file", "{folder}/key", "--journal", "{folder}/journal", "--allow-all"),
    "connect": ("--key-file", "{folder}/key"),
    "gateway": ("--key-file", "{folder}/key", "--tokens", "{folder}/tokens", "--port", "0"),
    "quarantine": (),
    "bench": (),
}
UNNAMED = frozenset({"bench", "keygen"})
SERVED = ("--", sys.executable, "-m", "tests.fakes.served", "{folder}/effects", "{folder}/gate")


def commands() -> Sequence[str]:
    """All that there are, whoever added them."""
    usage = mcp_bridge("--help").stdout
    return usage[usage.index("{") + 1 : usage.index("}")].split(",")


def arguments(command: str, queue: str, folder: Path) -> Sequence[str]:
    more = COMMANDS.get(command, ("--key-file", "{folder}/key"))
    words = [command, *(["list"] if command == "quarantine" else [])]
    words += [] if command == "keygen" else ["--queue", queue]
    words += [] if command in UNNAMED else ["--name", "clinic"]
    words += [*more, *(SERVED if command == "serve" else ())]
    return [word.format(folder=folder) for word in words]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clinic's files."""
    write_key_file(tmp_path / "key", PAIRING)
    (tmp_path / "tokens").write_text(f"cloud {CANARY_TOKEN}\n", encoding="ascii")
    grant = {"url": "http://127.0.0.1:1/a", "expires": "", "queues": {}}
    grant["queues"] = dict.fromkeys(("clinic-req", "clinic-res-cloud"), f"sig={CANARY_SIG}")
    (tmp_path / "grant").write_text(json.dumps(grant), encoding="ascii")
    for name in ("tokens", "grant"):
        (tmp_path / name).chmod(0o600)
    return tmp_path


def said(processes: Sequence[subprocess.Popen[str]]) -> Iterator[str]:
    """What they said until they ended, which those that serve do when they are told to."""
    for process in processes:
        try:
            out, err = process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=END_S)
        yield out + err


def command_line(pid: int) -> str:
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@pytest.mark.parametrize(
    ("queue", "names"),
    [("env:QUEUE", None), ("grant:{folder}/grant", ("serve", "connect", "provision"))],
    ids=["a key", "tokens"],
)
def test_no_command_that_is_refused_says_a_secret(
    folder: Path, azurite_url: str, queue: str, names: Sequence[str] | None
) -> None:
    """The service answers, and refuses: a key that is not the account's, tokens that are none."""
    connection = (
        f"DefaultEndpointsProtocol=http;AccountName={DEVELOPMENT_ACCOUNT};AccountKey={CANARY_KEY};"
        f"QueueEndpoint={azurite_url};"
    )
    spec = queue.format(folder=folder)
    with ExitStack() as stack:
        running = {
            command: stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "mcp_bridge", *arguments(command, spec, folder)],
                    env=environment(QUEUE=connection),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for command in names or commands()
        }
        lines = [command_line(process.pid) for process in running.values()]
        texts = [*lines, *said([*running.values()])]
    assert names or set(running) >= set(COMMANDS)
    for secret in SECRETS:
        assert not [text for text in texts if secret in text]
    own = {"key", "tokens", "grant"}
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in own:
            content = path.read_bytes()
            assert not [secret for secret in SECRETS if secret.encode() in content], path.name


@pytest.mark.parametrize(
    "value",
    [
        f"AccountName=a;AccountKey={CANARY_KEY}broken",
        f"AccountKey={CANARY_KEY}",
        f"https://a.queue.core.windows.net/?sig={CANARY_SIG}&%%%",
        f"http://a.queue.core.windows.net/?sig={CANARY_SIG}",
        CANARY_TOKEN,
    ],
)
@pytest.mark.parametrize("command", ["provision", "quarantine", "grant", "pair"])
def test_a_secret_of_a_wrong_form_is_not_repeated(
    folder: Path,
    command: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QUEUE", value)
    monkeypatch.setattr("mcp_bridge.cli.quiet_logs", lambda: None)  # the test's own logging stays
    monkeypatch.setattr("mcp_bridge.carriers.azure_errors._RETRY_WINDOW_S", 0.0)
    run(arguments(command, "env:QUEUE", folder))
    printed = capsys.readouterr()
    assert not [secret for secret in SECRETS if secret in printed.out + printed.err]


def test_a_served_command_does_not_inherit_the_carriers_secret(folder: Path) -> None:
    served = (sys.executable, "-c", "import os, sys; sys.stderr.write(repr(dict(os.environ)))")
    ended = mcp_bridge(
        *arguments("serve", "env:QUEUE", folder)[:-6],
        *("--", *served),
        QUEUE=f"https://a.queue.core.windows.net/?sig={CANARY_SIG}",
    )
    assert "PATH" in ended.stderr, "the child said what it has"
    assert CANARY_SIG not in ended.stderr


def test_a_code_carries_the_secret_from_process_to_process(tmp_path: Path) -> None:
    """Shown on stdout by one, read from stdin by the other, and nowhere else."""
    queue = f"sqlite:{tmp_path / 'queues'}"
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_key_file(ours, PAIRING)
    pair = [sys.executable, "-m", "mcp_bridge", "pair", "--queue", queue, "--name", "clinic"]

    def start(*more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*pair, *more],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with start("--offer", "--key-file", str(ours)) as offering:
        assert offering.stdout is not None
        code = offering.stdout.readline().strip()
        with start("--code", "--key-file", str(theirs)) as typing:
            got, asked = typing.communicate(f"{code.lower()}\ny\n", timeout=END_S)
        left, silent = offering.communicate(timeout=END_S)
    assert (offering.returncode, typing.returncode) == (0, 0), asked + silent
    fingerprint, kid = got.splitlines()
    assert left.splitlines() == [fingerprint]
    assert kid == PAIRING.kid
    assert theirs.read_text(encoding="ascii") == ours.read_text(encoding="ascii")
    assert theirs.stat().st_mode & 0o077 == 0
    read_key_file(theirs)
    assert code not in got + asked + left + silent
    assert PAIRING.to_text() not in got + asked + left + silent


@pytest.mark.parametrize("answer", ["", "n\n", "what\n"])
def test_what_is_not_confirmed_is_not_kept(
    tmp_path: Path,
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replies = iter(["0000-0000-0000\n", answer])
    monkeypatch.setattr("sys.stdin", _Typed(replies))
    monkeypatch.setattr("mcp_bridge.cli.quiet_logs", lambda: None)

    async def accepted(*_arguments: object) -> tuple[PairingSecret, str]:
        return PAIRING, "aaaa bbbb cccc"

    monkeypatch.setattr("mcp_bridge.pairing.accept", accepted)
    file = tmp_path / "key"
    ours = ["pair", "--code", "--queue", "memory:", "--name", "clinic", "--key-file", str(file)]
    assert run(ours) == 1
    assert "Not paired" in capsys.readouterr().err
    assert not file.exists()


class _Typed:
    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def readline(self) -> str:
        return next(self._lines)


def test_keys_rotate_and_retire_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mcp_bridge.cli.quiet_logs", lambda: None)
    file = tmp_path / "key"
    write_key_file(file, PAIRING)
    assert run(["keygen", "--key-file", str(file), "--rotate"]) == 0
    kid = capsys.readouterr().out.strip()
    assert [line.split(".")[1] for line in file.read_text().splitlines()] == [kid, PAIRING.kid]
    assert run(["keygen", "--key-file", str(file), "--retire", PAIRING.kid]) == 0
    assert capsys.readouterr().out == ""
    assert run(["keygen", "--key-file", str(file), "--retire", kid]) == 3
    assert PAIRING.to_text() not in file.read_text()


def test_provisioning_makes_pairing_queues_and_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mcp_bridge.cli.quiet_logs", lambda: None)
    queue, orphan = f"sqlite:{tmp_path / 'queues'}", "clinic-res-c20200101-0123456789ab"

    async def leave_an_orphan() -> None:
        async with open_carrier(queue) as carrier:
            await carrier.create(orphan)

    anyio.run(leave_an_orphan)
    assert run(["provision", "--queue", queue, "--name", "clinic", "--pair", "--sweep"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-3:] == ["clinic-pair-q made", "clinic-pair-r made", f"{orphan} removed"]
    assert {"clinic-req made", "clinic-quarantine made"} < set(printed)
