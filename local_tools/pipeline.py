"""The straight line: record -> summary -> release -> a person's yes -> ledger -> out.

Each arrow is one call and each stage has its own type. Every way out of the line but the last one
is a refusal, and each refusal is in the ledger too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import anyio
from anyio import to_thread

from local_tools.approval import Approver, Decision, Proposal
from local_tools.cases import CaseBook
from local_tools.errors import Code, Refused, ToolsError
from local_tools.ledger import Draft, EntryKind, Ledger
from local_tools.model import (
    Fate,
    Field,
    FieldFate,
    Lang,
    PatientRecord,
    Preview,
    Release,
    Summary,
    covers,
)
from local_tools.privacy.gate import Gate
from local_tools.privacy.guard import ReleaseRegister
from local_tools.records.source import RecordSource
from local_tools.summary.rules import summarise
from local_tools.vocabulary import Vocabulary

BACKGROUND = "get_patient_background"
CANCELLED = "cancelled"


class Pipeline:
    """What the tools stand on. `today` tells the date; `destination` is who gets what leaves.

    `lang` may be changed at any time; a call keeps the language that it began its summary in.
    """

    def __init__(  # noqa: PLR0913 - here the parts of the line come together
        self,
        *,
        records: RecordSource,
        vocabulary: Vocabulary,
        gate: Gate,
        ledger: Ledger,
        approver: Approver,
        cases: CaseBook,
        releases: ReleaseRegister,
        destination: str,
        lang: Lang,
        today: Callable[[], date] = date.today,
    ) -> None:
        self.releases = releases
        self._records = records
        self._vocabulary = vocabulary
        self._gate = gate
        self._ledger = ledger
        self._approver = approver
        self._cases = cases
        self._destination = destination
        self.lang: Lang = lang
        self._today = today

    async def background(self, symptoms: str, case: str | None = None) -> Release:
        """Return the release for a case, which is in the ledger and may now leave once.

        Raises:
            ToolsError: nothing may leave; the code says why.
        """
        handle = ""
        try:
            handle, patient_id = self._cases.patient(case)
            record = await to_thread.run_sync(self._records.load, patient_id)
            release = await to_thread.run_sync(self._release, record, symptoms)
            await self._approve(
                Proposal(handle, patient_id, BACKGROUND, self._destination, release)
            )
            await to_thread.run_sync(self._write_down, handle, release)
        except ToolsError as refused:
            reasons = refused.reasons if isinstance(refused, Refused) else ()
            await self._write_refusal(handle, refused.code, reasons)
            raise
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._write_refusal(handle, CANCELLED)
            raise
        except Exception:  # noqa: BLE001 - whatever it was, nothing leaves
            await self._write_refusal(handle, Code.INTERNAL)
            raise ToolsError(Code.INTERNAL) from None
        self.releases.register(release)
        return release

    def preview(self, patient_id: str, symptoms: str = "") -> Preview:
        """Return what would leave for these symptoms, field by field. Reads files.

        Raises:
            RecordError: there is no such record.
        """
        record = self._records.load(patient_id)
        summary = self._summary(record, symptoms)
        try:
            release = self._gate.release(summary, record)
        except Refused as refused:
            fields = tuple(FieldFate(f.path, f.value, Fate.STAYS) for f in record.fields)
            return Preview(fields, None, refused.reasons or (refused.code.value,))
        return Preview(tuple(_fates(record, release.summary)), release)

    def _release(self, record: PatientRecord, symptoms: str) -> Release:
        return self._gate.release(self._summary(record, symptoms), record)

    def _summary(self, record: PatientRecord, symptoms: str) -> Summary:
        return summarise(record, symptoms, self._vocabulary, lang=self.lang, today=self._today())

    async def _approve(self, proposal: Proposal) -> None:
        """Ask; whatever is not a clear yes is a no."""
        try:
            decision = await self._approver.decide(proposal)
        except Exception:  # noqa: BLE001 - an approver that fails has not approved
            decision = Decision.DENIED_BY_RULE
        if decision is not Decision.APPROVED:
            raise Refused(decision.code())

    def _write_down(self, handle: str, release: Release) -> None:
        self._ledger.record(
            Draft(
                kind=EntryKind.RELEASE,
                case=handle,
                tool=BACKGROUND,
                destination=self._destination,
                decision=Decision.APPROVED,
                sha256=release.sha256,
                size=len(release.body),
                items=sum(1 for _ in release.summary.statements()),
                withheld=len(release.summary.withheld),
                reasons=release.confirm,
            )
        )

    async def _write_refusal(
        self, handle: str, decision: str, reasons: tuple[str, ...] = ()
    ) -> None:
        if decision == Code.LEDGER_UNUSABLE:  # there is nothing to write into
            return
        draft = Draft(
            kind=EntryKind.REFUSAL,
            case=handle,
            tool=BACKGROUND,
            destination=self._destination,
            decision=decision,
            reasons=reasons,
        )
        await to_thread.run_sync(self._ledger.record, draft)


def _fates(record: PatientRecord, summary: Summary) -> Iterator[FieldFate]:
    """Say for every field of the record what becomes of it.

    A source may be a group: "TSH is low" rests on the whole laboratory entry, so none of its
    leaves may be said to stay.
    """
    sent = [(source, s.text) for _, s in summary.statements() for source in s.sources]
    withheld = {item.path: item.reason for item in summary.withheld}
    for field in record.fields:
        texts = tuple(dict.fromkeys(text for source, text in sent if covers(source, field.path)))
        if texts:
            yield FieldFate(field.path, field.value, _fate(field, texts), texts)
        else:
            reason = withheld.get(field.path)
            yield FieldFate(field.path, field.value, Fate.STAYS, reason=reason)


def _fate(field: Field, texts: tuple[str, ...]) -> Fate:
    return Fate.LEAVES if field.value in texts else Fate.GENERALISED
