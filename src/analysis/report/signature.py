"""The sign-off as the page tells it: who signed, when, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from analysis.report.marks import shape
from analysis.wording.dates import date_text
from analysis.wording.texts import say
from analysis.wording.words import plain_text


class SignatureView(NamedTuple):
    """A sign-off in words; ``is_void`` when a number has changed since."""

    text: str
    is_void: bool


def signature_block(signed: Mapping[str, Any] | None) -> Markup:
    """Return the sign-off as the page prints it, the same whenever it is written; may be empty.

    Parameters
    ----------
    signed : mapping or None
        Of `analysis.report.signoff.signoff_view`: ``signatures``, each with ``name``, ``role``,
        ``date`` and ``holds``, and ``source``, those who signed what a release was made from. One
        signature alone does as well. None when nobody has signed.
    """
    lines = _lines(signed or {})
    if not lines:
        return Markup("")
    void = " void" if any(line.is_void for line in lines) else ""
    told = Markup("").join(_paragraph(line) for line in lines)
    opening = Markup('<div class="sign{}" role="note"><strong>{}</strong>')
    return opening.format(void, say("signoff.title")) + told + Markup("</div>")


def _paragraph(line: SignatureView) -> Markup:
    if not line.is_void:
        return Markup("<p>{}</p>").format(line.text)
    void = Markup('<p class="void"><span class="void">{} {}.</span> {}</p>')
    return void.format(shape("fail"), say("signoff.void"), line.text)


def _lines(signed: Mapping[str, Any]) -> list[SignatureView]:
    own = signed.get("signatures") or ([signed] if signed.get("name") else [])
    made = [SignatureView(_tell(each, "signed" if each.get("holds") else "void_text"),
                          not each.get("holds")) for each in own]  # fmt: skip
    return made + [SignatureView(_tell(each, "source"), False) for each in signed.get("source", ())]


def _tell(each: Mapping[str, Any], how: str) -> str:
    told = {key: plain_text(str(each.get(key, ""))) for key in ("name", "role")}
    return say(f"signoff.{how}", **told, date=date_text(each.get("date")))
