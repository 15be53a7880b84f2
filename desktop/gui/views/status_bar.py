"""The line at the bottom: the bridge in words, who answers, how long the ledger is."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import override

from desktop.gui import labels
from desktop.gui.views.base import Scene, View, label, row
from mcp_bridge.events import Health, HealthEvent

TROUBLE = frozenset({Health.UNREACHABLE, Health.DENIED, Health.STOPPED})


class StatusBar(View):
    """Fed with states; says the same as the colours do, in words."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.setObjectName("statusBar")
        self._health: Mapping[str, HealthEvent] = {}
        self._agent = ("", False)
        self._rows = 0
        self._sign = label()
        self.bridge = label("muted")
        self.agent = label("muted")
        self.ledger = label("muted")
        layout = row(self, spacing=6)
        layout.setContentsMargins(14, 5, 14, 5)
        layout.addWidget(self._sign)
        layout.addWidget(self.bridge)
        layout.addStretch(1)
        layout.addWidget(self.agent)
        layout.addSpacing(18)
        layout.addWidget(self.ledger)
        self.retranslate()
        self.restyle()

    def show_health(self, health: Mapping[str, HealthEvent]) -> None:
        """State of "listener" and "caller"."""
        self._health = health
        self.retranslate()
        self.restyle()

    def show_agent(self, name: str, is_demo: bool) -> None:
        """Who answers."""
        self._agent = (name, is_demo)
        self.retranslate()

    def show_rows(self, rows: int) -> None:
        """Length of the ledger."""
        self._rows = rows
        self.retranslate()

    @property
    def is_ready(self) -> bool:
        """Whether both sides of the bridge are."""
        states = [event.health for event in self._health.values()]
        return bool(states) and all(state is Health.READY for state in states)

    @override
    def retranslate(self) -> None:
        """Words."""
        if self.is_ready:
            self.bridge.setText(self.tr("Bridge: ready"))
        else:
            self.bridge.setText(
                self.tr("Bridge: serving side {listener}, calling side {caller}").format(
                    listener=self._word("listener"), caller=self._word("caller")
                )
            )
        name, is_demo = self._agent
        shown = labels.agent_label(name, is_demo=is_demo)
        self.agent.setText(self.tr("Agent: {name}").format(name=shown))
        self.agent.setVisible(bool(name))
        self.ledger.setText(self.tr("Ledger rows: {n}").format(n=self._rows))

    def _word(self, side: str) -> str:
        event = self._health.get(side)
        return labels.word(labels.HEALTH[event.health if event else Health.STARTING])

    @override
    def restyle(self) -> None:
        """The sign before the words."""
        look = self.scene.look
        name, colour = ("check", look.colours.ok) if self.is_ready else self._worry()
        self._sign.setPixmap(look.icon(name, colour, 16).pixmap(16, 16))

    def _worry(self) -> tuple[str, str]:
        colours = self.scene.look.colours
        if any(event.health in TROUBLE for event in self._health.values()):
            return "warning", colours.danger
        return "clock", colours.muted
