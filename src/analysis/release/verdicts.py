"""Verdicts of a release: judged again on the released rows, and on nothing else.

So no sentence, verdict or number of patients still needed can tell more than the rows do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analysis.claims.claim import Claim
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement, Readings
from analysis.release.rows import NOT_KNOWN, WITHHELD, ReleasedRow
from analysis.settings import AnalysisSettings

REASON = (
    "Withheld in this release: the numbers behind it are of too few patients, or would tell of too "
    "few. The internal report holds the verdict."
)
NO_SENTENCE = "Which sentence the data bear out stands in the internal report."


def release_judgements(
    internal: Sequence[Judgement],
    rows: Sequence[ReleasedRow],
    ledger: Sequence[Claim],
    settings: AnalysisSettings,
) -> tuple[Judgement, ...]:
    """Judge the claims of a run again on its released rows.

    Parameters
    ----------
    internal : sequence of Judgement
        Of the run; of these only wording, reading and verdict are used.
    rows : sequence of ReleasedRow
    ledger : sequence of Claim
    settings : AnalysisSettings
        Of the run.

    Returns
    -------
    tuple of Judgement
        In the same order. A claim whose verdict the released rows do not give again is printed
        without one, and says so.
    """
    printed = {row.row.result_id: row for row in rows if row.printed}
    claims = {claim.claim_id: claim for claim in ledger}
    numbers = [row.for_judging() for row in printed.values()]
    made = []
    for one in internal:
        claim = claims.get(one.claim_id)
        again = None
        if claim is not None and claim.wording == one.wording:
            (again,) = judge_claims(
                [claim],
                numbers,
                analysis_visit=settings.analysis_visit,
                arm=settings.claim_arm,
                settings=settings,
            )
        made.append(_release(one, again, printed))
    return tuple(made)


def _release(one: Judgement, again: Judgement | None, printed: dict[str, ReleasedRow]) -> Judgement:
    known = {"section": one.section, "kind": one.kind, "answer": one.answer,
             "headline": one.headline, "lacks": one.lacks}  # fmt: skip
    if again is None or again.verdict != one.verdict:
        return replace(_without_numbers(one), **known)  # type: ignore[arg-type]
    hidden = printed[again.result_id].hidden if again.result_id in printed else ()
    nothing: dict[str, Any] = {"n_missing": None} if "n_missing" in hidden else {}
    told = f"{again.sentence} {NOT_KNOWN}" if nothing else again.sentence
    decided = again.value is not None
    return replace(
        again,
        sentence=told,
        verdict_adjusted=one.verdict_adjusted if decided else "",
        robustness=_readings(one.robustness) if decided else None,
        may_say=NO_SENTENCE,
        **known,  # type: ignore[arg-type]
        **nothing,
    )


def _without_numbers(one: Judgement) -> Judgement:
    return Judgement(
        claim_id=one.claim_id,
        wording=one.wording,
        source=one.source,
        condition=one.condition,
        reading=one.reading,
        cited_low=one.cited_low,
        cited_high=one.cited_high,
        cited_text=one.cited_text,
        unit=one.unit,
        verdict="not testable",
        status=WITHHELD,
        reason=REASON,
        sentence=REASON,
        may_say=NO_SENTENCE,
    )


def _readings(found: Readings | None) -> Readings | None:
    """Return the readings in counts, with a sentence that holds no other number."""
    if found is None:
        return None
    return replace(found, sentence=f"{found.n_agreeing} of {found.n} readings agree.")
