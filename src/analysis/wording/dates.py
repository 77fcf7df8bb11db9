"""Dates as readers see them, in one place: "January 3, 2024"."""

from __future__ import annotations

from datetime import date, datetime

from analysis.wording.texts import say, say_all
from analysis.wording.words import plain_text


def date_text(value: object) -> str:
    """Return a date in words.

    Parameters
    ----------
    value : object
        A date, or text that begins as ISO 8601 dates do. What is no date (a year alone, as in a
        release) is told as it is; None and empty text give an empty text.
    """
    if not value:
        return ""
    try:
        day = value if isinstance(value, date) else datetime.fromisoformat(str(value))
    except ValueError:
        return plain_text(str(value))
    month = say_all("dates.months")[day.month - 1]
    return say("dates.day", month=month, day=day.day, year=day.year)


def span_text(first: object, last: object) -> str:
    """Return "January 3, 2022 to May 5, 2024"; the one that is known where one is not."""
    ends = [text for text in (date_text(first), date_text(last)) if text]
    return say("dates.span", first=ends[0], last=ends[1]) if len(ends) > 1 else "".join(ends)
