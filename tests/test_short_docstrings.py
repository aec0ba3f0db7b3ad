"""Docstrings that are not loaded, with the code of small modules and of the packages that the server imports."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from credstore.short_docstrings import SHORT, ShortDocstrings, shortened

SOURCE = '''"""Of the module."""
text = "a text"
first = lambda: "of a lambda"
class Outer:
    """Of a class."""
    text = """a text"""
    def method(self, default="a default"):
        """Of a method."""
        def inner():
            """Of a function in it."""
            return "a value"
        return inner, [word for word in ["a word"]], default
class Without:
    text = "a text"
    def method(self):
        return "a value"
async def later():
    """Of a coroutine."""
'''


def test_docstrings_are_short_and_all_else_is_the_same() -> None:
    given: dict[str, object] = {}
    short: dict[str, object] = {}
    code = compile(SOURCE, "probe", "exec")
    exec(code, given)
    exec(shortened(code), short)
    assert docstrings(given) == [f"Of {what}." for what in ("the module", *OTHERS)]
    assert docstrings(short) == [SHORT] * 5
    assert values(short) == values(given)


OTHERS = ("a class", "a method", "a function in it", "a coroutine")


def docstrings(names: dict[str, object]) -> list[object]:
    outer = names["Outer"]
    inner = outer().method()[0]  # type: ignore[operator]
    documented = (outer, outer.method, inner, names["later"])  # type: ignore[attr-defined]
    return [names["__doc__"], *(thing.__doc__ for thing in documented)]


def values(names: dict[str, object]) -> list[object]:
    outer, without = names["Outer"], names["Without"]
    inner, words, default = outer().method()  # type: ignore[operator]
    own = [without.__doc__, without.method.__doc__, without().method(), without.text]  # type: ignore[attr-defined,operator]
    return [names["text"], names["first"](), outer.text, inner(), words, default, *own]  # type: ignore[attr-defined,operator]


def test_code_without_docstrings_is_not_made_anew() -> None:
    code = compile("def method():\n    return 'a value'\n", "probe", "exec")
    assert shortened(code) is code


def test_only_modules_of_the_packages_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("short_probe", "long_probe"):
        (tmp_path / f"{name}.py").write_text('"""Of the module."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [ShortDocstrings(["short_probe"]), *sys.meta_path])
    try:
        assert importlib.import_module("short_probe").__doc__ == SHORT
        assert importlib.import_module("long_probe").__doc__ == "Of the module."
    finally:
        for name in ("short_probe", "long_probe"):
            sys.modules.pop(name, None)


def test_the_application_is_imported_with_short_docstrings() -> None:
    program = (
        "import sys\nfrom credstore.short_docstrings import *\nsys.meta_path.insert(0, ShortDocstrings())\n"
        "import credstore.app_factory, sqlalchemy.orm, werkzeug\n"
        "print(sqlalchemy.orm.Session.__doc__, werkzeug.Request.__doc__, bool(credstore.app_factory.__doc__))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{SHORT} {SHORT} True\n"
