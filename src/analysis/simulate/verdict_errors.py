"""How often the verdict is wrong, on a rate and on a mean: the tables in docs/simulations.

Run ``python -m analysis.simulate.verdict_errors``; it takes about three minutes on one core. Every
chance of a rate is exact: all counts of patients seen and responding are enumerated. Means are
simulated (`analysis.simulate.verdict_mean_tables`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from analysis.simulate.verdict_chances import Interval, Leaving, Rule, Setting, verdict_chances
from analysis.simulate.verdict_mean_tables import mean_part
from analysis.simulate.verdict_numbers import SIZES, head, pct, points

FLOORS = (0.6, 0.7)
OFFSETS = (-0.30, -0.20, -0.10, -0.05, -0.02, 0.0, 0.02, 0.05, 0.10, 0.20, 0.25)
"""True share minus the floor: from far below to far above."""

DROPOUTS = (0.0, 0.1, 0.3, 0.5)
PROMISED = 0.025
"""Half of 1 minus the level: each wrong verdict with nothing missing, as ICH E9 asks."""

POWER_OFFSET = 0.10
CLINICS, SEED = 20_000, 20240607
PAGE = Path("docs/simulations/verdict-errors.md")

RULES: tuple[Rule, ...] = ("not responding", "observed")
LEAVINGS: tuple[Leaving, ...] = ("at random", "non-responders more")


def settings_in_play() -> Iterator[Setting]:
    """Yield nothing missing once, then every rule, way of leaving and dropout."""
    yield Setting(rule="observed", leaving="nobody", dropout=0.0)
    for rule in RULES:
        for leaving in LEAVINGS:
            for dropout in DROPOUTS[1:]:
                yield Setting(rule=rule, leaving=leaving, dropout=dropout)


def tabulate_complete(floor: float) -> list[str]:
    """Return the table with nothing missing: how often each verdict is said."""
    whole = Setting(rule="observed", leaving="nobody", dropout=0.0)
    lines = head("truth")
    for offset in OFFSETS:
        cells = []
        for n in SIZES:
            got = verdict_chances(n, true_share=floor + offset, floor=floor, setting=whole)
            cells.append(f"{pct(got.meets)} / {pct(got.falls_short)}")
        where = "on the floor" if not offset else f"{abs(offset) * 100:.0f} points "
        side = "" if not offset else ("above" if offset > 0 else "below")
        lines.append(f"| {100 * (floor + offset):.0f} %, {where}{side} | {' | '.join(cells)} |")
    return lines


def tabulate_missing(floor: float, offset: float) -> list[str]:
    """Return the table of every setting at one truth: meets / falls short, by size."""
    lines = head("who leaves, and what they count as")
    for setting in settings_in_play():
        cells = []
        for n in SIZES:
            got = verdict_chances(n, true_share=floor + offset, floor=floor, setting=setting)
            cells.append(f"{pct(got.meets)} / {pct(got.falls_short)}")
        lines.append(f"| {setting.words} | {' | '.join(cells)} |")
    return lines


def tabulate_limits() -> list[str]:
    """Return the errors in the limit, the truth on the floor, for Wilson and exact intervals."""
    lines = head("floor and interval")
    whole = Setting(rule="observed", leaving="nobody", dropout=0.0)
    kinds: tuple[Interval, ...] = ("Wilson", "exact")
    for floor in FLOORS:
        for kind in kinds:
            cells = []
            for n in SIZES:
                got = verdict_chances(
                    n, true_share=floor, floor=floor, setting=whole, interval=kind
                )
                cells.append(f"{pct(got.meets, 2)} / {pct(got.falls_short, 2)}")
            lines.append(f"| {floor:.0%}, {kind} | {' | '.join(cells)} |".replace("%", " %", 1))
    return lines


def tabulate_distortion() -> list[str]:
    """Return what each rule says on average of a true share, in points beside the truth."""
    truths = (0.5, 0.6, 0.7, 0.8)
    names = " | ".join(f"{100 * truth:.0f} %" for truth in truths)
    lines = [
        f"| who leaves, and what they count as | {names} |",
        "|---|" + "---:|" * len(truths),
    ]
    for setting in settings_in_play():
        cells = []
        for truth in truths:
            got = verdict_chances(SIZES[-1], true_share=truth, floor=0.6, setting=setting)
            cells.append(points(100 * (got.expected_share - truth)))
        lines.append(f"| {setting.words} | {' | '.join(cells)} |")
    return lines


def breaking_conditions() -> list[str]:
    """Return, as sentences, where a wrong verdict is said more often than promised.

    Notes
    -----
    ``meets`` is wrong where the truth is below the floor, ``falls short`` where it is on it or
    above. Both are said the more often the nearer the truth lies to the floor, so the worst case is
    the truth on the floor (for ``meets``: as near below it as one likes).
    """
    lines = []
    for setting in settings_in_play():
        for verdict in ("meets", "falls short"):
            worst = max(
                (_worst(n, floor, setting, verdict), n, floor) for n in SIZES for floor in FLOORS
            )
            if worst[0] <= PROMISED:
                continue
            over = [
                n
                for n in SIZES
                if max(_worst(n, floor, setting, verdict) for floor in FLOORS) > PROMISED
            ]
            lines.append(
                f"- **{setting.words[0].upper()}{setting.words[1:]}:** wrong `{verdict}` in up to "
                f"{pct(worst[0])} % of clinics (n = {worst[1]}, floor {100 * worst[2]:.0f} %); "
                f"above 2.5 % at n = {', '.join(map(str, over))}."
            )
    return lines


def _worst(n: int, floor: float, setting: Setting, verdict: str) -> float:
    got = verdict_chances(n, true_share=floor, floor=floor, setting=setting)
    return got.meets if verdict == "meets" else got.falls_short


def write_page(
    path: Path, *, clinics: int, seed: int, say: Callable[[str], None] | None = None
) -> None:
    """Enumerate rates, simulate means, and write the page.

    Parameters
    ----------
    path : Path
        File to write.
    clinics : int
        Clinics drawn for every cell of the tables on means.
    seed : int
    say : callable, optional
        Told what is being worked on.
    """
    if say is not None:
        say("rates")
    text = f"{rate_part()}\n{mean_part(clinics=clinics, seed=seed, say=say)}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def rate_part() -> str:
    """Return the part of the page on responder rates; nothing in it is drawn."""
    parts = [PREFACE, "\n".join(breaking_conditions()), READING, "\n".join(tabulate_limits())]
    for floor in FLOORS:
        cited = f"{100 * floor:.0f} %"
        parts += [
            f"\n## Nothing missing, cited floor {cited}\n",
            "\n".join(tabulate_complete(floor)),
        ]
    parts += [DISTORTION, "\n".join(tabulate_distortion())]
    places = {
        0.0: "on the floor",
        POWER_OFFSET: "10 points above",
        -POWER_OFFSET: "10 points below",
    }
    for floor in FLOORS:
        for offset, where in places.items():
            parts.append(f"\n## Patients missing, cited floor {100 * floor:.0f} %, truth {where}\n")
            parts.append("\n".join(tabulate_missing(floor, offset)))
    return "\n".join(parts)


PREFACE = """# How often is the verdict itself wrong?

Made by `python -m analysis.simulate.verdict_errors`.

The verdict on a responder rate (decision 0009) compares a 95 % Wilson interval with the cited
floor. `meets` is wrong when the true share is below the floor, `falls short` when it is on the
floor or above. The promise is at most 2.5 % of each when nothing is missing. The truth here is the
share of all who start that would respond at the visit, were all of them rated.

Every number on rates is exact: all counts of patients rated and responding are enumerated, so
there is no Monte-Carlo error. Either wrong verdict is said the more often the nearer the truth lies
to the floor; "up to" below means the truth on the floor (for `meets`, just below it). Means are
simulated, further down ("The verdict on a mean").

## Where the rule breaks
"""

READING = """
What that means:

- **Nothing missing.** Counts of patients are whole numbers, so a Wilson interval cannot hold 95 %
  exactly: at some n a wrong verdict is a little more frequent than 2.5 %, at others less. Two
  points from the floor it is below 2.5 % at every n here. The exact interval never passes 2.5 %, at
  the price of more `undecided`; both are readings in the grid of decision 0023.
- **Leaving at random, those who left are left out.** As with fewer patients: the promise holds as
  it does with nothing missing.
- **Leaving at random, those who left count as not responding.** The share is too low by what left.
  `meets` is then hardly ever wrong, but `falls short` is said of claims that are true. This rule is
  right where leaving *is* not responding, which is the reading of the headline claims (all who
  start; a patient not rated counts as not responding); as an estimate of what all would have shown,
  it is a lower bound. A `falls short` with many missing must be read beside its tipping point.
- **Non-responders leave more often, those who left are left out.** The dangerous case: those who
  stay are the satisfied ones. `meets` is said of claims that are false, the more surely the more
  patients there are. No interval guards against it, which is why observed cases are not the
  headline of a responder rate.
- **Non-responders leave more often, counted as not responding.** Still too low, but by less than
  at random, as fewer responders left. `meets` stays safe.

## The truth on the floor, nothing missing

Wrong `meets` (in the limit) / wrong `falls short`, percent of clinics.
"""

DISTORTION = """
## How far each rule distorts the share

Mean of what the rule estimates minus the true share, in points, by true share.
"""


def main() -> None:
    """Read the options and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clinics", type=int, default=CLINICS, help="clinics for each mean")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    begin = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - begin:6.0f} s  {what}", file=sys.stderr, flush=True)

    write_page(options.out, clinics=options.clinics, seed=options.seed, say=say)
    say(f"written to {options.out}")


if __name__ == "__main__":
    main()
