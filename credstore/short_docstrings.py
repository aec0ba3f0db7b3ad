"""Loads modules of other projects without the words of their docstrings, in the server: nobody reads them there.

`python -OO` would do that too, but takes `assert` away, and compiles every module once more.
"""

from collections.abc import Collection, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from inspect import CO_OPTIMIZED
from opcode import opmap
from types import CodeType, ModuleType

# SQLAlchemy refuses to have none, and a dataclass without one writes its own.
SHORT = "."
_LOAD, _STORE = opmap["LOAD_CONST"], opmap["STORE_NAME"]
_BEGINNING = 24  # bytes of the code of a module or class; its docstring is stored there


# Those with the most of them: 3 MB in each worker.
PACKAGES = {"click", "flask", "jinja2", "sqlalchemy", "werkzeug", "wtforms"}


class ShortDocstrings(MetaPathFinder):
    """Finds the modules of these packages. For `sys.meta_path`."""

    def __init__(self, packages: Collection[str] = PACKAGES) -> None:
        self._packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._packages:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and type(own := spec.loader) is SourceFileLoader:
            spec.loader = _Loader(own.name, own.path)
        return spec


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType | None:
        code = super().get_code(fullname)
        return code and shortened(code)


def shortened(code: CodeType) -> CodeType:
    """The same code, of a module, a class or a function, with SHORT for each docstring in it."""
    changed: dict[int, object] = {}
    for at, each in enumerate(code.co_consts):
        if type(each) is CodeType and (short := shortened(each)) is not each:
            changed[at] = short
    if (place := _docstring(code)) is not None:
        changed[place] = SHORT
    if not changed:
        return code
    return code.replace(co_consts=tuple(changed.get(at, each) for at, each in enumerate(code.co_consts)))


def _docstring(code: CodeType) -> int | None:
    """Where it is among the constants."""
    if code.co_flags & CO_OPTIMIZED:  # a function's is the first; a comprehension has none, and a name like <listcomp>
        found = code.co_consts and isinstance(code.co_consts[0], str) and not code.co_name.startswith("<")
        return 0 if found else None
    if "__doc__" not in code.co_names:
        return None
    stored, beginning = code.co_names.index("__doc__"), code.co_code[:_BEGINNING]
    for at in range(0, len(beginning) - 3, 2):
        if beginning[at] == _LOAD and beginning[at + 2 : at + 4] == bytes((_STORE, stored)):
            return beginning[at + 1]
    return None
