"""Claims and their verdicts as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.display.figures.labels import listed_long
from analysis.display.tables import headed
from analysis.wording import words
from analysis.wording.numbers import NO_NUMBER, count_text, estimate_text, interval_text, p_text
from analysis.wording.texts import say

if TYPE_CHECKING:
    import pandas as pd

    from analysis.claims.judgement import Judgement
    from analysis.claims.ledger import Claim

HEADINGS = {
    "claim": "tables.claim",
    "as_printed": "tables.as_printed",
    "condition": "tables.condition",
    "cited": "tables.cited",
    "read_as": "tables.read_as",
    "estimate": "tables.estimate",
    "interval": "tables.interval",
    "n": "tables.n",
    "missing": "tables.missing",
    "verdict": "tables.verdict",
    "alone": "tables.alone",
    "among_all": "tables.among_all",
    "p_holm": "tables.p_holm",
    "agreeing": "tables.agreeing",
    "tipping": "tables.tipping",
    "lacks": "tables.lacks",
    "may_say": "tables.may_say",
}
"""The texts that head the columns."""


def tabulate_readings(claims: Sequence[Claim]) -> pd.DataFrame:
    """Return claims with their wording, cited figure and reading, one row a claim."""
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "claim": claim.claim_id,
                "as_printed": claim.wording,
                "cited": claim.cited_text,
                "read_as": claim.reading,
            }
            for claim in claims
        ]
    )
    return headed(frame, HEADINGS)


def tabulate_judgements(
    judgements: Sequence[Judgement], *, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Return verdicts beside the cited and our own figure, one row a claim."""
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "claim": judgement.claim_id,
                "as_printed": judgement.wording,
                "condition": words.condition_word(judgement.condition, labels),
                "cited": judgement.cited_text,
                "estimate": estimate_text(judgement),
                "interval": interval_text(judgement),
                "n": count_text(judgement.n),
                "missing": count_text(judgement.n_missing),
                "verdict": words.word(words.VERDICTS, judgement.verdict),
            }
            for judgement in judgements
        ]
    )
    return headed(frame, HEADINGS)


def tabulate_beside(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return what stands beside each verdict: after Holm, under other readings, tipping point."""
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "claim": judgement.claim_id,
                "alone": words.word(words.VERDICTS, judgement.verdict),
                "among_all": words.word(words.VERDICTS, judgement.verdict_adjusted),
                "p_holm": p_text(judgement.p_holm),
                "agreeing": _agreeing(judgement),
                "tipping": judgement.tipping.sentence if judgement.tipping else NO_NUMBER,
            }
            for judgement in judgements
        ]
    )
    return headed(frame, HEADINGS)


def _agreeing(judgement: Judgement) -> str:
    found = judgement.robustness
    if found is None or not found.n:
        return NO_NUMBER
    agreeing, n = count_text(found.n_agreeing), count_text(found.n)
    return say("numbers.fraction", events=agreeing, n=n)


def tabulate_may_say(judgements: Sequence[Judgement]) -> pd.DataFrame:
    """Return for each claim what may be said instead, and what its words as printed do not say."""
    import pandas as pd

    frame = pd.DataFrame(
        [
            {
                "claim": judgement.claim_id,
                "as_printed": judgement.wording,
                "lacks": listed_long(one.lacks for one in judgement.lacks) or NO_NUMBER,
                "may_say": judgement.may_say,
            }
            for judgement in judgements
        ]
    )
    return headed(frame, HEADINGS)
