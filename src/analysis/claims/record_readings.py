"""Claims on opioids and questionnaires under other readings: each judged as the claim itself is."""

from __future__ import annotations

import pandas as pd

from analysis.claims.intervals import limits_to_judge
from analysis.claims.ledger import Claim
from analysis.claims.verdict import find_analyses, judge_claim
from analysis.labels import visit_week
from analysis.results import find

NO_WORSE = "_pain_no_worse"
READ_OTHERWISE = ("opioid_reduction_share", "improved_share", "further_change")


def record_readings(claim: Claim, results: pd.DataFrame, *, arm: str = "") -> pd.DataFrame:
    """Judge a claim on each row of the results that its words could as well mean.

    Of opioids the set of MME factors, 30% or 50% less, with no more pain or whatever the pain,
    and the visits after the end of the series; of questionnaires the visits.

    ``arm`` is as in `analysis.claims.verdict.judge_claim`.

    As `analysis.claims.safety_readings.safety_readings`, and verdict; empty for other measures,
    where there is no other reading, and where the results do not answer the claim itself.
    """
    if claim.answer != "computed" or claim.measure not in READ_OTHERWISE:
        return pd.DataFrame()
    of_opioids = claim.measure == "opioid_reduction_share"
    results = find(results, measure=claim.measure, condition=claim.condition)
    rows = find(results, group_by="all", population=claim.population)
    rows = rows if of_opioids else find(rows, definition=claim.definition)
    variants = rows[["definition", "threshold_pct", "visit"]].drop_duplicates()
    made = []
    for definition, pct, visit in variants.itertuples(index=False, name=None):
        week = visit_week(visit)
        own = (definition, visit) == (claim.definition, claim.visit) and (
            claim.threshold_pct is None or pct == claim.threshold_pct
        )
        if not own and (week is None or (of_opioids and week == 0)):
            continue
        pct = None if pd.isna(pct) else float(pct)
        read = claim.model_copy(
            update={"definition": definition, "threshold_pct": pct, "visit": visit}
        )
        judged, row = judge_claim(read, results, arm=arm)
        if row is None:
            continue
        analyses = find_analyses(read, row, results)
        value, low, high = row.value, row.low, row.high
        if analyses is not None:
            ends = limits_to_judge(*analyses[:3], has_floor=claim.floor is not None)
            low, high = (float(end) for end in ends)
            value = analyses.likely.value if analyses.likely else value
        choices = {
            "factors": definition.removesuffix(NO_WORSE),
            "amount": f"{pct:g}" if pct else "",
            "pain": "no_worse" if definition.endswith(NO_WORSE) else "any",
        }
        made.append(
            (choices if of_opioids else {})
            | {"visit": visit, "value": value, "low": low, "high": high, "n": row.n,
               "n_missing": row.n_missing, "n_events": row.n_events or 0,
               "verdict": judged.verdict, "is_headline": own}
        )  # fmt: skip
    if len(made) < 2 or not any(each["is_headline"] for each in made):
        return pd.DataFrame()
    return pd.DataFrame(made).astype(dict.fromkeys(("value", "low", "high"), float))
