"""The ledger on one run: every claim judged, with all that is printed with its verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from analysis.adam.adpain import responds
from analysis.adam.study import NOT_RECORDED, Study, generator
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import Claim, absent_conditions
from analysis.claims.multiplicity import adjust_verdicts, shrink_small
from analysis.claims.multiverse import Multiverse, ReliefCurves, judge_readings
from analysis.claims.rules import Rule, check_sentence, load_rules, rules_of_checks
from analysis.claims.sentences import (
    describe_departures,
    provenance_of,
    write_finding,
    write_may_say,
)
from analysis.claims.tipping import tip_judgement
from analysis.claims.verdict import judge_claim
from analysis.results import Estimate, Row, find, make_results, note
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings
from analysis.stats.rates import estimate_responder_share
from analysis.stats.reductions import estimate_median_bca

SIMILAR_SCORE = 1.0
"""Points. Comparable patients began within one point of the one quoted: 8 to 10 for a 9."""

LEAST_COMPARABLE = 10
"""Fewer comparable patients are too few to call a result typical, and may be recognized."""


@dataclass(frozen=True, kw_only=True)
class JudgedLedger:
    """Every claim judged.

    Parameters
    ----------
    claims : tuple of Claim
    judgements : tuple of Judgement
        In the order of the claims, with all that is printed with the verdict.
    readings : mapping of str to Multiverse
        The grid of readings of every computed claim, by its id.
    """

    claims: tuple[Claim, ...]
    judgements: tuple[Judgement, ...]
    readings: Mapping[str, Multiverse] = field(default_factory=dict)


def judge_claims(
    claims: Sequence[Claim],
    results: pd.DataFrame,
    *,
    analysis_visit: str,
    arm: str = "",
    settings: AnalysisSettings | None = None,
    absent: Collection[str] = (),
) -> tuple[Judgement, ...]:
    """Judge every claim on a results frame, each with its finding in words.

    Parameters
    ----------
    claims : sequence of Claim
    results : DataFrame
        Results frame of all conditions.
    analysis_visit, arm, absent
        As `analysis.claims.verdict.judge_claim`.
    settings : AnalysisSettings, optional
        Settings of the run; where they depart from a claim's reading its sentence says so.
    """
    pairs = _judge(claims, results, analysis_visit, arm, settings, absent)
    return tuple(judgement for judgement, _ in pairs)


def _judge(
    claims: Sequence[Claim],
    results: pd.DataFrame,
    analysis_visit: str,
    arm: str,
    settings: AnalysisSettings | None,
    absent: Collection[str],
) -> Iterator[tuple[Judgement, Row | None]]:
    own = {code: find(results, condition=code) for code in {one.condition for one in claims}}
    for claim in claims:
        rows = own[claim.condition]
        judgement, row = judge_claim(
            claim, rows, analysis_visit=analysis_visit, arm=arm, absent=absent
        )
        sentence = write_finding(claim, judgement, row, rows)
        if settings is not None and judgement.verdict != "not testable":
            sentence = f"{sentence} {describe_departures(claim, settings)}".strip()
        yield replace(judgement, sentence=sentence), row


def judge_ledger(
    claims: Sequence[Claim],
    results: pd.DataFrame,
    study: Study,
    *,
    rules: Sequence[Rule] | None = None,
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
    rules : sequence of Rule, optional
        The suite's own where not given.
    """
    settings = study.settings
    absent = absent_conditions(claims, study.conditions)
    visit, arm = settings.analysis_visit, settings.claim_arm
    pairs = list(_judge(claims, results, visit, arm, settings, absent))
    curves = ReliefCurves(study)
    readings = {
        claim.claim_id: judge_readings(claim, study, curves=curves)
        for claim in claims
        if claim.answer == "computed" and claim.condition in {*study.labels, "all"}
    }
    adjusted = adjust_verdicts([judgement for judgement, _ in pairs], results)
    checks = rules_of_checks(load_rules() if rules is None else rules)
    provenance = provenance_of(study)
    judgements = []
    for claim, (judgement, row), holm in zip(claims, pairs, adjusted, strict=True):
        tip = tip_judgement(judgement, results)
        grid = readings.get(claim.claim_id)
        said = write_may_say(claim, judgement, row, results, provenance=provenance)
        lacks = check_sentence(claim.wording, checks, kind=claim.kind, measure=claim.measure)
        judgements.append(
            replace(
                judgement,
                verdict_adjusted=holm.adjusted,
                p_holm=holm.p_holm,
                robustness=None if grid is None else grid.summary,
                tipping=None if tip is None else tip.summary,
                shrunk=shrink_small(row, results),
                may_say=said.text,
                sayable=said.states_result,
                lacks=lacks,
            )
        )
    return JudgedLedger(claims=tuple(claims), judgements=tuple(judgements), readings=readings)


# Testimonials among comparable patients


def estimate_testimonials(claims: Sequence[Claim], study: Study) -> pd.DataFrame:
    """Return where each testimonial lies among comparable patients, as a results frame.

    Parameters
    ----------
    claims : sequence of Claim
        Those with the measure ``testimonial`` count.
    study : Study
        Its analysis visit is where outcomes are compared.

    Returns
    -------
    DataFrame
        For each, by arm too: testimonial_share (comparable starters who did as well or better; not
        rated counts as not), typical_response_share at 30 and 50 %, and typical_reduction (median
        of those rated). ``definition`` is the claim. With fewer than ten comparable patients: one
        row without a number that says so. Nothing points at a person.

    Notes
    -----
    The percentile of the testimonial is 100 minus the share, in percent.

    References
    ----------
    16 CFR 255.2(b): a testimonial is read as what consumers generally achieve.
    """
    rows = [
        row
        for claim in claims
        if claim.measure == "testimonial" and claim.condition in study.labels
        for row in _testimonial(claim, study)
    ]
    return make_results(rows) if rows else make_results(pd.DataFrame(columns=["measure", "n"]))


def _testimonial(claim: Claim, study: Study) -> Iterator[dict[str, object]]:
    starters = study.adpain[study.adpain["FASFL"] & (study.adpain["COND"] == claim.condition)]
    arm = starters["ARM"].fillna(NOT_RECORDED)
    arms = sorted(arm.unique()) if starters["ARM"].notna().any() else []
    alike = starters["AVISIT"] == study.settings.analysis_visit
    if claim.group:  # where no subtype is recorded, nobody is known to be comparable
        alike &= (starters["SUBTYP"] == claim.group_keys["group"]).fillna(False).astype(bool)
    if claim.baseline_score is not None:
        alike &= (starters["BASE"] - claim.baseline_score).abs() <= SIMILAR_SCORE
    notes = (note("arms_together"),) if len(set(arm[alike])) > 1 else ()
    yield from _compare(claim, starters[alike], study.settings, notes, group_by="all", group="all")
    for name in arms:
        seen = starters[alike & (arm == name)]
        yield from _compare(claim, seen, study.settings, (), group_by="arm", group=name)


def _compare(
    claim: Claim, seen: pd.DataFrame, settings: AnalysisSettings, notes: tuple[str, ...],
    **group: str,
) -> Iterator[dict[str, object]]:  # fmt: skip
    keys = {"definition": claim.claim_id, "visit": settings.analysis_visit,
            "condition": claim.condition, **group}  # fmt: skip
    everyone = {**keys, "population": "all_starters"}
    if len(seen) < LEAST_COMPARABLE:
        few = Estimate(value=None, n=0, unit="share", method="none", status="not estimable",
                       notes=(note("few_comparable", LEAST_COMPARABLE),))  # fmt: skip
        yield few.row(measure="testimonial_share", **everyone)
        return
    shares = [("testimonial_share", claim.threshold_pct or 0.0)]
    shares += [("typical_response_share", pct) for pct in THRESHOLDS_PCT]
    for measure, pct in shares:
        share = estimate_responder_share(responds(seen, pct), level=settings.confidence_level)
        share = replace(share, notes=(*share.notes, *notes))
        yield share.row(measure=measure, threshold_pct=pct, **everyone)
    median = estimate_median_bca(
        -seen["PCHG"],
        rng=generator(settings, claim.condition, *group.values(), "testimonial", claim.claim_id),
        replicates=settings.bootstrap_replicates,
        level=settings.confidence_level,
    )
    median = replace(median, notes=(*median.notes, *notes))
    yield median.row(measure="typical_reduction", population="observed", **keys)
