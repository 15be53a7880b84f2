"""Shows Markdown from an agent: no link, no image, no HTML, and not faster than it can paint."""

from __future__ import annotations

import time

from markdown_it import MarkdownIt
from PySide6.QtCore import QTimer

from desktop.gui.theme import Colours, Look
from desktop.gui.views.tall_text import TallText

PAUSE_MS = 80  # between two renderings of a text that grows
SHARE = 5  # a rendering may take one part in this many of the time

# What could point outside stays plain text, so that a doctor sees it and nothing fetches it.
_EXITS = ["link", "image", "autolink", "html_inline", "html_block", "reference"]


def to_html(markdown: str) -> str:
    """Markdown as HTML; links, images and HTML are left as the text they are."""
    parser = (
        MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable(_EXITS)
    )
    rendered: str = parser.render(markdown)
    return rendered


class RichText(TallText):
    """A text that may grow."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._markdown = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._render)
        look.changed.connect(self._render)
        self._render()

    def append_markdown(self, more: str) -> None:
        """More of a text that grows; shown at the next tick."""
        self._markdown += more
        if not self._timer.isActive():
            self._timer.start()

    def finish(self) -> None:
        """Show everything now."""
        self._timer.stop()
        self._render()

    def _render(self) -> None:
        started = time.perf_counter()
        self.document().setDefaultStyleSheet(_css(self._look.colours))
        self.setHtml(to_html(self._markdown))
        self.setVisible(bool(self._markdown))
        took_ms = (time.perf_counter() - started) * 1000
        self._timer.setInterval(max(PAUSE_MS, int(took_ms * SHARE)))


def _css(colours: Colours) -> str:
    return f"""
        p {{ margin: 0 0 6px 0; line-height: 135%; }}
        li {{ margin: 0 0 2px 0; line-height: 125%; }}
        ul, ol {{ margin: 0 0 8px 0; }}
        h1, h2, h3, h4 {{ font-size: 15px; font-weight: 600; margin: 12px 0 6px 0; }}
        blockquote {{ color: {colours.danger}; margin: 0 0 10px 0; font-weight: 600; }}
        code, pre {{ background: {colours.raised}; }}
        hr {{ color: {colours.line}; }}
        th, td {{ padding: 4px 10px; border-bottom: 1px solid {colours.line}; }}
    """
