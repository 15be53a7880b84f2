"""The one place where core events become Qt signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.core.events import (
    ApprovalAsked,
    ApprovalClosed,
    BridgeChanged,
    CoreEvent,
    FrameMoved,
    LedgerGrew,
)


class CoreSignals(QObject):
    """Subscribe `relay` to the workbench and connect the views to the signals."""

    bridge_changed = Signal(object)  # BridgeChanged
    frame_moved = Signal(object)  # FrameMoved
    approval_asked = Signal(object)  # ApprovalAsked
    approval_closed = Signal(object)  # ApprovalClosed
    ledger_grew = Signal(object)  # LedgerGrew

    def relay(self, event: CoreEvent) -> None:
        """Pass one event on."""
        match event:
            case BridgeChanged():
                self.bridge_changed.emit(event)
            case FrameMoved():
                self.frame_moved.emit(event)
            case ApprovalAsked():
                self.approval_asked.emit(event)
            case ApprovalClosed():
                self.approval_closed.emit(event)
            case LedgerGrew():
                self.ledger_grew.emit(event)
