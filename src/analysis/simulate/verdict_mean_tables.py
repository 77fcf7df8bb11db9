"""The part on means of docs/simulations/verdict-errors.md, as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from zlib import crc32

import numpy as np

from analysis.simulate.verdict_chances import Leaving, Rule, Setting
from analysis.simulate.verdict_mean_text import DISTORTION, PREFACE, READING
from analysis.simulate.verdict_means import (
    NORMAL_SPREAD_PCT,
    MeanChances,
    chances_of,
    draw_clinics,
    draw_normal,
    populations,
    skewness,
)
from analysis.simulate.verdict_numbers import SIZES, head, pct, points

FLOOR_PCT = 40.0
"""Floor of the claim on fibromyalgia: "40-60% pain decrease on average"."""

OFFSETS = (-30.0, -20.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0, 20.0)
"""True mean minus the floor, percent points: from far below to far above."""

DROPOUTS = (0.1, 0.3, 0.5)
LEAVINGS: tuple[Leaving, ...] = ("at random", "non-responders more")
RULES: tuple[Rule, ...] = ("observed", "unchanged")
MISSING_OFFSETS = {0.0: "on the floor", 10.0: "10 points above", -10.0: "10 points below"}
PROMISED = 0.025
SURE = 3.0
"""Standard Monte-Carlo errors by which a chance must pass what is promised to be called above."""

NORMAL = "normal values"
TYPICAL = "scores, baseline 4 or more"
WHOLE = Setting(rule="observed", leaving="nobody", dropout=0.0)

Say = Callable[[str], None]


class MeanTables:
    """The tables of one simulation; a cell drawn once is kept.

    Parameters
    ----------
    clinics : int
        Clinics drawn for every cell.
    seed : int
        Every cell has a generator of its own: none depends on which others were drawn.
    """

    def __init__(self, *, clinics: int, seed: int) -> None:
        self.clinics, self.seed = clinics, seed
        self.cell = lru_cache(maxsize=None)(self._cell)

    def _cell(
        self, name: str, offset: float, n: int, leaving: Leaving, dropout: float
    ) -> dict[Rule, MeanChances]:
        """Return the chances of every rule at one truth, size and way of leaving."""
        words = f"{name}|{offset}|{n}|{leaving}|{dropout}"
        rng = np.random.default_rng([self.seed, crc32(words.encode())])
        truth = FLOOR_PCT + offset
        if name == NORMAL:
            drawn = draw_normal(rng, n, true_mean_pct=truth, clinics=self.clinics)
        else:
            setting = Setting(rule="observed", leaving=leaving, dropout=dropout)
            drawn = draw_clinics(
                populations()[name],
                rng,
                n,
                true_mean_pct=truth,
                clinics=self.clinics,
                setting=setting,
            )
        return {rule: chances_of(part, floor_pct=FLOOR_PCT) for rule, part in drawn.items()}

    def complete(self, name: str, offset: float, n: int) -> MeanChances:
        """Return the chances with nobody missing."""
        return self.cell(name, offset, n, "nobody", 0.0)["observed"]

    def limits(self) -> list[str]:
        """Return the table of the errors with the truth on the floor."""
        lines = head("patients")
        for name in names():
            cells = [_pair(self.complete(name, 0.0, n), 2) for n in SIZES]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return lines

    def truths(self, name: str) -> list[str]:
        """Return how often each verdict is said of one kind of patients, by truth and size."""
        lines = head("truth")
        for offset in OFFSETS:
            cells = [_pair(self.complete(name, offset, n)) for n in SIZES]
            lines.append(f"| {_where(offset)} | {' | '.join(cells)} |")
        return lines

    def missing(self, offset: float) -> list[str]:
        """Return the table of every way of leaving and rule at one truth."""
        lines = head("who leaves, and what they count as")
        for setting in settings_in_play():
            cells = [_pair(self._of(setting, offset, n)) for n in SIZES]
            lines.append(f"| {setting.words} | {' | '.join(cells)} |")
        return lines

    def distortion(self) -> list[str]:
        """Return what each rule says on average minus the truth, in points, largest clinics."""
        offsets = sorted(MISSING_OFFSETS)
        truths = " | ".join(f"{FLOOR_PCT + offset:.0f} %" for offset in offsets)
        lines = [
            f"| who leaves, and what they count as | {truths} |",
            "|---|" + "---:|" * len(offsets),
        ]
        for setting in settings_in_play():
            off = [
                self._of(setting, offset, SIZES[-1]).expected_pct - FLOOR_PCT - offset
                for offset in offsets
            ]
            lines.append(f"| {setting.words} | {' | '.join(points(one) for one in off)} |")
        return lines

    def breaking(self) -> list[str]:
        """Return, as sentences, where the interval errs more often than promised."""
        error = (PROMISED * (1 - PROMISED) / self.clinics) ** 0.5
        lines = []
        for name in names():
            for verdict in ("meets", "falls_short"):
                found = {n: getattr(self.complete(name, 0.0, n), verdict) for n in SIZES}
                over = [n for n, chance in found.items() if chance > PROMISED + SURE * error]
                if not over:
                    continue
                worst = max(over, key=lambda n: found[n])
                lines.append(
                    f"- **{name[0].upper()}{name[1:]}{_skew(name)}:** wrong "
                    f"`{verdict.replace('_', ' ')}` in up to {pct(found[worst])} % of clinics "
                    f"(n = {worst}); above 2.5 % at n = {', '.join(map(str, over))}."
                )
        for setting in settings_in_play()[1:]:
            lines += self._misled(setting)
        return lines

    def _misled(self, setting: Setting) -> list[str]:
        """Return where a rule for the missing misleads, the truth on the floor."""
        error = (PROMISED * (1 - PROMISED) / self.clinics) ** 0.5
        lines = []
        for verdict in ("meets", "falls_short"):
            found = {n: getattr(self._of(setting, 0.0, n), verdict) for n in SIZES}
            whole = {n: getattr(self.complete(TYPICAL, 0.0, n), verdict) for n in SIZES}
            # Only what leaving adds: what the interval does with nobody missing is told above.
            over = [n for n in SIZES if found[n] > max(whole[n], PROMISED) + 2 * SURE * error]
            if over:
                worst = max(over, key=lambda n: found[n])
                lines.append(
                    f"- **{setting.words[0].upper()}{setting.words[1:]}:** wrong "
                    f"`{verdict.replace('_', ' ')}` in up to {pct(found[worst])} % of clinics "
                    f"(n = {worst}); well above 2.5 % at n = {', '.join(map(str, over))}."
                )
        return lines

    def _of(self, setting: Setting, offset: float, n: int) -> MeanChances:
        return self.cell(TYPICAL, offset, n, setting.leaving, setting.dropout)[setting.rule]


def settings_in_play() -> list[Setting]:
    """Return nobody missing, then every rule, way of leaving and dropout."""
    return [
        WHOLE,
        *(
            Setting(rule=rule, leaving=leaving, dropout=dropout)
            for rule in RULES
            for leaving in LEAVINGS
            for dropout in DROPOUTS
        ),
    ]


def names() -> tuple[str, ...]:
    """Return the kinds of patients simulated, the reference first."""
    return NORMAL, *populations()


def mean_part(*, clinics: int, seed: int, say: Say | None = None) -> str:
    """Simulate means and return their part of the page.

    Parameters
    ----------
    clinics : int
        Clinics drawn for every cell of the tables.
    seed : int
    say : callable, optional
        Told what is being drawn.
    """
    told = say or (lambda _: None)
    tables = MeanTables(clinics=clinics, seed=seed)
    told("means: the truth on the floor")
    error = 100 * (PROMISED * (1 - PROMISED) / clinics) ** 0.5
    preface = PREFACE.format(
        clinics=f"{clinics:,}", seed=seed, error=f"{error:.2f}", spread=f"{NORMAL_SPREAD_PCT:.0f}"
    )
    limits = tables.limits()
    told("means: patients missing")
    parts = [preface, "\n".join(tables.breaking()), READING, "\n".join(limits)]
    for name in names():
        told(f"means: {name}")
        parts += [f"\n## Means, nothing missing: {name}\n", "\n".join(tables.truths(name))]
    parts += [DISTORTION, "\n".join(tables.distortion())]
    for offset, where in MISSING_OFFSETS.items():
        told(f"means: patients missing, truth {where}")
        parts.append(f"\n## Means, patients missing, truth {where}\n")
        parts.append("\n".join(tables.missing(offset)))
    return "\n".join(parts)


def _skew(name: str) -> str:
    """Return ", skewness -1.1" of a population with the truth on the floor."""
    if name == NORMAL:
        return ""
    found = skewness(populations()[name], FLOOR_PCT)
    return f" (skewness {points(found)})"


def _pair(got: MeanChances, decimals: int = 1) -> str:
    return f"{pct(got.meets, decimals)} / {pct(got.falls_short, decimals)}"


def _where(offset: float) -> str:
    if not offset:
        return f"{FLOOR_PCT:.0f} %, on the floor"
    side = "above" if offset > 0 else "below"
    return f"{FLOOR_PCT + offset:.0f} %, {abs(offset):.0f} points {side}"
