"""The main job as a person or a script runs it: a process, a real queue, and nothing that leaks."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from local_tools.ledger import EntryKind, Ledger, LedgerEntry
from local_tools.resources import resource
from mcp_bridge.carriers.opening import open_carrier

ROOT = Path(__file__).parents[2]
SAMPLE = "graves"
SYMPTOMS = "めまいと動悸"
Done = subprocess.CompletedProcess[bytes]
Report = dict[str, Any]
NOT_IDENTIFYING = {"age", "gender", "prefecture", "relationship"}


@dataclass(frozen=True)
class Home:
    """A data folder and how to run the program on it."""

    folder: Path
    records: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        names = {k: v for k, v in os.environ.items() if k in kept}
        return names | {"KARTE_HOME": str(self.folder), "KARTE_RECORDS_DIR": str(self.records)}

    def run(self, *arguments: str, **changes: str) -> Done:
        return subprocess.run(
            [sys.executable, "-m", "desktop", *arguments],
            cwd=ROOT,
            env=self.environment | changes,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def consult(self, patient: str, *options: str, **changes: str) -> tuple[Done, Report]:
        """Run `consult --json`; returns the process and its one object."""
        done = self.run(
            *("consult", "--patient", patient, "--symptoms", SYMPTOMS, "--json", *options),
            **changes,
        )
        return done, json.loads(done.stdout)

    def rows(self) -> tuple[LedgerEntry, ...]:
        ledger = Ledger(self.folder / "ledger.db")
        try:
            return ledger.tail(100)
        finally:
            ledger.close()

    def everything_written(self) -> Iterator[tuple[str, bytes]]:
        for path in self.folder.rglob("*"):
            if path.is_file():
                yield path.name, path.read_bytes()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    records = tmp_path / "records"
    shutil.copytree(resource("patients", SAMPLE), records / SAMPLE)
    return Home(tmp_path / "home", records)


@pytest.fixture
def pii(home: Home) -> dict[str, Any]:
    """The identifying file of the sample patient, read by the test itself."""
    found: dict[str, Any] = json.loads(
        (home.records / SAMPLE / "patient_pii.json").read_text("utf-8")
    )
    return found


@pytest.fixture
def patient(pii: dict[str, Any]) -> str:
    """The patient's id, as the list shows it."""
    return str(pii["patient"]["patient_id"])


def values(node: object, name: str = "") -> Iterator[str]:
    """Every identifying leaf of a record."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from values(child, key)
    elif name not in NOT_IDENTIFYING:
        yield str(node)


def canaries(pii: dict[str, Any]) -> set[str]:
    """Each value, its parts, and the usual ways to write the birth date and the phone."""
    found = set(values(pii))
    year, month, day = pii["patient"]["date_of_birth"].split("-")
    found |= {f"{year}{month}{day}", f"{year}年{int(month)}月{int(day)}日", f"{year}/{month}/{day}"}
    found |= {value.replace("-", "") for value in found if value[:1] == "0"}
    parts = {part for value in found for part in value.split() if len(part) > 1}
    return (found | parts) - {""}


def spellings(value: str) -> Iterator[bytes]:
    """How a value may stand in a file: plain, wide, escaped, or in base64 at any offset."""
    plain = value.encode()
    yield plain
    yield value.encode("utf-16-le")
    yield value.encode("utf-16-be")
    yield json.dumps(value)[1:-1].encode()
    for offset in range(3):
        if len(plain) > 5:
            yield base64.b64encode(b"\0" * offset + plain)[4 if offset else 0 : -4]


def assert_clean(pii: dict[str, Any], *places: tuple[str, bytes]) -> None:
    for value in canaries(pii):
        for spelling in spellings(value):
            assert [name for name, data in places if spelling in data] == []


def test_the_canaries_would_be_found(pii: dict[str, Any]) -> None:
    name = pii["patient"]["full_name"]
    for place in (
        name.encode(),
        base64.b64encode(b"xx" + name.encode()),
        json.dumps(name).encode(),
    ):
        with pytest.raises(AssertionError):
            assert_clean(pii, ("place", place))


def assert_sent(home: Home, pii: dict[str, Any], done: Done, report: Report) -> None:
    """What the object says, what the ledger says, and that nobody says who the patient is."""
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.count(b"\n") == 1
    assert set(report) == {
        *("patient", "release", "withheld", "ledger", "guidance", "agent", "sent"),
    }
    assert report["sent"] is True
    assert report["patient"].startswith("case-")
    assert report["agent"] == {"label": "demo", "demo": True}
    assert report["withheld"]["total"] == sum(report["withheld"].values()) / 2
    release = report["release"]
    assert set(release) == {"patient_context", "symptom_relevance", "recommendations"}
    assert release["patient_context"]["age_group"] == "30代"
    body = json.dumps(release, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(body).hexdigest() == report["ledger"]["sha256"]
    assert "119" in report["guidance"]
    assert "診断ではありません" in report["guidance"].splitlines()[-1]
    sent, message = home.rows()
    assert (sent.kind, sent.id, sent.sha256, sent.size) == (
        EntryKind.RELEASE,
        report["ledger"]["id"],
        report["ledger"]["sha256"],
        len(body),
    )
    assert (message.kind, message.sha256) == (
        EntryKind.MESSAGE,
        hashlib.sha256(SYMPTOMS.encode()).hexdigest(),
    )
    written = list(home.everything_written())
    assert {"queue.db", "ledger.db", "karte-bridge.log"} & {name for name, _ in written}
    assert_clean(pii, ("stdout", done.stdout), ("stderr", done.stderr), *written)


def test_consult_over_the_embedded_queue(home: Home, pii: dict[str, Any], patient: str) -> None:
    done, report = home.consult(patient, "--yes")
    assert_sent(home, pii, done, report)
    assert messages_carried(home) >= 2  # the call and its reply
    verified = home.run("ledger", "verify")
    assert verified.returncode == 0


def messages_carried(home: Home) -> int:
    """How many messages the embedded queue has ever held."""
    with closing(sqlite3.connect(home.folder / "queue.db")) as database:
        (count,) = database.execute("SELECT max(seq) FROM sqlite_sequence").fetchone()
        return int(count)


def test_consult_over_azurite(
    home: Home, pii: dict[str, Any], patient: str, azurite_url: str
) -> None:
    done, report = home.consult(patient, "--yes", "--queue", azurite_url)
    assert_sent(home, pii, done, report)
    assert not (home.folder / "queue.db").exists()
    assert anyio.run(queues_left, azurite_url) == []


async def queues_left(url: str) -> list[str]:
    async with open_carrier(url) as carrier:
        return list(await carrier.queues("karte-"))


def test_without_a_yes_nothing_leaves(home: Home, pii: dict[str, Any], patient: str) -> None:
    done, report = home.consult(patient)
    assert done.returncode == 1
    assert (report["sent"], report["code"]) == (False, "app_not_approved")
    assert (report["release"], report["ledger"]) == (None, None)
    assert home.rows() == ()
    assert_clean(pii, ("stdout", done.stdout), *home.everything_written())


@dataclass(frozen=True)
class Session:
    """What came of a run at a terminal; `queue` are the carrier's files while it asked."""

    code: int
    shown: str
    queue: tuple[tuple[str, bytes], ...]


def at_a_terminal(home: Home, patient: str, typed: bytes) -> Session:
    """Answer the question by typing."""
    keyboard, screen = pty.openpty()
    asking = [sys.executable, "-m", "desktop", "consult", "--patient", patient]
    with subprocess.Popen(
        [*asking, "--symptoms", SYMPTOMS],
        cwd=ROOT,
        env=home.environment,
        stdin=screen,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        os.close(screen)
        assert process.stdout is not None
        assert process.stderr is not None
        shown = b""
        while b"[y/N]" not in shown:  # the question goes to people, on stderr
            piece = process.stderr.read1()
            assert piece, process.stdout.read()
            shown += piece
        queue = tuple(file for file in home.everything_written() if file[0].startswith("queue.db"))
        if typed == b"\x03":
            process.send_signal(signal.SIGINT)
        else:
            os.write(keyboard, typed)
        out, err = process.communicate(timeout=60)
    os.close(keyboard)
    return Session(process.returncode, (out + shown + err).decode(), queue)


@pytest.mark.parametrize(
    ("typed", "code", "said", "kinds"),
    [
        (b"y\n", 0, "承認しました", [EntryKind.RELEASE, EntryKind.MESSAGE]),
        (b"\n", 1, "患者の情報は送信されていません", [EntryKind.REFUSAL, EntryKind.MESSAGE]),
        (b"\x03", 1, "中止しました", [EntryKind.REFUSAL, EntryKind.MESSAGE]),
    ],
    ids=["yes", "no", "interrupt"],
)
def test_the_doctor_answers_at_the_terminal(
    home: Home, patient: str, typed: bytes, code: int, said: str, kinds: list[EntryKind]
) -> None:
    session = at_a_terminal(home, patient, typed)
    assert session.code == code, session.shown
    assert said in session.shown
    assert "30代" in session.shown  # the exact payload was there to read
    assert [row.kind for row in home.rows()] == kinds


def test_the_queue_holds_sealed_bytes_only(home: Home, pii: dict[str, Any], patient: str) -> None:
    """While the doctor thinks, the request lies in the queue; the journal keeps the reply."""
    session = at_a_terminal(home, patient, b"y\n")
    in_flight = b"".join(data for _, data in session.queue)
    (journal,) = (data for name, data in home.everything_written() if name == "journal.db")
    for frames in (in_flight, journal):
        assert b"karte-" in frames
        assert b"body" in frames
        for said in (SYMPTOMS, "30代", "get_patient_background", "patient_context"):
            assert all(spelling not in frames for spelling in spellings(said))
    assert_clean(pii, ("in flight", in_flight), ("journal", journal))


def test_a_name_in_the_message_stops_it(home: Home, pii: dict[str, Any], patient: str) -> None:
    name = pii["patient"]["full_name"]
    done = home.run(
        *("consult", "--patient", patient, "--symptoms", f"{name}さんのめまい", "--yes", "--json")
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["code"] == "app_message_blocked"
    assert home.rows() == ()
    assert_clean(pii, ("stdout", done.stdout), ("stderr", done.stderr), *home.everything_written())


def test_an_unknown_patient(home: Home) -> None:
    done, report = home.consult("K-000000", "--yes")
    assert done.returncode == 1
    assert report == {"sent": False, "code": "record_not_found"}
    assert "患者は見つかりません" in done.stderr.decode()
    assert home.rows() == ()


def test_a_broken_record_is_named_and_the_others_work(home: Home, patient: str) -> None:
    broken = home.records / "broken"
    shutil.copytree(home.records / SAMPLE, broken)
    (broken / "patient_medical.json").write_text('{"CANARY": ')
    done = home.run("consult", "--list")
    assert done.returncode == 0
    assert [line.split("\t")[0] for line in done.stdout.decode().splitlines()] == [patient]
    assert "patient_medical.json" in done.stderr.decode()
    assert "CANARY" not in done.stderr.decode()


def test_a_folder_without_records(home: Home, tmp_path: Path) -> None:
    done, report = home.consult("K-000000", "--yes", "--records", str(tmp_path / "missing"))
    assert done.returncode == 1
    assert report == {"sent": False, "code": "record_not_found"}


def test_a_queue_that_nobody_can_open_is_not_configured_well(home: Home, patient: str) -> None:
    done, report = home.consult(patient, "--yes", "--queue", "nonsense")
    assert done.returncode == 3
    assert report == {"sent": False, "code": "bad_settings"}


def test_no_display_explains_itself(home: Home) -> None:
    done = home.run()
    assert done.returncode == 1
    said = done.stderr.decode()
    assert "karte-bridge consult" in said
    assert len(said.strip().splitlines()) == 1


def test_any_locale_will_do(home: Home, patient: str) -> None:
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done, report = home.consult(patient, "--yes", **locale)
    assert done.returncode == 0, done.stderr.decode()
    assert report["release"]["patient_context"]["age_group"] == "30代"


@pytest.mark.parametrize("options", [["--list"], ["--symptoms", SYMPTOMS, "--yes"]])
def test_a_reader_that_goes_away_is_no_crash(home: Home, patient: str, options: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop", "consult", "--patient", patient, *options],
        cwd=ROOT,
        env=home.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == b""
    assert home.rows() == ()  # what could not be shown was not sent
