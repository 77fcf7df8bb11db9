"""Verdicts of a release: judged again on the released rows, and on nothing else.

So no sentence, verdict or number of patients still needed can tell more than the rows do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analysis.claims.claim import Claim
from analysis.claims.complete import sum_up_tipping
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement, Readings, Tipping
from analysis.claims.may_say import write_may_say
from analysis.claims.provenance import Provenance
from analysis.claims.tipping import tip_judgement
from analysis.outcomes.rows import ResultRow
from analysis.release.check_text import SMALL_IN_WORDS
from analysis.release.relations import is_small
from analysis.release.rows import WITHHELD, ReleasedRow
from analysis.settings import AnalysisSettings
from analysis.wording.numbers import count_text
from analysis.wording.texts import LANGUAGE, language_in_force, say

ANY_SMALL = re.compile(r"(?<![\d,.])(?:10|[1-9])(?![\d,.]*\d)")
"""A whole number of 1 to 10. `SMALL_IN_WORDS` knows a count by the English around it; in another
language every such number is taken for one."""


def release_judgements(
    internal: Sequence[Judgement],
    rows: Sequence[ReleasedRow],
    ledger: Sequence[Claim],
    settings: AnalysisSettings,
    *,
    provenance: Provenance,
) -> tuple[Judgement, ...]:
    """Judge the claims of a run again on its released rows.

    Parameters
    ----------
    internal : sequence of Judgement
        Of the run; of these only wording, reading, verdict and counts of readings are used.
    rows : sequence of ReleasedRow
    ledger : sequence of Claim
    settings : AnalysisSettings
        Of the run.
    provenance : Provenance
        What the release says of its data: its own name for them, and years.

    Returns
    -------
    tuple of Judgement
        In the same order. A claim whose verdict the released rows do not give again has the verdict
        and the status ``withheld`` and no number. What may be said and the tipping point are made
        anew, and only where nothing of the rows behind them is withheld.
    """
    printed = {row.row.result_id: row for row in rows if row.printed}
    claims = {claim.claim_id: claim for claim in ledger}
    numbers = [row.for_judging() for row in printed.values()]
    whole = [row.row for row in printed.values() if row.whole]
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
        if claim is None or again is None or _is_withheld(one, again):
            made.append(_without_numbers(one))
            continue
        kept = _release(one, again, printed)
        made.append(_complete(kept, claim, whole, printed, provenance, tipping=one.tipping))
    return tuple(made)


def _is_withheld(one: Judgement, again: Judgement) -> bool:
    """Whether the released rows lack what the verdict rests on, even where it has the same name."""
    lost = one.answer == "computed" and bool(one.result_id) and not again.result_id
    return again.verdict != one.verdict or lost


def _known(one: Judgement) -> dict[str, Any]:
    """Return what a judgement says of the words alone."""
    return {"section": one.section, "kind": one.kind, "answer": one.answer,
            "headline": one.headline, "lacks": one.lacks}  # fmt: skip


def _release(one: Judgement, again: Judgement, printed: dict[str, ReleasedRow]) -> Judgement:
    hidden = printed[again.result_id].hidden if again.result_id in printed else ()
    nothing: dict[str, Any] = {"n_missing": None} if "n_missing" in hidden else {}
    told = f"{again.sentence} {say('release_words.not_known')}" if nothing else again.sentence
    decided = again.value is not None
    return replace(
        again,
        sentence=told,
        verdict_adjusted=one.verdict_adjusted if decided else "",
        robustness=_readings(one.robustness) if decided else None,
        **_known(one),
        **nothing,
    )


def _complete(
    one: Judgement,
    claim: Claim,
    whole: Sequence[ResultRow],
    printed: dict[str, ReleasedRow],
    provenance: Provenance,
    *,
    tipping: Tipping | None,
) -> Judgement:
    """Return a judgement with what may be said and its tipping point, as the whole rows tell it."""
    row = printed.get(one.result_id)
    if row is not None and not row.whole:
        return replace(one, may_say=say("release_words.sentence"))
    saying = write_may_say(claim, one, whole, provenance=provenance)
    if tells_small_count(saying.text):
        return replace(one, may_say=say("release_words.sentence"))
    kept = _tipping(sum_up_tipping(tip_judgement(one, whole)), tipping)
    return replace(one, may_say=saying.text, sayable=saying.states_result, tipping=kept)


def tells_small_count(sentence: str) -> bool:
    """Return whether a sentence of the suite, in the language in force, may tell a small count."""
    english = language_in_force() == LANGUAGE
    return bool((SMALL_IN_WORDS if english else ANY_SMALL).search(sentence))


def _tipping(found: Tipping | None, was: Tipping | None) -> Tipping | None:
    """Return a tipping point that is the run's own and holds no count of 1 to 10.

    Without the rows of who could have responded another point would be found; that is no answer.
    """
    if found is None or was is None or tells_small_count(found.sentence):
        return None
    told = (found.n_missing, found.n_could, found.n_to_meet)
    if told != (was.n_missing, was.n_could, was.n_to_meet):
        return None
    cannot = None if found.n_could is None else found.n_missing - found.n_could
    return None if any(is_small(count) for count in (*told, cannot)) else found


def _without_numbers(one: Judgement) -> Judgement:
    why = say("release_words.verdict")
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
        # Withheld is no verdict of the suite's; words without records keep theirs in any case.
        verdict=WITHHELD if one.answer == "computed" else one.verdict,  # type: ignore[arg-type]
        status=WITHHELD,
        reason=why,
        sentence=why,
        may_say=say("release_words.sentence"),
        **_known(one),
    )


def _readings(found: Readings | None) -> Readings | None:
    """Return the readings in counts, with a sentence that holds no other number."""
    if found is None:
        return None
    k, n = count_text(found.n_agreeing), count_text(found.n)
    return replace(found, sentence=say("release_words.readings", k=k, n=n))
