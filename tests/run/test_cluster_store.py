"""What goes between machines arrives whole, or not at all, and is removed afterwards."""

from __future__ import annotations

import io
import zipfile

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import InputError, RunError
from analysis.run.cluster_store import SharedPlace, pack, pack_folder, unpack


def test_a_folder_comes_out_as_it_went_in(tmp_path):
    (tmp_path / "a" / "sub").mkdir(parents=True)
    (tmp_path / "a" / "one.json").write_bytes(b"{}\n")
    (tmp_path / "a" / "sub" / "two.bin").write_bytes(bytes(range(256)))
    unpack(pack_folder(tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "b" / "one.json").read_bytes() == b"{}\n"
    assert (tmp_path / "b" / "sub" / "two.bin").read_bytes() == bytes(range(256))
    assert len([p for p in (tmp_path / "b").rglob("*") if p.is_file()]) == 2


def test_the_same_files_are_the_same_bytes_in_any_order(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    pairs = [(tmp_path / "a", "x"), (tmp_path / "b", "y")]
    assert pack(pairs) == pack(reversed(pairs))


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_name_that_leads_out_writes_nothing(tmp_path, name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good", b"x")
        archive.writestr(name, b"x")
    with pytest.raises(RunError, match="evil"):
        unpack(buffer.getvalue(), tmp_path / "in")
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200))
def test_a_shared_place_gives_back_what_it_got(data):
    place = SharedPlace("memory://shared", run="one")
    assert place.get(place.put(data)) == data
    place.remove()
    assert not fsspec.filesystem("memory").exists("/shared/reliefcheck-run-one")


def test_a_path_is_a_shared_place_too(tmp_path):
    place = SharedPlace(str(tmp_path), run="one")
    digest = place.put(b"patients")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [digest]
    (tmp_path / "reliefcheck-run-one" / digest).write_bytes(b"changed")
    with pytest.raises(RunError, match="something else"):
        place.get(digest)
    with pytest.raises(RunError, match="cannot be read"):
        place.get("0" * 64)
    place.remove()
    place.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_used_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be written to"):
        SharedPlace(str(tmp_path / "file"), run="one").put(b"x")
    with pytest.raises(InputError, match="no protocol"):
        SharedPlace("s4://bucket", run="one")
