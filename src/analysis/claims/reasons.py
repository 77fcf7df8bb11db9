"""Why a verdict is what it is: missing outcomes, patients not yet due, and how firm it is."""

from __future__ import annotations

from analysis.claims.judgement import Firmness, Judgement, Limit, Readings, Verdict
from analysis.numbers import count_text, quantity_text, share_text
from analysis.settings import SMALL_CONDITION

FIRM_FROM, MOSTLY_FROM = 0.9, 0.5
"""Share of the readings with the headline's verdict from which it is firm, or mostly so."""

FIRMNESS_WORDS: dict[Firmness, str] = {
    "firm": "firm: the same in at least 90% of the defensible readings",
    "mostly": "mostly: the same in 50 to 90% of the defensible readings",
    "fragile": "fragile: the same in fewer than half of the defensible readings",
    "few patients": f"few patients: fewer than {SMALL_CONDITION}, so little is firm",
}
"""How firm a verdict is, in words."""


def firmness_of(readings: Readings | None, verdict: Verdict, *, n: int) -> Firmness:
    """Return how firm a verdict is; empty where none could be given, or there are no readings.

    It rests on ``n`` patients; below 20 no share of readings is called firm.
    """
    if readings is None or not readings.n or verdict == "not testable":
        return ""
    if n < SMALL_CONDITION:
        return "few patients"
    share = readings.n_agreeing / readings.n
    if share >= FIRM_FROM:
        return "firm"
    return "mostly" if share >= MOSTLY_FROM else "fragile"


def describe_missing(judgement: Judgement) -> str:
    """Return what the missing outcomes do to a verdict; empty where none is missing.

    How far "falls short" goes; that "meets" needs none of them; or, of an undecided claim, how many
    would have to be found.
    """
    found, n = judgement.missing, judgement.n_missing
    if judgement.undecided == "outliers":
        limits = judgement.judged_limits
        ends = [quantity_text(end, unit=judgement.unit) for end in limits if end is not None]
        return (
            "Outliers decide it: with limits that mind a few extreme patients, seen or not "
            f"({' to '.join(ends)}), it is undecided."
        )
    if found is None or not n:
        return ""
    share = judgement.unit == "share"
    done = "had responded" if share else "were free of pain"
    every = "the missing patient" if n == 1 else f"every one of the {count_text(n)} missing"
    kept = "responded" if share else "improved"
    none = "the missing patient had not" if n == 1 else f"none of the {count_text(n)} missing"
    hardest, kindest = f"{none} {kept}", f"{every} {done}"
    if judgement.cited_low is None:  # "at most": the other way round
        hardest, kindest = kindest, hardest
    if judgement.verdict == "meets":
        return f"It holds even if {hardest}."
    alike = "if the missing resemble those seen with the same course"
    if judgement.reach == "every_missing":
        return f"It falls short even if {kindest}."
    if judgement.reach == "missing_alike":
        needed = ""
        if found.n_to_stop:
            needed = (
                f"; it would not, had {count_text(found.n_to_stop)} or more of the "
                f"{count_text(n)} responded"
            )
        return f"It falls short {alike} ({_imputed(judgement)}){needed}."
    if judgement.undecided == "missing":
        return f"Too many outcomes are missing. {_to_find(judgement)} ({_imputed(judgement)})."
    if found.imputed is None:
        too_few = judgement.undecided == "few_and_missing"
        return "Too few patients, and too many outcomes missing." if too_few else ""
    if judgement.undecided == "few_and_missing":
        return (
            f"Too few patients, and too many outcomes missing ({_imputed(judgement)}, {alike}). "
            f"{_to_find(judgement)}."
        )
    return f"{alike[0].upper()}{alike[1:]}: {_imputed(judgement)}."


def _imputed(judgement: Judgement) -> str:
    found = judgement.missing
    if found is None or found.imputed is None:
        return "the missing could not be imputed"
    low, high = found.imputed_low, found.imputed_high
    value = quantity_text(found.imputed, unit=judgement.unit)
    if low is None or high is None:
        return f"imputed {value}"
    ends = " to ".join(quantity_text(end, unit=judgement.unit) for end in (low, high))
    return f"imputed {value}, interval {ends}"


def _to_find(judgement: Judgement) -> str:
    found = judgement.missing
    if judgement.cited_low is None:
        return "Finding them could decide it"
    if found is None or found.n_to_find is None or found.n_to_respond is None:
        return "Finding them would decide it only if they are unlike those seen"
    n = count_text(judgement.n_missing)
    return (
        f"Finding {count_text(found.n_to_find)} of the {n} missing would decide it if "
        f"{count_text(found.n_to_respond)} of these responded"
    )


def describe_due(judgement: Judgement) -> str:
    """Return how many patients are not yet due, by number; empty where all are."""
    n = judgement.n_not_due
    if not n:
        return ""
    verb = "patient is" if n == 1 else "patients are"
    return (
        f"{count_text(n)} more {verb} not yet due for this visit at the data cut and not counted."
    )


def describe_firmness(judgement: Judgement) -> str:
    """Return how firm the verdict is, and which one most readings give where it is another."""
    readings = judgement.robustness
    if not judgement.firmness or readings is None:
        return ""
    said = FIRMNESS_WORDS[judgement.firmness]
    counts = "; ".join(
        f"{verdict} in {count_text(k)}"
        for verdict, k in sorted(readings.verdicts.items(), key=lambda each: -each[1])
        if k
    )
    return f"{said[0].upper()}{said[1:]} ({counts}, of {count_text(readings.n)})."


def firm_text(judgement: Judgement) -> str:
    """Return how firm a verdict is in a few words, to stand after it: "firm", "few patients".

    Of an undecided claim, the verdict that most readings give, where it is another.
    """
    readings = judgement.robustness
    if not judgement.firmness or readings is None:
        return ""
    if judgement.verdict != "undecided" or judgement.firmness == "few patients":
        return judgement.firmness
    verdict, k = max(readings.verdicts.items(), key=lambda each: each[1])
    if verdict in ("undecided", "not testable"):
        return judgement.firmness
    return f"{share_text(k / readings.n)} of readings: {verdict}"


ANSWER_WORDS: dict[Verdict, str] = {"meets": "yes", "falls short": "no"}


def describe_limits(limits: tuple[Limit, ...]) -> str:
    """Return one answer for each limit a claim names, with the share that kept to it."""
    if not limits:
        return ""
    answers = "; ".join(f"for {one.name}: {ANSWER_WORDS.get(one.verdict, one.verdict)}"
                        for one in limits)  # fmt: skip
    kept = []
    for one in limits:
        if one.share is None:
            continue
        started = ""
        if one.share_started is not None:
            started = f" and {share_text(one.share_started)} of all who started"
        kept.append(f"{share_text(one.share)} of responders{started} kept it for {one.name} "
                    f"({quantity_text(one.floor, unit='weeks')} or more)")  # fmt: skip
    return f"Relief {answers}. {'; '.join(kept)}{'.' if kept else ''}".strip()
