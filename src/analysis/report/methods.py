"""Methods in words, from the settings of a run and the methods of its rows; glossary."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby

from analysis.claims.judgement import VERDICT_MEANING
from analysis.labels import (
    CLOCKS,
    MEASURES,
    METHODS,
    POINTS,
    SETTING_WORDS,
    plain_text,
    visit_word,
    word,
    words_in,
)
from analysis.numbers import count_text, level_text, number_text
from analysis.results import Row
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings, data_rows, plan_visits
from analysis.stats.relief import READ_CLOCK, READ_RULE

_HOW = words_in("how_to_read")
HOW_TO_READ = (
    _HOW["drawing"],
    " ".join(f"{verdict.capitalize()}: {text}." for verdict, text in VERDICT_MEANING.items()),
    _HOW["no_cause"],
    _HOW["undecided"],
)


def _least_baseline(settings: AnalysisSettings) -> str:
    least = settings.minimum_baseline_score
    return f"a baseline of at least {value_text(least)}" if least else "a baseline above 0"


def glossary_in_words(settings: AnalysisSettings) -> dict[str, tuple[str, str]]:
    """Return term and meaning by key, under the settings; headings of the page lead to them."""
    given = {
        "enough": _least_baseline(settings),
        "days": count_text(settings.baseline_window_days),
        "clock": CLOCKS[settings.relief_clock],
        "booster": SETTING_WORDS["booster_strategy"][settings.booster_strategy],
        "thresholds": " or ".join(map(value_text, _thresholds(settings))),
    }
    return {
        row["key"]: (row["term"], row["meaning"].format(**given))
        for row in data_rows("codes/glossary.csv")
    }


def _thresholds(settings: AnalysisSettings) -> list[float]:
    return sorted({*THRESHOLDS_PCT, settings.responder_threshold_pct})


def references_of(methods: Collection[str]) -> tuple[str, ...]:
    """Return the references of definitions, and of the methods that a run used.

    A row of data/codes/references.csv names the methods it is of; without one it is of the
    definitions that every run has.
    """
    rows = [(row["reference"], row["methods"].split()) for row in data_rows("codes/references.csv")]
    return tuple(text for text, of in rows if not of or set(of) & set(methods))


def methods_in_words(
    settings: AnalysisSettings, rows: Iterable[Row], *, scale: str = POINTS
) -> list[str]:
    """Return the methods as paragraphs, from the settings, the rows and the scale of a run.

    The sentences are those of data/codes/method_texts.csv; one that names methods, or something of
    the settings, stands only with one of them, and a paragraph only with its first sentence.
    """
    measures: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.method not in ("none", "count"):
            measures.setdefault(row.method, {})[word(MEASURES, row.measure)] = None
    used = (f"{METHODS[name]} ({', '.join(found).lower()})" for name, found in measures.items())
    own_reading = (settings.loss_rule, settings.relief_clock) != (READ_RULE, READ_CLOCK)
    there = {*measures, settings.booster_strategy, "used" if measures else "",
             "recall" if settings.recall != "auto" else "", "own_reading" if own_reading else "",
             }  # fmt: skip
    given = {
        "gap": count_text(settings.series_gap_days),
        "day0": value_text(settings.day0_study_day),
        "end": value_text(settings.end_of_series_study_day),
        "days": count_text(settings.baseline_window_days),
        "scale": plain_text(scale, longest=200),
        "enough": _least_baseline(settings),
        "recall": SETTING_WORDS["recall"][settings.recall],
        "visit": visit_word(settings.analysis_visit),
        "pct": value_text(settings.responder_threshold_pct),
        "rates": " and ".join(f"{value_text(pct)}%" for pct in _thresholds(settings)),
        "points": ", as is a fall of two points" if scale.startswith(POINTS) else "",
        "planned": ", ".join(visit_word(one.name) for one in plan_visits(settings.visits)[1:]),
        "score": SETTING_WORDS["visit_score"][settings.visit_score],
        "clock_setting": SETTING_WORDS["relief_clock"][settings.relief_clock],
        "lost": SETTING_WORDS["loss_rule"][settings.loss_rule],
        "read_lost": SETTING_WORDS["loss_rule"][READ_RULE],
        "read_clock": CLOCKS[READ_CLOCK],
        "level": level_text(settings.confidence_level),
        "replicates": count_text(settings.bootstrap_replicates),
        "seed": str(settings.seed),
        "used": "; ".join(used),
    }
    said = []
    table = data_rows("codes/method_texts.csv")
    for _, sentences in groupby(table, key=lambda row: row["paragraph"]):
        stands = [
            row["text"] if not row["only_with"] or there & set(row["only_with"].split()) else ""
            for row in sentences
        ]
        if stands[0]:
            said.append(" ".join(filter(None, stands)).format(**given))
    return said


def value_text(value: object) -> str:
    """Return the value of a setting as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
