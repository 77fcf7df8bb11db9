"""One color and marker per condition, one color and shape per verdict, one theme for all figures.

Condition colors begin with the hues of Okabe and Ito (jfly.uni-koeln.de/color) and were moved until
each stands out at least 3 to 1 on white and any two stay apart under simulated color blindness
(Machado 2009, doi 10.1109/TVCG.2009.113; a test measures both). A marker per condition says the
same without color.

Text stays text in the SVG files, in a font that comes with the suite: the page embeds it, typst is
given its folder, and matplotlib measures with it, so a figure looks alike in all three.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zlib import crc32

INK = "#1d2733"
MUTED = "#586472"
RULE = "#dde3e9"
PAPER = "#ffffff"
BAND = "#f3e2b3"
BAND_EDGE = "#8a6500"

CONDITION_COLORS = {
    "crps": "#2f84cb",
    "fibromyalgia": "#c44aab",
    "neuropathic": "#b0390e",
    "central": "#0f6b5a",
    "headache": "#bb851c",
    "fbss": "#6a3fa0",
    "other": "#8b8b86",
    "all": "#2f3b49",
}
CONDITION_MARKERS = {"crps": "o", "fibromyalgia": "s", "neuropathic": "^", "central": "D",
                     "headache": "v", "fbss": "P", "other": "X", "all": "o"}  # fmt: skip
FURTHER_COLORS = ("#8c6239", "#2f7f8f", "#a8483f", "#5f7d2e")
FURTHER_MARKERS = ("<", ">", "p", "h")

VERDICT_COLORS = {
    "meets": "#0b6e4f",
    "falls short": "#b3261e",
    "undecided": "#7a5c00",
    "not testable": "#586472",
    "unfalsifiable": "#5c4b7d",
    "withheld": "#46525e",
}
VERDICT_MARKERS = {"meets": "o", "falls short": "v", "undecided": "D", "not testable": "x",
                   "unfalsifiable": "s", "withheld": "P"}  # fmt: skip
VERDICT_SYMBOLS = {
    "meets": "\N{BLACK CIRCLE}",
    "falls short": "\N{BLACK DOWN-POINTING TRIANGLE}",
    "undecided": "\N{BLACK DIAMOND}",
    "not testable": "\N{MULTIPLICATION SIGN}",
    "unfalsifiable": "\N{WHITE SQUARE}",
    "withheld": "\N{WHITE CIRCLE}",
}

DARK_NEUTRALS = {
    INK: "#e6ebf0", MUTED: "#a3b0bd", RULE: "#38424d", PAPER: "#171c22",
    BAND: "#4a3f1f", BAND_EDGE: "#e0b84a",
}  # fmt: skip
"""What each neutral color becomes where the reader prefers a dark page."""

TOWARD_WHITE = 0.45
"""How far the other colors move toward white on a dark page, to keep 3 to 1 and more there."""

FONT = "Reliefcheck Sans"
"""A subset of Source Sans 3 under the SIL Open Font License, renamed as that license asks."""

FONT_FOLDER = Path(__file__).parent / "fonts"

WIDTH_INCHES = 6.2
"""Width of a figure with names at its left and numbers at its right: as wide as a printed page."""

NARROW_INCHES = 4.2
"""Width of the figures that stand open: on a phone of 390 px their text is 11 px and more, and two
of them fit side by side on paper."""

SMALL = 10.0
"""Size of the smallest letters of a narrow figure."""

RC: dict[Any, Any] = {
    "axes.edgecolor": MUTED, "axes.labelcolor": INK, "axes.titlecolor": INK,
    "text.color": INK, "xtick.color": MUTED, "ytick.color": MUTED,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "grid.color": RULE,
    "figure.facecolor": PAPER, "axes.facecolor": "none", "savefig.facecolor": PAPER,
    "font.family": [FONT, "DejaVu Sans"],  # DejaVu has the signs the suite's font lacks
    "font.size": 10.5, "axes.titlesize": 12, "axes.labelsize": 10.5,
    "xtick.labelsize": 10, "ytick.labelsize": 10, "legend.fontsize": 10,
    "legend.title_fontsize": 10, "axes.titlelocation": "left", "axes.titleweight": "bold",
    "axes.titlepad": 10, "axes.linewidth": 0.8, "grid.linewidth": 0.8, "lines.linewidth": 1.8,
    "xtick.major.width": 0.8, "ytick.major.width": 0.8, "xtick.major.size": 3,
    "ytick.major.size": 3, "legend.frameon": False, "hatch.linewidth": 0.6,
    "hatch.color": MUTED, "axes.spines.top": False, "axes.spines.right": False,
    "axes.axisbelow": True, "figure.figsize": (WIDTH_INCHES, 3.6),
    "figure.max_open_warning": 0,  # a notebook draws one of each kind per condition
    # Labels beside the axes and legends outside it belong to the figure.
    "savefig.bbox": "tight", "savefig.pad_inches": 0.06,
    "svg.fonttype": "none",
    # Never "+1e3" at the end of an axis: it is overlooked.
    "axes.formatter.useoffset": False, "axes.formatter.limits": (-99, 99),
}  # fmt: skip


def use_theme() -> None:
    """Set the suite's seaborn theme for the process (a notebook calls it once)."""
    import seaborn as sns  # the page needs the colors only
    from matplotlib import rcParams
    from matplotlib.font_manager import fontManager

    known = {font.name for font in fontManager.ttflist}
    if FONT not in known:
        for path in sorted(FONT_FOLDER.glob("*.ttf")):
            fontManager.addfont(path)
    sns.set_theme(context="paper", style="ticks", palette=list(CONDITION_COLORS.values())[:7])
    rcParams.update(RC)


def condition_color(condition: str) -> str:
    """Return the color of a condition; one not known gets a further color, always the same."""
    return CONDITION_COLORS.get(condition) or FURTHER_COLORS[_stable(condition)]


def condition_marker(condition: str) -> str:
    """Return the matplotlib marker of a condition; one not known gets a further one."""
    return CONDITION_MARKERS.get(condition) or FURTHER_MARKERS[_stable(condition)]


def verdict_color(verdict: str) -> str:
    """Return the color of a verdict."""
    return VERDICT_COLORS.get(verdict, MUTED)


def verdict_symbol(verdict: str) -> str:
    """Return the sign of a verdict, so that color is never its only mark."""
    return VERDICT_SYMBOLS.get(verdict, VERDICT_SYMBOLS["not testable"])


def dark_color(color: str) -> str:
    """Return what a color of the suite becomes on a dark page."""
    if color in DARK_NEUTRALS:
        return DARK_NEUTRALS[color]
    parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(part + (255 - part) * TOWARD_WHITE):02x}" for part in parts)


def every_color() -> tuple[str, ...]:
    """Return every color the suite draws with, each once."""
    groups = (DARK_NEUTRALS, CONDITION_COLORS.values(), FURTHER_COLORS, VERDICT_COLORS.values())
    return tuple(dict.fromkeys(color for group in groups for color in group))


def _stable(text: str) -> int:
    return crc32(text.encode("utf-8", "replace")) % len(FURTHER_COLORS)
