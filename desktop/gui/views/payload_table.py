"""Every outgoing string beside the fields that it came from.

One text document, not a grid of labels: laying out two hundred labels takes over a second.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from typing_extensions import override

from desktop.gui import labels
from desktop.gui.models.payload import Outgoing
from desktop.gui.views.base import Scene, View, column
from desktop.gui.views.tall_text import TallText

ARROW = "←"
MISSING = "…"


class PayloadTable(View):
    """Fed with the rows of a `Payload`. Every value is escaped: none is taken for markup."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "well")
        self._rows: tuple[Outgoing, ...] = ()
        self.text = TallText()
        layout = column(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addWidget(self.text)
        self.retranslate()

    def show_rows(self, rows: tuple[Outgoing, ...]) -> None:
        """Show these."""
        self._rows = rows
        self._render()

    def _render(self) -> None:
        colours = self.scene.look.colours
        self.text.document().setDefaultStyleSheet(
            f"""
            td {{ padding: 1px 6px 1px 0; }}
            .group {{ color: {colours.muted}; font-size: 12px; font-weight: 600; }}
            .sent {{ font-weight: 600; }}
            .from {{ color: {colours.muted}; font-size: 12px; }}
            """
        )
        self.text.setHtml(f'<table width="100%" cellspacing="0">{"".join(self._lines())}</table>')

    def _lines(self) -> Iterator[str]:
        yield _line("", self.tr("What is sent"), "", self.tr("From the record on this PC"), "group")
        group = ""
        for outgoing in self._rows:
            heading = labels.pointer_label(outgoing.pointer)
            arrow = ARROW if outgoing.sources else ""
            shown = "" if heading == group else heading
            yield _line(shown, outgoing.text, arrow, self._origin(outgoing), "sent")
            group = heading

    def _origin(self, outgoing: Outgoing) -> str:
        if not outgoing.sources:
            return self.tr("A fixed sentence, not from the record")
        return "\n".join(
            f"{labels.full_label(source.path)}: {MISSING if source.value is None else source.value}"
            for source in outgoing.sources
        )

    @override
    def retranslate(self) -> None:
        self.text.setAccessibleName(self.tr("What is sent, and from which fields"))
        self._render()

    @override
    def restyle(self) -> None:
        self._render()


def _line(group: str, sent: str, arrow: str, origin: str, role: str) -> str:
    return (
        f'<tr><td width="15%" class="group">{html.escape(group)}</td>'
        f'<td width="37%" class="{role}">{html.escape(sent)}</td>'
        f'<td width="4%" class="from">{arrow}</td>'
        f'<td width="44%" class="{"from" if role == "sent" else role}">'
        f"{html.escape(origin).replace(chr(10), '<br>')}</td></tr>"
    )
