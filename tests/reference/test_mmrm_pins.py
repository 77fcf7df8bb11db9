"""The mixed model for repeated measures against R nlme, emmeans and numDeriv; mmrm.README.md."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pins import HERE, columns, pins

from analysis.stats.mmrm import MmrmFit, fit_mmrm

BY_GLS = 5e-5  # standard errors: how near the numerical optimum of gls comes
RELATIVE = 1e-4  # of a standard error or a covariance, for the same reason
LOG_LIKELIHOOD = 1e-7  # flat at the maximum, so nearer
BY_NUMDERIV = 1e-4  # relative: second derivatives by differences, at the optimum of gls


def arranged(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores (a row a patient) and covariates of a data set."""
    table = pd.DataFrame(columns("mmrm_data.json", name))
    scores = table.pivot_table("y", "id", "visit").reindex(table.id.unique()).astype(float)
    first = table.groupby("id").first()
    second = sorted(first.arm.unique())[1]
    x = pd.DataFrame(
        {"intercept": 1.0, "base": first.base.astype(float), second: first.arm.eq(second)}
    )
    return scores, x.astype(float) if name == "clinic" else x.drop(columns="base").astype(float)


@cache
def fitted(data: str, formula: str, structure: Any) -> MmrmFit:
    scores, x = arranged(data)
    common = ["base"] if formula == "common" else []
    return fit_mmrm(scores, x, structure=structure, common=common)


def of_r(fit: MmrmFit, name: str) -> tuple[Any, str]:
    """Return the coefficient that R calls 'v2:armplacebo', 'v2:base', 'base' or 'v2'."""
    visit, _, rest = name.partition(":")
    if not visit.startswith("v"):
        return "all", visit
    return int(visit[1:]), rest.removeprefix("arm") or "intercept"


BY_EMMEANS = 0.015  # relative: it differentiates by perturbing the scores, "appx-satterthwaite"


CASES = pins("mmrm_gls.json")
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])


def test_all_pins_are_here() -> None:
    assert len(CASES) == 15 and sum("emmeans" in case for case in CASES) == 2
    assert set(json.loads((HERE / "mmrm_data.json").read_text("utf-8"))) > {"clinic", "growth"}


@cases
def test_gls(case: dict[str, Any]) -> None:
    fit = fitted(case["data"], case["formula"], case["structure"])
    names = [of_r(fit, name) for name in case["names"]]
    want = np.array(case["covariance"])
    se = np.sqrt(np.diag(want))
    assert fit.log_likelihood == pytest.approx(case["log_likelihood"], abs=LOG_LIKELIHOOD)
    assert np.abs((fit.coefficients[names] - case["coefficients"]) / se).max() < BY_GLS
    got = fit.coefficient_covariance.loc[names, names].to_numpy()
    assert np.abs((got - want) / np.outer(se, se)).max() < RELATIVE
    sigma = np.array(case["sigma"])
    size = np.sqrt(np.outer(np.diag(sigma), np.diag(sigma)))
    assert np.abs((fit.sigma - sigma) / size).to_numpy().max() < RELATIVE


@cases
def test_marginal_means(case: dict[str, Any]) -> None:
    fit = fitted(case["data"], case["formula"], case["structure"])
    arms = sorted(set(case["arm"]))
    profiles = pd.DataFrame(dict.fromkeys(fit.covariates, 1.0), index=arms)
    profiles[arms[1]] = [0.0, 1.0]
    if "base" in profiles:
        profiles["base"] = case["base"]
    got = fit.marginal_means(profiles).set_index(["profile", "visit"])
    got = got.loc[list(zip(case["arm"], case["visit"], strict=True))]
    se = np.array(case["se"])
    assert np.abs((got.estimate - case["mean"]) / se).max() < BY_GLS
    assert got.se.to_numpy() == pytest.approx(se, rel=RELATIVE)
    assert got.df.to_numpy() == pytest.approx(np.array(case["df"]), rel=BY_NUMDERIV)
    if "emmeans" in case:
        theirs = pd.DataFrame(case["emmeans"]).set_index(["arm", "visit"]).loc[got.index]
        assert np.abs((got.estimate - theirs["mean"]) / theirs.se).max() < BY_GLS
        assert got.se.to_numpy() == pytest.approx(theirs.se.to_numpy(), rel=RELATIVE)
        assert got.df.to_numpy() == pytest.approx(theirs.df.to_numpy(), rel=BY_EMMEANS)
