"""A remote export is copied first: same bytes, plain sentences, no password repeated."""

from __future__ import annotations

import sys
from pathlib import Path

import fsspec
import pytest
from fsspec.registry import known_implementations
from tests.unit.exports import write_export

from analysis.errors import InputError
from analysis.intake import remote
from analysis.intake.load import load_export
from analysis.intake.remote import fetch, is_remote, without_secrets


@pytest.fixture
def store():
    """An object store in memory, emptied before and after."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs.clear()
    yield files
    files.store.clear()
    files.pseudo_dirs.clear()


def put(files, folder: Path, at: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            files.pipe_file(f"{at}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def test_an_address_is_no_path():
    assert all(map(is_remote, ("s3://b/june", "memory://june", "zip://a.csv::s3://b/june.zip")))
    assert not any(map(is_remote, ("exports/june", "/exports/june", "C:\\exports", "a:b")))


def test_a_folder_is_copied_with_what_is_below(store, tmp_path):
    export = write_export(tmp_path / "e")
    (export / "site_b").mkdir()
    (export / "site_b" / "extra.csv").write_bytes(b"a\r\n\xff")
    put(store, export, "/exports/june")
    got = fetch("memory://exports/june", tmp_path / "scratch")
    assert got == tmp_path / "scratch" / "june"
    there = {p.relative_to(export): p.read_bytes() for p in export.rglob("*") if p.is_file()}
    here = {p.relative_to(got): p.read_bytes() for p in got.rglob("*") if p.is_file()}
    assert here == there
    assert load_export(got).name == "june"


def test_a_file_keeps_its_ending_and_a_local_address_works_too(store, tmp_path):
    store.pipe_file("/exports/june.xlsx", b"workbook")
    got = fetch("memory://exports/june.xlsx", tmp_path)
    assert (got.name, got.read_bytes()) == ("june.xlsx", b"workbook")
    export = write_export(tmp_path / "e")
    got = fetch(f"file://{export}", tmp_path / "scratch")
    assert sorted(p.name for p in got.iterdir()) == sorted(p.name for p in export.iterdir())


@pytest.mark.parametrize("url", ["memory://exports/july", "memory://exports/july/patients.csv"])
def test_nothing_there(store, tmp_path, url):
    with pytest.raises(InputError, match="nothing at memory://exports/july"):
        fetch(url, tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_an_unknown_protocol(tmp_path):
    with pytest.raises(InputError, match="no protocol 's4'"):
        fetch("s4://bucket/june", tmp_path)


@pytest.mark.parametrize(
    ("url", "library"),
    [
        ("https://clinic.example/june.xlsx", "aiohttp"),
        ("s3://clinic/june", "s3fs"),
        ("gs://clinic/june", "gcsfs"),
        ("abfs://clinic/june", "adlfs"),
    ],
)
def test_the_package_to_install_is_named(url, library, monkeypatch, tmp_path):
    """Nothing is faked but that the package is not there."""
    protocol = url.partition(":")[0]
    wrapper = known_implementations[protocol]["class"].rpartition(".")[0]
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, wrapper, raising=False)
    with pytest.raises(InputError) as refused:
        fetch(url, tmp_path)
    assert str(refused.value) == f"{url} needs {library}: pip install {library}."


def test_a_page_that_does_not_come_says_why(tmp_path, monkeypatch):
    """As the files of fsspec's http: whatever goes wrong, it says that nothing exists there."""

    class Unreachable:
        def exists(self, path: str) -> bool:
            return False

        def get_file(self, remote: str, local: str) -> None:
            raise ConnectionRefusedError("cannot connect to host clinic.example")

    monkeypatch.setattr(remote, "open_place", lambda url: (Unreachable(), url))
    with pytest.raises(InputError, match=r"cannot be read \(ConnectionRefusedError"):
        fetch("https://clinic.example/june.xlsx", tmp_path)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError("denied"), "may not be read"),
        (RuntimeError("GET https://me:pass@host/june?sig=abc timed out"), "RuntimeError"),
    ],
)
def test_any_failure_is_a_sentence_without_secrets(store, tmp_path, monkeypatch, error, words):
    store.pipe_file("/exports/june.csv", b"x")

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(type(store), "get_file", refuse)
    with pytest.raises(InputError, match=words) as caught:
        fetch("memory://exports/june.csv", tmp_path)
    assert "pass" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_secrets_are_left_out():
    message = without_secrets("sftp://me:pass@host/june and https://host/a.csv?X-Sig=abc&b=1")
    assert message == "sftp://...@host/june and https://host/a.csv?..."


def test_far_too_many_files(store, tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "MOST_FILES", 2)
    for n in range(3):
        store.pipe_file(f"/june/{n}.csv", b"x")
    with pytest.raises(InputError, match="more than 2 files"):
        fetch("memory://june", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_a_name_that_leads_out_is_refused(store, tmp_path, monkeypatch):
    store.pipe_file("/june/a.csv", b"x")
    monkeypatch.setattr(type(store), "find", lambda *_, **__: ["/june/../../evil.csv"])
    with pytest.raises(InputError, match="evil"):
        fetch("memory://june", tmp_path / "scratch")
    assert list(tmp_path.iterdir()) == []
