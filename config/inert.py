"""A page of ours with nothing on it that works: for looking at, not for pressing.

Knows which elements do something. What it makes posts nothing, leads nowhere and runs no script; it must only ever be
given HTML that our own templates wrote.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

DROPPED = {"script"}
PRESSED = {"button", "input", "select", "textarea"}
LEADING = {"href", "target", "rel"}


def inert(html: str) -> str:
    """The same page: no form, no script, links without an address, buttons and fields that are disabled."""
    copy = _Copy()
    copy.feed(html)
    copy.close()
    return "".join(copy.written)


class _Copy(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.written: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropping or tag in DROPPED:
            self._dropping = self._dropping or tag
        elif tag == "form":
            self.written.append("<div>")
        elif tag == "a":
            self._write(tag, [one for one in attrs if one[0] not in LEADING])
        elif tag == "input" and ("type", "hidden") in attrs:
            return
        elif tag in PRESSED:
            self._write(tag, [*(one for one in attrs if one[0] not in ("name", "autofocus")), ("disabled", None)])
        else:
            self.written.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag == self._dropping:
                self._dropping = ""
            return
        self.written.append("</div>" if tag == "form" else f"</{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in PRESSED | {"a", "form"} | DROPPED:
            raise ValueError(f"our templates close no {tag} in itself")
        self.written.append(self.get_starttag_text() or "")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.written.append(f"<!{decl}>")

    def _write(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attrs)
        self.written.append(f"<{tag}{said}>")
