"""docs/settings.md, made from the settings objects: every setting, its range and its reason."""

from __future__ import annotations

from pathlib import Path

from analysis.places import home
from analysis.run.notebook_settings import NOTEBOOKS, Parameter, Places, parameters_of
from analysis.settings import DECISIONS, WORDS, AnalysisSettings

HEAD = """\
# Settings: how patients are counted and numbers are made

This page is made from the settings objects by `reliefcheck notebooks --write`; a test holds it to
them.

Every setting has a default with a reason, the decision page in the last column. Settings are given
to a whole run in a file, or to one notebook in its parameters cell. Names, types and ranges are
checked before anything runs; a wrong one is a sentence and exit code 2.

## A settings file

```yaml
# settings.yaml: what is not named keeps its default
responder_threshold_pct: 50
analysis_visit: week_4
conditions: [crps, fibromyalgia]   # optional; without it, every condition with patients
grid:                              # optional; a run for every combination
  minimum_baseline_score: [0, 4]
```

```sh
reliefcheck run EXPORT --settings settings.yaml
reliefcheck run EXPORT --grid responder_threshold_pct=30,50 --grid analysis_visit=end,week_4
```

What is given on the command line wins over the file. A mapping may fix settings for its export;
the file wins over those ([0012](decisions/0012-settings-precedence.md)).

Choose settings before you see results. A grid shows how much a verdict hangs on a choice; picking
the cell that pleases is no analysis.
"""


def describe_settings() -> str:
    """Return the page as Markdown."""
    settings = "\n".join(map(_row, parameters_of(AnalysisSettings)))
    places = "\n".join(f"| `{p.name}` | {p.help} | {_default(p)} |" for p in parameters_of(Places))
    parts = [
        HEAD,
        "## Every setting\n",
        "| setting | meaning | type | range | default | why |",
        "|---|---|---|---|---|---|",
        settings,
        "",
        "## The words of a choice\n",
        *map(_choice, WORDS),
        "## Which notebook takes which\n",
        "| notebook | settings |",
        "|---|---|",
        *(f"| `{name}` | {_settings_of(name)} |" for name in NOTEBOOKS),
        "",
        "## What a notebook reads and where it writes\n",
        "These stand in the parameters cells beside the settings. `condition` and `results_from`",
        "are there only where a notebook needs them; the default of `condition` is its own.\n",
        "| parameter | meaning | default |",
        "|---|---|---|",
        places,
    ]
    return "\n".join(parts) + "\n"


def _row(setting: Parameter) -> str:
    page = DECISIONS[setting.name]
    found = sorted((home() / "docs" / "decisions").glob(f"{page}-*.md"))
    why = f"[{page}](decisions/{found[0].name})" if found else page
    limits = setting.limits or "any"
    cells = (f"`{setting.name}`", setting.help, setting.type, limits, _default(setting), why)
    return f"| {' | '.join(cells)} |"


def _default(parameter: Parameter) -> str:
    return "empty" if parameter.default == "" else f"`{parameter.default}`"


def _choice(name: str) -> str:
    lines = [f"- `{word}`: {meaning}" for word, meaning in WORDS[name].items()]
    return "\n".join([f"`{name}`", "", *lines, ""])


def _settings_of(notebook: str) -> str:
    names = [n for n in NOTEBOOKS[notebook].model_fields if n in AnalysisSettings.model_fields]
    return ", ".join(f"`{name}`" for name in names)


def write_settings_page() -> Path | None:
    """Write the page where the project has docs; return it when it changed, else None."""
    folder = home() / "docs"
    page = folder / "settings.md"
    text = describe_settings()
    if not folder.is_dir() or (page.is_file() and page.read_text(encoding="utf-8") == text):
        return None
    page.write_text(text, encoding="utf-8")
    return page
