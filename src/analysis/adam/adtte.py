"""ADTTE: duration of response, from the end of the series to its loss between two ratings.

Visits are snapshots: relief was there at the last good rating and gone at the first bad one, so the
loss lies in (last good, first bad]. A booster is kept beside it; what it means is decided by the
booster strategy, because the answer depends on it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.adam.adpain import ROUNDING
from analysis.adam.adsl import is_among, look_up
from analysis.intake.rules import time_relief
from analysis.settings import BoosterStrategy, Clock, LossRule, Visit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PARAMCDS: dict[BoosterStrategy, str] = {
    "loss": "RELLOSS",
    "censoring": "RELCENS",
    "ignored": "RELIGN",
}
"""Parameter code of relief under each booster strategy."""

PARAMS = {
    "RELLOSS": "Duration of relief; a booster ends it",
    "RELCENS": "Duration of relief; follow-up ends at a booster",
    "RELIGN": "Duration of relief; boosters ignored",
}

EXACT = "RELEXACT"
"""Parameter code of relief whose end was recorded, not found at a visit."""

NEAR_BASELINE: LossRule = "near_baseline"
NEAR_BASELINE_POINTS = 1.0
NEAR_BASELINE_SHARE = 0.8

SHOWN_WITHIN_DAYS = 14.0
"""Relief of a series is shown by a rating within two weeks of its last infusion."""


@dataclass(frozen=True, eq=False)
class RatingArrays:
    """Ratings with a known percent change after day 0, by patient and day, for many readings.

    Parameters
    ----------
    patients : Index, shape (n,)
        USUBJID of those with at least one such rating, sorted.
    firsts : ndarray of int, shape (n,)
        Place of each patient's first rating.
    day : ndarray of float, shape (k,)
        Days since day 0.
    pchg, score, base : ndarray of float, shape (k,)
    is_end, is_boosted : ndarray of bool, shape (k,)
        Whether it is the rating of the end of the series, and whether it comes after a booster.
    end_of_series_day, first_booster_day : ndarray of float, shape (n,)
        Days since day 0; NaN where there is none.
    """

    patients: pd.Index
    firsts: NDArray[np.intp]
    day: Floats
    pchg: Floats
    score: Floats
    base: Floats
    is_end: Bools
    is_boosted: Bools
    end_of_series_day: Floats
    first_booster_day: Floats

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of ratings of each patient, shape (n,)."""
        return np.diff(self.firsts, append=self.day.size)

    @property
    def is_last(self) -> Bools:
        """Whether a rating is the patient's last, shape (k,)."""
        last = np.zeros(self.day.size, dtype=bool)
        last[self.firsts + self.counts - 1] = True
        return last

    def spread(self, by_patient: Floats) -> Floats:
        """Return each patient's number on every rating of the patient, shape (k,)."""
        return np.repeat(by_patient, self.counts)

    def least(self, numbers: Floats, among: Bools) -> Floats:
        """Return each patient's least number among some ratings; NaN where there is none."""
        return self._reduce(np.fmin, numbers, among)

    def most(self, numbers: Floats, among: Bools) -> Floats:
        """Return each patient's greatest number among some ratings; NaN where there is none."""
        return self._reduce(np.fmax, numbers, among)

    def total(self, among: Bools) -> NDArray[np.int64]:
        """Return how many of each patient's ratings are among some."""
        if not self.firsts.size:
            return np.zeros(0, dtype=np.int64)
        return np.add.reduceat(among.astype(np.int64), self.firsts)

    def _reduce(self, chosen: np.ufunc, numbers: Floats, among: Bools) -> Floats:
        if not self.firsts.size:
            return np.zeros(0)
        found: Floats = chosen.reduceat(np.where(among, numbers, np.nan), self.firsts)
        return found


def lay_out_ratings(ratings: pd.DataFrame, adsl: pd.DataFrame) -> RatingArrays:
    """Lay out the ratings whose percent change is known.

    Parameters
    ----------
    ratings : DataFrame
        `analysis.adam.adpain.derive_change`: USUBJID, ADY, ATM, ASERIES, NLEFT, ROLE, AVAL, BASE,
        PCHG. Of two ratings of one day infusions between them and the times of day decide; without
        them the one that comes first in the frame is the earlier.
    adsl : DataFrame
        USUBJID, EOSDY, BOOSTDY.
    """
    known = (ratings["PCHG"].notna() & ratings["ADY"].notna()).to_numpy(dtype=bool)
    codes, names = pd.factorize(ratings.loc[known, "USUBJID"], sort=True)

    def of(name: str) -> Floats:
        return ratings[name].to_numpy(dtype=float)[known]

    order = np.lexsort((of("ATM"), -of("NLEFT"), of("ASERIES"), of("ADY"), codes))
    of_patient = adsl.set_index("USUBJID")[["EOSDY", "BOOSTDY"]].reindex(names)
    return RatingArrays(
        patients=pd.Index(names, name="USUBJID"),
        firsts=np.searchsorted(codes[order], np.arange(len(names))),
        day=of("ADY")[order],
        pchg=of("PCHG")[order],
        score=of("AVAL")[order],
        base=of("BASE")[order],
        is_end=(ratings["ROLE"] == "end").to_numpy(dtype=bool)[known][order],
        is_boosted=of("ASERIES")[order] > 1,
        end_of_series_day=of_patient["EOSDY"].to_numpy(dtype=float),
        first_booster_day=of_patient["BOOSTDY"].to_numpy(dtype=float),
    )


def derive_spans(
    ratings: RatingArrays,
    *,
    threshold_pct: float,
    rule: LossRule = "once",
    clock: Clock = "end_of_series",
) -> pd.DataFrame:
    """Return the span of relief of everyone who responded.

    Parameters
    ----------
    ratings : RatingArrays
        `lay_out_ratings`.
    threshold_pct : float
        Least percent reduction that counts as relief.
    rule : {"once", "confirmed", "near_baseline"}
        When relief counts as lost. With ``confirmed`` a last rating without relief stays
        unconfirmed: the patient was last known to be relieved at the rating before.
    clock : {"end_of_series", "first_response", "start"}
        From when days are counted. ``first_response`` takes everyone with relief at any rating
        after day 0; the others take those with relief at the end of the series.

    Returns
    -------
    DataFrame
        Indexed by USUBJID; days on the clock: good_until_days (last rating before the first bad
        one), first_bad_days (infinite when none was bad), last_rating_days, booster_days (infinite
        when there was none), good_before_booster_days; booster_first (whether it came before any
        bad rating); start_day (of the clock, since day 0) and n_ratings. Relief that comes back
        after a loss does not count again, and a rating before the one that showed relief, be it of
        the same day, not at all.
    """
    good = -ratings.pchg >= threshold_pct - ROUNDING
    # Relief first shown after a booster is the booster's, not the series': such patients are no
    # responders here, as in the responder rates.
    relieved = good if clock == "first_response" else good & ratings.is_end
    place = np.arange(ratings.day.size, dtype=float)
    shown_at = ratings.least(place, relieved & ~ratings.is_boosted)
    shown_day = ratings.least(ratings.day, place == ratings.spread(shown_at))
    start = {
        "end_of_series": ratings.end_of_series_day,
        "first_response": shown_day,
        "start": ratings.end_of_series_day * 0.0,
    }[clock]
    counted = place >= ratings.spread(shown_at)  # of responders, from the one that showed it
    time = np.maximum(ratings.day - ratings.spread(start), 0.0)
    bad = counted & _is_bad(ratings, good, rule)
    first_bad = _or(ratings.least(time, bad), np.inf)
    before = counted & (time < ratings.spread(first_bad))
    if rule == "confirmed":  # a rating without relief that nothing confirms shows no relief either
        before &= good
    # The first rating of each patient showed relief; only a bad one on its own day can hide that.
    shown = ratings.least(time, counted)
    good_until = _or(ratings.most(time, before), shown)
    booster = np.maximum(_or(ratings.first_booster_day, np.inf) - start, 0.0)
    early = before & ~ratings.is_boosted
    columns = {
        "start_day": start,
        "good_until_days": good_until,
        "first_bad_days": first_bad,
        "last_rating_days": np.where(np.isinf(first_bad), good_until, ratings.most(time, counted)),
        "booster_days": booster,
        "good_before_booster_days": _or(ratings.most(time, early), shown),
        "booster_first": np.isfinite(booster) & (ratings.total(bad & ~ratings.is_boosted) == 0),
        "n_ratings": ratings.total(counted),
    }
    responded = ~np.isnan(shown_day)
    kept = {name: numbers[responded] for name, numbers in columns.items()}
    return pd.DataFrame(kept, index=ratings.patients[responded])


def _is_bad(ratings: RatingArrays, good: Bools, rule: LossRule) -> Bools:
    if rule == NEAR_BASELINE:
        limit = np.minimum(
            ratings.base - NEAR_BASELINE_POINTS,
            ratings.base * NEAR_BASELINE_SHARE,
        )
        # At a low baseline or threshold a rating may be both near baseline and relief: relief.
        return (ratings.score >= limit - ROUNDING) & ~good
    if rule == "once":
        return ~good
    later_good = np.append(good[1:], True)
    return ~good & ~(later_good | ratings.is_last)


def _or(numbers: Floats, other: Floats | float) -> Floats:
    """Return the numbers, another one where there is none."""
    return np.where(np.isnan(numbers), other, numbers)


def loss_rules(in_points: bool) -> list[LossRule]:
    """Return the rules of loss that a scale allows: near baseline counts points of 0 to 10."""
    return [rule for rule in get_args(LossRule) if in_points or rule != NEAR_BASELINE]


def apply_booster_strategy(spans: pd.DataFrame, strategy: BoosterStrategy) -> pd.DataFrame:
    """Return when each span of relief ended under one reading of boosters.

    Parameters
    ----------
    spans : DataFrame
        `derive_spans`.
    strategy : {"loss", "censoring", "ignored"}
        ``loss``: relief ends at a booster (the default reading of "per series"). ``censoring``:
        what comes after a booster is not known. ``ignored``: relief goes on under boosters.

    Returns
    -------
    DataFrame
        Same index: LDY, RDY (relief ended in (LDY, RDY]; RDY infinite when not seen to end), AVAL
        and CNSR (0 for an end dated at the visit that found it, 1 for none), EVNTDESC (``loss``,
        ``booster``, ``censored``).

    Notes
    -----
    A booster is dated, yet under ``loss`` the end of relief lies in (last good rating, booster]:
    boosters are given because relief wanes, and nobody looked between. Under ``censoring`` the
    patient was last known to be relieved at the last good rating, not at the booster.
    """
    booster = spans["booster_days"].to_numpy(dtype=float)
    first_bad = spans["first_bad_days"].to_numpy(dtype=float)
    boosted = spans["booster_first"].to_numpy(dtype=bool) & (strategy != "ignored")
    lost = np.isfinite(first_bad) & ~boosted
    booster_ends = boosted & (strategy == "loss")
    left = np.where(boosted, spans["good_before_booster_days"], spans["good_until_days"])
    time = np.where(lost, first_bad, np.where(boosted, left, spans["last_rating_days"]))
    return pd.DataFrame(
        {
            "LDY": left,
            "RDY": np.where(booster_ends, booster, np.where(lost, first_bad, np.inf)),
            "AVAL": np.where(booster_ends, booster, time),
            "CNSR": np.where(lost | booster_ends, 0, 1),
            "EVNTDESC": np.select([lost, boosted], ["loss", "booster"], default="censored"),
        },
        index=spans.index,
    )


def derive_due_day(adsl: pd.DataFrame, visits: Sequence[Visit]) -> pd.Series:
    """Return from which day on a patient last seen counts as followed for as long as planned.

    Parameters
    ----------
    adsl : DataFrame
        USUBJID, TRTEDT, DCUTDT.
    visits : sequence of Visit
        The schedule.

    Returns
    -------
    Series of float
        Indexed by USUBJID, days since the end of the series: the first day of the window of the
        last visit whose window had closed at the data cut, 0 where none had. Without dates every
        visit is due.
    """
    closed = (adsl["DCUTDT"] - adsl["TRTEDT"].dt.normalize()) / pd.Timedelta(days=1)
    closed = closed.fillna(np.inf).to_numpy(dtype=float)
    first = np.array([0.0, *(visit.first_day for visit in visits)])
    last = np.array([visit.last_day for visit in visits])
    place = np.searchsorted(last, closed, side="right")
    return pd.Series(first[place], index=pd.Index(adsl["USUBJID"], name="USUBJID"))


def derive_adtte(
    adsl: pd.DataFrame,
    ratings: pd.DataFrame,
    *,
    threshold_pct: float,
    visits: Sequence[Visit],
    in_points: bool = True,
    exact: pd.DataFrame | None = None,
    readings: Collection[tuple[LossRule, Clock]] = (),
) -> pd.DataFrame:
    """Return the duration of response under every rule of loss, clock and booster strategy.

    Parameters
    ----------
    adsl, ratings : DataFrame
        `analysis.adam.adsl.derive_adsl` and `analysis.adam.adpain.derive_change`.
    threshold_pct : float
        Least percent reduction that counts as relief.
    visits : sequence of Visit
        The schedule.
    in_points : bool
        Whether points are those of 0 to 10; without, relief is not lost "near baseline", a rule
        that counts them.
    exact : DataFrame, optional
        `derive_exact_relief`: joins the rows, as a parameter of its own.
    readings : collection of (rule, clock)
        Those wanted; all where none is named.

    Returns
    -------
    DataFrame
        One row a responder of the full analysis set, PARAMCD, RULE and CLOCK; days on the clock.
        STARTDY (of the clock, since day 0), LDY, RDY, AVAL, CNSR and EVNTDESC as
        `apply_booster_strategy`; BADDY (first rating without relief) and BOOSTDY (first booster)
        are infinite where there was none; NRATE (ratings that tell); DUEDY (`derive_due_day`).
    """
    fas = adsl[adsl["FASFL"]]
    laid_out = lay_out_ratings(ratings[is_among(ratings["USUBJID"], fas["USUBJID"])], fas)
    due = derive_due_day(adsl, visits) + adsl.set_index("USUBJID")["EOSDY"]
    spans = [
        derive_spans(laid_out, threshold_pct=threshold_pct, rule=rule, clock=clock).assign(
            RULE=rule, CLOCK=clock
        )
        for rule, clock in readings or product(loss_rules(in_points), get_args(Clock))
    ]
    reading = np.repeat(np.arange(len(spans)), [len(one) for one in spans])
    stacked = pd.concat(spans)
    parts = [
        apply_booster_strategy(stacked, strategy).assign(
            PARAMCD=code, PARAM=PARAMS[code], RULE=stacked["RULE"], CLOCK=stacked["CLOCK"],
            STARTDY=stacked["start_day"], BADDY=stacked["first_bad_days"],
            BOOSTDY=stacked["booster_days"], NRATE=stacked["n_ratings"],
            DUEDY=(due.reindex(stacked.index) - stacked["start_day"]).clip(lower=0.0),
        )
        for strategy, code in PARAMCDS.items()
    ]  # fmt: skip
    by_reading = np.argsort(np.tile(reading, len(parts)), kind="stable")
    frame = pd.concat(parts).iloc[by_reading].reset_index()
    carried = ["COND", "SUBTYP", "ARM", "PROTOCOL", "SITEID"]
    if exact is not None and len(exact):
        frame = pd.concat([frame, exact], ignore_index=True) if len(frame) else exact
    frame = frame.merge(adsl[["USUBJID", *carried]], on="USUBJID", how="left", validate="m:1")
    order = ["USUBJID", *carried, "PARAMCD", "PARAM", "RULE", "CLOCK", "STARTDY", "LDY", "RDY",
             "AVAL", "CNSR", "EVNTDESC", "BADDY", "BOOSTDY", "NRATE", "DUEDY"]  # fmt: skip
    codes = ["PARAMCD", "PARAM", "RULE", "CLOCK"]  # of a million rows, few different texts
    return frame[order].astype(dict.fromkeys(codes, "category"))


def derive_exact_relief(
    relief: pd.DataFrame | None, infusions: pd.DataFrame | None, adsl: pd.DataFrame
) -> pd.DataFrame:
    """Return relief whose end the export dates exactly, as rows of ADTTE.

    Parameters
    ----------
    relief, infusions : DataFrame or None
        relief_ends and infusions of the contract; None where the export has none.
    adsl : DataFrame
        `analysis.adam.adsl.derive_adsl`.

    Returns
    -------
    DataFrame
        A row a patient of the full analysis set with a record that follows an infusion of the
        initial series: that of the last such infusion (a length without a date follows the last
        one of the series). Days since it: LDY and RDY are both the day relief ended; where it still
        lasted RDY is infinite and CNSR 1. PARAMCD, RULE and CLOCK are of its own, so that no
        reading of the ratings takes it in.
    """
    if relief is None:
        return pd.DataFrame()
    people = adsl[adsl["FASFL"]].set_index("USUBJID")
    times = time_relief(relief, infusions)
    ids = relief["patient_id"].astype("str")
    begun = times["BEGAN"].dt.normalize() - look_up(ids, people["TRTSDT"]).dt.normalize()
    last = look_up(ids, people["EOSDY"])
    frame = pd.DataFrame(
        {
            "USUBJID": ids,
            "STARTDY": (begun / pd.Timedelta(days=1)).fillna(last),
            "AVAL": times["DAYS"],
            "still": relief["still_relieved"].fillna(False).astype(bool)
            if "still_relieved" in relief
            else False,
        }
    )
    frame = frame[frame["STARTDY"].between(0, last)].sort_values(["USUBJID", "STARTDY"])
    frame = frame.drop_duplicates("USUBJID", keep="last").reset_index(drop=True)
    still = frame.pop("still").astype(bool)
    end = frame["AVAL"].mask(still, np.inf)
    return frame.assign(
        PARAMCD=EXACT, PARAM="Duration of relief; its end as recorded", RULE="recorded",
        CLOCK="infusion", LDY=frame["AVAL"], RDY=end, CNSR=still.astype(int),
        EVNTDESC=np.where(still, "censored", "loss"), BADDY=end, BOOSTDY=np.inf, NRATE=0, DUEDY=0.0,
    )  # fmt: skip


def derive_series_relief(
    ratings: pd.DataFrame, infusions: pd.DataFrame, *, threshold_pct: float
) -> pd.DataFrame:
    """Return the span of relief after each series of each patient.

    Parameters
    ----------
    ratings : DataFrame
        `analysis.adam.adpain.derive_change`: USUBJID, ADY, ATM, ASERIES, NLEFT, PCHG.
    infusions : DataFrame
        `analysis.adam.adsl.derive_infusions`.
    threshold_pct : float
        Least percent reduction that counts as relief.

    Returns
    -------
    DataFrame
        One row a patient and series after which a rating within 14 days showed relief: USUBJID,
        SERIES, LDY, RDY (relief ended in (LDY, RDY] after the last infusion of the series, the next
        series counting as its end; infinite when not seen to end). Which series a
        rating follows: `analysis.adam.adsl.count_infusions`. Maintenance before the initial series
        is left out: what it followed is not in the export.
    """
    keys = ["USUBJID", "SERIES"]
    ends = infusions[infusions["SERIES"] >= 1].groupby(keys)["ADY"].agg(["min", "max"])
    ends = ends.reset_index()
    ends["next"] = ends.groupby("USUBJID")["min"].shift(-1).fillna(np.inf)
    after = ratings["PCHG"].notna() & (ratings["ASERIES"] >= 1) & (ratings["NLEFT"] == 0)
    rated = ratings[after].rename(columns={"ASERIES": "SERIES"})
    pairs = rated[[*keys, "ADY", "ATM", "PCHG"]].merge(ends, on=keys)
    pairs = pairs.assign(
        time=(pairs["ADY"] - pairs["max"]).clip(lower=0.0),
        good=-pairs["PCHG"] >= threshold_pct - ROUNDING,
    )
    first = pairs.sort_values(["time", "ATM"], kind="stable").drop_duplicates(keys)
    shown = first[first["good"] & (first["time"] <= SHOWN_WITHIN_DAYS)].set_index(keys)
    pairs = pairs.set_index(keys)
    pairs = pairs[pairs.index.isin(shown.index)]
    bad = pairs.loc[~pairs["good"], "time"].groupby(level=keys).min()
    first_bad = bad.reindex(shown.index).fillna(np.inf)
    before = pairs["time"] < first_bad.reindex(pairs.index)
    left = pairs.loc[before, "time"].groupby(level=keys).max().reindex(shown.index)
    frame = pd.DataFrame(
        {
            "LDY": left.fillna(shown["time"]),  # good and bad on one day
            "RDY": np.minimum(first_bad, shown["next"] - shown["max"]),
        }
    )
    return frame.reset_index()


def derive_boosters(infusions: pd.DataFrame, adsl: pd.DataFrame) -> pd.DataFrame:
    """Return the start of every booster: USUBJID, NUMBER (1 is the first), ADYEOS.

    Maintenance before the initial series is no booster of it.
    """
    later = infusions[infusions["SERIES"] > 1]
    starts = later.groupby(["USUBJID", "SERIES"])["ADY"].min().reset_index()
    end = look_up(starts["USUBJID"], adsl.set_index("USUBJID")["EOSDY"])
    starts["NUMBER"] = starts.groupby("USUBJID").cumcount() + 1
    return starts.assign(ADYEOS=starts["ADY"] - end)[["USUBJID", "NUMBER", "ADYEOS"]]


def derive_followed_to(
    infusions: pd.DataFrame, ratings: pd.DataFrame, adsl: pd.DataFrame
) -> pd.Series:
    """Return the last day each starter was seen (rating or infusion), since the end of the series.

    Returns
    -------
    Series of float
        Indexed by USUBJID; 0 for who was never seen again; who never started is absent.
    """
    seen = pd.concat(
        [infusions[["USUBJID", "ADY"]], ratings.loc[ratings["POSTFL"], ["USUBJID", "ADY"]]]
    )
    last = seen.groupby("USUBJID")["ADY"].max()
    end = adsl.set_index("USUBJID")["EOSDY"].dropna()
    return (last.reindex(end.index).fillna(end) - end).clip(lower=0.0)
