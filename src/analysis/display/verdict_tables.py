"""Claims and their verdicts as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.wording import words
from analysis.wording.numbers import count_text, estimate_text, interval_text

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
