"""Words of frequency and what they are taken to mean, stated before data are seen.

Adverse events follow the classes of CIOMS, which drug labels use. Everyday words have no such
table; what they are read as stands here, once, and is printed with every verdict that rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from analysis.wording.texts import language_in_force, load_texts


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """What a word of frequency is read as.

    Parameters
    ----------
    word : str
        Name in the ledger.
    low, high : float or None
        Least and largest figure that the word allows; shares 0 to 1, counts for "hundreds".
    above : bool
        Whether the figure must lie above ``low`` and not on it.
    told : str
        The reading as it stands in sentences.
    source : str
        Where it comes from; a choice of the suite says so.
    """

    word: str
    low: float | None = None
    high: float | None = None
    above: bool = False
    told: str
    source: str = "frequency.sources.own"

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError(f"{self.word}: a word of frequency needs a floor or a ceiling")


_KNOWN = (
    Frequency(word="often", low=0.5, told="frequency.often"),
    Frequency(word="common", low=0.5, told="frequency.common"),
    Frequency(word="most", low=0.5, above=True, told="frequency.most"),
    Frequency(word="usually", low=0.5, above=True, told="frequency.usually"),
    Frequency(word="typically", low=0.5, above=True, told="frequency.typically"),
    Frequency(
        word="typical", low=0.5, told="frequency.typical", source="frequency.sources.consumers"
    ),
    Frequency(word="flat", low=0.9, told="frequency.flat"),
    Frequency(word="none", high=0.0, told="frequency.none"),
    Frequency(word="any_fall", low=0.0, above=True, told="frequency.any_fall"),
    Frequency(word="no_shortening", low=1.0, told="frequency.no_shortening"),
    Frequency(word="hundreds", low=200.0, told="frequency.hundreds"),
    Frequency(word="rare", high=0.001, told="frequency.rare", source="frequency.sources.cioms"),
    Frequency(
        word="uncommon", high=0.01, told="frequency.uncommon", source="frequency.sources.cioms"
    ),
)
"""Every word with the names of its texts in place of them."""


class _Frequencies(Mapping[str, Frequency]):
    """Words of frequency by name, told in the language in force."""

    def __getitem__(self, word: str) -> Frequency:
        return _told_in(language_in_force())[word]

    def __iter__(self) -> Iterator[str]:
        return (one.word for one in _KNOWN)

    def __len__(self) -> int:
        return len(_KNOWN)


@lru_cache(maxsize=8)
def _told_in(language: str) -> dict[str, Frequency]:
    texts = load_texts(language)
    return {
        one.word: replace(one, told=texts[one.told], source=texts[one.source]) for one in _KNOWN
    }


FREQUENCIES: Mapping[str, Frequency] = _Frequencies()
"""Every word the ledger may use, by name."""

CIOMS_CLASSES: tuple[tuple[str, float], ...] = (
    ("very common", 0.1),
    ("common", 0.01),
    ("uncommon", 0.001),
    ("rare", 0.0001),
    ("very rare", 0.0),
)
"""Classes of the frequency of an adverse event, with the least share of each."""


def cioms_class(share: float) -> str:
    """Return the CIOMS class of a share of patients with an adverse event.

    Parameters
    ----------
    share : float in [0, 1]

    Returns
    -------
    str
        "very common" from 1 in 10, "common" from 1 in 100, "uncommon" from 1 in 1,000, "rare" from
        1 in 10,000, "very rare" below.

    Raises
    ------
    ValueError
        No share.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"{share} is no share; it lies between 0 and 1")
    return next(name for name, least in CIOMS_CLASSES if share >= least)


def at_most_when_none_seen(n: int, *, level: float = 0.95) -> float:
    """Return the largest share with which none would still be seen in ``n`` patients.

    Parameters
    ----------
    n : int
        Patients asked, none of whom had it.
    level : float in (0, 1)
        One-sided level.

    Returns
    -------
    float
        ``1 - (1 - level) ** (1 / n)``, which is nearly 3 / n at 95 %: the rule of three.

    Raises
    ------
    ValueError
        Nobody was asked: nothing follows from silence.

    References
    ----------
    Hanley and Lippman-Hand (1983), JAMA 249:1743. By hand: 1 patient gives 0.95.
    """
    if n < 1:
        raise ValueError("nobody was asked, so nothing follows")
    return float(1.0 - (1.0 - level) ** (1.0 / n))
