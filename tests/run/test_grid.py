"""A grid of settings: checked combinations, a run each, and a page over all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.claims.judgement import Judgement
from analysis.cli import main
from analysis.errors import InputError, RunError, SettingsError
from analysis.places import data_folder, notebook_folder
from analysis.report.store import write_judgements
from analysis.run import grid as grid_module
from analysis.run.grid import run_grid
from analysis.run.grid_cells import make_cells, parse_grid
from analysis.run.session import RunRequest, RunResult
from analysis.run.shared_workers import SharedWorkers
from analysis.run.tasks import Outcome, Task
from tests.run.exports import write_export
from tests.run.fakes import make_home, quick_paper

CLAIM = Judgement(
    claim_id="C043",
    wording="70-85% of <CRPS> patients",
    source="page",
    condition="crps",
    reading="a reading",
    cited_low=0.7,
    cited_high=0.85,
    cited_text="70-85 %",
    verdict="falls short",
    value=0.54,
    low=0.457,
    high=0.621,
    level=0.95,
    n=137,
    n_missing=14,
)


def test_values_take_the_type_of_the_setting():
    grid = parse_grid(
        ["responder_threshold_pct=30, 50", "series_gap_days=28", "analysis_visit=end,week_4"]
    )
    assert grid == {
        "responder_threshold_pct": (30.0, 50.0),
        "series_gap_days": (28,),
        "analysis_visit": ("end", "week_4"),
    }
    assert [type(v) for v in grid["series_gap_days"]] == [int]


@pytest.mark.parametrize(
    ("texts", "parts"),
    [
        (["responder_threshold_pct"], ("name=value",)),
        (["=30"], ("name=value",)),
        (["responder_treshold_pct=30"], ("Did you mean 'responder_threshold_pct'",)),
        (["responder_threshold_pct=30,fifty"], ("fifty", "number")),
        (["responder_threshold_pct=30,500"], ("500", "100")),
        (["responder_threshold_pct=30,nan"], ("nan", "finite")),
        (["series_gap_days=14.5"], ("14.5", "integer")),
        (["recall=worts"], ("worts", "'worst'")),
        (["responder_threshold_pct=30,"], ("value is missing",)),
        (["responder_threshold_pct="], ("value is missing",)),
        (["responder_threshold_pct=30,30.0"], ("twice",)),
        (["seed=1", "seed=2"], ("twice",)),
    ],
)
def test_what_is_wrong_with_a_grid_is_told(texts, parts):
    with pytest.raises(SettingsError) as caught:
        parse_grid(texts)
    for part in parts:
        assert part in str(caught.value)


def test_cells_are_the_product_and_win_over_shared_settings():
    cells = make_cells(
        {"responder_threshold_pct": (30.0, 50.0), "analysis_visit": ("end", "week_4")},
        shared={"seed": 7, "analysis_visit": "week_12"},
    )
    assert [cell.name for cell in cells] == [
        "responder_threshold_pct-30.analysis_visit-end",
        "responder_threshold_pct-30.analysis_visit-week_4",
        "responder_threshold_pct-50.analysis_visit-end",
        "responder_threshold_pct-50.analysis_visit-week_4",
    ]
    assert cells[1].settings == {
        "seed": 7,
        "responder_threshold_pct": 30.0,
        "analysis_visit": "week_4",
    }
    assert [cell.is_default for cell in cells] == [True, False, False, False]


def test_names_of_folders_are_safe_and_apart():
    hostile = {"claim_arm": ("../../etc", "a/b", "a b", "", "ketamine")}
    names = [cell.name for cell in make_cells(hostile, shared={})]
    assert len(set(names)) == 5
    assert all("/" not in name and not name.startswith(".") for name in names)


def test_too_large_a_grid_is_a_slip():
    with pytest.raises(SettingsError, match="1,001 combinations"):
        make_cells({"seed": tuple(range(1001))}, shared={})
    with pytest.raises(SettingsError, match="no values"):
        make_cells({}, shared={})


class Recorder:
    """An executor that counts how often it is opened and closed."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    def submit(self, task: Task, folder: Path) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        future.set_result(Outcome(task=task, seconds=0.0))
        return future

    def __enter__(self) -> Recorder:
        self.opened += 1
        return self

    def __exit__(self, *problem: object) -> None:
        self.closed += 1


def test_workers_are_opened_once_for_all_runs():
    recorder = Recorder()
    task = Task(notebook="a", condition="all", parameters={})
    with SharedWorkers(lambda: recorder) as workers:
        for _ in range(3):
            with workers as own:
                own.submit(task, Path()).result()
        assert (recorder.opened, recorder.closed) == (1, 0)
    assert (recorder.opened, recorder.closed) == (1, 1)
    with SharedWorkers(lambda: recorder):
        pass
    assert recorder.opened == 1, "nothing had to run"


Runner = Callable[[RunRequest], RunResult]


@pytest.fixture
def run_cells(tmp_path, monkeypatch):
    """Return what runs a grid with a stand-in for the runs themselves."""

    def run(one: Runner, grid: dict, **request: object):
        def stand_in(asked: RunRequest, **_: object) -> RunResult:
            return one(asked)

        monkeypatch.setattr(grid_module, "run_study", stand_in)
        export = write_export(tmp_path / "in" / "e")
        asked = RunRequest(export=export, out=tmp_path / "out" / "grid", cache=None, **request)
        return run_grid(asked, grid)

    return run


def write_run(request: RunRequest, *, error: str = "", verdict: str = "falls short") -> RunResult:
    """Leave what a run leaves that a grid reads."""
    assert request.out is not None
    request.out.mkdir(parents=True)
    (request.out / "index.html").write_text("report", encoding="utf-8")
    (request.out.parent / "latest").unlink(missing_ok=True)
    (request.out.parent / "latest").symlink_to(request.out.name)
    claim = {**vars(CLAIM), "verdict": verdict}
    write_judgements(request.out, [Judgement(**claim)])
    task = Task(notebook="20_responders", condition="crps", parameters={})
    outcome = Outcome(task=task, seconds=1.0, error=error)
    return RunResult(
        folder=request.out, page=request.out / "index.html", outcomes=(outcome,), seconds=1.0
    )


def test_a_run_per_cell_and_an_index_over_them(run_cells, tmp_path):
    seen = []

    def one(request: RunRequest) -> RunResult:
        seen.append(dict(request.settings or {}))
        threshold = seen[-1]["responder_threshold_pct"]
        return write_run(request, verdict="undecided" if threshold == 50 else "falls short")

    result = run_cells(one, {"responder_threshold_pct": (30.0, 50.0)}, settings={"seed": 3})
    assert seen == [
        {"seed": 3, "responder_threshold_pct": 30.0},
        {"seed": 3, "responder_threshold_pct": 50.0},
    ]
    assert not result.failed
    folders = ["responder_threshold_pct-30", "responder_threshold_pct-50"]
    assert sorted(p.name for p in result.folder.iterdir()) == ["index.html", "index.json", *folders]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["grid"]
    told = json.loads((result.folder / "index.json").read_text(encoding="utf-8"))
    assert told["settings"] == {"responder_threshold_pct": [30.0, 50.0]}
    assert [cell["claims"][0]["verdict"] for cell in told["cells"]] == ["falls short", "undecided"]
    assert [cell["default"] for cell in told["cells"]] == [True, False]
    for cell in told["cells"]:
        assert (result.folder / cell["report"]).is_file()
    page = result.page.read_text(encoding="utf-8")
    for part in (
        "&lt;CRPS&gt;",
        "54 %",
        "Falls short",
        "Undecided",
        "n = 137; 14 not known",
        'href="responder_threshold_pct-50/index.html"',
    ):
        assert part in page, part
    assert "<CRPS>" not in page
    assert "[Synthetic]" not in page


def test_a_cell_that_fails_does_not_stop_the_others(run_cells):
    def one(request: RunRequest) -> RunResult:
        match (request.settings or {})["recall"]:
            case "worst":
                raise InputError("no rating has the recall 'worst'")
            case "now":
                raise ZeroDivisionError("a fault")
            case "least":
                return write_run(request, error="RuntimeError: <planted>")
        return write_run(request)

    result = run_cells(one, {"recall": ("worst", "now", "least", "auto")})
    assert [each.cell.values["recall"] for each in result.failed] == ["worst", "now", "least"]
    told = json.loads((result.folder / "index.json").read_text(encoding="utf-8"))["cells"]
    assert [bool(cell["report"]) for cell in told] == [False, False, True, True]
    assert told[1]["error"] == "ZeroDivisionError: a fault"
    assert told[2]["failed_notebooks"] == ["20_responders.crps: RuntimeError: <planted>"]
    page = result.page.read_text(encoding="utf-8")
    assert "No report: no rating has the recall" in page
    assert "&lt;planted&gt;" in page


def test_when_no_run_gives_a_report_nothing_is_left(run_cells, tmp_path):
    def one(request: RunRequest) -> RunResult:
        raise InputError("nothing works")

    with pytest.raises(RunError, match="nothing works"):
        run_cells(one, {"recall": ("worst", "now")})
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("grid", "request_", "part"),
    [
        ({"analysis_visit": ("end", "wek_4")}, {}, "Did you mean 'week_4'"),
        ({"seed": (1, 2)}, {"conditions": ("cprs",)}, "Did you mean 'crps'"),
        ({"seed": (1, -2)}, {}, "-2"),
        ({"seed": (1, 2)}, {"settings": {"recall": "worts"}}, "worts"),
    ],
)
def test_what_is_wrong_is_said_before_anything_runs(run_cells, tmp_path, grid, request_, part):
    def one(request: RunRequest) -> RunResult:
        raise AssertionError("it ran")

    with pytest.raises(SettingsError, match=part):
        run_cells(one, grid, **request_)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--grid", "responder_threshold_pct=30,500"], "500"),
        (["--grid", "seed=1,2", "--plan"], "leave the grid out"),
        (["--shared", "here"], "only with --scheduler"),
        (["--scheduler", "local", "--engine", "forked"], "--engine is of no use"),
        (["--scheduler", "host:8786"], "no address of a scheduler"),
        (["--scheduler", "local", "--shared", "s4://bucket"], "no protocol 's4'"),
        (["--settings", "none.yaml"], "no file"),
    ],
)
def test_the_command_line_says_what_is_wrong(tmp_path, words, part):
    export = write_export(tmp_path / "e")
    out = tmp_path / "out"
    result = CliRunner().invoke(main, ["run", str(export), "--out", str(out), "--quiet", *words])
    assert result.exit_code == 2, result.output
    assert part in result.output
    assert "Traceback" not in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["e"]


@pytest.mark.parametrize("address", ["s4://bucket/june", "memory://nothing/here"])
def test_an_export_that_is_nowhere_is_a_sentence(tmp_path, address):
    result = CliRunner().invoke(main, ["run", address, "--out", str(tmp_path / "out"), "--quiet"])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert address in result.output


def test_file_and_command_line_make_one_grid(tmp_path, monkeypatch):
    """The command line wins; conditions and settings of the file reach every run."""
    seen = []

    def stand_in(asked: RunRequest, **_: object) -> RunResult:
        seen.append((dict(asked.settings or {}), asked.conditions))
        return write_run(asked)

    monkeypatch.setattr(grid_module, "run_study", stand_in)
    told = "series_gap_days: 40\nconditions: [crps]\ngrid:\n  seed: [1, 2]\n  recall: [auto]\n"
    (tmp_path / "s.yaml").write_text(told, encoding="utf-8")
    export, out = write_export(tmp_path / "e"), tmp_path / "out"
    words = ["--settings", str(tmp_path / "s.yaml"), "--grid", "seed=5", "--quiet", "--no-cache"]
    result = CliRunner().invoke(main, ["run", str(export), "--out", str(out), *words])
    assert result.exit_code == 0, result.output
    assert result.output == f"Index: {out / 'index.html'}\n"
    assert seen == [({"series_gap_days": 40, "seed": 5, "recall": "auto"}, ("crps",))]


REAL = ("20_responders", "70_claims", "80_director_summary")
"""Notebooks of the suite in this grid; the others are small ones, as nothing here rests on them."""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A project folder with a few of the suite's notebooks, and reports without PDFs."""
    suite = notebook_folder()
    made = make_home(tmp_path / "home")
    for name in REAL:
        shutil.copy(suite / f"{name}.ipynb", made / "notebooks")
    shutil.rmtree(made / "data")
    (made / "data").symlink_to(data_folder())
    monkeypatch.setenv("RELIEFCHECK_HOME", str(made))
    quick_paper(monkeypatch.setattr)
    return made


@pytest.mark.slow
def test_two_whole_runs_share_workers_and_cache(home, tmp_path):
    """Notebooks of another threshold give other rows; the same grid again is all reused."""
    export, out, cache = write_export(tmp_path / "e"), tmp_path / "out", tmp_path / "cache"
    quick = tmp_path / "quick.yaml"
    quick.write_text("bootstrap_replicates: 200\n", encoding="utf-8")
    words = ["run", str(export), "--condition", "crps", "--grid", "series_gap_days=28,29"]
    words += ["--settings", str(quick), "--cache", str(cache), "--quiet"]
    result = CliRunner().invoke(main, [*words, "--out", str(out)])
    assert result.exit_code == 0, result.output
    told = json.loads((out / "index.json").read_text(encoding="utf-8"))
    assert [cell["settings"] for cell in told["cells"]] == [
        {"series_gap_days": 28},
        {"series_gap_days": 29},
    ]
    for cell in told["cells"]:
        about = json.loads((out / cell["name"] / "run.json").read_text(encoding="utf-8"))
        assert about["settings"]["series_gap_days"] == cell["settings"]["series_gap_days"]
        assert (out / cell["report"]).is_file()
        verdicts = {claim["claim_id"]: claim["verdict"] for claim in cell["claims"]}
        assert verdicts["C044"] == "not testable", "the export has no fibromyalgia"
    assert {path.name for path in out.iterdir()} == {
        "index.html",
        "index.json",
        "series_gap_days-28",
        "series_gap_days-29",
    }
    again = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "again")])
    assert again.exit_code == 0, again.output
    assert (tmp_path / "again" / "index.json").read_bytes() == (out / "index.json").read_bytes()


def test_a_bad_export_is_said_once_and_first(run_cells, tmp_path):
    (tmp_path / "in" / "e").mkdir(parents=True)
    (tmp_path / "in" / "e" / "infusions_2.csv").write_text("a", encoding="utf-8")

    def one(request: RunRequest) -> RunResult:
        raise AssertionError("it ran")

    export = tmp_path / "in" / "e"
    with pytest.raises(InputError):
        run_cells(one, {"seed": (1, 2)}, mapping=export / "none.yaml")
    assert not (tmp_path / "out").exists()
