"""Words of frequency and what they are taken to mean, stated before data are seen.

Adverse events follow the classes of CIOMS, which drug labels use. Everyday words have no such
table; what they are read as stands here, once, and is printed with every verdict that rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass


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
    source: str = "a choice of this suite (decision 0022)"

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError(f"{self.word}: a word of frequency needs a floor or a ceiling")


CIOMS = "CIOMS Working Groups III and V, Guidelines for Preparing Core Clinical-Safety Information"

_KNOWN = (
    Frequency(word="often", low=0.5, told='"often" is read as at least half'),
    Frequency(word="common", low=0.5, told='"common", of what is done, is read as at least half'),
    Frequency(word="most", low=0.5, above=True, told='"most" is read as more than half'),
    Frequency(word="usually", low=0.5, above=True, told='"usually" is read as more than half'),
    Frequency(word="typically", low=0.5, above=True, told='"typically" is read as more than half'),
    Frequency(
        word="typical",
        low=0.5,
        told="a result that is told without a qualifier is read as typical: at least half do as "
        "well",
        source="16 CFR 255.2(b), what consumers generally achieve; half is this suite's number",
    ),
    Frequency(
        word="flat",
        low=0.9,
        told='a flat statement, without "most" or "usually", is read as at least 9 in 10',
    ),
    Frequency(word="none", high=0.0, told="it is an absolute: one case contradicts it"),
    Frequency(word="any_fall", low=0.0, above=True, told="it is read as more than nothing"),
    Frequency(
        word="no_shortening",
        low=1.0,
        told="it is read as relief that does not shorten from one series to the next",
    ),
    Frequency(
        word="hundreds", low=200.0, told='the plural "hundreds" is read as two hundred or more'
    ),
    Frequency(
        word="rare",
        high=0.001,
        told='"rare", of a side effect, is at most 1 in 1,000 (CIOMS: 1 in 10,000 to 1 in 1,000)',
        source=CIOMS,
    ),
    Frequency(
        word="uncommon",
        high=0.01,
        told='"uncommon", of a side effect, is at most 1 in 100 (CIOMS)',
        source=CIOMS,
    ),
)

FREQUENCIES: dict[str, Frequency] = {one.word: one for one in _KNOWN}
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
