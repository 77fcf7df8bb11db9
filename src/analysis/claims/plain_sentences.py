"""Sentences of page one: short, in everyday words, fit to be read aloud.

Like all sentences they are made from codes and numbers; a test holds their reading grade.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.claims.judgement import Judgement
from analysis.claims.sentences import LOST, SHARES, describe_allocation, less_pain, of_whom
from analysis.labels import MEASURES, condition_word, plain_text, visit_word, word
from analysis.numbers import (
    count_text,
    date_text,
    estimate_text,
    fraction_text,
    number_text,
    quantity_text,
    share_text,
)
from analysis.results import Row

REALISTIC = 2_000
"""Further patients beyond which waiting for them is no advice."""

WELL_SEEN = 0.8
"""Share of those due who were rated; below it, finding the others comes first."""

LONGEST_QUOTE = 90

_COUNTED = {
    "meets": "meet {n}",
    "falls short": "fall short of {n}",
    "undecided": "leave {n} undecided",
    "not testable": "cannot test {n}",
    "unfalsifiable": "cannot test {n} for want of clear words",
    "withheld": "withhold {n}",
}


def list_words(parts: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b, and c"."""
    if len(parts) < 3:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def at_visit(visit: str) -> str:
    """Return "at the end of the series", "at week 12"; empty without a visit."""
    if not visit:
        return ""
    return "at the end of the series" if visit == "end" else f"at {visit_word(visit)}"


def quote(one: Judgement) -> str:
    """Return the words of a claim in quotation marks, cut to a line."""
    return f"“{plain_text(one.wording, longest=LONGEST_QUOTE)}”"


def name_title(sources: Sequence[str], *, n: float | None, export: str, synthetic: bool) -> str:
    """Return whose statements are checked against whose patients (``n`` of them).

    ``sources`` are where the statements were printed, as the ledger says: "Clinic, title of the
    page". Synthetic patients are invented.
    """
    who = list(dict.fromkeys(source.partition(",")[0].strip() for source in sources if source))
    counted = "the patients" if n is None else f"{count_text(n)} patients"
    patients = f"{counted} of {plain_text(export, longest=120)}" if export else counted
    if synthetic:
        invented = "invented patients" if n is None else f"{count_text(n)} invented patients"
        patients = f"{invented}, not this clinic's" if len(who) == 1 else invented
    if not who:
        return f"Outcomes of {patients}"
    whose = f"What {plain_text(who[0])} says" if len(who) == 1 else f"What {len(who)} sources say"
    return f"{whose} about pain relief, checked against {patients}"


def count_verdicts(headline: Sequence[Judgement]) -> str:
    """Return how many cited figures are met, missed and open, in one sentence."""
    counts = Counter[str](one.verdict for one in headline)
    if not counts:
        return "No statement was checked in this run."
    done = [text.format(n=count_text(counts[name])) for name, text in _COUNTED.items()
            if counts[name]]  # fmt: skip
    n = len(headline)
    of = f"Of {count_text(n)} statements that give a figure" if n > 1 else "Of one statement"
    return f"{of}, the results {list_words(done)}."


def say_one(one: Judgement, row: Row, labels: Mapping[str, str]) -> str:
    """Return our number of one claim, and what the page says, in one sentence."""
    cited = f"the page says {plain_text(one.cited_text)}" if one.cited_text else ""
    name = condition_word(one.condition, labels)
    whom = "all conditions together" if one.condition == "all" else inside(name)
    if one.value is None:
        if one.status == "not reached":
            return f"On {quote(one)}: half of the patients had not come to it while followed."
        return f"On {quote(one)} these records give no number."
    apart = (one.cited_low, one.cited_high)
    number = quantity_text(one.value, unit=one.unit, apart_from=apart)
    at = at_visit(row.visit)
    if row.measure == "percent_reduction":
        way = "rose" if one.value < 0 else "fell"
        middle = _MIDDLES.get(row.definition, "on average")
        by = quantity_text(abs(one.value), unit=one.unit, apart_from=apart)
        said = f"In {count_text(row.n)} patients with {whom}, pain {way} by {by} {middle} {at}"
    elif row.measure == "relief_duration":
        said = f"Half of the {count_text(row.n)} patients with relief {_lost(row)} after {number}"
    elif (row.measure, row.definition) in SHARES:
        who, what = of_whom(row)
        what = what.replace(f"at {visit_word(row.visit)}", at) if at else what
        number = estimate_text(row, apart_from=apart)
        return f"In {whom}, {number} patients {who} {what}; {cited}."
    else:
        said = f"{name}: {number}"
    return f"{said.strip()}; {cited}." if cited else f"{said.strip()}."


_MIDDLES = {
    "mean_of_patients": "on average", "median_of_patients": "in the middle patient",
    "ratio_of_means": "from average to average",
}  # fmt: skip


def _lost(row: Row) -> str:
    return LOST.get(row.definition, "had lost it")


def inside(name: str) -> str:
    """Return a name as it stands inside a sentence; an abbreviation keeps its capitals."""
    return name if name[:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def say_what(row: Row) -> str:
    """Return what a number of page one is, to stand after it: "had at least 30% less pain"."""
    if row.measure == "responder_share" and row.threshold_pct is not None:
        return f"had {less_pain(row)}"
    fall = "average fall in pain" if row.definition == "mean_of_patients" else (
        f"fall in pain {_MIDDLES.get(row.definition, '')}".strip())  # fmt: skip
    lost = _lost(row).replace("it", "relief", 1).rstrip(",")  # nothing follows it here
    named = {"percent_reduction": fall, "relief_duration": f"until half {lost}"}
    return named.get(row.measure, word(MEASURES, row.measure).lower())


def say_why_not(rows: Sequence[Row], *, allocation: str) -> str:
    """Return whether the numbers can say that the treatment was the reason."""
    arms = sorted({row.group for row in rows if row.group_by == "arm"})
    if len(arms) < 2:
        return (
            "There was no comparison group, so these numbers cannot show that the treatment was "
            "the reason."
        )
    return describe_allocation(allocation, arms)


def lead_sentences(
    headline: Sequence[Judgement],
    rows_by_id: Mapping[str, Row],
    rows: Sequence[Row],
    labels: Mapping[str, str],
    *,
    allocation: str,
) -> tuple[str, ...]:
    """Return the answer in three sentences: verdicts counted, one number, what it cannot say."""
    order = ("falls short", "meets", "undecided")
    found = [
        (one, row)
        for verdict in order
        for one in headline
        if one.verdict == verdict and (row := rows_by_id.get(one.result_id)) is not None
    ]
    one = (say_one(*found[0], labels),) if found else ()
    return (count_verdicts(headline), *one, say_why_not(rows, allocation=allocation))


def say_otherwise(rows: Sequence[Row]) -> str:
    """Return what pain would have done anyway, from the rows on regression to the mean.

    Over all conditions: the fall seen, and the fall to expect if the usual pain of these patients
    were one point below the score they came with. Empty without such rows.
    """
    seen = [row.value for row in rows if row.measure == "fall_seen" and row.value is not None]
    expected = expected_falls(rows)
    if not seen or not expected:
        return ""
    by = _range(seen)
    return (
        "People come when pain is bad, so some of it would ease without any treatment. If their "
        f"usual pain is one point lower than on the day they came, that alone gives a fall of "
        f"{_range(expected)} points. Seen was a fall of {by} points on average."
    )


def expected_falls(rows: Iterable[Row]) -> list[float]:
    """Return the falls of regression to the mean, with the correlations of trials."""
    return [
        row.value
        for row in rows
        if (row.measure, row.definition) == ("expected_fall", "point_below")
        and row.population in ("trials_low", "trials_high")
        and row.value is not None
    ]


def _range(values: Sequence[float]) -> str:
    ends = [number_text(end, decimals=1) for end in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def say_harm(rows: Sequence[Row]) -> str:
    """Return how many of those asked had a side effect, a serious one, or had to stop.

    Empty where no row says who was asked.
    """
    found = {(row.measure, row.definition): row for row in rows if row.group_by == "all"}
    asked = found.get(("asked_share", "patients"))
    harm = {row.definition: row for row in rows if row.measure == "effect_share"
            and (row.group_by, row.population) == ("all", "asked")}  # fmt: skip
    if asked is None:
        return ""
    if not asked.n_events:
        return "Nobody is on record as asked about side effects, so nothing is known of them."
    said = f"Asked about side effects: {fraction_text(asked.n_events, asked.n)} patients treated."
    kinds = {"any_effect": "had any", "serious": "had a serious one",
             "stopped_infusion": "had an infusion stopped for one"}  # fmt: skip
    parts = [
        f"{estimate_text(row)} {what}"
        for name, what in kinds.items()
        if (row := harm.get(name)) is not None and row.value is not None
    ]
    return f"{said} Of those asked, {list_words(parts)}." if parts else said


def next_steps(
    headline: Sequence[Judgement], *, n_flags: int, last_seen: Row | None
) -> tuple[str, ...]:
    """Return what to do next: on each claim, on the flags, on patients not seen."""
    steps = [step for one in headline for step in _step(one)]
    if n_flags:
        noun = "reason" if n_flags == 1 else "reasons"
        steps.append(
            f"Have a physician review the {count_text(n_flags)} {noun} not to treat on record."
        )
    if last_seen is not None and last_seen.value is not None and last_seen.value < WELL_SEEN:
        steps.append(
            f"Call patients who did not come back: {estimate_text(last_seen)} were rated "
            f"{at_visit(last_seen.visit)}."
        )
    return tuple(steps)


def _step(one: Judgement) -> Iterator[str]:
    words = quote(one)
    if one.verdict == "falls short":
        yield f"Do not print {words}."
    elif one.verdict == "meets":
        careful = ", with care: other fair readings differ" if one.firmness == "fragile" else ""
        limits = [each.name for each in one.limits if each.verdict == "falls short"]
        but = f" for “{one.limits[0].name}”, not “{limits[0]}”" if one.limits and limits else ""
        yield f"{words} may be said{but}{careful}."
    elif one.verdict == "undecided":
        found, more = one.missing, one.further_patients
        if found is not None and found.n_to_find:
            yield (
                f"Find {count_text(found.n_to_find)} of the {count_text(one.n_missing)} patients "
                f"without a rating: that could decide {words}."
            )
        elif more is not None and more <= REALISTIC:
            yield f"Wait with {words}: about {count_text(more)} more patients would decide it."
        else:
            yield f"Do not print {words} yet: the number lies too close to the figure to tell."
    elif one.verdict == "not testable":
        yield f"Record what {words} needs, or do not print it."


def since_then(
    before: Sequence[Mapping[str, object]], headline: Sequence[Judgement], *, n: float | None
) -> str:
    """Return what changed since the run before; "first run" where there is none.

    ``before`` are earlier runs of the same export, oldest first: started, n (patients), verdicts by
    claim. ``headline`` and ``n`` are of this run.
    """
    if not before:
        return "This is the first run of this export here, so nothing can have changed."
    last = before[-1]
    verdicts = verdicts_of(last)
    moved = [
        f"{quote(one)} went from {was} to {one.verdict}"
        for one in headline
        if (was := verdicts.get((one.claim_id, one.reading_sha), (one.verdict,))[0]) != one.verdict
    ]
    changed = "; ".join(moved) or "no verdict changed"
    said = f"Since the run of {date_text(last.get('started'))}, {changed}."
    was_n = last.get("n")
    if not isinstance(was_n, (int, float)) or n is None:
        return said
    by = n - was_n
    if not by:
        return f"{said} The number of patients is the same."
    noun = "patient is" if abs(by) == 1 else "patients are"
    return f"{said} {count_text(abs(by))} {'more' if by > 0 else 'fewer'} {noun} counted."


def verdicts_of(run: Mapping[str, object]) -> dict[tuple[str, str], tuple[str, float | None]]:
    """Return verdict and value of an earlier run by claim and hash of its reading.

    A claim that is read otherwise now is another question, and has no history.
    """
    found = run.get("verdicts")
    if not isinstance(found, Mapping):
        return {}
    return {
        (claim_id, str(one.get("reading", ""))): (str(one.get("verdict", "")), one.get("value"))
        for claim_id, one in found.items()
        if isinstance(one, Mapping)
    }


def say_of_100(shares: Mapping[str, float | None], *, last: str) -> tuple[str, ...]:
    """Return "54 better", "26 much better", "9 still better at week 12", of 100 who start.

    ``shares`` of all who started by ``better``, ``much`` and ``still`` (at the visit ``last``).
    """
    words = {"better": "better", "much": "much better", "still": f"still better {at_visit(last)}"}
    return tuple(
        f"{share_text(share).removesuffix('%')} {words[name]}"
        for name, share in shares.items()
        if share is not None
    )
