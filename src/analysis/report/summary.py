"""The summary in sentences: what a director would paste into a mail."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.claims.judgement import Judgement
from analysis.outcomes.rows import Sentence
from analysis.wording import words
from analysis.wording.texts import say


def write_summary(banner: str, judgements: Sequence[Judgement]) -> tuple[Sentence, ...]:
    """Return the summary: the data, a sentence for each claim, and what it cannot say."""
    opening = Sentence(name="data", condition="all", text=banner)
    verdicts = tuple(
        Sentence(
            name=f"claim_{judgement.claim_id}",
            condition=judgement.condition,
            text=say(
                "summary.sentences.claim",
                wording=judgement.wording,
                verdict=words.word(words.VERDICTS, judgement.verdict).lower(),
                sentence=judgement.sentence,
            ),
        )
        for judgement in judgements
    )
    limit = say("summary.sentences.no_control")
    return (opening, *verdicts, Sentence(name="no_control", condition="all", text=limit))
