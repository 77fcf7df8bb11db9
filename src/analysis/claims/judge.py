"""The ledger on one run: every claim judged, with all that is printed with its verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from analysis.adam.study import Study
from analysis.claims.evidence import judge_question, load_evidence, load_questions, published_of
from analysis.claims.evidence_words import describe_evidence
from analysis.claims.judgement import Judgement, Readings
from analysis.claims.ledger import Claim, absent_conditions
from analysis.claims.may_say import provenance_of, write_may_say, write_note
from analysis.claims.multiplicity import adjust_verdicts, shrink_small
from analysis.claims.multiverse import READING_VERDICTS, Multiverse
from analysis.claims.reasons import firmness_of
from analysis.claims.record_readings import record_readings
from analysis.claims.rules import check_sentence, load_rules, rules_of_checks
from analysis.claims.sentences import describe_departures, write_finding
from analysis.claims.tipping import tip_judgement
from analysis.claims.verdict import judge_claim, judge_limits
from analysis.errors import InputError
from analysis.results import KEYS, Row, find, find_alike
from analysis.settings import AnalysisSettings


class JudgedLedger(NamedTuple):
    """Every claim judged, in the order of the claims, and the readings that results gave."""

    judgements: tuple[Judgement, ...]
    readings: Mapping[str, Multiverse]  # of opioids and questionnaires, by id of the claim


def judge_claims(
    claims: Sequence[Claim],
    results: pd.DataFrame,
    *,
    arm: str = "",
    settings: AnalysisSettings | None = None,
    absent: Collection[str] = (),
) -> tuple[Judgement, ...]:
    """Judge every claim on a results frame, each with its finding in words.

    ``arm`` and ``absent`` are as in `analysis.claims.verdict.judge_claim`.
    Where the settings of the run depart from a claim's reading, its sentence says so.
    """
    pairs = _judge(claims, results, arm, settings, absent)
    return tuple(judgement for judgement, _ in pairs)


def _judge(
    claims: Sequence[Claim],
    results: pd.DataFrame,
    arm: str,
    settings: AnalysisSettings | None,
    absent: Collection[str],
) -> Iterator[tuple[Judgement, Row | None]]:
    own = {code: find(results, condition=code) for code in {one.condition for one in claims}}
    for claim in claims:
        rows = own[claim.condition]
        judgement, row = judge_claim(claim, rows, arm=arm, absent=absent)
        low, high = _sequence_of(row, rows)
        judgement = replace(
            judgement, limits=judge_limits(claim, row, rows), sequence_low=low, sequence_high=high
        )
        sentence = write_finding(claim, judgement, row, rows)
        if settings is not None and judgement.verdict != "not testable":
            sentence = f"{sentence} {describe_departures(claim, settings)}".strip()
        yield replace(judgement, sentence=sentence), row


def _sequence_of(row: Row | None, results: pd.DataFrame) -> tuple[float | None, float | None]:
    """Return the confidence sequence of a claim's result; of an imputed mean, that of those seen.

    No sequence is known for imputed outcomes.
    """
    if row is None:
        return None, None
    population = "observed" if row.population == "imputed" else row.population
    definition = f"{row.definition}_sequence"
    found = find_alike(results, row, population=population, definition=definition)
    return (None, None) if found is None else (found.low, found.high)


def judge_ledger(
    claims: Sequence[Claim], results: pd.DataFrame, study: Study, specified: Mapping[str, Readings]
) -> JudgedLedger:
    """Judge every claim of a ledger, and fill in all that is printed with the verdicts.

    Readings, tipping point, the verdict among all claims, the shrunk share of a small condition,
    what may be said instead, and what the words as printed lack.

    Parameters
    ----------
    claims : sequence of Claim
        Together they are the family of the adjustment.
    results : DataFrame
        Results of the other notebooks and of `estimate_testimonials`.
    study : Study
    specified : mapping
        Readings of the claims by id, as notebook 65 left them
        (`analysis.claims.multiverse.judge_specifications`); those that are rows of the results are
        found here.

    Raises
    ------
    InputError
        The readings of a claim that has a verdict are not there.
    """
    settings = study.settings
    results = results.astype(
        dict.fromkeys(set(KEYS) - {"threshold_pct"}, "category")
    )  # compared as numbers
    absent = absent_conditions(claims, study.conditions)
    pairs = list(_judge(claims, results, settings.claim_arm, settings, absent))
    recorded = {}
    for claim in claims:
        made = record_readings(claim, results, arm=settings.claim_arm)
        if len(made):
            recorded[claim.claim_id] = Multiverse.of(claim, study, readings=made)
    readings = {**specified, **{name: grid.summary for name, grid in recorded.items()}}
    verdicts = {one.claim_id for one, _ in pairs if one.verdict in READING_VERDICTS[:3]}
    if lacking := sorted(verdicts - readings.keys()):
        raise InputError(
            f"the readings of {', '.join(lacking)} are not there. Run the notebook "
            "65_specifications for the same conditions and ledger first."
        )
    adjusted = adjust_verdicts([judgement for judgement, _ in pairs], results)
    checks = rules_of_checks(load_rules())
    provenance = provenance_of(study)
    arms = sorted(find(results, group_by="arm")["group"].unique())
    note = write_note(provenance, arms)
    studies = load_evidence()
    questions = {one.claim_id: one for one in load_questions(claims)}
    judgements = []
    for claim, (judgement, row), holm in zip(claims, pairs, adjusted, strict=True):
        tip = tip_judgement(judgement, results)
        robustness = readings.get(claim.claim_id)
        question = questions.get(claim.claim_id)
        published = () if question is None else judge_question(studies, question)
        may_say = write_may_say(claim, judgement, row, results, provenance=provenance)
        judgements.append(
            replace(
                judgement,
                verdict_adjusted=holm.adjusted,
                p_holm=holm.p_holm,
                robustness=robustness,
                firmness=firmness_of(robustness, judgement.verdict, n=judgement.n),
                reading_sha=claim.reading_hash if claim.measure else "",
                reading_date=claim.reading_date,
                post_hoc=claim.post_hoc(study.data_cut) if claim.answer == "computed" else "",
                tipping=None if tip is None else tip.summary,
                shrunk=shrink_small(row, results),
                may_say=may_say.text,
                sayable=may_say.states_result,
                say_note=note if may_say.states_result else "",
                lacks=check_sentence(claim.wording, checks, kind=claim.kind, measure=claim.measure),
                published=tuple(map(published_of, published)),
                published_sentence=(
                    ""
                    if question is None
                    else describe_evidence(studies, question, published, study.labels)
                ),
            )
        )
    return JudgedLedger(tuple(judgements), recorded)
