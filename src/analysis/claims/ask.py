"""What would have to be recorded for a claim to be testable: fields, visits, patients, months.

The fields stand in data/claims/fields.csv, with the measures that need each; scores of
questionnaires are those of data/codes/instruments.csv. A field is a score, a date or a choice; no
item of a licensed questionnaire is ever asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil

import pandas as pd

from analysis.adam.adsl import is_among
from analysis.adam.study import Study
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import ALL_MEASURES, ANSWERS, Claim, find_claim
from analysis.claims.power import POWER_SHARE, further_patients_for_share
from analysis.claims.verdict import READ_AT, middle_of_cited
from analysis.errors import InputError
from analysis.intake.codes import load_clinical_codes, load_effects, load_instruments
from analysis.intake.tables import load_conditions
from analysis.numbers import count_text, quantity_text, share_text
from analysis.settings import Visit, data_rows

ASKABLE = ("computed", "no_records")
"""Answers of claims that records could give."""

OPIOIDS = (
    "morphine", "oxycodone", "hydrocodone", "hydromorphone", "tramadol", "tapentadol", "fentanyl",
    "methadone", "codeine", "oxymorphone", "none",
)  # fmt: skip
"""Choices of a form, by their names in data/codes/opioids.csv; "none" is 0 mg."""

BETTER_BY = 0.1
"""Assumed distance of the true share from the mark of a claim without a cited range."""

DAYS_OF_RATE, DAYS_A_MONTH = 365, 30.4375
"""The present rate of enrolment is that of the last year before the data cut."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a form: its type, choices (code and word), ends, and codes of LOINC.

    ``when`` is ``once``, ``infusion`` (each), ``event`` (each side effect) or ``visit`` (each).
    """

    name: str
    form: str
    when: str
    type: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    low: str = ""
    high: str = ""
    loinc: str = ""
    needed_for: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one claim asks for: its fields, its visits, and how many patients would decide it.

    ``n`` is None where no number can be named; ``assumed`` says under what it holds, or why not.
    """

    claim: Claim
    fields: tuple[Field, ...]
    visits: tuple[str, ...]
    n: int | None
    assumed: str


@cache
def load_fields() -> tuple[Field, ...]:
    """Return the fields of data/claims/fields.csv, lists of words filled in from the code lists."""
    rows = data_rows("claims/fields.csv")
    lists = {
        "condition": tuple(load_conditions().labels.items()),
        "effect": tuple((code, effect.label) for code, effect in load_effects().items()),
        "drug": tuple((name, name.capitalize()) for name in OPIOIDS),
    }
    return tuple(
        Field(
            name=row["field"], form=row["form"], when=row["when"],
            type="radio" if row["type"] in lists else row["type"], label=row["label"],
            choices=lists.get(row["type"]) or tuple(
                (code.strip(), word.strip())
                for code, comma, word in (c.partition(",") for c in row["choices"].split("|"))
                if comma
            ),
            low=row["low"], high=row["high"], loinc=row["loinc"],
            needed_for=frozenset(row["needed_for"].split()),
        )
        for row in rows
    )  # fmt: skip


def _scores_of(domain: str) -> list[Field]:
    """Return a field for the score of the domain's instrument: the T-score where there is one."""
    known = [one for one in load_instruments().values() if one.domain == domain]
    codes = {c.value: c.code for c in load_clinical_codes() if c.table == "questionnaires"}
    known.sort(key=lambda one: (not one.is_t_score, one.code not in codes))
    return [
        Field(
            name=one.code, form="visit", when="visit", type="number",
            label=f"{one.name}{': T-score' if one.is_t_score else ': total score'}",
            low=f"{one.low:g}", high=f"{one.high:g}", loinc=codes.get(one.code, ""),
        )
        for one in known[:1]
    ]  # fmt: skip


def fields_of(claim: Claim) -> tuple[Field, ...]:
    """Return the fields that the claim's measure, or its lacking records, need."""
    wanted = {claim.measure, f"{claim.measure}:{claim.definition}", claim.needs} - {"", ":"}
    if claim.answer == "no_records":
        wanted = {claim.needs}
    elif ALL_MEASURES[claim.measure].needs_pain and (
        claim.measure != "opioid_reduction_share" or "pain" in claim.definition
    ):
        wanted.add("pain")
    own = [f for f in load_fields() if wanted & f.needed_for]
    if claim.measure in ("improved_share", "further_change"):
        own += _scores_of(claim.definition)
    forms = {field.form for field in own} | {"patient", "infusion"}
    if "opioid" in forms:
        forms.add("visit")
    basic = [f for f in load_fields() if "all" in f.needed_for and f.form in forms]
    return tuple(dict.fromkeys([*basic, *own]))


def visits_of(claim: Claim, schedule: Sequence[Visit]) -> tuple[str, ...]:
    """Return the visits at which a claim is read, the baseline first; none without outcomes."""
    if claim.answer != "computed" or not any(f.when == "visit" for f in fields_of(claim)):
        return ()
    names = [visit.name for visit in schedule]
    at = claim.visit or READ_AT
    if ALL_MEASURES[claim.measure].every_visit:
        last = names.index(at) + 1 if claim.visit in names else len(names)
        return ("baseline", *names[:last])
    if claim.measure == "early_response":
        return ("baseline", "day_14", "day_28")
    if claim.measure == "further_change":
        return tuple(dict.fromkeys(("baseline", READ_AT, at)))
    return ("baseline", at)


def plan_claim(claim: Claim, schedule: Sequence[Visit]) -> Asked:
    """Return what a claim asks for."""
    n, assumed = _patients_needed(claim)
    return Asked(claim=claim, fields=fields_of(claim), visits=visits_of(claim, schedule), n=n,
                 assumed=assumed)  # fmt: skip


def _patients_needed(claim: Claim) -> tuple[int | None, str]:
    """Return how many patients would decide a claim of which nothing is recorded, and the premise.

    A share is assumed to be in the middle of the cited range, else 10 points better than the mark,
    or half-way to the end where that is nearer.
    """
    if claim.answer == "no_records":
        return None, (
            "the suite has no measure for it yet: the recorded share can be counted, and a measure "
            "is then a row of the ledger (docs/claims.md)"
        )
    floor, ceiling = claim.floor, claim.ceiling
    mark = ceiling if floor is None else floor
    if claim.unit != "share" or mark is None:
        return None, (
            "no number of patients can be named before some are recorded: it depends on how far "
            "patients differ"
        )
    if mark in (0, 1):
        return None, "it is an absolute: one case contradicts it, and no number shows it"
    middle = middle_of_cited(claim.cited_low, claim.cited_high)
    if floor is None:
        true, why = 0.0, "no case"
    elif middle and middle > floor:
        true, why = middle, "the middle of the cited range"
    else:
        true = min(floor + BETTER_BY, (1 + floor) / 2)
        why = f"an assumption; the claim needs {quantity_text(floor, unit='share')}"
    n = further_patients_for_share(0, 0, floor=mark, true_share=true)
    return n, f"if the true share is {quantity_text(true, unit='share')} ({why})"


def choose_claims(
    claims: Sequence[Claim], wanted: Sequence[str], judgements: Iterable[Judgement]
) -> tuple[list[Claim], list[str]]:
    """Return the claims that records could make testable, and a sentence for each other one.

    Without names, all that a run found not testable for lack of records.

    Raises
    ------
    InputError
        None of the claims named can be answered by records, or there is nothing to ask for.
    """
    if wanted:
        chosen = [find_claim(claims, name) for name in wanted]
    else:
        lacking = {one.claim_id for one in judgements if one.verdict == "not testable"}
        chosen = [c for c in claims if c.claim_id in lacking and c.answer in ASKABLE]
        if not chosen:
            raise InputError(
                "no claim of this run is untestable for lack of records. Name the claims: "
                "`reliefcheck ask C083 C066`."
            )
    kept = [claim for claim in chosen if claim.answer in ASKABLE]
    others = [
        f"{claim.claim_id}: no field would make it testable: {ANSWERS[claim.answer]}."
        for claim in chosen
        if claim.answer not in ASKABLE
    ]
    if not kept:
        raise InputError("\n".join(others))
    return kept, others


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Patients a month who began in the last year before the data cut, and whom a visit reaches.

    ``rated`` is the share of starters due at the claim's last visit who were rated there; None
    where nobody was due.
    """

    per_month: float
    n: int
    months: float
    rated: float | None


def rate_of_enrolment(study: Study, asked: Asked) -> Rate | None:
    """Return the present rate of enrolment for a claim, None where no patient began on a date."""
    claim, adsl = asked.claim, study.adsl
    own = adsl[adsl["SAFFL"].fillna(False).astype(bool) & adsl["TRTSDT"].notna()]
    if claim.condition != "all":
        own = own[own["COND"] == claim.condition]
    if claim.group_keys.get("group_by") == "subtype":
        own = own[own["SUBTYP"] == claim.group_keys["group"]]
    if own.empty or pd.isna(own["DCUTDT"].iloc[0]):
        return None
    cut = own["DCUTDT"].iloc[0]
    begun = (cut - own["TRTSDT"]).dt.days
    days = min(DAYS_OF_RATE, max(int((cut - adsl["TRTSDT"].min()).days), 1))
    n = int((begun < days).sum()) if days == DAYS_OF_RATE else len(own)
    months = days / DAYS_A_MONTH
    last = asked.visits[-1:] or ("",)
    visit = study.adpain[is_among(study.adpain["USUBJID"], own["USUBJID"])]
    visit = visit[(visit["AVISIT"] == last[0]) & visit["DUEFL"] & visit["FASFL"]]
    rated = float(visit["RATEDFL"].mean()) if len(visit) else None
    return Rate(per_month=n / months, n=n, months=months, rated=rated) if n else None


def describe_asked(
    asked: Asked, *, schedule: Sequence[Visit], rate: Rate | None, has_run: bool
) -> str:
    """Return what a claim asks for, as text for a terminal."""
    claim = asked.claim
    lines = [f"{claim.claim_id}: {claim.wording}"]
    own = [f for f in asked.fields if "all" not in f.needed_for]
    lines.append("  fields: " + "; ".join(f"{f.label} ({f.name})" for f in own))
    if asked.visits:
        lines.append(f"  visits: {', '.join(v.replace('_', ' ') for v in asked.visits)}")
    if asked.n is None:
        lines.append(f"  patients: none can be named; {asked.assumed}")
        return "\n".join(lines)
    lines.append(
        f"  patients: {count_text(asked.n)} with these recorded, {asked.assumed}, for an "
        f"{share_text(POWER_SHARE)} chance that the 95% interval decides"
    )
    weeks = {visit.name: visit.week for visit in schedule}
    last = max((weeks.get(name, 4.0) for name in asked.visits[1:]), default=0.0)
    if rate is not None:
        n = asked.n
        if rate.rated:
            n = ceil(n / rate.rated)
            lines.append(
                f"  to enroll: {count_text(n)}, while {quantity_text(rate.rated, unit='share')} of "
                "starters are rated at the last of these visits"
            )
        lines.append(
            f"  time: {count_text(ceil(n / rate.per_month))} months at the present rate "
            f"({count_text(rate.n)} began in the last {count_text(rate.months)} months)"
            + (", then the series of the last patient" if asked.visits else "")
            + (f" and {count_text(last)} weeks after it" if last else "")
        )
    elif has_run:
        lines.append("  time: not known, nobody of these began on a known date in the last year")
    else:
        lines.append("  time: name a run with --run for the present rate of enrolment")
    return "\n".join(lines)
