"""Fields of `Config` and the parsers of their texts. A parser raises ValueError for a malformed text."""

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any


def parse_list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def parse_flag(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError


def number_parser(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return parse


def parse_path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def setting(env: str, about: str, default: Any, parse: Callable[[str], Any] = str, *, secret: bool = False) -> Any:
    """A dataclass field that is read from the variable `env`. `parse` raises ValueError for a malformed text.

    `about` describes the value in error messages; a `secret` is not part of the repr.
    """
    return field(default=default, repr=not secret, metadata={"env": env, "about": about, "parse": parse})


def number_setting(env: str, about: str, default: int, least: int, most: int) -> Any:
    return setting(env, f"{about}, from {least} to {most}", default, number_parser(least, most))


def choice_parser(*choices: str) -> Callable[[str], str]:
    """A parser that takes one of `choices`, in upper or lower case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError
        return text.lower()

    return parse
