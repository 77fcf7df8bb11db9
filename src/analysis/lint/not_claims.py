"""Numbers that are no claims: prices, telephone numbers, dates, years, hours, addresses, pages."""

from __future__ import annotations

import re

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONEY = r"\d[\d,]{0,14}(?:\.\d+)?(?:\s?[km](?![a-z]))?"
_CLOCK = r"\d{1,2}(?::\d{2})?\s?(?:a\.?m\b\.?|p\.?m\b\.?)"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"

PATTERNS: dict[str, re.Pattern[str]] = {
    "link": re.compile(r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+"),
    "reference": re.compile(
        r"\b10\.\d{4,9}/\S+|\bdoi:\S+|\b(?:pmid|pmc|nct)[: ]?\d+|\[\d{1,3}(?:\s?[-,]\s?\d{1,3})*\]"
        r"|\b\d{1,4}(?:\(\d+\))?:\s?\d{1,5}-\d{1,5}\b"
    ),
    "price": re.compile(
        rf"[$\u20ac\u00a3\u00a5]\s?{_MONEY}(?:\s?(?:-|to)\s?[$\u20ac\u00a3\u00a5]?\s?{_MONEY})?"
        rf"|\b{_MONEY}(?:\s?(?:-|to)\s?{_MONEY})?\s?(?:dollars?|usd|eur|euros?|gbp|bucks|cents)\b"
        rf"|\b(?:usd|eur|gbp)\s?{_MONEY}"
        r"|\b\d+(?:\.\d+)?\s?(?:%|percent)\s+(?:discount|apr\b|interest|financing|down payment|"
        r"deposit|tax\b|cash ?back|coupon|off(?!\s+(?:of\s+)?"
        r"(?:(?:their|his|her|my|your|all)\s+)?(?:opioid|pain|med|drug|narcotic)))"
        r"|\bsav(?:e|ings? of)\s+(?:up to\s+)?\d+(?:\.\d+)?\s?%(?!\s+of\b)"
        r"|\b(?:discount of|financing from|financing at|interest of|coupon for)\s+\d+(?:\.\d+)?\s?%"
    ),
    "telephone": re.compile(
        r"(?<![\w.])(?:\+?1[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[\s.-]\d{4}(?!\d)"
        r"|(?<![\w.])\+\d[\d\s().-]{7,18}\d|\b1-8\d\d-[\w-]{4,}"
    ),
    "date": re.compile(
        r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)|(?<![\d/])\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})(?![\d/])"
        r"|(?<!\d)\d{1,2}\.\d{1,2}\.\d{4}(?!\d)"
        rf"|\b{_MONTH}\.?\s+{_ORDINAL}(?!\d)(?:\s?-\s?{_ORDINAL})?(?:,?\s+\d{{4}})?\b(?!\s?(?:%|percent))"
        rf"|\b{_ORDINAL}\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+\d{{4}})?|\b{_MONTH}\.?,?\s+(?:19|20)\d{{2}}\b"
        r"|\b(?:in|of|since|until|by|last|next|this|early|late|mid)[ -]may\b(?!\s+(?:be|not|have))"
    ),
    "year": re.compile(
        r"\b(?:since|in|from|by|until|before|after|established|est\.?|founded|\u00a9|copyright)\s?"
        r"(?:\(c\)\s?)?(?:19|20)\d{2}(?:\s?-\s?(?:(?:19|20)\d{2}|\d{2}))?(?!\d)"
        r"|(?<![\d,.])(?:19|20)\d{2}\s?-\s?(?:19|20)\d{2}(?![\d%]|\s?(?:percent|patients|people))"
        r"|(?<![\d,.])(?:19|20)\d{2}(?![\d,%]|\.\d|\s?(?:%|percent|patient|people|infusion|session|"
        r"treatment|case|review|client|participant|mg|mcg|ml))"
    ),
    "opening hours": re.compile(
        rf"\b24\s?/\s?7(?:\s?/\s?365)?\b|\b24 hours a day\b|\b(?:7|seven|5|five) days a week\b"
        rf"|\b{_CLOCK}(?:\s?(?:-|to)\s?{_CLOCK})?|\b\d{{1,2}}(?::\d{{2}})?\s?(?:-|to)\s?{_CLOCK}"
        r"|\b\d{1,2}:\d{2}(?:\s?-\s?\d{1,2}:\d{2})?\b|\b9\s?(?:-|to)\s?5\b|\b24-hour (?:hotline|"
        r"emergency|support|line)"
    ),
    "age": re.compile(
        r"\b(?:aged?|ages)\s+\d{1,3}(?:\s?(?:-|to)\s?\d{1,3})?(?:\s+(?:years?|and|or)\b)?"
        r"|\b\d{1,3}(?:\s?(?:-|to)\s?\d{1,3})?\+?[ -]years?(?:[ -]old\b| of age\b| or older\b)"
    ),
    "address": re.compile(
        r"\b[a-z]{2}\.?,?\s+\d{5}(?:-\d{4})?(?!\d)|\b\d{5}-\d{4}\b|\bp\.?\s?o\.?\s?box\s+\d+"
        r"|\b\d{1,6}\s+(?:[nsew]\.?\s+)?(?:[a-z]+\s+){1,3}(?:street|st|avenue|ave|road|rd|"
        r"boulevard|blvd|drive|dr|lane|ln|parkway|pkwy|highway|hwy)\b"
    ),
    "number of a thing": re.compile(
        r"\b(?:pages?|pp?\.|figures?|fig\.|tables?|chapters?|sections?|parts?|steps?|versions?|"
        r"phases?|types?|grades?|stages?|levels?|slides?|questions?|rooms?|suites?|ste\.?|units?|"
        r"apt\.?|floors?|exits?|routes?|ext\.?|no\.|nos?\.|volume|vol\.|issue)\s?#?\d+(?:\.\d+)?"
        r"(?:\s?(?:-|to|of|and)\s?\d+)?(?![\d%]|\s?(?:%|percent))|#\d+(?!\d)"
    ),
}
"""What each kind looks like in flat text. Percentages of money are prices."""


def blank_not_claims(flat: str) -> str:
    """Return the text, of the same length, with every such number as control characters.

    Parameters
    ----------
    flat : str
        As `flat_text` gives it.
    """
    for pattern in PATTERNS.values():
        flat = pattern.sub(lambda match: BLANK * len(match[0]), flat)
    return flat


BLANK = "\x00"
"""Stands in no extracted text, and in no pattern."""
