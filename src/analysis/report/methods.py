"""Methods in words, made from the settings of the run; glossary and references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.claims.judgement import VERDICT_MEANING
from analysis.labels import plain_text, visit_word
from analysis.numbers import count_text, level_text, number_text
from analysis.settings import WORDS, AnalysisSettings, plan_visits

HOW_TO_READ = (
    "The shaded band is the cited figure. The marker is our patients' figure, and the line through "
    "it its interval: the range in which the true figure plausibly lies.",
    " ".join(f"{verdict.capitalize()}: {text}." for verdict, text in VERDICT_MEANING.items()),
    "These figures say how patients were after treatment compared with before. They cannot say "
    "that the treatment was the reason.",
)

LIMITS = (
    "There is no control group: these records can contradict a figure or fail to, and show nothing "
    "of what the treatment itself did.",
    "Patients not seen count as not responding where all who started are counted; the report says "
    "how far that could move each figure.",
    "“Undecided” means that there are too few patients to say, not that the figure is nearly "
    "right.",
)

GLOSSARY: dict[str, tuple[str, str]] = {
    "all_starters": (
        "All who started",
        "Every patient who began treatment with a high enough baseline. A patient not seen at the "
        "visit counts as not responding.",
    ),
    "baseline": ("Baseline", "Mean pain rating in the days up to the first infusion."),
    "bounds": (
        "Best and worst case",
        "The rate if every patient not seen had responded, or had not responded. The truth lies "
        "between the two.",
    ),
    "booster": (
        "Booster",
        "An infusion after the first series, given to keep or renew relief.",
    ),
    "cited": ("Cited band", "The lowest and highest figure the claim gives."),
    "holm": (
        "Holm",
        "A rule that asks more of each verdict when many are given at once, so that one in twenty "
        "is not wrong by chance alone.",
    ),
    "interval": (
        "Interval",
        "The range of true figures that are compatible with the data. A wide interval means few "
        "patients.",
    ),
    "median": (
        "Median",
        "The middle value: half of the patients lie below, half above. Not reached means that "
        "fewer than half had lost relief when follow-up ended.",
    ),
    "missing": ("Missing", "Patients whose value is not known. Never counted as zero."),
    "observed": (
        "Only those seen",
        "Patients with a rating at the visit. Those who do well may come back more often, so this "
        "figure may flatter.",
    ),
    "quartiles": (
        "Quartiles",
        "A quarter of the patients lie below the lower one, a quarter above the upper one.",
    ),
    "reading": (
        "Reading",
        "What the words of a claim were taken to mean (which threshold, visit and patients), fixed "
        "before the data were seen.",
    ),
    "reduction": (
        "Percent reduction",
        "How much pain fell, as percent of the patient's own baseline.",
    ),
    "relief": ("Relief", "Time from the end of the series until response is lost."),
    "responder": (
        "Responder",
        "A patient whose pain fell by at least 30 percent (moderate) or 50 percent (substantial).",
    ),
    "robustness": (
        "Robustness",
        "How many of the defensible readings give the same verdict as the one fixed in advance.",
    ),
    "series": (
        "Series",
        "Infusions without a long gap between them; the first one is what is judged.",
    ),
    "tipping": (
        "Tipping point",
        "How many of the patients not rated would have to have responded for the verdict to "
        "change.",
    ),
    "undecided": (
        "Undecided",
        "The data allow both: that the claim holds and that it does not.",
    ),
}
"""Term and meaning by key; headings of the page lead to them."""

REFERENCES = (
    "Dworkin RH and others (2008). Interpreting the clinical importance of treatment outcomes in "
    "chronic pain clinical trials: IMMPACT recommendations. J Pain 9:105-121.",
    "Farrar JT and others (2001). Clinical importance of changes in chronic pain intensity "
    "measured on an 11-point numerical pain rating scale. Pain 94:149-158.",
    "Wilson EB (1927). Probable inference, the law of succession, and statistical inference. J Am "
    "Stat Assoc 22:209-212.",
    "Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the "
    "case of the binomial. Biometrika 26:404-413.",
    "Efron B (1987). Better bootstrap confidence intervals. J Am Stat Assoc 82:171-185.",
    "Turnbull BW (1976). The empirical distribution function with arbitrarily grouped, censored "
    "and truncated data. J R Stat Soc B 38:290-295.",
    "Kaplan EL, Meier P (1958). Nonparametric estimation from incomplete observations. J Am Stat "
    "Assoc 53:457-481.",
    "Holm S (1979). A simple sequentially rejective multiple test procedure. Scand J Stat 6:65-70.",
    "ICH E9(R1) (2019). Addendum on estimands and sensitivity analysis in clinical trials.",
)

_BOOSTERS = {
    "loss": "A booster counts as the end of relief",
    "censoring": "Follow-up of relief ends at a booster, as if nothing more were known",
    "ignored": "Boosters are ignored: relief under a booster still counts as relief",
}


def methods_in_words(stated: Mapping[str, Any]) -> list[str]:
    """Return the methods as paragraphs, from the settings a run used; defaults where unstated."""

    def setting(name: str) -> Any:
        value = stated.get(name)
        return AnalysisSettings.model_fields[name].default if value is None else value

    least = setting("minimum_baseline_score")
    kept = f"a baseline of at least {value_text(least)}" if least else "a baseline above 0"
    recall = setting("recall")
    ratings = WORDS["recall"].get(recall, plain_text(str(recall)))
    rule = WORDS["loss_rule"].get(setting("loss_rule"), plain_text(str(setting("loss_rule"))))
    clock = WORDS["relief_clock"].get(setting("relief_clock"), "")
    return [
        "Day 0 is the first infusion of the first series; infusions more than "
        f"{count_text(setting('series_gap_days'))} days apart belong to different series. In "
        f"exports without infusions, day 0 is study day {value_text(setting('day0_study_day'))} "
        "and treatment ends on study day "
        f"{value_text(setting('end_of_series_study_day'))}.",
        f"Baseline is the mean of ratings in the {count_text(setting('baseline_window_days'))} "
        f"days up to day 0, on a scale of 0 to 10. Patients with {kept} are analyzed; a baseline "
        "of 0 has no percent reduction and is counted as missing, never divided by."
        + (f" Ratings used: {ratings}." if recall != "auto" else ""),
        f"Response is judged at the visit “{visit_word(setting('analysis_visit'))}”. A responder "
        "is a patient whose pain fell by at least "
        f"{value_text(setting('responder_threshold_pct'))} % of baseline; the rates at 30 % "
        "(moderate) and 50 % (substantial) are printed too, as is a fall of two points. A patient "
        "who had a booster before the rating counts as not responding at it. Worse means that pain "
        "rose by at least 30 % of baseline. Visits after the end of the series are planned at "
        f"{_visits_in_words(setting('visits'))}; a visit's score is "
        f"{WORDS['visit_score'].get(setting('visit_score'), '')}.",
        "Two ways of counting stand side by side. All who started: a patient not seen counts as "
        "not responding, which is the worst case. Only those seen: patients without a rating leave "
        "the denominator. The best case, in which everyone not seen had responded, shows what they "
        "could change.",
        "Percent reduction is given in three definitions, because they are different numbers: the "
        "mean of patients' own reductions, their median, and the reduction of the mean score.",
        f"Relief runs from {clock} to loss of response, among responders, and counts as lost "
        f"{rule}. {_BOOSTERS.get(setting('booster_strategy'), 'Boosters are handled as set')}. "
        "Ratings are snapshots: a loss lies between the last visit with relief and the first "
        "without, so the curve is the interval-censored (Turnbull) estimate; patients still "
        "relieved at their last rating count as followed until then. Kaplan-Meier curves, which "
        "date a loss at the visit that found it and so are if anything too late, are printed for "
        "comparison.",
        f"Every figure has a {level_text(setting('confidence_level'))}: Wilson and exact for "
        "shares, Student's t and bootstrap (BCa, "
        f"{count_text(setting('bootstrap_replicates'))} samples, seed {setting('seed')}) for "
        "reductions, a guarded bootstrap over patients for relief. The method is printed under "
        "each table. Numbers are rounded half-up when printed, never before; below ten patients a "
        "share stands as a fraction.",
    ]


def _visits_in_words(visits: object) -> str:
    return ", ".join(visit_word(visit.name) for visit in plan_visits(str(visits))[1:])


def value_text(value: object) -> str:
    """Return the value of a setting as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return plain_text(str(value), longest=200)
    return number_text(value, decimals=0 if float(value).is_integer() else 2).replace(",", "")
