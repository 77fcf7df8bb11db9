"""Nothing is done twice, and nothing that changed is taken for the same."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from analysis.errors import SettingsError
from analysis.places import data_folder, notebook_folder
from analysis.run import cache_keys
from analysis.run.cache_keys import digest_inputs, digest_tree
from analysis.run.cache_store import Cache, open_cache
from analysis.run.plan_text import plan_study
from analysis.run.session import RunRequest, RunResult, open_session, run_study
from tests.run.exports import INFUSIONS, PAIN_SCORES, PATIENTS, write_export
from tests.run.fakes import Here, make_home

PACKAGE = Path(cache_keys.__file__).parents[1]
PER_CONDITION = ("20_responders", "30_pain_reduction", "40_relief_duration")


@dataclass
class World:
    """A suite of cheap notebooks, an export, a cache, and who executes."""

    folder: Path
    executor: Here

    @property
    def export(self) -> Path:
        return self.folder / "export"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def request(self, out: str = "", **more: object) -> RunRequest:
        asked = {"export": self.export, "cache": self.cache, "out": None, **more}
        return RunRequest(**asked | ({"out": self.folder / out} if out else {}))

    def run(self, out: str = "", **more: object) -> RunResult:
        self.executor.executed.clear()
        return run_study(self.request(out, **more), open_executor=lambda: self.executor)

    def kept(self, kind: str) -> list[Path]:
        return sorted(path.parent for path in self.cache.glob(f"{kind}/??/*/entry.json"))


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    monkeypatch.setenv("RELIEFCHECK_HOME", str(make_home(tmp_path / "home")))
    write_export(tmp_path / "export")
    return World(tmp_path, Here())


def change(path: Path) -> None:
    """Change one byte, and leave the length as it was."""
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def copied(tmp_path, monkeypatch) -> Path:
    """A copy of a part of the package, with the project's real data and notebooks, to change."""
    home, package = tmp_path / "home", tmp_path / "package"
    shutil.copytree(data_folder(), home / "data", ignore=shutil.ignore_patterns("demo"))
    shutil.copytree(notebook_folder(), home / "notebooks")
    for part in ("report", "estimate", "run"):
        shutil.copytree(PACKAGE / part, package / part)
    monkeypatch.setenv("RELIEFCHECK_HOME", str(home))
    roots = ((package, cache_keys.NOT_CODE), (home / "data", cache_keys.NOT_DATA))
    monkeypatch.setattr(cache_keys, "code_roots", lambda: roots)
    write_export(tmp_path / "export")
    (tmp_path / "map.yaml").write_text("name: clinic\n")
    return tmp_path


PARTS = {
    "patients": "export/patients.csv",
    "scores": "export/pain_scores.csv",
    "infusions": "export/infusions.csv",
    "mapping": "map.yaml",
    "module": "package/estimate/proportions.py",
    "template": "package/report/templates/page.html.j2",
    "ledger": "home/data/claims/ledger.csv",
    "conditions": "home/data/conditions.csv",
    "notebook": "home/notebooks/20_responders.ipynb",
}


def key_of(folder: Path, **more: object) -> str:
    key = open_session(
        RunRequest(export=folder / "export", mapping=folder / "map.yaml", cache=None, **more)
    ).key
    assert key is not None
    return key


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_byte_changes_the_key(copied, part):
    before = key_of(copied)
    assert key_of(copied) == before
    change(copied / PARTS[part])
    assert key_of(copied) != before


def test_other_changes_change_the_key(copied, monkeypatch):
    """A setting, a condition, a new file, a renamed one, a library's version, a fixed date."""
    keys = [key_of(copied), key_of(copied, settings={"responder_threshold_pct": 50.0})]
    keys += [key_of(copied, settings={"responder_threshold_pct": 50.5})]
    keys += [key_of(copied, conditions=("crps",))]
    (copied / "package" / "estimate" / "new.py").write_text("")
    keys += [key_of(copied)]
    (copied / "package" / "estimate" / "new.py").rename(copied / "package" / "estimate" / "of.py")
    keys += [key_of(copied)]
    (copied / "export" / "adverse_events.csv").write_text("")
    keys += [key_of(copied)]
    versions = cache_keys.library_versions()
    assert any(name.startswith("numpy-") for name in versions)
    monkeypatch.setattr(cache_keys, "library_versions", lambda: (*versions, "numpy-99.dist-info"))
    keys += [key_of(copied)]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    keys += [key_of(copied)]
    assert len(set(keys)) == len(keys)


def test_what_is_no_part_of_a_run_leaves_the_key(copied):
    before = key_of(copied, workers=1, engine="papermill")
    (copied / "package" / "estimate" / "__pycache__").mkdir(exist_ok=True)
    (copied / "package" / "estimate" / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert key_of(copied, workers=2, out=copied / "elsewhere") == before


def test_an_export_that_holds_the_reports_is_never_taken_for_the_same(tmp_path):
    export = write_export(tmp_path / "export")
    assert digest_inputs(export, None, outputs=[tmp_path / "reports"]) is not None
    assert digest_inputs(export, None, outputs=[export / "reports"]) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_an_export_does_not_stop_the_suite(tmp_path):
    export = write_export(tmp_path / "export")
    os.mkfifo(export / "pipe")
    with pytest.raises(OSError, match="no file"):
        digest_tree(export)
    assert digest_inputs(export, None, outputs=[]) is None


def test_an_unchanged_run_is_given_again(world):
    first = world.run()
    assert len(world.executor.executed) == 12
    again = world.run()
    assert again.unchanged
    assert again.folder == first.folder
    assert world.executor.executed == []
    assert len(again.reused) == 12
    assert "Nothing changed since" in again.notes[-1]


def test_an_unchanged_run_is_copied_to_the_folder_asked_for(world):
    first = digest_tree(world.run("first").folder)
    (world.folder / "first" / "signature.json").write_text("added by somebody later")
    again = world.run("again")
    assert again.unchanged
    assert digest_tree(again.folder) == first


def test_a_changed_report_is_not_given_again(world):
    """Somebody wrote into it; it is made again beside, from the kept notebooks."""
    first = world.run()
    change(first.folder / "index.html")
    again = world.run()
    assert again.folder != first.folder
    assert world.executor.executed == []
    assert len(again.reused) == 12


def test_a_new_export_of_one_condition_runs_only_what_depends_on_it(world):
    world.run()
    text = PAIN_SCORES.replace("A6,2026-03-04,2", "A6,2026-03-04,3")
    write_export(world.export, pain_scores=text)
    again = world.run()
    expected = {f"{name}.{code}" for name in PER_CONDITION for code in ("all", "neuropathic")}
    expected |= {"10_data_quality.all", "70_claims.all", "80_director_summary.all"}
    assert set(world.executor.executed) == expected
    assert {outcome.task.name for outcome in again.reused} == {f"{n}.crps" for n in PER_CONDITION}


def test_rows_of_others_before_ones_own_change_nothing(world):
    """A patient of another condition, put first, moves every line number of the files."""
    world.run()
    first = {
        "patients": PATIENTS.replace("A1,", "A0,neuropathic,diabetic\nA1,", 1),
        "infusions": INFUSIONS.replace("A1,", "A0,2026-03-02\nA1,", 1),
        "pain_scores": PAIN_SCORES.replace("A1,", "A0,2026-03-01,7\nA1,", 1),
    }
    write_export(world.export, **first)
    world.run()
    assert not [name for name in world.executor.executed if name.endswith(".crps")]
    assert "20_responders.neuropathic" in world.executor.executed


def test_a_changed_notebook_runs_with_what_reads_it(world):
    world.run()
    path = world.folder / "home" / "notebooks" / "30_pain_reduction.ipynb"
    path.write_text(path.read_text().replace(" in all.", " in sum."))
    world.run()
    expected = {f"30_pain_reduction.{code}" for code in ("all", "crps", "neuropathic")}
    expected |= {"70_claims.all", "80_director_summary.all"}
    assert set(world.executor.executed) == expected


def test_a_setting_runs_everything(world):
    world.run()
    world.run(settings={"responder_threshold_pct": 50.0})
    assert len(world.executor.executed) == 12


def test_no_cache_keeps_and_reads_nothing(world):
    world.run("a", cache=None)
    world.run("b", cache=None)
    assert len(world.executor.executed) == 12
    assert not world.cache.exists()
    assert not (world.folder / "home" / "reports").exists()


def test_code_that_changes_during_a_run_is_not_kept(world, monkeypatch):
    monkeypatch.setattr(cache_keys.Suite, "is_unchanged", lambda _: False)
    result = world.run("a")
    assert any("changed while it ran" in note for note in result.notes)
    assert world.kept("notebooks") == world.kept("runs") == world.kept("prepared") == []


def truncate(entry: Path) -> None:
    victim = next(p for p in sorted(entry.rglob("*")) if p.is_file() and p.name != "entry.json")
    victim.write_bytes(victim.read_bytes()[:-1])


def swap(entry: Path) -> None:
    victim = next(p for p in sorted(entry.rglob("*")) if p.is_file() and p.name != "entry.json")
    change(victim)


def unlink(entry: Path) -> None:
    next(p for p in sorted(entry.rglob("*")) if p.is_file() and p.name != "entry.json").unlink()


def garble(entry: Path) -> None:
    (entry / "entry.json").write_text("{")


def relist(entry: Path) -> None:
    """Change a file and its SHA-256 in the list, as a forger would who overlooks the seal."""
    swap(entry)
    told = json.loads((entry / "entry.json").read_text())
    told["files"] = dict.fromkeys(told["files"], "0" * 64)
    (entry / "entry.json").write_text(json.dumps(told))


def replace_by_folder(entry: Path) -> None:
    (entry / "entry.json").unlink()
    (entry / "entry.json").mkdir()


def replace_by_file(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.write_text("not a folder")


DAMAGES = (truncate, swap, unlink, garble, relist, replace_by_folder, replace_by_file)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> World:
    """A run of one condition with its cache, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELIEFCHECK_HOME", str(make_home(folder / "home")))
        write_export(folder / "export")
        world = World(folder, Here())
        world.run("report", conditions=("crps",))
        shutil.rmtree(world.cache / "runs")
    return world


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("kind", ["notebooks", "prepared"])
def test_a_damaged_entry_is_noticed_and_made_again(
    sound, tmp_path, monkeypatch, damage: Callable[[Path], None], kind: str
):
    monkeypatch.setenv("RELIEFCHECK_HOME", str(sound.folder / "home"))
    for name in ("export", "cache"):
        shutil.copytree(sound.folder / name, tmp_path / name)
    world = World(tmp_path, Here())
    damage(world.kept(kind)[0])
    again = world.run("again", conditions=("crps",))
    assert any("was damaged and is made again" in note for note in again.notes), again.notes
    assert len(world.executor.executed) == (1 if kind == "notebooks" else 0)
    for name in ("results.json", "index.html", "claims.json"):
        assert (again.folder / name).read_bytes() == (sound.folder / "report" / name).read_bytes()
    assert len(world.kept(kind)) == len(sound.kept(kind)), "it is kept again"


def test_a_damaged_record_of_a_run_only_makes_the_report_again(world):
    world.run("sound")
    garble(world.kept("runs")[0])
    assert not world.run("again").unchanged
    assert world.executor.executed == []


def test_a_cache_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SettingsError, match="--cache"):
            open_cache(folder)


def test_a_full_disk_under_the_cache_is_noted_and_the_run_goes_on(world, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "somewhere/x.json")

    monkeypatch.setattr("analysis.run.cache_store.sync_tree", full)
    result = world.run("a")
    told = "Results could not be kept for the next run: x.json: No space left on device."
    assert told in result.notes
    assert not result.failed
    assert world.kept("notebooks") == []
    assert [p for p in world.cache.iterdir() if p.name.startswith(".entry")] == []


def test_old_entries_go_and_used_ones_stay(tmp_path):
    cache = Cache(tmp_path)
    for key in ("aa1", "bb2"):
        cache.put("notebooks", key, None, {})
        os.utime(tmp_path / "notebooks" / key[:2] / key / "entry.json", (0, 0))
    assert cache.find("notebooks", "aa1") is not None
    cache.tidy()
    assert cache.find("notebooks", "aa1") is not None
    assert cache.find("notebooks", "bb2") is None


def test_only_the_owner_can_read_the_cache(tmp_path):
    """It holds patients' data."""
    cache = Cache(tmp_path / "cache")
    cache.put("notebooks", "aa1", None, {})
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def test_the_plan_says_what_would_be_reused_and_runs_nothing(world):
    before = plan_study(world.request())
    assert "12 notebooks: 0 reused, 12 to run" in before
    assert not world.cache.exists()
    world.run()
    write_export(
        world.export, pain_scores=PAIN_SCORES.replace("A6,2026-03-04,2", "A6,2026-03-04,3")
    )
    kept = digest_tree(world.cache)
    after = plan_study(world.request())
    assert "12 notebooks: 3 reused, 9 to run" in after
    assert digest_tree(world.cache) == kept
    line = next(line for line in after.splitlines() if line.startswith("20_responders        crps"))
    assert "reused" in line


def test_two_runs_of_the_same_inputs_give_the_same_bytes(world):
    """But for the files that say when and how long."""
    contents = []
    for out in ("a", "b"):
        folder = world.run(out, cache=None, conditions=("crps",)).folder
        found = digest_tree(folder)
        about = ("run.json", "ro-crate-metadata.json")
        contents.append({n: d for n, d in found.items() if n not in about and n[-6:] != ".ipynb"})
    assert contents[0] == contents[1]
    assert {"index.html", "results.json", "results.csv", "claims.json"} <= set(contents[0])


def test_a_fixed_date_is_the_date_of_the_run(world, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # 1 January 2026, 00:00 UTC
    folder = world.run("a", conditions=("crps",)).folder
    about = json.loads((folder / "run.json").read_text())
    assert about["started"] == "2026-01-01T00:00:00+00:00"


def test_another_language_is_another_run(world, monkeypatch):
    world.run("first")
    own = world.folder / "own.toml"
    own.write_text('[words.verdicts]\nmeets = "Erreicht"\n')
    monkeypatch.setenv("RELIEFCHECK_LANGUAGE", str(own))
    world.run("second")
    assert world.executor.executed
