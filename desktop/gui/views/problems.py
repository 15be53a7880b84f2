"""Which record files could not be read: file and field, never a value."""

from __future__ import annotations

from typing_extensions import override

from desktop.gui.views.base import Scene, View, button, column, label
from local_tools.model import RecordProblem


class Problems(View):
    """A banner that opens on a click. Hidden while all files are fine."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "warning")
        self._problems: tuple[RecordProblem, ...] = ()
        self.head = button("quiet", checkable=True)
        self.head.toggled.connect(self._unfold)
        self.detail = label("muted", wraps=True, selectable=True)
        self.detail.hide()
        layout = column(self, margins=6, spacing=4)
        layout.addWidget(self.head)
        layout.addWidget(self.detail)
        self.hide()
        self.retranslate()
        self.restyle()

    def show_problems(self, problems: tuple[RecordProblem, ...]) -> None:
        """Show these; none hides the banner."""
        self._problems = problems
        self.setVisible(bool(problems))
        self.retranslate()

    def _unfold(self, is_open: bool) -> None:
        self.detail.setVisible(is_open)

    @override
    def retranslate(self) -> None:
        """Words."""
        self.head.setText(self.tr("Not read: {n}").format(n=len(self._problems)))
        self.head.setAccessibleName(self.tr("Record files that were not read"))
        lines = (f"{p.place}\n{self._sentence(p)}" for p in self._problems)
        self.detail.setText("\n\n".join(lines))

    def _sentence(self, problem: RecordProblem) -> str:
        key = f"record_problem.{problem.problem}"
        texts = self.scene.language.texts
        return texts(key) if key in texts else problem.problem

    @override
    def restyle(self) -> None:
        """Icon."""
        look = self.scene.look
        self.head.setIcon(look.icon("warning", look.colours.generalised))
