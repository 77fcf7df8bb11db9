"""The sign-off as the page tells it: who signed, when, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from analysis.wording.texts import say
from analysis.wording.words import plain_text


class SignatureView(NamedTuple):
    """A sign-off in words; ``is_void`` when a number has changed since."""

    text: str
    is_void: bool


def signature_lines(signed: Mapping[str, Any] | None) -> SignatureView | None:
    """Return the sign-off to print; None when nobody has signed.

    Parameters
    ----------
    signed : mapping or None
        ``name``, ``role``, ``date``, and ``holds`` (False when a number has changed since).
    """
    if not signed or not signed.get("name"):
        return None
    told = {key: plain_text(str(signed.get(key, ""))) for key in ("name", "role", "date")}
    holds = bool(signed.get("holds", False))
    return SignatureView(say("signoff.signed" if holds else "signoff.void_text", **told), not holds)
