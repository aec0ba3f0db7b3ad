"""Processes of their own that change the vault at the same time, and that may be killed at any moment."""

from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from credstore.app_factory import build_app
from credstore.config import Config
from credstore.errors import CredstoreError
from credstore.models import db
from credstore.vault import Vault
from tests.fixtures.killing import processes

ANSWER_SECONDS = 30
VALUES = {"provider_type": "openai", "api_key": "sk-CANARY-0123456789abcdef"}
Command = tuple[str, Any]


def create(vault: Vault, names: list[tuple[str, str]]) -> list[str]:
    return [vault.create(kind, name, VALUES | {"bot_token": f"1234567:{'a' * 35}"}).public_id for kind, name in names]


def rename(vault: Vault, change: tuple[str, str]) -> None:
    public_id, name = change
    record = vault.get(public_id)
    vault.edit(public_id, version=record.version, name=name, values=record.public)


COMMANDS: dict[str, Callable[[Vault, Any], Any]] = {
    "create": create,
    "rename": rename,
    "delete": lambda vault, ids: vault.delete(ids).batch,
    "undo": lambda vault, batch: vault.restore(batch),
    "purge": lambda vault, _: vault.purge_deleted(),
}


def serve(config: Config, pipe: Connection) -> None:
    """Carry out commands until the pipe closes. The answer is (True, result) or (False, why it was refused)."""
    app = build_app(config)
    vault: Vault = app.extensions["credstore"].vault
    with app.app_context():
        vault.key_state()
        db.session.remove()
    pipe.send("ready")
    while True:
        try:
            name, argument = pipe.recv()
        except EOFError:
            return
        with app.app_context():
            try:
                pipe.send((True, COMMANDS[name](vault, argument)))
            except (CredstoreError, SQLAlchemyError) as refusal:
                pipe.send((False, f"{type(refusal).__name__}: {refusal}"))


class Worker:
    """One such process. `kill` is SIGKILL, and another process takes its place."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._process: BaseProcess
        self._pipe: Connection
        self.start()

    def start(self) -> None:
        self._pipe, theirs = processes.Pipe()
        self._process = processes.Process(target=serve, args=(self._config, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def send(self, command: Command) -> None:
        self._pipe.send(command)

    def answer(self) -> tuple[bool, Any]:
        found: tuple[bool, Any] = self._receive()
        return found

    def kill(self) -> None:
        self._process.kill()
        self._process.join(ANSWER_SECONDS)
        self._process.close()
        self._pipe.close()

    def _receive(self) -> Any:
        assert self._pipe.poll(ANSWER_SECONDS), "a worker does not answer"
        return self._pipe.recv()
