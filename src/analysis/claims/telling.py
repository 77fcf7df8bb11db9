"""What the rows beyond the headline say, as plain sentences, and how a word was read."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.claims.claim import Claim
from analysis.claims.frequency import FREQUENCIES, at_most_when_none_seen
from analysis.claims.judgement import Verdict
from analysis.contract.codes import load_conditions
from analysis.outcomes.rows import ResultRow
from analysis.wording.numbers import (
    SMALL_N,
    band_text,
    count_text,
    fraction_text,
    interval_text,
    level_text,
    quantity_text,
    share_text,
)
from analysis.wording.texts import say
from analysis.wording.words import GROUPS, plain_text, visit_word, word


def tell_row(claim: Claim, row: ResultRow) -> str:
    """Return what a row says, with denominator, interval, and what is not known.

    Parameters
    ----------
    claim : Claim
        Its cited figures are kept apart from ours in print.
    row : ResultRow
        With a value.
    """
    tell = {
        "infusion_slope": _tell_slope,
        "series_time_ratio": _tell_ratio,
        "relieved_patients": _tell_count,
        "relieved_share": _tell_kept,
        "relief_duration": _tell_duration,
    }.get(row.measure)
    if tell is not None:
        return tell(claim, row)
    if row.population == "bounds":
        return _tell_bounds(claim, row)
    told = tell_share(row, patients=patients_text(claim, row), counted=_counted(row),
                      interval=_interval(claim, row))  # fmt: skip
    return f"{told} {_not_known(row)}".strip()


def tell_share(row: ResultRow, *, patients: str, counted: str, interval: str) -> str:
    """Return the sentence of a share: of whom, how many, what they had, and the interval.

    Parameters
    ----------
    row : ResultRow
        Its measure and definition choose the sentence.
    patients, counted, interval : str
        In words: "53 patients with fibromyalgia", "31 (58 %)", "95 % interval 45 % to 71 %".
    """
    name = f"{row.measure}.{row.definition or 'whole'}"
    rated_only = row.population == "observed" and row.measure == "responder_share"
    return say(
        f"telling.share.{name}_rated" if rated_only else f"telling.share.{name}",
        patients=patients,
        counted=counted,
        pct=_pct(row),
        visit=visit_word(row.visit),
        interval=interval,
    )


def patients_text(claim: Claim, row: ResultRow, *, n: int | None = None) -> str:
    """Return "53 patients with fibromyalgia", with the part of the condition and the arm."""
    label = "" if claim.condition == "all" else plain_text(
        load_conditions().labels.get(claim.condition, claim.condition)
    )  # fmt: skip
    part = claim.group_keys.get("group", "")
    return name_patients(row, n=row.n if n is None else n, label=label, part=part)


def name_patients(row: ResultRow, *, n: int, label: str, part: str = "") -> str:
    """Return "53 patients with fibromyalgia (Type I) in the arm 'placebo'".

    Parameters
    ----------
    row : ResultRow
        Its group is named where it is an arm.
    n : int
        Patients.
    label : str
        Of the condition; empty for all of them.
    part : str
        Code of a part of the condition.
    """
    told = one_or_many(
        n,
        "telling.patients.one_with" if label else "telling.patients.one_of_all",
        "telling.patients.many_with" if label else "telling.patients.many_of_all",
        condition=label.lower(),
    )
    if part:
        told = say("telling.patients.part", patients=told, part=word(GROUPS, part))
    if row.group_by == "arm":
        told = say("telling.patients.arm", patients=told, arm=plain_text(row.group))
    return told


def interval_words(row: ResultRow, *, apart_from: Iterable[float | None] = ()) -> str:
    """Return "95 % interval 52 % to 68 %", at the level of the row, or that there is none."""
    if row.low is None and row.high is None:
        return say("telling.no_interval")
    return named_interval(row, apart_from=apart_from)


def named_interval(row: ResultRow, *, apart_from: Iterable[float | None] = ()) -> str:
    """Return "95 % interval 52 % to 68 %" of a row; with an em dash where it has none."""
    shown = interval_text(row, apart_from=apart_from)
    return say("telling.interval", level=level_text(row.level), interval=shown)


def tell_not_rated(n: int) -> str:
    """Return "10 were not rated and count as not responding."."""
    return one_or_many(n, "telling.not_rated_one", "telling.not_rated_many")


def one_or_many(n: int | None, one: str, many: str, **values: object) -> str:
    """Return the text of the name for one or for several, with the number as its place ``n``."""
    return say(one if n == 1 else many, n=count_text(n), **values)


def tell_reading(claim: Claim, verdict: Verdict, row: ResultRow) -> str:
    """Return how the words were read and on which side of that the interval lies.

    An absolute is contradicted by one case; where none was seen, the largest share that would
    still go unseen is told.
    """
    reading = FREQUENCIES[claim.frequency].told if claim.frequency else ""
    if claim.ceiling == 0:
        told = _tell_absolute(row)
        return say("telling.word.absolute", reading=reading, told=told) if reading else told
    if row.low is None and row.high is None:
        where = "no_interval"
    elif row.measure == "relieved_patients":
        where = "enough" if verdict == "meets" else "too_few"
    else:
        where = side_of_cited(verdict, floor=claim.floor)
    if reading:
        return say(f"telling.word.{where}", reading=reading)
    return tell_cited(where, claim.floor, claim.ceiling, unit=claim.unit)


def side_of_cited(verdict: Verdict, *, floor: float | None) -> str:
    """Return in a code where a verdict says that the interval lies, beside floor or ceiling."""
    met, not_met = ("at_or_above", "below") if floor is not None else ("at_or_below", "above")
    return {"meets": met, "falls short": not_met}.get(verdict, "both_sides")


def tell_cited(where: str, floor: float | None, ceiling: float | None, *, unit: str) -> str:
    """Return where the interval lies beside the cited floor, or the ceiling where there is none."""
    cited = ceiling if floor is None else floor
    return say(f"telling.cited.{where}", cited=band_text(cited, cited, unit=unit))


def _tell_absolute(row: ResultRow) -> str:
    if row.n_events:
        return say("telling.seen_many" if row.n_events > 1 else "telling.seen_one")
    most = share_text(at_most_when_none_seen(row.n), decimals=1)
    return say("telling.none_seen", most=most, n=count_text(row.n))


def _pct(row: ResultRow) -> str:
    return f"{row.threshold_pct or 0:g}"


def _counted(row: ResultRow) -> str:
    """Return "none", "all 12" or "31 (24 %)"; no percentage of fewer than ten patients."""
    events = row.n_events or 0
    if events == 0:
        return say("telling.none")
    if events == row.n:
        return say("telling.all_one" if row.n == 1 else "telling.all", n=count_text(row.n))
    if row.n < SMALL_N:
        return count_text(events)
    return say("telling.some", events=count_text(events), share=share_text(events / row.n))


def _interval(claim: Claim, row: ResultRow) -> str:
    return interval_words(row, apart_from=(claim.floor, claim.ceiling))


def _not_known(row: ResultRow) -> str:
    if not row.n_missing:
        return ""
    if row.population == "all_starters":
        return tell_not_rated(row.n_missing)
    if row.measure == "early_response_share":
        return one_or_many(
            row.n_missing, "telling.not_rated_then_one", "telling.not_rated_then_many"
        )
    return say("telling.not_recorded", n=count_text(row.n_missing))


def _tell_bounds(claim: Claim, row: ResultRow) -> str:
    """Whoever is not known may be either: the interval reaches from none to all of them."""
    known = row.n - row.n_missing
    return tell_share(
        row,
        patients=patients_text(claim, row, n=known),
        counted=fraction_text(row.n_events or 0, known),
        interval=say(
            "telling.interval_of_all_unknown" if row.n_missing else "telling.interval_of_all",
            interval=_interval(claim, row),
            n=count_text(row.n),
            missing=count_text(row.n_missing),
        ),
    )


def _tell_kept(claim: Claim, row: ResultRow) -> str:
    everyone = row.population == "all_starters"
    return say(
        "telling.kept_of_starters" if everyone else "telling.kept_of_relieved",
        patients=patients_text(claim, row),
        pct=_pct(row),
        share=share_text(row.value),
        visit=visit_word(row.visit),
        interval=_interval(claim, row),
    )


def _tell_slope(claim: Claim, row: ResultRow) -> str:
    told = say(
        "telling.slope_lower" if (row.value or 0.0) >= 0 else "telling.slope_higher",
        patients=patients_text(claim, row),
        points=quantity_text(abs(row.value or 0.0), unit="score"),
        interval=_interval(claim, row),
    )
    if not row.n_missing:
        return told
    return f"{told} {say('telling.slope_missing', n=count_text(row.n_missing))}"


def _tell_ratio(claim: Claim, row: ResultRow) -> str:
    ratio = quantity_text(row.value, unit="ratio")
    interval = _interval(claim, row)
    return say("telling.ratio", ratio=ratio, interval=interval, n=count_text(row.n))


def _tell_count(claim: Claim, row: ResultRow) -> str:
    return say(
        "telling.count_missing" if row.n_missing else "telling.count",
        count=count_text(row.value),
        pct=_pct(row),
        visit=visit_word(row.visit),
        n=count_text(row.n),
        missing=count_text(row.n_missing),
    )


def _tell_duration(claim: Claim, row: ResultRow) -> str:
    weeks = quantity_text(row.value, unit="weeks")
    return say(
        "telling.duration",
        weeks=say("numbers.not_reached") if row.value is None else weeks,
        patients=patients_text(claim, row),
        interval=_interval(claim, row),
    )
