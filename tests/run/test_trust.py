"""What comes from outside commands nothing: mappings, links, caches, terminals, clusters."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import main
from analysis.errors import InputError, MappingError, RunError, SettingsError, shown
from analysis.files import read_plain
from analysis.intake.load import load_export
from analysis.intake.mapping import load_yaml
from analysis.report.signoff import sign_run
from analysis.run import reuse, session
from analysis.run.plan import load_settings_file
from analysis.run.reuse import copy_checked, digest_files, open_cache
from analysis.run.verify import verify_run
from tests.run.conftest import N_NOTEBOOKS
from tests.run.exports import write_export
from tests.run.small import class_of, make_notebooks, write_notebook

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX files and signals")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the warm engine needs Linux")


# --- a mapping is data --------------------------------------------------------------------------

OUTSIDE = {
    "two dots": "tables: {patients: {file: ../other/patients.csv}}",
    "absolute": "tables: {patients: {file: /etc/passwd}}",
    "a pattern": "tables: {patients: {file: ../oth*/patients.csv}}",
    "a pattern's end": "tables: {patients: {file: '*/../../other/patients.csv'}}",
    "second file": "tables: {patients: {more_columns: {file: ../other/p.csv, by: patient_id}}}",
    "key of /proc": "hash_key: /proc/self/environ",
    "key at home": "hash_key: ~/.ssh/id_rsa",
    "NUL": 'tables: {patients: {file: "a\\0b"}}',
    "half a character": 'tables: {patients: {file: "a\\ud800b"}}',
    "NUL in a key": 'hash_key: "a\\0b"',
}


@pytest.fixture
def export(tmp_path) -> Path:
    write_export(tmp_path / "other")
    (tmp_path / "export" / "sub").mkdir(parents=True)
    return write_export(tmp_path / "export")


@pytest.mark.parametrize("rule", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("given", [False, True], ids=["in the export", "on the command line"])
def test_a_mapping_reads_nothing_outside_the_export(export, tmp_path, rule, given):
    mapping = tmp_path / "map.yaml" if given else export / "mapping.yaml"
    mapping.write_text(rule + "\n")
    with pytest.raises(MappingError, match=r"outside the folder .* --also") as caught:
        load_export(export, mapping if given else None)
    assert "root:" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["patients.csv", "mapping.yaml"])
def test_a_link_out_of_the_export_is_refused_unless_allowed(export, tmp_path, name):
    outside = tmp_path / "other" / name
    outside.touch()
    (export / name).unlink(missing_ok=True)
    (export / name).symlink_to(outside)
    with pytest.raises(MappingError, match="is a link, which lies outside"):
        load_export(export)
    if name == "patients.csv":
        assert len(load_export(export, also=[outside]).tables["patients"]) == 6


@pytest.mark.slow
def test_what_the_command_line_allows_is_read(export, tmp_path):
    (export / "mapping.yaml").write_text(OUTSIDE["two dots"])
    other = tmp_path / "other"
    for also in ([other], [other / "patients.csv"]):
        assert len(load_export(export, also=also).tables["patients"]) == 6
    done = CliRunner().invoke(main, ["check", str(export), "--also", str(other)])
    assert done.exit_code == 0, done.output


# --- files that are none ------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(export, tmp_path, kind):
    odd = tmp_path / "odd.csv"
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "device":
        odd.symlink_to("/dev/zero")
    else:
        odd.mkdir()
    reads = [
        lambda: load_export(odd),
        lambda: load_yaml(odd),
        lambda: load_settings_file(odd),
        lambda: load_export(export, odd),
    ]
    for read in reads if kind != "directory" else reads[1:]:
        with pytest.raises(InputError, match=f"it is a {kind}, not a file"):
            read()
    (export / "mapping.yaml").write_text("hash_key: key\n")
    (export / "patients.csv").unlink()
    for name in ("key", "patients.csv"):
        odd.rename(export / name) if not (export / name).exists() else None
        odd = export / name
        with pytest.raises(InputError, match=r"hash_key|not a file|is a link"):
            load_export(export)
        (export / "mapping.yaml").unlink(missing_ok=True)
    done = CliRunner().invoke(main, ["lint", str(odd), "--no-run"])
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output


@POSIX
def test_a_run_folder_of_pipes_is_refused(tmp_path):
    for name in ("run.json", "results.json", "claims.json", "signoff.json", "index.html"):
        os.mkfifo(tmp_path / name)
    for words in (["verify"], ["sign", "--as", "A", "--role", "B"], ["claims", "--run"]):
        done = CliRunner().invoke(main, [*words, str(tmp_path)])
        assert done.exit_code == 2, (words, done.output)


def test_a_name_no_file_can_have_is_a_sentence(export):
    name = "x" * 300
    for words in (["check", name], ["check", str(export), "--mapping", name],
                  ["run", str(export), "--out", name], ["run", str(export), "--settings", name],
                  ["run", str(export), "--cache", name], ["lint", name, "--no-run"]):  # fmt: skip
        done = CliRunner().invoke(main, [*words, "--plan"] if words[0] == "run" else words)
        assert done.exit_code == 2, (words, done.output, done.exception)
        assert len(done.output.splitlines()) == 1


def test_links_in_a_circle_end(export):
    for name in ("a", "b"):
        (export / name).symlink_to(".")
    with pytest.raises(OSError, match="a link to a folder that is there already"):
        digest_files(export)


# --- a terminal ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_an_export_says_cannot_command_a_terminal(export):
    evil = "wea\x1b[31mther\x9b2J\N{RIGHT-TO-LEFT OVERRIDE}x"
    rows = (export / "patients.csv").read_text().splitlines()
    text = "\n".join(f"{row},{evil if at == 0 else 'mild'}" for at, row in enumerate(rows))
    (export / "patients.csv").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", str(export)])
    assert done.exit_code == 0
    assert r"wea\u001b[31mther\u009b2J\u202ex" in done.output
    assert not {"\x1b", "\x9b", "\N{RIGHT-TO-LEFT OVERRIDE}"} & set(done.output)
    assert json.loads(shown(json.dumps(evil, ensure_ascii=False))) == evil
    assert shown("Müller \N{SYRINGE}\n\t") == "Müller \N{SYRINGE}\n\t"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "analysis", *words]


@pytest.mark.slow
def test_an_encoding_that_cannot_write_it_gets_escapes(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<p>70% of patients respond \N{GREATER-THAN OR EQUAL TO} \N{SYRINGE}</p>", encoding="utf-8"
    )
    done = subprocess.run(
        command("lint", str(page), "--no-run"), capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, b"")
    assert rb"respond \u2265 \ud83d\udc89" in done.stdout


@pytest.mark.slow
@POSIX
def test_a_reader_that_has_enough_is_no_error():
    with subprocess.Popen(command("claims"), stdout=-1, stderr=-1) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()  # as `| head` does
        assert process.stderr.read() == b""


# --- files only for their owner -----------------------------------------------------------------


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(("group", "open_to"), [(False, 0), (True, 0o050)])
def test_only_the_owner_can_read_what_a_run_writes(world, group, open_to):
    before = os.umask(0o002)
    try:
        run = world.run("made/report", group_readable=group).folder
        world.run("made/again", group_readable=group)
        sign_run(run, name="A", role="B", on=date(2026, 3, 1))
        assert os.umask(0o002) == 0o002, "the caller's own files are as before"
    finally:
        os.umask(before)
    for path in [*(world.folder / "made").rglob("*"), *world.cache.rglob("*")]:
        if not path.is_symlink() and path.name != "signoff.json":
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 & ~open_to == 0, path
    assert stat.S_IMODE(run.stat().st_mode) & 0o077 == open_to
    assert stat.S_IMODE(world.cache.stat().st_mode) == 0o700
    line = (run / "README.md").read_text()
    assert "patients' records" in line
    assert ("your group" in line) is group


# --- the cache ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "a/../../evil", "..\\evil"])
def test_names_of_kept_files_stay_inside(tmp_path, name):
    (tmp_path / "kept").mkdir()
    with pytest.raises(ValueError, match="would lie elsewhere"):
        copy_checked(tmp_path / "kept", tmp_path / "out", {name: "0" * 64})
    assert {path.name for path in tmp_path.iterdir()} == {"kept"}


@pytest.mark.slow
def test_a_cache_of_somebody_else_is_a_miss(world, tmp_path, monkeypatch):
    """The same entries, sealed with another's key: nothing of them is taken."""
    world.run("first")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    again = world.run("again")
    assert not again.unchanged
    assert len(world.executor.executed) == N_NOTEBOOKS


@pytest.mark.slow
def test_a_forged_page_is_not_served(world):
    first = world.run("first").folder
    page, about = first / "index.html", json.loads((first / "run.json").read_text())
    page.write_text("<body>All claims are met.<!--signoff--><!--/signoff--></body>")
    about["outputs"]["index.html"] = reuse.sha256_of(page)
    about["outputs"]["../../evil.html"] = reuse.sha256_of(page)
    (first / "run.json").write_text(json.dumps(about))
    for path in world.cache.glob("*.json"):
        kept = json.loads(path.read_text())
        kept["content"]["run_sha256"] = reuse.sha256_of(first / "run.json")
        path.write_text(json.dumps(kept))
    again = world.run("again")
    assert not again.unchanged
    assert "All claims are met" not in (again.folder / "index.html").read_text()
    assert not list(world.folder.parent.rglob("evil.html"))


@POSIX
def test_a_cache_that_others_can_write_is_refused_with_its_reason(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o770)
    with pytest.raises(SettingsError, match="can be written to by others"):
        open_cache(cache)
    cache.chmod(0o700)
    assert open_cache(cache).root == cache
    if os.geteuid() == 0:
        os.chown(cache, 65534, 65534)
        with pytest.raises(SettingsError, match="belongs to another user"):
            open_cache(cache)


@pytest.mark.slow
def test_without_a_place_for_the_key_everything_is_made_and_said(world, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file" / "below"))
    for out in ("first", "again"):
        assert any("key that seals it cannot be kept" in note for note in world.run(out).notes)
        assert len(world.executor.executed) == N_NOTEBOOKS


# --- what ran is what is recorded ---------------------------------------------------------------

EDIT = """\
from pathlib import Path
Path({notebook!r}).write_text("{{}}")
for name in ("claims/records.py", "report/page.py", "report/templates/page.html"):
    Path({package!r}, name).write_text("raise RuntimeError('edited')")
"""


@pytest.mark.slow
@LINUX
def test_a_run_goes_on_with_the_suite_as_it_was_when_it_began(tmp_path):
    suite, nb = tmp_path / "suite", tmp_path / "notebooks"
    for part in ("src", "data", "notebooks", "docs/simulations"):
        shutil.copytree(ROOT / part, suite / part)
    package = suite / "src" / "analysis"
    edit = EDIT.format(notebook=str(nb / "70_claims.ipynb"), package=str(package))
    make_notebooks(nb)
    (nb / "helper.py").write_text("planted = 7\n")
    edit = edit.replace("{{}}", "{}") + f"Path({str(nb)!r}, 'helper.py').write_text('1/0')\n"
    write_notebook(nb, "10_edits", edit)
    write_notebook(nb, "75_reads", "import helper\nassert helper.planted == 7")
    before = {path.stem: reuse.sha256_of(path) for path in nb.glob("*.ipynb")}
    words = command("run", str(write_export(tmp_path / "export")), "--notebooks", str(nb), "--out",
                    str(tmp_path / "report"), "--no-cache", "--workers", "1")  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(suite / "src")})  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    about = json.loads((tmp_path / "report" / "run.json").read_text())
    assert {each["notebook"]: each["sha256"] for each in about["notebooks"]} == before
    assert "edited" in (package / "report" / "page.py").read_text()


@pytest.mark.slow
def test_a_stale_kernelspec_does_not_matter(tmp_path):
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    stale = {
        "argv": ["/nonexistent", "{connection_file}"],
        "display_name": "x",
        "language": "python",
    }
    (kernels / "kernel.json").write_text(json.dumps(stale))
    where = (
        "import sys\nPath = __import__('pathlib').Path\nPath(results_dir).mkdir(exist_ok=True)\n"
    )
    where += "Path(results_dir, 'who.txt').write_text(sys.executable)"
    path = write_notebook(tmp_path, "20_who", where)
    script = (
        "from pathlib import Path\n"
        "from analysis.run.execute import LocalExecutor\n"
        "from analysis.run.plan import Task\n"
        "if __name__ == '__main__':\n"
        "    with LocalExecutor(engine='papermill', workers=1) as executor:\n"
        f"        done = executor.submit(Task(path=Path({str(path)!r})), Path({str(tmp_path)!r}))\n"
        "        print(done.result().error)\n"
    )
    (tmp_path / "script.py").write_text(script)
    jupyter = dict.fromkeys(["JUPYTER_PATH", "JUPYTER_DATA_DIR"], str(tmp_path / "jupyter"))
    words = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **jupyter})
    assert done.stdout.strip() == "", done.stdout + done.stderr
    assert (tmp_path / "results" / "who.txt").read_text() == sys.executable


# --- a cluster ----------------------------------------------------------------------------------


STRANGER = """
import sys
from distributed import Client
for address in sys.argv[1:]:
    print("tried")
    try:
        Client(address, timeout=3, set_as_default=False)
    except Exception:
        continue
    print("let in")
"""
"""Another process, since a client that is sent away leaves work undone in its own."""


@pytest.mark.slow
def test_a_local_cluster_lets_nobody_else_in():
    pytest.importorskip("distributed")
    from analysis.run.cluster import ClusterExecutor, warn_of_open

    with ClusterExecutor("local", workers=1) as executor:
        address = executor._client.scheduler.address
        assert address.startswith("tls://127.0.0.1")
        words = [sys.executable, "-c", STRANGER, address, address.replace("tls", "tcp")]
        stranger = subprocess.run(words, capture_output=True, text=True)
        assert (stranger.returncode, stranger.stdout) == (0, "tried\ntried\n"), stranger.stderr
        assert executor._client.submit(pow, 2, 3).result() == 8
    assert "in the clear" in warn_of_open("tcp://10.0.0.5:8786")
    assert warn_of_open("tls://10.0.0.5:8786") == warn_of_open("local") == ""


# --- signals ------------------------------------------------------------------------------------

WAIT = """\
open({gate!r}, "w").close()
import threading
threading.Event().wait()
"""


@pytest.mark.slow
@LINUX
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path):
    gate, scratch = tmp_path / "gate", tmp_path / "t"
    scratch.mkdir()
    os.mkfifo(gate)
    make_notebooks(tmp_path / "notebooks", before=WAIT.format(gate=str(gate)))
    folders = ["--notebooks", str(tmp_path / "notebooks"), "--out", str(tmp_path / "report")]
    words = command("run", str(write_export(tmp_path / "export")), "--no-cache", *folders)
    env = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=env) as process:
        with gate.open():
            pass
        process.send_signal(signal.SIGTERM)
        assert "Traceback" not in process.communicate()[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert {path.name for path in tmp_path.iterdir()} == {"export", "gate", "notebooks", "t"}
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGHUP", 128 + 1), ("SIGINT", 1)])
def test_a_hangup_and_ctrl_c_end_a_run_as_cleanly(world, monkeypatch, name, code):
    """They come while a notebook runs, here in this process."""
    number = getattr(signal, name)
    monkeypatch.setattr(session, "LocalExecutor", class_of(world.executor))
    monkeypatch.setattr(world.executor, "_execute", lambda *_: os.kill(os.getpid(), number))
    # under nohup it would be ignored
    as_usual = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    before = signal.signal(number, as_usual)
    try:
        done = CliRunner().invoke(
            main, ["run", str(world.export), "--no-cache", "--notebooks", str(world.notebooks),
                   "--out", str(world.folder / "made" / "r")]
        )  # fmt: skip
    finally:
        signal.signal(number, before)
    assert done.exit_code == code, done.output
    assert world.executor.executed == ["20_responders.all"]
    assert not (world.folder / "made").exists()


DIES = """\
import os, pathlib, signal, sys
kill, replace = int(sys.argv[1]), pathlib.Path.replace
def dying(self, target):
    global kill
    kill -= 1
    if kill == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = dying
from datetime import UTC, date, datetime
from analysis.report.signoff import sign_run
sign_run(pathlib.Path(sys.argv[2]), name="A", role="B", on=date(2026, 3, 1))
"""


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("moment", [1, 2])
def test_a_signature_cut_short_is_given_or_not(world, moment):
    run = world.run("r").folder
    done = subprocess.run([sys.executable, "-c", DIES, str(moment), str(run)])
    assert done.returncode == -signal.SIGKILL
    bad = [each.sentence for each in verify_run(run) if each.state == "NO"]
    assert all("was not written by the run" in sentence for sentence in bad), bad
    sign_run(run, name="A", role="B", on=date(2026, 3, 1))


# --- the machine --------------------------------------------------------------------------------


def test_a_machine_out_of_memory_is_a_sentence(monkeypatch):
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("analysis.run.check.describe_export", full)
    done = CliRunner().invoke(main, ["check", "x"])
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert "memory" in done.output


@POSIX
def test_a_folder_that_cannot_be_written_is_a_sentence(export, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "shut").mkdir(mode=0o500)
    done = CliRunner().invoke(main, ["run", str(export), "--out", str(tmp_path / "shut" / "r")])
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output


@pytest.mark.slow
def test_a_clock_that_goes_back_overwrites_nothing(world, monkeypatch):
    days = iter((2, 1, 2))
    monkeypatch.setattr(session, "run_time", lambda: datetime(2026, 3, next(days), tzinfo=UTC))
    folders = [world.run(cache=None).folder for _ in range(3)]
    names = ["export-20260302-000000", "export-20260301-000000", "export-20260302-000000-2"]
    assert [folder.name for folder in folders] == names
    assert (Path.cwd() / "reports" / "latest").resolve() == folders[-1]


@pytest.mark.slow
def test_two_runs_on_one_out_leave_one_report(world, monkeypatch):
    """The second finishes while the first works: the first says so and overwrites nothing."""
    from tests.run.small import write_small_report

    def other_first(folder: Path, **how: object) -> None:
        write_small_report(folder)
        (world.folder / "r").mkdir()
        (world.folder / "r" / "theirs").touch()

    monkeypatch.setattr("analysis.report.page.write_report", other_first)
    with pytest.raises(RunError, match="made by another run meanwhile"):
        world.run("r")
    assert [path.name for path in (world.folder / "r").iterdir()] == ["theirs"]


def test_a_plain_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    assert read_plain(tmp_path / "a") == b"x"
