"""A machine without the real servers says which one it skips; continuous integration must have them."""

from pathlib import Path

import pytest

from tests.real_servers.starting import required


def test_what_is_missing_is_skipped_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="FastChat is not installed; tests/real_servers/install does it"):
        required(tmp_path / "nothing", "FastChat")
    assert required(tmp_path, "FastChat") == tmp_path


def test_in_continuous_integration_it_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="FastChat is not installed"):
        required(tmp_path / "nothing", "FastChat")
