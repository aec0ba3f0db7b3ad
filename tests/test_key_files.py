"""Key files: made once, readable by their owner only, outside the data folder, never while secrets are stored."""

import multiprocessing
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from credstore.config import Config
from credstore.encryption.key_files import ensure_keys, write_key_file
from credstore.encryption.keyring import Keyring, generate_key, key_id
from credstore.errors import ConfigError


def keyless(config: Config) -> Config:
    return replace(config, field_encryption_key="", secret_key="")


def test_both_keys_are_made_for_their_owner_alone_beside_the_data(app: Flask, config: Config) -> None:
    made = ensure_keys(keyless(config), app)
    assert Keyring(made.field_encryption_key)
    assert len(made.secret_key) >= 32
    assert not made.keys_folder.is_relative_to(config.data_dir)
    assert stat.S_IMODE(made.keys_folder.stat().st_mode) == 0o700
    files = sorted(made.keys_folder.iterdir())
    assert [file.name for file in files] == ["field_encryption_key", "secret_key"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert ensure_keys(keyless(config), app) == made, "the second start uses the same keys"


def test_given_keys_are_left_alone_and_nothing_is_written(app: Flask, config: Config) -> None:
    assert ensure_keys(config, app) == config
    assert not config.keys_folder.exists()


@pytest.mark.parametrize("deleted", [False, True])
def test_no_key_is_made_over_existing_secrets(app: Flask, config: Config, deleted: bool) -> None:
    with app.app_context():
        vault = app.extensions["credstore"].vault
        record = vault.create("tool", "n", {"extra_config": '{"a": 1}'})
        if deleted:
            vault.delete([record.public_id])
    with pytest.raises(ConfigError) as caught:
        ensure_keys(keyless(config), app)
    assert key_id(config.field_encryption_key) in caught.value.sentence
    assert config.field_encryption_key not in caught.value.sentence
    assert not config.keys_folder.exists()


def test_threads_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: write_key_file(path, generate_key()), range(64)))
    assert found == {path.read_text().strip()}
    assert list(path.parent.iterdir()) == [path], "no draft is left"


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = set(pool.starmap(write_key_file, [(path, generate_key()) for _ in range(12)]))
    assert found == {path.read_text().strip()}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        write_key_file(tmp_path / "file" / "key", "CANARY")
    assert "CANARY" not in caught.value.sentence
