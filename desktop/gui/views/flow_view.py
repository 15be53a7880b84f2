"""The way out, painted: PC - gate - queue - agent, with what is where and how long it took."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from typing_extensions import override

from desktop.gui.models.flow import Node, NodeState
from desktop.gui.views.base import Scene, View

HEIGHT = 118
RADIUS = 21.0
STEP_MS = 90


class FlowView(View):
    """Fed with states; moves only while something is on its way, and not if motion is unwanted."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.states: Mapping[Node, NodeState] = {node: NodeState() for node in Node}
        self._phase = 0
        self._motion = QTimer(self)
        self._motion.setInterval(STEP_MS)
        self._motion.timeout.connect(self._step)
        self.setFixedHeight(HEIGHT)
        self.retranslate()

    def show_states(self, states: Mapping[Node, NodeState]) -> None:
        """Paint these."""
        self.states = states
        moving = states[Node.AGENT].active > 0
        if moving and not self._motion.isActive():
            self._motion.start()
        elif not moving:
            self._motion.stop()
        self.retranslate()
        self.update()

    def _step(self) -> None:
        self._phase = (self._phase + 1) % 8
        self.update()

    def _names(self) -> dict[Node, str]:
        return {
            Node.PC: self.tr("This PC"),
            Node.GATE: self.tr("Gate"),
            Node.QUEUE: self.tr("Queue"),
            Node.AGENT: self.tr("Agent"),
        }

    def _status(self, node: Node, state: NodeState) -> str:
        if state.failed:
            return self.tr("failed")
        if node is Node.GATE and state.active:
            return self.tr("{n} waiting").format(n=state.active)
        if state.active:
            return self.tr("{n} moving").format(n=state.active)
        return self.tr("idle") if state.latency_ms is None else duration(state.latency_ms)

    @override
    def paintEvent(self, arg__1: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        slot = self.width() / len(Node)
        centres = {node: QPointF(slot * (i + 0.5), RADIUS + 6) for i, node in enumerate(Node)}
        for left, right in itertools.pairwise(Node):
            self._link(painter, centres[left], centres[right])
        names = self._names()
        for node, centre in centres.items():
            self._node(painter, node, centre)
            self._caption(painter, centre, slot, names[node], node)

    def _link(self, painter: QPainter, left: QPointF, right: QPointF) -> None:
        colours = self.scene.look.colours
        moving = self.states[Node.AGENT].active > 0
        pen = QPen(QColor(colours.accent if moving else colours.line_strong), 2)
        if moving:
            pen.setDashPattern([2, 2])
            pen.setDashOffset(-self._phase / 2)
        painter.setPen(pen)
        gap = RADIUS + 4
        painter.drawLine(left + QPointF(gap, 0), right - QPointF(gap, 0))

    def _node(self, painter: QPainter, node: Node, centre: QPointF) -> None:
        look, state = self.scene.look, self.states[node]
        colours = look.colours
        front, ground, edge = colours.muted, colours.raised, colours.line_strong
        if state.failed:
            front, ground, edge = colours.danger, colours.danger_soft, colours.danger
        elif state.active:
            front, ground, edge = colours.accent, colours.accent_soft, colours.accent
        painter.setPen(QPen(QColor(edge), 2 if state.active or state.failed else 1.2))
        painter.setBrush(QColor(ground))
        painter.drawEllipse(centre, RADIUS, RADIUS)
        box = QRectF(centre.x() - 10, centre.y() - 10, 20, 20).toRect()
        look.icon(node, front, 20).paint(painter, box)

    def _caption(
        self, painter: QPainter, centre: QPointF, slot: float, name: str, node: Node
    ) -> None:
        colours, state = self.scene.look.colours, self.states[node]
        font = QFont(painter.font())
        lines = (
            (name, colours.text, QFont.Weight.DemiBold),
            (
                self._status(node, state),
                colours.danger if state.failed else colours.muted,
                QFont.Weight.Normal,
            ),
            (self._passed(state), colours.muted, QFont.Weight.Normal),
        )
        top = centre.y() + RADIUS + 6
        font.setPixelSize(12)
        for text, colour, weight in lines:
            font.setWeight(weight)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            area = QRectF(centre.x() - slot / 2, top, slot, 17)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
            top += 17

    @staticmethod
    def _passed(state: NodeState) -> str:
        return f"×{state.passed}" if state.passed else ""

    @override
    def retranslate(self) -> None:
        """What a screen reader says of the picture."""
        names = self._names()
        parts = (f"{names[n]}: {self._status(n, s)}" for n, s in self.states.items())
        self.setAccessibleName(self.tr("The way out of this computer"))
        self.setAccessibleDescription(", ".join(parts))
        self.update()

    @override
    def restyle(self) -> None:
        """Paint again."""
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(260, HEIGHT)


def duration(ms: float) -> str:
    """Milliseconds for short times, else seconds."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
