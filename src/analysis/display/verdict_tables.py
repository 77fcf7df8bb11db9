"""Claims and their verdicts as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.wording import words
from analysis.wording.numbers import NO_NUMBER, count_text, estimate_text, interval_text, p_text

if TYPE_CHECKING:
    import pandas as pd

    from analysis.claims.judgement import Judgement
    from analysis.claims.ledger import Claim


def tabulate_readings(claims: Sequence[Claim]) -> pd.DataFrame:
    """Return claims with their wording, cited figure and reading, one row a claim."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "Claim": claim.claim_id,
                "As printed": claim.wording,
                "Cited": claim.cited_text,
                "Read as": claim.reading,
            }
            for claim in claims
        ]
    )


def tabulate_judgements(
    judgements: Sequence[Judgement], *, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Return verdicts beside the cited and our own figure, one row a claim."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "Claim": judgement.claim_id,
                "As printed": judgement.wording,
                "Condition": words.condition_word(judgement.condition, labels),
                "Cited": judgement.cited_text,
                "Estimate": estimate_text(judgement),
                "Interval": interval_text(judgement),
                "n": count_text(judgement.n),
                "Missing": count_text(judgement.n_missing),
                "Verdict": words.word(words.VERDICTS, judgement.verdict),
            }
            for judgement in judgements
        ]
    )


def tabulate_beside(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return what stands beside each verdict: after Holm, under other readings, tipping point."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "Claim": judgement.claim_id,
                "Alone": words.word(words.VERDICTS, judgement.verdict),
                "Among all claims (Holm)": words.word(words.VERDICTS, judgement.verdict_adjusted),
                "p (Holm)": p_text(judgement.p_holm),
                "Readings that agree": _agreeing(judgement),
                "Tipping point": judgement.tipping.sentence if judgement.tipping else NO_NUMBER,
            }
            for judgement in judgements
        ]
    )


def _agreeing(judgement: Judgement) -> str:
    found = judgement.robustness
    if found is None or not found.n:
        return NO_NUMBER
    return f"{count_text(found.n_agreeing)} of {count_text(found.n)}"


def tabulate_may_say(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return for each claim what may be said instead, and what its words as printed do not say."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "Claim": judgement.claim_id,
                "As printed": judgement.wording,
                "It does not say": "; ".join(one.lacks for one in judgement.lacks) or NO_NUMBER,
                "What may be said": judgement.may_say,
            }
            for judgement in judgements
        ]
    )
