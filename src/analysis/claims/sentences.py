"""Findings and claims in words: the one place where sentences about results are made.

No causal verb for patients seen before and after; the denominator, the time, the interval with its
level and what is missing are always in the sentence. Words are made from codes and numbers here and
are never read back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import fill

import pandas as pd

from analysis.claims.intervals import judge_interval
from analysis.claims.judgement import VERDICT_MEANING, Judgement, Verdict
from analysis.claims.ledger import ALL_MEASURES, ANSWERS, FREQUENCIES, Claim, find_claim
from analysis.claims.reasons import describe_due, describe_limits, describe_missing, firm_text
from analysis.claims.rules import RULE_TITLES, Rule, asked_by_rules, check_sentence, rules_of_checks
from analysis.claims.safety_sentences import SAFETY_MEASURES, describe_safety
from analysis.claims.verdict import middle_of_cited, why_unanswered
from analysis.intake.codes import FACTOR_SETS
from analysis.intake.tables import load_conditions
from analysis.labels import (
    DEFINITIONS,
    GROUPS,
    POINTS,
    POPULATIONS_SHORT,
    VERDICTS,
    condition_word,
    plain_text,
    scale_word,
    visit_word,
    word,
    words_in,
)
from analysis.numbers import (
    SMALL_N,
    band_text,
    count_text,
    date_text,
    estimate_text,
    fraction_text,
    interval_text,
    interval_words,
    p_text,
    quantity_text,
    share_text,
)
from analysis.results import KEYS, Row, find, find_alike, find_one, rows_of
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings

OFTEN_SHARE = 0.5
""""Often" is read as: at least half of those with relief at the end of the series."""

WEEKS_FROM_WEEKS = 2.0
""""Weeks" is the plural: at least two of them."""

MONTHS_FROM_WEEKS = 8.7
"""Two months of 30.4375 days, in weeks: from here on relief lasted "months"."""

SAME_SHARE = 1e-9
"""Shares closer than this are the same number with other rounding errors."""

FEW_EVENTS = 5
"""Patients. Fewer who did as well as a quoted person could point at that person."""


def _join(*parts: str) -> str:
    return " ".join(part for part in parts if part)


# What a result says


SENTENCES = {
    "percent_reduction.mean_of_patients": (
        "In {patients} {rated} {visit}, pain was {direction} by {by} on average (mean of each "
        "patient's own percent); {interval}."
    ),
    "percent_reduction.median_of_patients": (
        "In {patients} {rated} {visit}, pain was {direction} by {by} at the median of each "
        "patient's own percent; {interval}."
    ),
    "percent_reduction.ratio_of_means": (
        "In {patients} {rated} {visit}, the mean pain score was {direction} by {by}; {interval}."
    ),
    "infusion_slope": (
        "In {patients} rated after two or more infusions of the series, pain was {direction} by "
        "{by} points of {scale} per further infusion (mean of patients' own lines); {interval}."
    ),
    "series_time_ratio": (
        "After each further series relief lasted {value} times as long as after the one before "
        "({interval}; {n} series). Doses are not compared."
    ),
    "further_change": (
        "In {patients} scored at both times, {what} was {went} by {by} points at {visit} than at "
        "the end of the series; {interval}."
    ),
    "care_difference": (
        "Of {patients} with it on record, those with {what} besides responded more often by "
        "{value} than those without, adjusted for condition, baseline, age, sex and site; "
        "{interval}. Nobody was put in them by chance."
    ),
    "relieved_patients": (
        "On record are {count} patients with {less_pain} at {visit}, of {n} who started{no_rating}."
    ),
}
"""By measure, or measure and definition."""

NOT_KNOWN = {
    "all_starters": "{n} had no rating.",
    "imputed": "{n} had no rating and {are} imputed, as if missing at random.",
    "observed": "{n} more who started had no rating and {are} not in it.",
    "opioid_reduction_share": "{n} {were} not recorded then.",
    "improved_share": "{n} {were} not recorded then.",
    "early_response_share": "{n} more had no rating then.",
    "infusion_slope": "{n} more were not rated that way.",
    "further_change": "Of {n} more one or both are missing.",
    "series_time_ratio": "",
    "care_difference": "",
    "relieved_patients": "",
}
"""What became of those not known, by measure or population."""


def describe_result(claim: Claim, row: Row) -> str:
    """Return what a result says, with denominator, interval, and what is not known.

    Our figures are kept apart in print from the cited ones of the claim.
    """
    if row.measure in SAFETY_MEASURES:
        whom = patients_of(claim, row).partition(" ")[2]
        return describe_safety(row, whom, apart_from=_cited(claim))
    if row.measure == "relief_duration":
        return _describe_duration(claim, row)
    if row.measure == "relieved_share":
        return _describe_kept(claim, row)
    sentence = SENTENCES.get(row.measure) or SENTENCES.get(f"{row.measure}.{row.definition}")
    if sentence is None:
        return _describe_share(claim, row)
    everyone = row.population in ("all_starters", "imputed") or not row.n_missing
    fell = (row.value or 0.0) >= 0
    said = sentence.format(
        patients=patients_of(claim, row),
        rated="who started, at" if everyone else "rated at",
        visit=visit_word(row.visit),
        direction="lower" if fell else "higher",
        went="better" if fell else "worse",
        by=quantity_text(abs(row.value or 0.0), unit=row.unit, apart_from=_cited(claim)),
        value=quantity_text(row.value, unit=row.unit),
        count=count_text(row.value),
        n=count_text(row.n),
        what=word(DEFINITIONS, row.definition),
        less_pain=less_pain(row),
        scale="10" if scale_word(row.notes) == POINTS else scale_word(row.notes),
        no_rating=f" ({count_text(row.n_missing)} had no rating)" if row.n_missing else "",
        interval=_interval(claim, row),
    )
    return _join(said, _missing(row))


SHARES: dict[tuple[str, str], tuple[str, str]] = {
    ("responder_share", "percent_reduction"): (
        "who started", "had at least {pct}% less pain at {visit}"),
    ("responder_share", "two_points"): (
        "who started", "had pain lower by at least 2 points of 10 at {visit}"),
    ("completeness_share", ""): ("who started", "were rated at {visit}"),
    ("early_response_share", "by_day_14"): (
        "rated on days 1 to 14", "had at least {pct}% less pain at one of those ratings"),
    ("early_response_share", "days_21_to_28"): (
        "rated on days 21 to 28", "had at least {pct}% less pain then"),
    ("session_minutes_share", "standard_45_to_60"): (
        "given standard infusions",
        "had sessions of 45 to 60 minutes (median of each patient's own)"),
    ("session_minutes_share", "high_dose_4_hours"): (
        "given high-dose infusions",
        "had sessions of about 4 hours (225 to 255 minutes, median of each patient's own)"),
    ("series_share", "completed_six"): ("treated by the standard protocol", "were given six"),
    ("series_share", "six_within_21_days"): (
        "treated by the standard protocol", "were given six infusions within 21 days"),
    ("series_share", "sixth_by_day_21"): (
        "given six infusions", "had the sixth within 21 days of the first"),
    ("booster_gap_share", "monthly_to_quarterly"): (
        "given boosters", "had them 28 to 92 days apart (median of each patient's own gaps)"),
    ("booster_gap_share", "mean_month_to_quarter"): (
        "given boosters", "had them 30.4 to 91.3 days apart (median of each patient's own gaps)"),
    ("booster_any_share", "by_week_26"): (
        "followed to a booster or to week 26", "had a booster by then"),
    ("recurrence_share", "at_80_pct_of_baseline"): (
        "who had relief and were rated after a booster",
        "had pain back at 80% of baseline or more at one of those ratings"),
    ("flag_share", "uncontrolled_hypertension"): ("treated", "had uncontrolled hypertension"),
    ("flag_share", "heart_condition"): ("treated", "had a heart condition"),
    ("flag_share", "active_psychosis"): ("treated", "had an active psychosis"),
    ("flag_share", "pregnant_or_breastfeeding"): ("treated", "were pregnant or breastfeeding"),
    ("flag_share", "active_substance_abuse"): ("treated", "had an active substance abuse"),
    **{("opioid_reduction_share", f"{name}{end}"): (
        "with opioids at entry",
        f"took at least {{pct}}% less at {{visit}} ({label} factors){more}")
       for name, label in FACTOR_SETS.items()
       for end, more in (("", ""), ("_pain_no_worse", " without more pain"))},
    **{("improved_share", domain): (
        f"asked about {word(DEFINITIONS, domain)}",
        "were better by the minimal important change at {visit}")
       for domain in ALL_MEASURES["improved_share"].definitions},
    ("pain_duration_share", "three_months"): (
        "treated", "had had pain for three months or more at the first infusion"),
    ("failed_treatments_share", "at_least_one"): (
        "treated", "had at least one treatment that failed before"),
    ("severe_refractory_share", "baseline_7_and_one_failed"): (
        "given the high-dose protocol", "had a baseline of 7 or more and at least one failed "
        "treatment"),
}  # fmt: skip
"""Of whom, and what they had, by measure and definition."""


def of_whom(row: Row) -> tuple[str, str]:
    """Return of whom a share is, and what they had: "who started", "were rated at week 4"."""
    who, had = SHARES[row.measure, row.definition]
    if row.measure == "responder_share" and row.population == "observed":
        who = "rated"
    return who, had.format(pct=f"{row.threshold_pct or 0:g}", visit=visit_word(row.visit))


def _describe_share(claim: Claim, row: Row) -> str:
    """Return the sentence of a share: of whom, how many, what they had, and the interval.

    Whoever is not known may be either in bounds: their interval reaches from none to all of them.
    """
    who, what = of_whom(row)
    if row.population != "bounds":
        counted, interval = _counted(claim, row), _interval(claim, row)
        said = f"Of {patients_of(claim, row)} {who}, {counted} {what}; {interval}."
        return _join(said, _missing(row))
    n = row.n - row.n_missing
    interval = f"{_interval(claim, row)} of all {count_text(row.n)}"
    if row.n_missing:
        unknown = count_text(row.n_missing)
        interval += f", whatever was true of the {unknown} of whom it is not known"
    counted = fraction_text(row.n_events or 0, n)
    return f"Of {patients_of(claim, row, n=n)} {who}, {counted} {what}; {interval}."


def patients_of(claim: Claim, row: Row, *, n: int | None = None) -> str:
    """Return "53 patients with fibromyalgia (Type I) in the arm 'placebo'"."""
    number = row.n if n is None else n
    noun = "patient" if number == 1 else "patients"
    label = plain_text(load_conditions().label(claim.condition)).lower()
    whom = "of all conditions" if claim.condition == "all" else f"with {label}"
    part = claim.group_keys.get("group", "")
    return _join(
        f"{count_text(number)} {noun} {whom}",
        f"({word(GROUPS, part)})" if part else "",
        f"in the arm '{plain_text(row.group)}'" if row.group_by == "arm" else "",
    )


def _cited(claim: Claim) -> tuple[float | None, float | None]:
    return claim.floor, claim.ceiling


def _counted(claim: Claim, row: Row) -> str:
    """Return "none (0%)", "all 40 (100%)" or "54 (54%)"; a percentage from ten patients on."""
    events = count_text(row.n_events or 0)
    if not row.n_events:
        events = "none"
    elif row.n_events == row.n > 1:
        events = f"all {events}"
    if row.n < SMALL_N:
        return events
    return f"{events} ({share_text(row.value, apart_from=_cited(claim))})"


def _interval(claim: Claim, row: Row) -> str:
    return interval_words(row, otherwise="there is no interval", apart_from=_cited(claim))


def _missing(row: Row) -> str:
    """Say what became of those not known: counted, or not in the number at all."""
    if not row.n_missing:
        return ""
    otherwise = NOT_KNOWN.get(row.population, "Of {n} more it is not recorded.")
    were, are = ("was", "is") if row.n_missing == 1 else ("were", "are")
    said = NOT_KNOWN.get(row.measure, otherwise)
    return said.format(n=count_text(row.n_missing), were=were, are=are)


LOST = words_in("boosters.lost")
"""What half of the patients had come to at the median duration, by how boosters are read."""


def _describe_duration(claim: Claim, row: Row) -> str:
    lost = LOST[row.definition]
    how_long = f"the time by which half {lost} is not reached within the follow-up"
    if row.value is not None:
        weeks = quantity_text(row.value, unit="weeks", apart_from=_cited(claim))
        how_long = f"half {lost} after {weeks}"
    patients = f"{patients_of(claim, row)} with {_at_end(row)}"
    said = f"Of {patients}, {how_long}; {_interval(claim, row)}"
    if row.low is None and row.high is None:
        return f"{said}."
    return f"{said}, which holds wherever between two visits relief ended. {_weeks_or_months(row)}"


def less_pain(row: Row) -> str:
    """Return "at least 30% less pain", by the threshold of a row."""
    return f"at least {row.threshold_pct or 0:g}% less pain"


def _at_end(row: Row) -> str:
    return f"{less_pain(row)} at the end of the series"


def _weeks_or_months(row: Row) -> str:
    """Say which of the two words the interval bears out."""
    weeks, months = f"({WEEKS_FROM_WEEKS:g} or more)", f"({MONTHS_FROM_WEEKS:g} weeks or more)"
    low, high = row.low or 0.0, float("inf") if row.high is None else row.high
    if low >= MONTHS_FROM_WEEKS:
        return "That is months."
    if high < WEEKS_FROM_WEEKS:
        return f"That is less than weeks {weeks}."
    if high < MONTHS_FROM_WEEKS:
        if low >= WEEKS_FROM_WEEKS:
            return f"That is weeks, not months {months}."
        return f"That is not months {months}; whether it is weeks {weeks} is undecided."
    if low >= WEEKS_FROM_WEEKS:
        return f"That is weeks at least; whether it is months {months} is undecided."
    return f"Whether it is weeks {weeks}, or months {months}, is undecided."


def _describe_kept(claim: Claim, row: Row) -> str:
    who, kept = f"with {_at_end(row)}", "kept it"
    if row.population == "all_starters":
        who, kept = "who started", f"had {_at_end(row)} and kept it"
    kept_if, is_count = words_in("boosters.kept")[row.definition], _is_count(row)
    counted = estimate_text(row) if is_count else f"{share_text(row.value)} (estimated)"
    return (
        f"Of {patients_of(claim, row)} {who}, {counted} {kept} to "
        f"{visit_word(row.visit)}{kept_if}; {_interval(claim, row)}."
    )


def _is_count(row: Row) -> bool:
    """Whether a share is a count of patients: one read from a curve need not be."""
    return (
        row.value is not None
        and row.n_events is not None
        and row.n > 0
        and abs(row.n_events / row.n - row.value) < SAME_SHARE
    )


# The finding: what was seen, the verdict, what would decide it


def write_finding(
    claim: Claim, judgement: Judgement, row: Row | None, results: pd.DataFrame
) -> str:
    """Return what was seen, the verdict in words, and what would decide an undecided one.

    ``judgement`` and ``row`` are as `analysis.claims.verdict.judge_claim` gives them; ``results``
    are those of the run, for what goes with that result.
    """
    if claim.answer != "computed":
        said = f"These data cannot answer it: {why_unanswered(claim)}. {claim.reason}"
        if claim.answer == "unfalsifiable":
            said = f"As worded it cannot be false, and so it is not passed either. {claim.reason}"
        return said if row is None else f"{said} For reference: {describe_result(claim, row)}"
    if judgement.verdict == "not testable" or row is None:
        return f"These data cannot answer it. {judgement.reason}"
    testimonial = claim.measure == "testimonial"
    return _join(
        _place_testimonial(claim, row, results) if testimonial else describe_result(claim, row),
        _describe_side(claim, judgement, row),
        _other_definitions(claim, row, results) if claim.measure == "success" else "",
        _other_specifications(row, results) if row.measure in SPECIFIED else "",
        describe_missing(judgement),
        describe_due(judgement),
        describe_limits(judgement.limits),
        _what_would_decide(judgement),
        _duration_context(judgement, row, results) if claim.measure == "relief_duration" else "",
    )


def _describe_side(claim: Claim, judgement: Judgement, row: Row) -> str:
    """Return how the words were read and on which side of that the interval lies.

    An interval on one side may still leave a claim undecided; why is said too. An absolute is
    contradicted by one case; where none was seen, the largest share that would still go unseen is
    given.
    """
    here = f"Here {FREQUENCIES[claim.frequency].reading}" if claim.frequency else ""
    stop = f"{here}." if here else ""
    if claim.ceiling == 0:
        return _join(stop, _absolute(row))
    if row.measure == "relieved_patients":
        on_record = f"there are {'as many' if judgement.verdict == 'meets' else 'fewer'} on record."
        return f"{here}: {on_record}" if here else f"T{on_record[1:]}"
    if row.low is None and row.high is None:
        return _join(stop, "There is no interval, so there is no verdict.")
    sides = {"meets": "at or above", "falls short": "below"}
    figure = claim.floor
    if figure is None:
        figure, sides = claim.ceiling, {"meets": "at or below", "falls short": "above"}
    side = judge_interval(
        row.low, row.high, floor=claim.floor, ceiling=claim.ceiling, above=claim.above_floor
    )
    where = "the interval reaches both sides of"
    if side in sides:
        where = f"all of the interval is {sides[side]}"
    but = ""
    if judgement.verdict == "undecided" and side != "undecided":
        if judgement.undecided == "outliers":
            but = ", but not with the tails that could be there"
        elif judgement.missing is not None:
            but = ", but the missing outcomes leave it open"
        elif row.measure == "relief_duration":
            but = DATED_OTHERWISE[side]
    if here:
        return f"{here}: {where} that{but}."
    cited = band_text(figure, figure, unit=claim.unit)
    return f"{where[0].upper()}{where[1:]} the cited {cited}{but}."


DATED_OTHERWISE: dict[Verdict, str] = {
    "meets": ", but not if those not seen again lost relief right after they were last seen",
    "falls short": ", but not with each loss dated at the visit that showed it",
}
"""Why a median whose interval lies on one side of its floor is undecided."""


def _absolute(row: Row) -> str:
    if row.n_events:
        return "There is more than one." if row.n_events > 1 else "There is one."
    # Upper one-sided 95% limit of 0 of n (Hanley and Lippman-Hand 1983, JAMA 249:1743).
    most = share_text(1 - 0.05 ** (1 / row.n), decimals=1)
    return (
        "None was seen, which does not show that there is none: were the true share "
        f"{most} (the rule of three), none of {count_text(row.n)} would still be seen one time "
        "in twenty."
    )


def _what_would_decide(judgement: Judgement) -> str:
    seen, if_cited = judgement.further_patients, judgement.further_patients_if_cited
    if seen is None and if_cited is None:
        return judgement.reason
    middle = middle_of_cited(judgement.cited_low, judgement.cited_high)
    in_middle = (
        f"in the middle of the cited range ({band_text(middle, middle, unit=judgement.unit)})"
    )
    n = if_cited if seen is None else seen
    more = f"bout {count_text(n)} more {'patient' if n == 1 else 'patients'} would decide it"
    if seen is None:
        would = f"Were the true value {in_middle}, a{more} with 80% probability."
        return _join(judgement.reason, would)
    also = "" if if_cited is None else f"; about {count_text(if_cited)}, were it {in_middle}"
    return f"A{more} with 80% probability, were the true value the one seen{also}."


def _duration_context(judgement: Judgement, row: Row, results: pd.DataFrame) -> str:
    """Say how often relief lasted, and the median under every reading of boosters.

    The answer depends on what a booster is taken to be, so the range over all four readings is
    printed next to the headline.
    """
    kept = []
    for weeks in sorted({judgement.cited_low or WEEKS_FROM_WEEKS, MONTHS_FROM_WEEKS}):
        share = find_alike(results, row, measure="relieved_share", visit=f"week_{weeks:g}")
        if share is None or share.value is None:
            continue
        verdict = judge_interval(share.low, share.high, floor=OFTEN_SHARE)
        often = {"meets": "often", "falls short": "not often"}.get(verdict, "undecided")
        kept.append(
            f"{estimate_text(share)} kept it for more than {weeks:g} weeks "
            f"({interval_words(share)}: {often})"
        )
    often = f"“Often” read as at least half of them: {'; '.join(kept)}." if kept else ""
    return _join(often, _booster_readings(judgement, row, results))


BOOSTER_READINGS = words_in("boosters.if")


def _booster_readings(judgement: Judgement, row: Row, results: pd.DataFrame) -> str:
    found = {name: find_alike(results, row, definition=name) for name in BOOSTER_READINGS}
    known = {name: one for name, one in found.items() if one is not None}
    if len(known) < 2:
        return ""
    if len({(one.status, one.value, one.low, one.high) for one in known.values()}) == 1:
        return "How boosters are read makes no difference to it."
    medians = "; ".join(f"{_median(one)} {BOOSTER_READINGS[name]}" for name, one in known.items())
    low, high = judgement.cited_low, judgement.cited_high
    verdicts = {
        name: judge_interval(one.low, one.high, floor=low, ceiling=high)
        for name, one in known.items()
    }
    agree = "the same in all"
    if len(set(verdicts.values())) > 1:
        differ = "; ".join(f"{one} {BOOSTER_READINGS[name]}" for name, one in verdicts.items())
        agree = f"not the same: {differ}"
    return (
        f"By how boosters are read, the median is {medians}{_range_of(list(known.values()))}; "
        f"the verdict is {agree}."
    )


def _range_of(rows: list[Row]) -> str:
    """Return the range of the medians, open where one is not reached; nothing where all agree."""
    values = [row.value for row in rows if row.value is not None]
    if not values or any(row.status not in ("estimated", "not reached") for row in rows):
        return ""
    all_reached = len(values) == len(rows)
    if all_reached and max(values) == min(values):
        return ""
    last = quantity_text(max(values), unit="weeks") if all_reached else "not reached"
    return f" (range {quantity_text(min(values), unit='weeks')} to {last})"


def _median(row: Row) -> str:
    if row.value is None:
        return estimate_text(row)
    none = row.low is None and row.high is None
    return f"{estimate_text(row)} ({'no interval' if none else interval_text(row)})"


_SUCCESSES: tuple[tuple[str, dict[str, object]], ...] = (
    ("at least 50% less pain", {"measure": "responder_share", "threshold_pct": 50.0,
     "definition": "percent_reduction", "population": "all_starters"}),
    ("pain lower by 2 points", {"measure": "responder_share", "threshold_pct": None,
     "definition": "two_points", "population": "all_starters"}),
    ("at least 30% less pain, of those rated only", {"measure": "responder_share",
     "threshold_pct": 30.0, "definition": "percent_reduction", "population": "observed"}),
    ("any less pain at all", {"measure": "success_share", "definition": "any_relief"}),
    ("much improved by the patient's own word (PGIC)", {"measure": "improved_share",
     "definition": "global", "population": "all_starters"}),
    ("six infusions given (standard protocol)", {"measure": "series_share",
     "definition": "completed_six", "visit": ""}),
)  # fmt: skip
"""Every other definition of success that the tables can count."""


SPECIFIED = ("opioid_reduction_share", "improved_share")
"""Shares whose sentence gives the other specifications: factors, threshold, window."""


def _other_specifications(row: Row, results: pd.DataFrame) -> str:
    """Say the share by each one other choice: set of factors, threshold, visit, those seen only."""
    alike = {name: getattr(row, name) for name in KEYS}
    told = []
    for name in ("definition", "threshold_pct", "visit", "population"):
        same = {key: value for key, value in alike.items() if key != name}
        if name == "definition" and row.measure == "improved_share":
            continue
        for other in rows_of(find(results, **same)):
            mine = getattr(other, name)
            if mine == getattr(row, name) or other.value is None or mine == "best_case":
                continue
            what = {
                "definition": word(DEFINITIONS, other.definition),
                "threshold_pct": f"at least {other.threshold_pct or 0:g}% less",
                "visit": visit_word(other.visit),
                "population": word(POPULATIONS_SHORT, other.population),
            }[name]
            told.append(f"{what}: {estimate_text(other)}")
    return f"Counted otherwise: {'; '.join(told)}." if told else ""


def _other_definitions(claim: Claim, row: Row, results: pd.DataFrame) -> str:
    """Say the rate by every plausible definition of success, and which reach the cited one."""
    same = {"condition": row.condition, "group_by": row.group_by, "group": row.group}
    counted, reached = [], []
    for name, keys in _SUCCESSES:
        other = find_one(results, **{"visit": row.visit, **same, **keys})
        if other is None or other.value is None:
            continue
        counted.append(f"{name}: {estimate_text(other)}")
        if claim.floor is not None and other.value >= claim.floor:
            reached.append(name)
    if not counted:
        return ""
    cited = share_text(claim.floor)
    which = f"None of these reaches {cited}."
    if reached:
        which = f"At or above {cited} lies: {'; '.join(reached)}."
    own_word = (
        ""
        if any("PGIC" in name for name in counted)
        else ("A global rating of change is not recorded.")
    )
    return _join(
        "The page does not say what success is.",
        f"Counted otherwise: {'; '.join(counted)}. {which}",
        own_word,
    )


def _place_testimonial(claim: Claim, row: Row, results: pd.DataFrame) -> str:
    """Say where a testimonial lies among comparable patients, and what is typical of them.

    16 CFR 255.2(b): an advertisement with a result better than usual should clearly say what
    consumers can generally expect. No person is pointed at.
    """
    patients = patients_of(claim, row)
    if claim.baseline_score is not None:
        patients += f" who began within one point of {claim.baseline_score:g}"
    unrated = ""
    if row.n_missing:
        unrated = f" (no rating, and counted as not: {count_text(row.n_missing)})"
    typical = _typical(row, results)
    return _join(
        f"Of {patients}, {count_text(row.n_events or 0)} ({share_text(row.value)}) did as well or "
        f"better at {visit_word(row.visit)}{unrated}; {interval_words(row)}. "
        f"{share_text(1 - (row.value or 0.0))} of them did less well: the result quoted is no "
        "better evidence than any one patient's.",
        typical and f"What such patients can generally expect: {typical}.",
    )


def _typical(row: Row, results: pd.DataFrame) -> str:
    """Return the typical result of comparable patients: shares at 30 and 50%, and the median."""
    parts = []
    for pct in THRESHOLDS_PCT:
        share = find_alike(results, row, measure="typical_response_share", threshold_pct=pct)
        if share is not None and share.value is not None:
            counted, interval = share_text(share.value), interval_text(share)
            parts.append(f"{counted} had at least {pct:g}% less pain ({interval})")
    if fall := typical_fall(row, results):
        parts.append(f"half of those rated had a reduction of {fall} or more")
    return "; ".join(parts)


def typical_fall(row: Row, results: pd.DataFrame) -> str:
    """Return the median reduction of the patients comparable to one quoted; empty without one."""
    same = {"population": "observed", "threshold_pct": None}
    median = find_alike(results, row, measure="typical_reduction", **same)
    if median is None or median.value is None:
        return ""
    return quantity_text(median.value, unit="percent")


def describe_departures(claim: Claim, settings: AnalysisSettings) -> str:
    """Return a sentence on each setting that departs from a claim's reading; empty for none.

    The reading was fixed with the suite's own definitions, the defaults of the settings. Visit,
    threshold, rule of loss, clock and booster are always those of the reading; what departs is who
    is analyzed, and from which baseline.
    """
    default = AnalysisSettings()
    departs = {
        "series_gap_days": f"a series ends at a gap of more than {settings.series_gap_days} days",
        "baseline_window_days": (
            f"the baseline is of the {settings.baseline_window_days} days up to day 0"
        ),
        "minimum_baseline_score": (
            f"the least baseline pain is {settings.minimum_baseline_score:g}"
        ),
    }
    said = [
        text for name, text in departs.items() if getattr(settings, name) != getattr(default, name)
    ]
    return f"This run departs from the reading: {'; '.join(said)}." if said else ""


def describe_allocation(allocation: str, arms: Sequence[str]) -> str:
    """Return what a comparison of the arms on record can say, by how patients came to them.

    ``allocation`` is randomized, not_randomized or unknown. With fewer than two arms there is no
    control group.
    """
    if len(arms) < 2:
        alone = {
            "randomized": (
                "Patients were randomized, but the records hold one arm only: there is no control"
                " group in them"
            ),
            "not_randomized": "There was no control group, and nobody was randomized",
            "unknown": "There was no control group",
        }[allocation]
        return f"{alone}, so the figures do not say why pain changed."
    named = ", ".join(f"'{plain_text(arm)}'" for arm in arms)
    given = {
        "randomized": f"Patients were randomized to the arms ({named})",
        "not_randomized": (
            f"Patients were not randomized to the arms ({named}), which may differ in other ways"
        ),
        "unknown": f"The records do not say whether patients were randomized to the arms ({named})",
    }[allocation]
    return f"{given}; the difference is not tested here."


def describe_subgroups(allocation: str) -> str:
    """Return what subgroups are for, by how patients came to their arms."""
    given = {
        "randomized": "patients were randomized to arms, not to subtypes or sites",
        "not_randomized": "patients were not randomized to them",
        "unknown": (
            "the records do not say whether patients were randomized to arms, and nobody is to a "
            "subtype"
        ),
    }[allocation]
    return f"Subgroups are for looking, not for testing: {given}."


# The summary to paste into a mail


def write_summary(
    banner: str,
    judgements: Sequence[Judgement],
    *,
    allocation: str = "unknown",
    arms: Sequence[str] = (),
) -> list[tuple[str, str, str]]:
    """Return the summary as (name, condition, text): the data, each claim, what it cannot say.

    ``allocation`` and ``arms`` are as in `describe_allocation`.
    """
    limit = (
        "These are the outcomes of patients seen before and after treatment: they can contradict a "
        f"figure, but they do not show what the treatment itself did. "
        f"{describe_allocation(allocation, arms)}"
    )
    said = [("data", "all", banner)]
    for one in judgements:
        verdict = word(VERDICTS, one.verdict).lower()
        said.append(
            (f"claim_{one.claim_id}", one.condition, f'"{one.wording}": {verdict}. {one.sentence}')
        )
    return [*said, ("no_control", "all", limit)]


# The ledger in words, for a terminal

WIDTH = 98
INDENT = "    "
LONGEST = 2000


def list_claims(claims: Sequence[Claim]) -> str:
    """Return claims as lines of text, one a claim, and how many there are of each answer."""
    if not claims:
        return "No claim passes these filters."
    lines = [
        f"{claim.claim_id}  {claim.condition:<12.12}  {claim.kind:<13.13}  {claim.answer:<13.13}  "
        f"{plain_text(claim.wording, longest=60)}"
        for claim in claims
    ]
    counts = Counter(claim.answer for claim in claims)
    tally = "; ".join(f"{counts[a]} {a} ({meaning})" for a, meaning in ANSWERS.items() if counts[a])
    noun = "claim" if len(claims) == 1 else "claims"
    return "\n".join([*lines, "", fill(f"{len(claims)} {noun}: {tally}.", WIDTH)])


def explain_claim(
    claims: Sequence[Claim],
    claim_id: str,
    *,
    rules: Sequence[Rule] = (),
    judgement: Judgement | None = None,
) -> str:
    """Return one claim explained: verdict, published evidence, reading, and rules that touch it.

    The id is found in any case: ``c043`` is C043. Without a judgement there is no verdict.

    Raises
    ------
    LedgerError
        No such claim; the nearest known id is offered.
    """
    claim = find_claim(claims, claim_id)
    parts = [f"{claim.claim_id}  “{plain_text(claim.wording, longest=LONGEST)}”"]
    facts = [*(_judged_facts(judgement) if judgement else ()), *_facts(claim)]
    if judgement is not None:
        facts += _further_facts(judgement)
    parts += [
        f"{name}:\n{_wrap(plain_text(text, longest=LONGEST))}" for name, text in facts if text
    ]
    checks = rules_of_checks(rules)
    lacks = check_sentence(claim.wording, checks, kind=claim.kind, measure=claim.measure)
    touching = asked_by_rules(claim, rules, lacks)
    for form, title in RULE_TITLES.items():
        lines = [_rule_line(rule, lacks) for rule, lacks in touching.items() if rule.form == form]
        parts += ["\n".join([f"{title}:", *lines])] if lines else []
    return "\n\n".join(parts)


def _rule_line(rule: Rule, lacks: Sequence[str]) -> str:
    seen = "" if rule.verified else "; text not seen"
    lacking = f" The words do not say: {'; '.join(lacks)}." if lacks else ""
    said = plain_text(rule.rule, longest=LONGEST)
    return _wrap(f"{rule.rule_id} ({rule.body}{seen}): {said}{lacking}")


def _wrap(text: str) -> str:
    return fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


def _facts(claim: Claim) -> Iterator[tuple[str, str]]:
    yield "Read as", claim.reading
    yield "Judged against", "" if claim.answer != "computed" else _judged_against(claim)
    dated = f"Fixed on {date_text(claim.reading_date)}, " if claim.reading_date else ""
    yield "Reading", f"{dated}hash {claim.reading_hash}." if claim.measure else ""
    yield "What its words leave open", claim.ambiguity
    yield "What would test it", claim.tested_by
    needs = f" ({claim.needs})" if claim.needs else ""
    yield "Answer", f"{claim.answer}: {ANSWERS[claim.answer]}{needs}. {claim.reason}"
    condition = condition_word(claim.condition, load_conditions().labels)
    part = f" ({word({}, claim.group_keys['group'])})" if claim.group else ""
    yield "About", f"{word({}, claim.kind)}; {condition}{part}."
    section = f", section “{claim.section}”" if claim.section else ""
    dated = f"date {claim.printed_on}" if claim.printed_on else "date not given"
    yield "Printed", f"{claim.source}{section}; {dated}."
    yield "Note", claim.note


def _judged_against(claim: Claim) -> str:
    if claim.frequency:
        read = FREQUENCIES[claim.frequency]
        return f"{read.reading[0].upper()}{read.reading[1:]}. Source: {read.source}."
    cited = band_text(claim.cited_low, claim.cited_high, unit=claim.unit)
    at = f", at {visit_word(claim.visit)}" if claim.visit else ""
    return f"The cited {cited}{at}."


def _judged_facts(one: Judgement) -> Iterator[tuple[str, str]]:
    """Yield verdict, finding, what may be said and what published evidence says."""
    firm = firm_text(one)
    said = f"{word(VERDICTS, one.verdict)}{f', {firm}' if firm else ''}"
    yield "Verdict", f"{said}: {VERDICT_MEANING[one.verdict]}."
    yield "Caution", f"{one.post_hoc[0].upper()}{one.post_hoc[1:]}." if one.post_hoc else ""
    yield "Finding", one.sentence
    yield "What may be said", one.may_say
    yield "To be printed with it", one.say_note
    yield "What published evidence says", one.published_sentence


def _further_facts(one: Judgement) -> Iterator[tuple[str, str]]:
    """Yield how firm a verdict is under other readings and with other claims."""
    readings = one.robustness
    if readings is not None and not readings.n and one.verdict == "not testable":
        readings = None
    yield "Among all claims of the run", _among_all(one)
    yield "Under other readings", readings.sentence if readings else ""
    yield "Tipping point", one.tipping.sentence if one.tipping else ""
    if one.shrunk is not None:
        of_n = f"(n = {count_text(one.shrunk.n)})"
        shrunk = f"{share_text(one.shrunk.value)} {of_n}. {one.shrunk.label}"
        yield "Shrunk toward all conditions", shrunk


def _among_all(judgement: Judgement) -> str:
    if not judgement.verdict_adjusted or judgement.verdict not in ("meets", "falls short"):
        return ""
    stands = "stands" if judgement.verdict_adjusted == judgement.verdict else "does not stand"
    p = "" if judgement.p_holm is None else p_text(judgement.p_holm)
    p = f", p {p}" if p[:1] in "<>" and p else f", p = {p}" if p else ""
    return f"The verdict {stands} after adjusting for all claims judged together (Holm{p})."
