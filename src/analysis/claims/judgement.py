"""The judgement of one claim: what a verdict is, with all that is printed with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.labels import words_in

Verdict = Literal["meets", "falls short", "undecided", "not testable", "unfalsifiable", "withheld"]
Position = Literal[
    "below", "across the floor", "inside", "across the ceiling", "above", "wider", ""
]

VERDICT_MEANING = words_in("verdict_meanings")

DEFAULT_LEVEL = 0.95
"""Level of a result that does not state one."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The verdict under every defensible reading, in counts; 0 where there is no grid."""

    n: int
    n_agreeing: int  # readings with the verdict of the one fixed in advance
    verdicts: Mapping[str, int]  # readings by verdict
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Tipping:
    """What those not rated would have to show for another verdict."""

    n_missing: int
    n_could: int | None = None  # of a share: how many of them could have responded
    n_to_meet: int | None = None  # of a share: the fewest for "meets"; None where impossible
    delta_to_meet_pct: float | None = None  # of a mean: theirs above that of those rated, points
    sentence: str


Reach = Literal["", "every_missing", "missing_alike"]
"""How far "falls short" goes: even if every missing patient had responded, or as long as the
missing resemble those seen."""

Undecided = Literal["", "few", "missing", "few_and_missing", "outliers"]
"""Why a claim is undecided: too few patients, too many missing outcomes, both, or a few extreme
patients on whom the verdict turns."""

Firmness = Literal["", "firm", "mostly", "fragile", "few patients"]
"""The share of defensible readings that give the verdict: at least 90%, at least half, fewer; or
fewer than 20 patients, where no share says much."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A number with missing outcomes in three analyses, and what finding them could change.

    ``worst`` and ``best`` are the limits where no missing patient has the event and where each
    has; for a mean, unchanged and free of pain. ``imputed`` is under missing at random.
    """

    worst_low: float | None
    worst_high: float | None
    imputed: float | None
    imputed_low: float | None
    imputed_high: float | None
    best_low: float | None
    best_high: float | None
    judged_low: float | None  # `analysis.claims.intervals.limits_to_judge`
    judged_high: float | None
    n_to_stop: int | None = None  # fewest who would have to respond for it not to fall short
    n_to_find: int | None = None  # fewest to be found for a decision, if they resemble the seen
    n_to_respond: int | None = None  # how many of these would have to respond


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One of the limits that the words of a claim name, with its own answer."""

    name: str  # weeks, months
    floor: float
    verdict: Verdict
    share: float | None = None  # of responders who kept relief to this limit
    share_low: float | None = None
    share_high: float | None = None
    share_started: float | None = None  # of all who started
    n: int = 0


@dataclass(frozen=True, kw_only=True)
class Shrunk:
    """The share of a small condition, shrunk toward all conditions; no claim is judged on it."""

    value: float
    low: float | None  # the method gives no interval that could be relied on
    high: float | None
    n: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Lack:
    """What a sentence does not say, and the rules that ask for it."""

    check: str  # name in analysis.claims.rules.CHECKS
    lacks: str
    rule_ids: tuple[str, ...]


PublishedVerdict = Literal["supported", "contradicted", "unsettled", "no evidence"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """What studies of one design say of a claim, by the rule of decision 0051."""

    design: str  # randomized, uncontrolled
    verdict: PublishedVerdict
    k: int  # studies
    n: int  # patients
    value: float | None = None  # pooled, from three studies on
    low: float | None = None
    high: float | None = None
    certainty: str = ""  # GRADE's word


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A claim, our number for it, the verdict, and all that is printed with it."""

    claim_id: str
    wording: str
    source: str
    condition: str  # condition code, or "all"
    reading: str  # what the words were taken to mean, fixed before data are seen
    cited_low: float | None  # floor in `unit`: share, percent, weeks ...
    cited_high: float | None
    cited_text: str
    verdict: Verdict
    position: Position = ""  # of the interval, in relation to the cited range
    value: float | None = None  # our estimate, as in the results frame
    low: float | None = None
    high: float | None = None
    level: float | None = None
    n: int = 0
    n_missing: int = 0
    n_not_due: int = 0  # whose visit lies after the data cut; not in `n`
    unit: str = "share"
    status: str = "estimated"
    # Limits that hold at all looks together, of the same result; None where there are none.
    sequence_low: float | None = None
    sequence_high: float | None = None
    reach: Reach = ""
    undecided: Undecided = ""
    missing: Missing | None = None
    limits: tuple[Limit, ...] = ()
    firmness: Firmness = ""
    reading_sha: str = ""  # of the reading, as it was judged
    reading_date: str = ""  # when it was fixed
    post_hoc: str = ""  # why the reading counts as chosen after the data
    # Further patients who decide an undecided claim with 80% probability, at the value seen and
    # in the middle of the cited range; None where it is decided or no realistic number would.
    further_patients: int | None = None
    further_patients_if_cited: int | None = None
    reason: str = ""  # why it is not testable, or why no number decides
    sentence: str = ""  # the finding
    result_id: str = ""  # the result it rests on
    section: str = ""  # section, kind and answer as in the ledger
    kind: str = ""
    answer: str = "computed"
    headline: bool = True  # whether it belongs to the first page
    verdict_adjusted: Verdict | Literal[""] = ""  # among all claims of the run (Holm)
    p_holm: float | None = None
    robustness: Readings | None = None
    tipping: Tipping | None = None
    shrunk: Shrunk | None = None
    may_say: str = ""  # the sentence the data support, or why they support none
    sayable: bool = False  # whether `may_say` states a result
    say_note: str = ""  # what stands once beside all such sentences: source, dates, status, risks
    lacks: tuple[Lack, ...] = ()  # what the words as printed do not say
    # Question B: what published studies say. Never mixed with the verdict on the export's patients.
    published: tuple[Published, ...] = ()
    published_sentence: str = ""

    @property
    def judged_limits(self) -> tuple[float | None, float | None]:
        """Limits the verdict rests on: those of the number, or of its analyses of the missing."""
        if self.missing is None:
            return self.low, self.high
        return self.missing.judged_low, self.missing.judged_high


def headlines_of(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """Return the judgements of the first page, in the order given."""
    return tuple(one for one in judgements if one.headline)
