"""The summary in sentences: what a director would paste into a mail."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.judgement import Judgement
from analysis.outcomes.rows import Sentence

NO_CONTROL = (
    "These are the outcomes of patients seen before and after, without a control group: they can "
    "contradict a figure, but they do not show what the treatment itself did."
)


def write_summary(banner: str, judgements: Sequence[Judgement]) -> tuple[Sentence, ...]:
    """Return the summary: the data, a sentence for each claim, and what it cannot say."""
    opening = Sentence(name="data", condition="all", text=banner)
    verdicts = tuple(
        Sentence(
            name=f"claim_{judgement.claim_id}",
            condition=judgement.condition,
            text=f'"{judgement.wording}": {judgement.verdict}. {judgement.sentence}',
        )
        for judgement in judgements
    )
    return (opening, *verdicts, Sentence(name="no_control", condition="all", text=NO_CONTROL))
