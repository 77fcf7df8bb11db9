"""One typed settings object per notebook; the parameters cell is made from it.

Types, ranges and help of analysis settings are stated once, in `AnalysisSettings`; an object here
says which of them a notebook takes, and adds where it reads and writes.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

from analysis.errors import SettingsError, suggest
from analysis.settings import AnalysisSettings, choice_words, describe_validation


class Places(BaseModel):
    """What a notebook reads, of whom, and where it writes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    export: str = Field(
        "data/demo", min_length=1, description="export folder or file, from the project folder"
    )
    mapping: str = Field("", description="mapping file; empty takes the one in the export, if any")
    datasets: str = Field(
        "", description="prepared analysis datasets (the runner sets it); empty derives them now"
    )
    condition: str = Field("all", min_length=1, description="a code of data/conditions.csv, or all")
    results_from: str = Field(
        "", description="results of the other notebooks; empty computes them here"
    )
    results_dir: str = Field(
        "reports/notebooks",
        min_length=1,
        description="where the last cell writes, from the project folder",
    )


COUNTING = (
    "analysis_visit",
    "responder_threshold_pct",
    "minimum_baseline_score",
    "baseline_window_days",
    "series_gap_days",
    "recall",
)
"""Who counts and when: every notebook takes these."""

CHANCE = ("confidence_level", "bootstrap_replicates", "seed")
JUDGING = (*COUNTING, "booster_strategy", "claim_arm", *CHANCE)


def _compose(
    title: str, settings: tuple[str, ...], *, condition: str = "", reads_results: bool = False
) -> type[BaseModel]:
    """Return the settings object of a notebook, its fields in the order of the cell."""
    before = ["export", "mapping", "datasets", *(["condition"] if condition else [])]
    after = [*(["results_from"] if reads_results else []), "results_dir"]
    fields: dict[str, Any] = {name: _copy(Places, name) for name in before}
    fields |= {name: _copy(AnalysisSettings, name) for name in settings}
    fields |= {name: _copy(Places, name) for name in after}
    if condition:
        fields["condition"][1].default = condition
    doc = f"Parameters of the notebook '{title}'."
    name, config = title.replace(" ", ""), Places.model_config
    return create_model(name, __config__=config, __doc__=doc, **fields)


def _copy(model: type[BaseModel], name: str) -> tuple[Any, FieldInfo]:
    field = model.model_fields[name]
    return field.annotation, copy(field)


NOTEBOOKS: dict[str, type[BaseModel]] = {
    "10_data_quality": _compose("Data Quality", COUNTING),
    "20_responders": _compose("Responders", (*COUNTING, "confidence_level"), condition="crps"),
    "30_pain_reduction": _compose("Pain Reduction", (*COUNTING, *CHANCE), condition="fibromyalgia"),
    "40_relief_duration": _compose(
        "Relief Duration",
        (*COUNTING, "booster_strategy", "loss_rule", "relief_clock", *CHANCE),
        condition="all",
    ),
    "70_claims": _compose("Claims", JUDGING, reads_results=True),
    "80_director_summary": _compose("Director Summary", JUDGING, reads_results=True),
}
"""Settings object of every notebook, by the notebook's name."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter as the cell, the command line and the documentation tell it.

    Parameters
    ----------
    name, help : str
    type : str
        Annotation in the parameters cell: str, int, float or bool.
    default : str, int or float
    limits : str
        Range in words, or the words of a choice; empty when any value of the type is taken.
    """

    name: str
    type: str
    default: Any
    limits: str
    help: str

    @property
    def line(self) -> str:
        """The parameter's line in the parameters cell."""
        limits = f" ({self.limits})" if self.limits else ""
        return f"{self.name}: {self.type} = {_literal(self.default)}  # {self.help}{limits}"


def make_notebook_settings(notebook: str, values: dict[str, Any]) -> BaseModel:
    """Return the checked settings of a notebook.

    Parameters
    ----------
    notebook : str
        Name of a notebook, without its ending.
    values : dict
        Parameter names and values; absent ones keep their default.

    Raises
    ------
    SettingsError
        Unknown notebook or parameter (the nearest known name is offered), wrong type, or a value
        out of range.
    """
    model = settings_of(notebook)
    for name in values:
        if name not in model.model_fields:
            raise SettingsError(
                f"{notebook}.ipynb has no parameter '{name}'.{suggest(name, model.model_fields)} "
                f"It has: {', '.join(model.model_fields)}."
            )
    try:
        return model(**values)
    except ValidationError as error:
        raise SettingsError(f"{notebook}.ipynb: {describe_validation(error)}") from None


def settings_of(notebook: str) -> type[BaseModel]:
    """Return the settings object of a notebook; SettingsError when there is no such notebook."""
    if notebook not in NOTEBOOKS:
        raise SettingsError(
            f"there is no notebook '{notebook}'.{suggest(notebook, NOTEBOOKS)} "
            f"Notebooks: {', '.join(NOTEBOOKS)}."
        )
    return NOTEBOOKS[notebook]


def parameters_of(model: type[BaseModel]) -> tuple[Parameter, ...]:
    """Return the fields of a settings object in their order."""
    return tuple(_parameter(name, field) for name, field in model.model_fields.items())


def cell_text(model: type[BaseModel]) -> str:
    """Return the parameters cell of a settings object, one line a parameter."""
    return "\n".join(parameter.line for parameter in parameters_of(model))


def _parameter(name: str, field: FieldInfo) -> Parameter:
    words = choice_words(field.annotation)
    kind = "str" if words else getattr(field.annotation, "__name__", "")
    limits = ", ".join(words) if words else range_text(field)
    return Parameter(
        name=name, type=kind, default=field.default, limits=limits, help=field.description or ""
    )


def range_text(field: FieldInfo) -> str:
    """Return a field's range in words, as "above 0 to 100"; empty when it has none."""
    bounds = {
        name: getattr(rule, name)
        for rule in field.metadata
        for name in ("gt", "ge", "lt", "le")
        if hasattr(rule, name)
    }
    low = f"above {bounds['gt']}" if "gt" in bounds else str(bounds.get("ge", ""))
    high = f"below {bounds['lt']}" if "lt" in bounds else str(bounds.get("le", ""))
    if low and high:
        return f"{low} to {high}"
    if low:
        return low if "gt" in bounds else f"{low} or more"
    return high if "lt" in bounds or not high else f"up to {high}"


def _literal(value: Any) -> str:
    """Return a default as source text; strings in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
