"""Promise: the text that places count in is kept whole on the user's disk, and never sent to a server."""

import errno
from pathlib import Path
from typing import Any

import pytest

from picograph.kg.store import open_store
from picograph.kg.store.sources import SourceShelf
from picograph.ontology.errors import StoreError


def test_a_damaged_copy_of_a_text_is_not_at_hand_and_is_made_whole(tmp_path: Path) -> None:
    sha256 = SourceShelf(tmp_path).put("Forty patients, é\n")
    path = tmp_path / f"{sha256}.txt"
    assert SourceShelf(tmp_path).get(sha256) == "Forty patients, é\n"
    for damage in (b"", b"Fifty patients", b"\xff\xfe\x00"):
        path.write_bytes(damage)
        assert SourceShelf(tmp_path).get(sha256) is None
        SourceShelf(tmp_path).put("Forty patients, é\n")
        assert SourceShelf(tmp_path).get(sha256) == "Forty patients, é\n"
    assert SourceShelf(tmp_path).get("../../etc/passwd") is None
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_text_that_cannot_be_kept_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        SourceShelf(tmp_path).put("Forty patients")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be kept"):
        SourceShelf(tmp_path / "file").put("Forty patients")


def test_a_server_does_not_get_the_texts(remote_url: str, own_home: Path) -> None:
    sha256 = open_store(remote_url).sources.put("Forty patients")
    assert [path.is_relative_to(own_home) for path in own_home.rglob(f"{sha256}.txt")] == [True]
    assert open_store(remote_url).sources.get(sha256) == "Forty patients"
    assert list(open_store(remote_url).quads()) == []
