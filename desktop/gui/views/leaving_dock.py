"""The panel at the right: what leaves this computer, now and before."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView, QPushButton, QStackedLayout
from typing_extensions import override

from desktop.core.events import ApprovalAsked
from desktop.gui import labels
from desktop.gui.models.ledger import LedgerModel
from desktop.gui.views.base import Scene, View, button, column, label, row
from desktop.gui.views.flow_view import FlowView
from desktop.gui.views.ledger_delegate import LedgerDelegate
from local_tools.ledger import Verification


class LeavingDock(View):
    """Emits `opened` with the ticket of a question, and `verify` for the chain."""

    opened = Signal(int)
    verify = Signal()

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.setObjectName("side")
        self.ledger = LedgerModel()
        self.waiting: dict[int, QPushButton] = {}
        self._asked: dict[int, ApprovalAsked] = {}
        self._verification: Verification | None = None
        self._title = label("heading")
        self.flow = FlowView(scene)
        self._waiting_title = label("section")
        self._waiting_box = column(spacing=6)
        self._last_title = label("section")
        self.list = QListView()
        self.list.setModel(self.ledger)
        self._delegate = LedgerDelegate(scene.look)
        self.list.setItemDelegate(self._delegate)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty = label("muted", wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._ledger_stack = QStackedLayout()
        self._ledger_stack.addWidget(self.empty)
        self._ledger_stack.addWidget(self.list)
        self.verify_button = button("quiet")
        self.verify_button.clicked.connect(self.verify)
        self.verdict = label("muted", wraps=True)
        self.ledger.rowsInserted.connect(self._fill_state)
        self.ledger.modelReset.connect(self._fill_state)
        self._lay_out()
        self._fill_state()
        self.retranslate()
        self.restyle()

    def _lay_out(self) -> None:
        foot = row(spacing=8)
        foot.addWidget(self.verify_button)
        foot.addWidget(self.verdict, 1)
        layout = column(self, spacing=8)
        layout.setContentsMargins(14, 14, 14, 10)
        layout.addWidget(self._title)
        layout.addWidget(self.flow)
        layout.addWidget(self._waiting_title)
        layout.addLayout(self._waiting_box)
        layout.addSpacing(4)
        layout.addWidget(self._last_title)
        layout.addLayout(self._ledger_stack, 1)
        layout.addLayout(foot)

    def add_waiting(self, asked: ApprovalAsked) -> None:
        """A question waits."""
        made = button("row")
        made.clicked.connect(lambda: self.opened.emit(asked.ticket))
        self._asked[asked.ticket] = asked
        self.waiting[asked.ticket] = made
        self._waiting_box.addWidget(made)
        self.retranslate()
        self.restyle()

    def remove_waiting(self, ticket: int) -> None:
        """It was answered."""
        self._asked.pop(ticket, None)
        made = self.waiting.pop(ticket, None)
        if made is not None:
            made.hide()
            made.deleteLater()
        self.retranslate()

    def show_verification(self, verification: Verification) -> None:
        """Show what walking the chain gave."""
        self._verification = verification
        self.retranslate()

    def _fill_state(self) -> None:
        filled = self.ledger.rowCount() > 0
        self._ledger_stack.setCurrentWidget(self.list if filled else self.empty)

    @override
    def retranslate(self) -> None:
        """Words."""
        self._title.setText(self.tr("Leaving this computer"))
        self._waiting_title.setText(self.tr("Waiting for you: {n}").format(n=len(self.waiting)))
        for ticket, made in self.waiting.items():
            proposal = self._asked[ticket].proposal
            made.setText(f"{labels.tool_label(proposal.tool)}\n{proposal.case}")
        self._last_title.setText(self.tr("Last things that left or were refused"))
        self.list.setAccessibleName(self.tr("Ledger, newest first"))
        self.empty.setText(self.tr("Nothing has left this PC."))
        self.verify_button.setText(self.tr("Check the ledger"))
        self.verify_button.setToolTip(self.tr("Recompute the chain of all rows"))
        found = self._verification
        if found is None:
            self.verdict.clear()
        elif found.ok:
            self.verdict.setText(self.tr("Unaltered, rows: {n}").format(n=found.entries))
        else:
            self.verdict.setText(self.tr("Altered from row {n}").format(n=found.first_bad or 0))

    @override
    def restyle(self) -> None:
        """Icons."""
        look = self.scene.look
        self.verify_button.setIcon(look.icon("gate", look.colours.accent))
        for made in self.waiting.values():
            made.setIcon(look.icon("gate", look.colours.accent))
        self.list.viewport().update()
