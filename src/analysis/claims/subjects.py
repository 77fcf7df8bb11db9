"""What a sentence of copy is about, read from its claim or its words, and what it must then say."""

from __future__ import annotations

import re

BENEFIT = re.compile(
    r"\b(?:relie\w+|respon[ds]\w*|success\w*|effective|improv\w+|better|reduc\w+|decreas\w+|"
    r"less pain|works?|worked|heal\w*|treat(?:s|ed)?|cur(?:e|es|ed)|helps?|helped|benefit\w*|"
    r"proven|restor\w+|pain-free|live again|my life back|prevents?|allevia\w+|last(?:s|ing)?|"
    r"sustained)\b"
)
HARM = re.compile(
    r"\b(?:side effects?|adverse|nausea|dizz\w+|dissociat\w+|fatigue|headache|hangover|drows\w+|"
    r"blood pressure|risks?|complications?|addict\w*|respiratory|organ damage|safe\w*|"
    r"lingering|tolerance|not (?:be )?suitable|psychosis|pregnan\w+|cannot drive|perception)\b"
)
MECHANISM = re.compile(
    r"\b(?:nmda|receptors?|glutamate|neuroinflamm\w+|inflammat\w+|cytokines?|neuroplastic\w+|"
    r"neural|neurotransmitters?|sensitization|neurological|immune|pain signals?|root causes?|"
    r"pathways?|mechanisms?|pain processing|nervous system)\b"
)
LASTING = re.compile(
    r"\b(?:last\w*|sustain\w+|long(?:er)?[ -](?:term|lasting)|ongoing|permanent\w*|weeks|"
    r"months|recurrence|continued)\b"
)
SOFT = re.compile(r"\b(?:promising|preliminary|initial (?:results|studies|data)|pilot)\b")
CREDENTIAL = re.compile(r"\bboard[ -]certified\b")
EXPECTATION = re.compile(
    r"\b(?:guarante\w+|cure[sd]?|proven|always|never|permanent\w*|deserve|my life back|"
    r"live again|pain-free)\b|\b100\s?% (?:success|relief|effective|of (?:our )?patients)"
)
CAUSAL = re.compile(
    r"\b(?:reduc(?:e|es|ed|ing)|lower(?:s|ed|ing)|decreas(?:e|es|ed|ing)|reliev(?:e|es|ed|ing)|"
    r"eas(?:e|es|ed|ing)|allevia\w+|improv(?:e|es|ed|ing)|prevent(?:s|ed|ing)?|caus(?:e[sd]|ing)|"
    r"cur(?:e|es|ed|ing)|heal(?:s|ed|ing)?|help(?:s|ed|ing)?|works?|worked|restor(?:e|es|ed|ing)|"
    r"effective(?:ness)?|led to|leads? to|results? in|resulted in|due to|thanks to|because of|"
    r"brings?|brought|provid(?:e|es|ed)|deliver(?:s|ed)?|stop(?:s|ped) (?:the )?pain|"
    r"responds? to|responded to|gave|gives)\b"
)
"""Verbs and links that make the treatment the reason. "Pain was lower by" makes nothing so."""

CHANGE = re.compile(
    r"\bpain\b.*\b(?:fell|falls?|drop\w*|declin\w+|lower|went)\b"
    r"|\b(?:fell|falls?|drop\w*|declin\w+|lower)\b.*\bpain\b"
)
"""A change of pain told without a word of benefit."""

FIRST_PERSON = re.compile(r"\b(?:i|i've|i'm|my|me)\b")
AVERAGE = re.compile(r"\b(?:on average|average|mean|median)\b")
COUNTED = re.compile(r"%|\bpercent\b|\bper cent\b|\bpatients?\b|\bpeople\b|\bcases\b|\bpain\b")

_ALWAYS = frozenset({"expectation", "numbers"})
_FIGURES = frozenset({"patients", "denominator", "interval", "missing", "source", "date"})
_OUTCOME = _ALWAYS | _FIGURES | {"time", "control", "cause", "risk", "off_label"}
NEEDS: dict[str, frozenset[str]] = {
    "outcome": _OUTCOME,
    "rate": _OUTCOME | {"thresholds", "boosters"},
    "mean": _OUTCOME | {"mean_kind", "boosters"},
    "duration": _OUTCOME | {"boosters", "follow_up"},
    "testimonial": _OUTCOME | {"typical", "comparable"},
    "comparison": _OUTCOME,
    "practice": _ALWAYS | _FIGURES,
    "safety": _ALWAYS | _FIGURES | {"time", "asked"},
    "mechanism": _ALWAYS | {"studies"},
    "credential": _ALWAYS | {"board"},
    "other": _ALWAYS,
}
"""What each subject must say."""

OF_MEASURE: dict[str, str] = {
    "responder_share": "rate",
    "implied_response": "rate",
    "success": "rate",
    "relieved_patients": "rate",
    "percent_reduction": "mean",
    "infusion_slope": "outcome",
    "relief_duration": "duration",
    "kept_relief": "duration",
    "series_time_ratio": "duration",
    "early_response": "outcome",
    "recurrence_share": "outcome",
    "testimonial": "testimonial",
    "completeness_share": "practice",
    "session_minutes_share": "practice",
    "series_share": "practice",
    "booster_gap_share": "practice",
    "booster_any_share": "practice",
    "flag_share": "practice",
    "pain_duration_share": "practice",
    "failed_treatments_share": "practice",
    "severe_refractory_share": "practice",
}
"""Subject of a claim by its measure."""

OF_KIND: dict[str, str] = {
    "efficacy_rate": "rate",
    "efficacy_mean": "mean",
    "duration": "duration",
    "testimonial": "testimonial",
    "safety": "safety",
    "mechanism": "mechanism",
    "comparison": "comparison",
}
"""Subject of a claim without a measure, by its kind; of the others the words tell."""


def needs_of(flat: str, *, kind: str = "", measure: str = "") -> frozenset[str]:
    """Return the names of the checks a sentence is put to.

    Parameters
    ----------
    flat : str
        As `analysis.claims.checks.flat_words` makes it.
    kind, measure : str
        Of its claim; empty to read the words.
    """
    return NEEDS[subject_of(flat, kind=kind, measure=measure)]


def subject_of(flat: str, *, kind: str = "", measure: str = "") -> str:
    """Return what a sentence is about: a key of `NEEDS`. Parameters as `needs_of`."""
    if kind == "testimonial":
        return "testimonial"
    if measure in OF_MEASURE:
        return OF_MEASURE[measure]
    return OF_KIND.get(kind) or _read(flat)


def _read(flat: str) -> str:
    """Read the subject from words alone."""
    if CREDENTIAL.search(flat):
        return "credential"
    if FIRST_PERSON.search(flat):
        return "testimonial"
    if not (BENEFIT.search(flat) or CHANGE.search(flat)):
        return next((name for name, found in (("safety", HARM), ("mechanism", MECHANISM))
                     if found.search(flat)), "other")  # fmt: skip
    if MECHANISM.search(flat) and not COUNTED.search(flat):
        return "mechanism"
    if AVERAGE.search(flat):
        return "mean"
    if LASTING.search(flat):
        return "duration"
    return "rate" if COUNTED.search(flat) else "outcome"
