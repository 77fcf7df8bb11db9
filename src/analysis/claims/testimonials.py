"""Testimonials among comparable patients: how many did as well, and what is typical of them.

16 CFR 255.2(b): a testimonial is read as what consumers generally achieve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from analysis.adam.adpain import responds
from analysis.adam.study import NOT_RECORDED, Study
from analysis.claims.ledger import Claim
from analysis.claims.verdict import READ_AT
from analysis.results import Estimate, make_results, note
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings
from analysis.stats.rates import estimate_responder_share
from analysis.stats.reductions import estimate_median_bca
from analysis.stats.seeds import seeded

SIMILAR_SCORE = 1.0
"""Points. Comparable patients began within one point of the one quoted: 8 to 10 for a 9."""

LEAST_COMPARABLE = 10
"""Fewer comparable patients are too few to call a result typical, and may be recognized."""


def estimate_testimonials(claims: Sequence[Claim], study: Study) -> pd.DataFrame:
    """Return where each testimonial lies among comparable patients, as a results frame.

    Claims with the measure ``testimonial`` count; outcomes are compared at the visit of the claim,
    else at the end of the series.

    For each, by arm too: testimonial_share (comparable starters who did as well or better; not
    rated counts as not), typical_response_share at 30 and 50%, and typical_reduction (median of
    those rated). ``definition`` is the claim. With fewer than ten comparable patients: one row
    without a number that says so. Nothing points at a person.
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
    alike = (starters["AVISIT"] == (claim.visit or READ_AT)) & starters["DUEFL"]
    if claim.group:  # where no subtype is recorded, nobody is known to be comparable
        alike &= (starters["SUBTYP"] == claim.group_keys["group"]).fillna(False).astype(bool)
    if claim.baseline_score is not None:
        alike &= (starters["BASE"] - claim.baseline_score).abs() <= SIMILAR_SCORE
        if not study.in_points:  # a 9 of 10 is comparable with no number of such a scale
            none = Estimate(value=None, n=0, unit="share", method="none", status="not estimable",
                            notes=("no_points",))  # fmt: skip
            yield none.row(measure="testimonial_share", definition=claim.claim_id,
                           visit=claim.visit or READ_AT, condition=claim.condition,
                           population="all_starters", group_by="all", group="all")  # fmt: skip
            return
    notes = (note("arms_together"),) if len(set(arm[alike])) > 1 else ()
    yield from _compare(claim, starters[alike], study.settings, notes, group_by="all", group="all")
    for name in arms:
        of_arm = starters[alike & (arm == name)]
        yield from _compare(claim, of_arm, study.settings, (), group_by="arm", group=name)


def _compare(
    claim: Claim,
    patients: pd.DataFrame,
    settings: AnalysisSettings,
    notes: tuple[str, ...],
    **group: str,
) -> Iterator[dict[str, object]]:
    keys = {"definition": claim.claim_id, "visit": claim.visit or READ_AT,
            "condition": claim.condition, **group}  # fmt: skip
    everyone = {**keys, "population": "all_starters"}
    if len(patients) < LEAST_COMPARABLE:
        few = Estimate(value=None, n=0, unit="share", method="none", status="not estimable",
                       notes=(note("few_comparable", LEAST_COMPARABLE),))  # fmt: skip
        yield few.row(measure="testimonial_share", **everyone)
        return
    shares = [("testimonial_share", claim.threshold_pct or 0.0)]
    shares += [("typical_response_share", pct) for pct in THRESHOLDS_PCT]
    for measure, pct in shares:
        share = estimate_responder_share(responds(patients, pct), level=settings.confidence_level)
        share = replace(share, notes=(*share.notes, *notes))
        yield share.row(measure=measure, threshold_pct=pct, **everyone)
    median = estimate_median_bca(
        -patients["PCHG"],
        rng=seeded(settings.seed, "median", -patients["PCHG"]),
        replicates=settings.bootstrap_replicates,
        level=settings.confidence_level,
    )
    median = replace(median, notes=(*median.notes, *notes))
    yield median.row(measure="typical_reduction", population="observed", **keys)
