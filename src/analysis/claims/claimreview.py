"""Verdicts as schema.org ClaimReview (JSON-LD): of a run's claims, and of copy that was checked.

The rating has no value, best or worst, since "undecided" lies on no scale: its name is the verdict.

References
----------
https://schema.org/ClaimReview
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from analysis.claims.judgement import Judgement
from analysis.wording.texts import say
from analysis.wording.words import VERDICTS, word

JUDGED = ("meets", "falls short", "undecided")
"""Verdicts that data were asked for; the others say why there is none."""


def make_review(
    *,
    claim_id: str,
    words: str,
    verdict: str,
    body: str,
    appears_in: str,
    synthetic: bool,
    published: str = "",
) -> dict[str, Any]:
    """Return one ClaimReview as plain values.

    Parameters
    ----------
    claim_id, words : str
        Of the claim, as printed.
    verdict : str
        Verdict word of `analysis.claims.judgement`.
    body : str
        The finding in plain sentences.
    appears_in : str
        Where the words stand.
    synthetic : bool
        The patients do not exist; rating and body then say so.
    published : str
        When it was judged, ISO 8601; its date is kept, empty where unknown.
    """
    review: dict[str, Any] = {
        "@type": "ClaimReview",
        "claimReviewed": words,
        "reviewBody": _body_text(body, synthetic=synthetic),
        "reviewRating": {
            "@type": "Rating",
            "alternateName": _rating_text(verdict, synthetic=synthetic),
        },
        "author": {"@type": "Organization", "name": say("judge.review.author")},
        "itemReviewed": {
            "@type": "Claim",
            "identifier": claim_id,
            "appearance": {"@type": "CreativeWork", "name": appears_in},
        },
    }
    if published:
        review["datePublished"] = published[:10]
    return review


def _body_text(finding: str, *, synthetic: bool) -> str:
    told = {"finding": finding, "no_clearance": say("judge.review.no_clearance")}
    if synthetic:
        return say("judge.review.body_synthetic", synthetic=say("judge.review.synthetic"), **told)
    return say("judge.review.body", **told)


def _rating_text(verdict: str, *, synthetic: bool) -> str:
    name = word(VERDICTS, verdict)
    return say("judge.review.rating_synthetic", verdict=name) if synthetic else name


def render_reviews(reviews: Sequence[dict[str, Any]]) -> str:
    """Return reviews as JSON-LD."""
    content = {"@context": "https://schema.org", "@graph": list(reviews)}
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def review_judgements(
    judgements: Iterable[Judgement], *, synthetic: bool, published: str = ""
) -> str:
    """Return the judged claims of a run as ClaimReview; those without a verdict are left out.

    Parameters
    ----------
    judgements : iterable of Judgement
    synthetic, published
        As `make_review`.
    """
    return render_reviews(
        [
            make_review(
                claim_id=one.claim_id,
                words=one.wording,
                verdict=one.verdict,
                body=one.sentence,
                appears_in=one.source,
                synthetic=synthetic,
                published=published,
            )
            for one in judgements
            if one.verdict in JUDGED
        ]
    )
