"""Methods in words, from the settings of a run and the methods of its rows; glossary."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from analysis.claims.judgement import VERDICT_MEANING
from analysis.labels import CLOCKS, MEASURES, METHODS, POINTS, plain_text, visit_word, word
from analysis.numbers import count_text, level_text, number_text
from analysis.results import Row
from analysis.settings import THRESHOLDS_PCT, WORDS, AnalysisSettings, plan_visits
from analysis.stats.relief import READ_CLOCK, READ_RULE

HOW_TO_READ = (
    "The shaded band is the figure of the page. The dot is our patients' number (of a share, with "
    "each missing patient counted as not better), the ring the same number with the missing "
    "estimated. The line goes to the limits that are judged: from where the true figure plausibly "
    "lies if none of the missing got better, to where it lies if they resemble those seen.",
    " ".join(f"{verdict.capitalize()}: {text}." for verdict, text in VERDICT_MEANING.items()),
    "These figures say how patients were after treatment compared with before. They cannot say "
    "that the treatment was the reason.",
    "“Undecided” means too few patients or too many missing to say, not that the figure is nearly "
    "right.",
)


def glossary_in_words(settings: AnalysisSettings) -> dict[str, tuple[str, str]]:
    """Return term and meaning by key, under the settings; headings of the page lead to them."""
    least = settings.minimum_baseline_score
    enough = f"a baseline of at least {value_text(least)}" if least else "a baseline above 0"
    pct = " or ".join(f"{value_text(each)}" for each in _thresholds(settings))
    return {
        "all_starters": (
            "All who started",
            f"Every patient who began treatment with {enough} and whose visit is due. Counting a "
            "patient not seen as not responding, in a mean as no reduction, gives the lower bound; "
            "one without relief has 0 weeks of it.",
        ),
        "baseline": (
            "Baseline",
            f"Mean pain rating in the {count_text(settings.baseline_window_days)} days up to the "
            "first infusion.",
        ),
        "bounds": (
            "Best and worst case",
            "The rate if every patient not seen had responded, or had not responded. The truth "
            "lies between the two.",
        ),
        "booster": (
            "Booster",
            "An infusion after the first series, given to keep or renew relief.",
        ),
        "cited": ("Cited band", "The lowest and highest figure the claim gives."),
        "holm": (
            "Holm",
            "A rule that asks more of each verdict when many are given at once, so that one in "
            "twenty is not wrong by chance alone.",
        ),
        "interval": (
            "Interval",
            "The range of true figures that are compatible with the data. A wide interval means "
            "few patients.",
        ),
        "median": (
            "Median",
            "The middle value: half of the patients lie below, half above. Not reached means that "
            "fewer than half are known to have lost relief when follow-up ended.",
        ),
        "missing": (
            "Missing",
            "Patients whose value is not known. What they count as is said with who is counted; an "
            "unknown score is never a score of zero.",
        ),
        "observed": (
            "Only those seen",
            "Patients with a rating at the visit. Those who do well may come back more often, so "
            "this figure may flatter.",
        ),
        "quartiles": (
            "Quartiles",
            "A quarter of the patients lie below the lower one, a quarter above the upper one.",
        ),
        "reading": (
            "Reading",
            "What the words of a claim were taken to mean (which threshold, visit and patients), "
            "fixed before the data were seen.",
        ),
        "reduction": (
            "Percent reduction",
            "How much pain fell, as percent of the patient's own baseline.",
        ),
        "relief": (
            "Relief",
            f"Time from {CLOCKS[settings.relief_clock]} until response is lost; "
            f"{WORDS['booster_strategy'][settings.booster_strategy]}.",
        ),
        "responder": (
            "Responder",
            f"A patient whose pain fell by at least {pct} percent of the baseline, each counted "
            "apart (30 is moderate, 50 substantial), and who had no booster before.",
        ),
        "robustness": (
            "Robustness",
            "How many of the defensible readings give the same verdict as the one fixed in "
            "advance.",
        ),
        "series": (
            "Series",
            "Infusions without a long gap between them; the first one is what is judged.",
        ),
        "tipping": (
            "Tipping point",
            "How many of the patients without a rating would have to have responded for the "
            "verdict to change.",
        ),
        "undecided": (
            "Undecided",
            "The data allow both: that the claim holds and that it does not.",
        ),
    }


def _thresholds(settings: AnalysisSettings) -> list[float]:
    return sorted({*THRESHOLDS_PCT, settings.responder_threshold_pct})


_NPMLE = ("npmle", "npmle_curve", "npmle_planned", "npmle_series")

_REFERENCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Dworkin RH and others (2008). Interpreting the clinical importance of treatment outcomes in "
     "chronic pain clinical trials: IMMPACT recommendations. J Pain 9:105-121.", ()),
    ("Farrar JT and others (2001). Clinical importance of changes in chronic pain intensity "
     "measured on an 11-point numerical pain rating scale. Pain 94:149-158.", ()),
    ("Wilson EB (1927). Probable inference, the law of succession, and statistical inference. J Am "
     "Stat Assoc 22:209-212.", ("wilson", "bounds")),
    ("Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the "
     "case of the binomial. Biometrika 26:404-413.", ("clopper_pearson",)),
    ("Efron B (1987). Better bootstrap confidence intervals. J Am Stat Assoc 82:171-185.",
     ("mean_bca", "median_bca", "ratio_bca")),
    ("Turnbull BW (1976). The empirical distribution function with arbitrarily grouped, censored "
     "and truncated data. J R Stat Soc B 38:290-295.", _NPMLE),
    ("Kaplan EL, Meier P (1958). Nonparametric estimation from incomplete observations. J Am Stat "
     "Assoc 53:457-481.", ("kaplan_meier", "kaplan_meier_exact", "kaplan_meier_mean")),
    ("Aalen OO, Johansen S (1978). An empirical transition matrix for non-homogeneous Markov "
     "chains based on censored observations. Scand J Stat 5:141-150.",
     ("aalen_johansen", "competing_median")),
    ("Peto R, Peto J (1972). Asymptotically efficient rank invariant test procedures. J R Stat Soc "
     "A 135:185-207.", ("log_rank", "log_rank_stratified")),
    ("Ghosh D, Lin DY (2000). Nonparametric analysis of recurrent events and death. Biometrics "
     "56:554-562.", ("mean_cumulative_count",)),
    ("Holm S (1979). A simple sequentially rejective multiple test procedure. Scand J Stat "
     "6:65-70.", ()),
    ("ICH E9(R1) (2019). Addendum on estimands and sensitivity analysis in clinical trials.", ()),
)  # fmt: skip
"""Reference, and the methods it is of; without one, of the definitions that every run has."""


def references_of(methods: Collection[str]) -> tuple[str, ...]:
    """Return the references of definitions, and of the methods that a run used."""
    return tuple(text for text, of in _REFERENCES if not of or set(of) & set(methods))


_BOOSTERS = {
    "loss": "A booster counts as the end of relief",
    "censoring": "Follow-up of relief ends at a booster, as if nothing more were known",
    "ignored": "Boosters are ignored: relief under a booster still counts as relief",
}


def methods_in_words(
    settings: AnalysisSettings, rows: Iterable[Row], *, scale: str = POINTS
) -> list[str]:
    """Return the methods as paragraphs, from the settings, the rows and the scale of a run."""
    measures: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.method not in ("none", "count"):
            measures.setdefault(row.method, {})[word(MEASURES, row.measure)] = None
    least = settings.minimum_baseline_score
    kept = f"a baseline of at least {value_text(least)}" if least else "a baseline above 0"
    recall = f" Ratings used: {WORDS['recall'][settings.recall]}."
    also = " and ".join(f"{value_text(pct)}%" for pct in _thresholds(settings))
    points = ", as is a fall of two points" if scale.startswith(POINTS) else ""
    said = [
        "Day 0 is the first infusion of the first series; infusions more than "
        f"{count_text(settings.series_gap_days)} days apart belong to different series. In "
        f"exports without infusions, day 0 is study day {value_text(settings.day0_study_day)} "
        "and treatment ends on study day "
        f"{value_text(settings.end_of_series_study_day)}.",
        f"Baseline is the mean of ratings in the {count_text(settings.baseline_window_days)} "
        f"days up to day 0, on a scale of {plain_text(scale, longest=200)}. Patients with {kept} "
        "are analyzed; a baseline of 0 has no percent reduction and is counted as missing, never "
        "divided by." + (recall if settings.recall != "auto" else ""),
        f"Response is judged at the visit “{visit_word(settings.analysis_visit)}”; a claim at the "
        "visit and threshold of its own reading. A responder is a patient whose pain fell by at "
        f"least {value_text(settings.responder_threshold_pct)}% of baseline; the rates at {also} "
        f"are printed (30% is moderate, 50% substantial){points}. A patient "
        "who had a booster before the rating counts as not responding at it. Worse means that pain "
        "rose by at least 30% of baseline. Visits after the end of the series are planned at "
        f"{_visits_in_words(settings.visits)}; a visit's score is "
        f"{WORDS['visit_score'][settings.visit_score]}.",
        "Counted are patients who started and whose visit is due: its window has closed at the "
        "data cut, and the initial series has ended. A missing outcome is no failure. Four "
        "analyses are given: missing counts as not responding (the lower bound), as responding "
        "(the upper bound), is imputed as if missing at random, 50 times from a mixed model of "
        "baseline and all visits of the condition, or is left out. A claim meets its floor only "
        "where it does so with no missing patient responding, and falls short only where it also "
        "does when the missing are imputed.",
        "Percent reduction is given in three definitions, because they are different numbers: the "
        "mean of patients' own reductions, their median, and the reduction of the mean score. Mean "
        "pain by visit is given apart for who had a booster before the visit and who had none.",
        *_relief_in_words(settings, measures),
        f"Every interval is a confidence interval ({level_text(settings.confidence_level)}). "
        f"Bootstrap intervals are of {count_text(settings.bootstrap_replicates)} samples of "
        "patients or, for relief, as many "
        f"as stand with the number, from seed {settings.seed}. Numbers are rounded half-up when "
        "printed, never before; below ten patients a share stands as a fraction.",
    ]
    if measures:
        used = "; ".join(
            f"{METHODS[method]} ({', '.join(names).lower()})" for method, names in measures.items()
        )
        said.append(f"Methods used in this run, and for what: {used}.")
    return said


def _relief_in_words(settings: AnalysisSettings, methods: Collection[str]) -> list[str]:
    """Return how relief was timed, for a run that has it."""
    if not {*_NPMLE, "kaplan_meier"} & set(methods):
        return []
    said = (
        f"Relief runs from {WORDS['relief_clock'][settings.relief_clock]} to loss of response, "
        f"among responders, and counts as lost {WORDS['loss_rule'][settings.loss_rule]}. "
        f"{_BOOSTERS[settings.booster_strategy]}. Ratings are snapshots: a loss lies between the "
        "last visit with relief and the first without."
    )
    if set(_NPMLE) & set(methods):
        said += (
            " The curve, its medians and its shares are the nonparametric maximum likelihood "
            "estimate from such intervals (Turnbull), with a bootstrap interval that holds "
            "wherever between two visits relief ended; patients still relieved at their last "
            "rating enter with no upper end."
        )
    if "npmle_planned" in methods:
        said += (
            " Where boosters brought patients in between planned visits, medians and quartiles are "
            "read at the planned visits, on a straight line between them."
        )
    if "kaplan_meier" in methods:
        said += (
            " Kaplan-Meier numbers, which date a loss at the visit that found it and are therefore "
            "late, are printed for comparison only."
        )
    if "kaplan_meier_exact" in methods:
        said += (
            " Ends of relief that the export dates itself (relief gone, or the next analgesic) are "
            "exact times, and are kept apart from losses between visits."
        )
    if (settings.loss_rule, settings.relief_clock) != (READ_RULE, READ_CLOCK):
        said += (
            " Claims are judged under their own reading: lost "
            f"{WORDS['loss_rule'][READ_RULE]}, timed from {CLOCKS[READ_CLOCK]}."
        )
    return [said]


def _visits_in_words(visits: object) -> str:
    return ", ".join(visit_word(visit.name) for visit in plan_visits(str(visits))[1:])


def value_text(value: object) -> str:
    """Return the value of a setting as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
