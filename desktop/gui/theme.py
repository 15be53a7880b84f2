"""Colours, fonts and icons of the window, light and dark.

Our own palettes on the Fusion style: the platform's dark mode is not there on every Linux. Every
pair of text and ground reaches WCAG AA, which a test counts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from desktop.core.settings import Theme
from local_tools.resources import resource

# Faces with Japanese glyphs first: a Chinese face would draw some kanji differently.
FACES = (
    "BIZ UDPGothic",
    "Hiragino Sans",
    "Yu Gothic UI",
    "Noto Sans CJK JP",
    "IPAexGothic",
    "sans-serif",
)
MONO = '"BIZ UDGothic", Menlo, Consolas, "Noto Sans Mono CJK JP", "DejaVu Sans Mono", monospace'


@dataclass(frozen=True, slots=True)
class Colours:
    """One look. `x_soft` is the ground for text in `x`; the three fates have their own colours."""

    ground: str
    surface: str
    raised: str
    line: str
    line_strong: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    accent_soft: str
    on_accent: str
    focus: str
    stays: str
    stays_soft: str
    generalised: str
    generalised_soft: str
    leaves: str
    leaves_soft: str
    danger: str
    danger_soft: str
    ok: str


LIGHT = Colours(
    ground="#f2f5f6",
    surface="#ffffff",
    raised="#f7f9fa",
    line="#dde5e8",
    line_strong="#b4c2c8",
    text="#17232a",
    muted="#53646d",
    accent="#0b6b7f",
    accent_strong="#085768",
    accent_soft="#e2f0f3",
    on_accent="#ffffff",
    focus="#0b6b7f",
    stays="#2d6a50",
    stays_soft="#e8f2ed",
    generalised="#855000",
    generalised_soft="#fcf0da",
    leaves="#2450b8",
    leaves_soft="#e5ecfb",
    danger="#b3261e",
    danger_soft="#fdebe9",
    ok="#1e6b45",
)
DARK = Colours(
    ground="#11171a",
    surface="#192125",
    raised="#1f292e",
    line="#2c393f",
    line_strong="#4a5b64",
    text="#e4ebee",
    muted="#9eb0b8",
    accent="#5ac2d6",
    accent_strong="#7fd3e3",
    accent_soft="#15343b",
    on_accent="#05252c",
    focus="#5ac2d6",
    stays="#8fc9ac",
    stays_soft="#1b3127",
    generalised="#f0be6e",
    generalised_soft="#3a2d14",
    leaves="#a3bcff",
    leaves_soft="#212f52",
    danger="#ffb4ab",
    danger_soft="#47211e",
    ok="#86d6a8",
)


class Look(QObject):
    """The look in use: applies its palette, and hands out its colours, icons and style sheet.

    Built once by the app and given to every view that paints.
    """

    changed = Signal()

    def __init__(self, app: QApplication, theme: Theme = Theme.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._icons: dict[tuple[str, str, int], QIcon] = {}
        self.theme = theme
        self.colours = LIGHT
        app.setStyle("Fusion")
        font = QFont()
        font.setFamilies(list(FACES))
        font.setPixelSize(14)
        app.setFont(font)
        # Kept in a variable: the chained temporary would be deleted under our feet.
        self._hints = app.styleHints()
        self._hints.colorSchemeChanged.connect(self._follow)
        self.use(theme)

    def use(self, theme: Theme) -> None:
        """Switch to `theme`, at once and everywhere."""
        self.theme = theme
        wanted = {
            Theme.LIGHT: Qt.ColorScheme.Light,
            Theme.DARK: Qt.ColorScheme.Dark,
            Theme.SYSTEM: Qt.ColorScheme.Unknown,
        }
        self._hints.setColorScheme(wanted[theme])  # title bar and native dialogues
        self._paint()

    def sheet(self) -> str:
        """For the window. On the application it would take Qt six times as long to apply."""
        return style_sheet(self.colours)

    def icon(self, name: str, colour: str, size: int = 18) -> QIcon:
        """The drawing `name` of resources/icons in `colour` ("#rrggbb")."""
        key = (name, colour, size)
        if key not in self._icons:
            self._icons[key] = self._draw(name, colour, size)
        return self._icons[key]

    def _draw(self, name: str, colour: str, size: int) -> QIcon:
        drawing = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
        icon = QIcon()
        for ratio in (1, 2):
            pixmap = QPixmap(size * ratio, size * ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            icon.addPixmap(pixmap, QIcon.Mode.Normal)
            icon.addPixmap(pixmap, QIcon.Mode.Disabled)
        return icon

    def _follow(self) -> None:
        if self.theme is Theme.SYSTEM:
            self._paint()

    def _paint(self) -> None:
        dark = self.theme is Theme.DARK or (
            self.theme is Theme.SYSTEM and self._hints.colorScheme() == Qt.ColorScheme.Dark
        )
        self.colours = DARK if dark else LIGHT
        self._app.setPalette(palette(self.colours))
        self.changed.emit()


def palette(colours: Colours) -> QPalette:
    """The Qt palette: what the style sheet does not reach, such as menus and selections."""
    made = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, colours.ground),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.raised),
        (role.Button, colours.surface),
        (role.ToolTipBase, colours.raised),
        (role.WindowText, colours.text),
        (role.Text, colours.text),
        (role.ButtonText, colours.text),
        (role.ToolTipText, colours.text),
        (role.PlaceholderText, colours.muted),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
    ):
        made.setColor(which, QColor(colour))
    return made


def style_sheet(colours: Colours) -> str:
    """The shipped style sheet with the colours filled in."""
    text = resource("styles", "karte.qss").read_text(encoding="utf-8")
    for field in fields(colours):
        text = text.replace(f"@{field.name}@", getattr(colours, field.name))
    return text.replace("@mono@", MONO)
