"""Nothing is done twice, and nothing that changed is taken for the same."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.errors import RunError, SettingsError
from analysis.files import sha256_of
from analysis.run import reuse, session
from analysis.run.reuse import Cache, digest_export, digest_files, open_cache
from analysis.run.session import plan_study
from tests.run.conftest import N_NOTEBOOKS, World, make_world
from tests.run.exports import PAIN_SCORES, write_export
from tests.run.small import write_small_report


def change(path: Path) -> None:
    """Change one byte, and leave the length as it was."""
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


# --- the key ------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path, monkeypatch) -> Path:
    """A copy of a part of the package and of its data, to change."""
    package = Path(reuse.__file__).parents[1]
    shutil.copytree(reuse.data_folder(), tmp_path / "data", ignore=lambda *_: {"demo"})
    shutil.copytree(package / "stats", tmp_path / "package" / "stats")
    monkeypatch.setattr(reuse, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(reuse, "__file__", str(tmp_path / "package" / "run" / "reuse.py"))
    make_world(tmp_path)
    (tmp_path / "map.yaml").write_text("name: clinic\n")
    return tmp_path


def key_of(folder: Path, **more: object) -> str | None:
    run = session._Run(World(folder).request(mapping=folder / "map.yaml", cache=None, **more))
    return run.key


@pytest.mark.parametrize(
    "part",
    [
        "export/patients.csv", "export/pain_scores.csv", "export/infusions.csv", "map.yaml",
        "package/stats/rates.py", "data/claims/ledger.csv", "data/conditions.csv",
        "notebooks/20_responders.ipynb",
    ],
)  # fmt: skip
def test_a_changed_byte_changes_the_key(copied, part):
    before = key_of(copied)
    assert key_of(copied) == before
    change(copied / part)
    assert key_of(copied) != before


def test_other_changes_change_the_key(copied, monkeypatch):
    """A setting, a condition, a new file, a renamed one, a library's version, a fixed date."""
    keys = [key_of(copied), key_of(copied, settings={"responder_threshold_pct": 50.0})]
    keys += [key_of(copied, settings={"responder_threshold_pct": 50.5})]
    keys += [key_of(copied, conditions=("crps",))]
    module = copied / "package" / "stats" / "new.py"
    module.write_text("")
    keys += [key_of(copied)]
    module.rename(module.with_name("of.py"))
    keys += [key_of(copied)]
    (copied / "export" / "adverse_events.csv").write_text("")
    keys += [key_of(copied)]
    (copied / "site" / "numpy-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(copied / "site")
    keys += [key_of(copied)]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    keys += [key_of(copied)]
    assert None not in keys
    assert len(set(keys)) == len(keys)


def test_what_is_no_part_of_a_run_leaves_the_key(copied):
    before = key_of(copied, workers=1, engine="papermill")
    (copied / "package" / "__pycache__").mkdir()
    (copied / "package" / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert key_of(copied, workers=2, out="elsewhere") == before


def test_an_export_that_holds_the_reports_is_never_taken_for_the_same(tmp_path):
    export = write_export(tmp_path / "export")
    assert digest_export(export, None, outputs=[tmp_path / "reports"]) is not None
    assert digest_export(export, None, outputs=[export / "reports"]) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_an_export_does_not_stop_the_suite(tmp_path):
    export = write_export(tmp_path / "export")
    os.mkfifo(export / "pipe")
    with pytest.raises(OSError, match="no file"):
        digest_files(export)
    assert digest_export(export, None, outputs=[]) is None


# --- runs ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_unchanged_run_is_given_again(world):
    first = world.run()
    assert len(world.executor.executed) == N_NOTEBOOKS
    again = world.run()
    assert again.unchanged
    assert again.folder == first.folder
    assert world.executor.executed == []
    assert len([each for each in again.outcomes if each.reused]) == N_NOTEBOOKS
    assert "Nothing changed since" in again.notes[-1]


@pytest.mark.slow
def test_an_unchanged_run_loads_no_statistics(world, tmp_path):
    """What makes it quick: it is known before pandas is needed."""
    import subprocess
    import sys

    world.run(out="first")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from analysis.run.session import RunRequest, run_study\n"
        f"top = Path({str(tmp_path)!r})\n"
        "done = run_study(RunRequest(export=top / 'export', cache=top / 'cache',\n"
        "                            notebooks=top / 'notebooks', out=top / 'again'))\n"
        "print(done.unchanged, sorted({'pandas', 'numpy', 'papermill'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


@pytest.mark.slow
def test_an_unchanged_run_is_copied_to_the_folder_asked_for(world):
    first = digest_files(world.run("first").folder)
    (world.folder / "first" / "signoff.json").write_text("added by somebody later")
    again = world.run("again")
    assert again.unchanged
    assert digest_files(again.folder) == first


@pytest.mark.slow
def test_a_changed_report_is_not_given_again(world):
    """Somebody wrote into it; it is made again beside it, from the kept notebooks."""
    first = world.run()
    change(first.folder / "index.html")
    again = world.run()
    assert again.folder != first.folder
    assert world.executor.executed == []


@pytest.mark.slow
def test_a_new_rating_runs_everything(world):
    world.run()
    write_export(
        world.export, pain_scores=PAIN_SCORES.replace("A6,2026-03-04,2", "A6,2026-03-04,3")
    )
    world.run()
    assert len(world.executor.executed) == N_NOTEBOOKS


@pytest.mark.slow
def test_a_setting_runs_everything(world):
    world.run()
    world.run(settings={"responder_threshold_pct": 50.0})
    assert len(world.executor.executed) == N_NOTEBOOKS


@pytest.mark.slow
def test_a_changed_notebook_runs_with_what_reads_it(world):
    world.run()
    path = world.notebooks / "30_pain_reduction.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("means = means", "means  = means"))
    world.run()
    assert world.executor.executed == [
        "30_pain_reduction.all", "70_claims.all", "80_director_summary.all",
    ]  # fmt: skip


@pytest.mark.slow
def test_no_cache_keeps_and_reads_nothing(world):
    world.run("a", cache=None)
    world.run("b", cache=None)
    assert len(world.executor.executed) == N_NOTEBOOKS
    assert not world.cache.exists()
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.slow
def test_code_that_changes_during_a_run_leaves_no_report(world, monkeypatch):
    """Outside the command nothing is copied, so what ran could not be named."""
    codes = iter(range(100))
    monkeypatch.setattr(session, "digest_code", lambda: str(next(codes)))
    with pytest.raises(RunError, match="changed during the run"):
        world.run("a")
    assert world.kept() == []
    assert not (world.folder / "a").exists()


@pytest.mark.slow
def test_a_changed_copy_of_the_export_outside_is_not_covered(world, tmp_path):
    """A mapping reads a file that is no part of the export: its bytes are not in the run's key."""
    outside = tmp_path / "elsewhere.csv"
    outside.write_text(PAIN_SCORES)
    (world.export / "pain_scores.csv").unlink()
    mapping = tmp_path / "map.yaml"
    mapping.write_text("tables: {pain_scores: {file: ../elsewhere.csv}}\n")
    world.run(mapping=mapping, also=(outside,))
    outside.write_text(PAIN_SCORES.replace("A6,2026-03-04,2", "A6,2026-03-04,3"))
    assert not world.run(mapping=mapping, also=(outside,)).unchanged
    assert len(world.executor.executed) == N_NOTEBOOKS


# --- damage -------------------------------------------------------------------------------------


def victim(entry: Path) -> Path:
    return next(p for p in sorted(entry.rglob("*")) if p.is_file() and p.name != "files.json")


def truncate(entry: Path) -> None:
    victim(entry).write_bytes(victim(entry).read_bytes()[:-1])


def swap(entry: Path) -> None:
    change(victim(entry))


def unlink(entry: Path) -> None:
    victim(entry).unlink()


def garble(entry: Path) -> None:
    (entry / "files.json").write_text("{")


def relist(entry: Path) -> None:
    """Change a file, its SHA-256 in the list, and the seal, as a forger without the key would."""
    swap(entry)
    key = entry.name
    found = json.loads((entry / "files.json").read_text())["content"]
    found[victim(entry).relative_to(entry).as_posix()] = sha256_of(victim(entry))
    (entry / "files.json").write_text(Cache(entry.parent)._sealed(key, found))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> World:
    """A run with its cache, to be copied and damaged."""
    folder = tmp_path_factory.mktemp("sound")
    world = make_world(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.report.page.write_report", write_small_report)
        patch.chdir(folder)
        world.run("report")
    for path in world.cache.glob("*.json"):
        path.unlink()
    return world


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncate, swap, unlink, garble, relist])
def test_a_damaged_entry_is_noticed_and_made_again(sound, world, damage: Callable[[Path], None]):
    shutil.copytree(sound.cache, world.cache)
    damage(world.kept()[0])
    again = world.run("again")
    assert any("damaged and are made again" in note for note in again.notes), again.notes
    assert len(world.executor.executed) == 1
    for name in ("results.json", "results.csv", "claims.json"):
        assert (again.folder / name).read_bytes() == (sound.folder / "report" / name).read_bytes()
    assert len(world.kept()) == len(sound.kept()), "it is kept again"


@pytest.mark.slow
def test_a_damaged_record_of_a_run_only_makes_the_report_again(world):
    world.run("sound")
    for path in world.cache.glob("*.json"):
        path.write_text("{")
    assert not world.run("again").unchanged
    assert world.executor.executed == []


def test_a_cache_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SettingsError, match="--cache"):
            open_cache(folder)


@pytest.mark.slow
def test_a_full_disk_under_the_cache_is_noted_and_the_run_goes_on(world, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Cache, "_make_root", full)
    result = world.run("a")
    assert any("could not be kept" in n and "No space left" in n for n in result.notes)
    assert (result.folder / "index.html").is_file()
    assert world.kept() == []


def test_old_entries_go_and_used_ones_stay(tmp_path):
    cache = Cache(tmp_path / "cache")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.json").write_text("{}")
    for key in ("aa1", "bb2"):
        cache.keep(key, tmp_path / "made")
        os.utime(tmp_path / "cache" / key / "files.json", (0, 0))
    assert cache.take("aa1", tmp_path / "taken")
    cache.tidy()
    assert (cache.has("aa1"), cache.has("bb2")) == (True, False)
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0, "it holds patients' data"


# --- the plan, and the same bytes ---------------------------------------------------------------


@pytest.mark.slow
def test_the_plan_says_what_would_be_reused_and_runs_nothing(world):
    assert "4 notebooks: 0 reused, 4 to run, 2 at a time." in plan_study(world.request())
    assert not world.cache.exists()
    world.run()
    path = world.notebooks / "30_pain_reduction.ipynb"
    path.write_text(path.read_text(encoding="utf-8") + "\n")
    kept = digest_files(world.cache)
    after = plan_study(world.request())
    assert "4 notebooks: 1 reused, 3 to run" in after
    assert digest_files(world.cache) == kept
    (line,) = (line for line in after.splitlines() if line.startswith("20_responders.all"))
    assert line.endswith("reused")


@pytest.mark.slow
def test_two_runs_of_the_same_inputs_give_the_same_results_byte_for_byte(world):
    a, b = (digest_files(world.run(out, cache=None).folder) for out in ("a", "b"))
    same = {name for name in a if a[name] == b.get(name)}
    assert set(a) == set(b)
    assert {name for name in a if name.endswith((".csv", ".json", ".parquet"))} - same <= {
        "run.json"
    }


@pytest.mark.slow
def test_a_fixed_date_is_the_date_of_the_run(world, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")  # 1 January 2026, 00:00 UTC
    about = json.loads((world.run("a").folder / "run.json").read_text())
    assert about["started"] == "2026-01-01T00:00:00+00:00"
