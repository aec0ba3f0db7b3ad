"""Loads some modules in the server only when one of their names is used, and many servers never use one.

gunicorn, Flask and SQLAlchemy import them for what credstore does not do: a server with TLS, asyncio, a debugger.
Without them the arbiter and two workers take 17 MiB less together, and start sooner.
"""

import inspect
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

LATE = {
    *("argparse", "asyncio", "asyncio.sslproto", "calendar", "csv", "difflib", "glob", "gzip", "html", "idna"),
    *("importlib.metadata", "logging.handlers", "mimetypes", "pdb", "queue", "shlex", "ssl", "tokenize", "zipfile"),
    *("urllib.request", "sqlalchemy.orm.evaluator", "sqlalchemy.util.tool_support"),
    *(f"sqlalchemy.dialects.sqlite.{driver}" for driver in ("aiosqlite", "pysqlcipher")),
    *(f"sqlalchemy.dialects.postgresql.{driver}" for driver in ("asyncpg", "pg8000", "psycopg2", "psycopg2cffi")),
}
# What gunicorn, Werkzeug and SQLAlchemy read at their own import, as defaults and for `except`.
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "asyncio": {"iscoroutine": inspect.iscoroutine},
    "ssl": {
        **{"CERT_NONE": 0, "PROTOCOL_SSLv23": 2, "PROTOCOL_TLS": 2},
        **{name: type(name, (OSError,), {}) for name in ("SSLError", "SSLEOFError")},
    },
}
# What hashlib then needs; a Python may be built without them.
OWN_HASHES = {"_blake2", "_md5", "_sha1", "_sha3"}
OWN_HASHES |= {"_sha2"} if sys.version_info >= (3, 12) else {"_sha256", "_sha512"}
# So long a thread waits for another one that loads a module. If that one waits for the first, by the locks of Python's
# imports, it goes on with what is there, as Python does.
WAIT_SECONDS = 5
_lock = threading.RLock()  # the thread that loads a module reads names of it
_loading = set[str]()
_forgotten = threading.Event()  # see `forget_known`


class LateModules(MetaPathFinder):
    """Finds the modules of these names, which are in files of source. For `sys.meta_path`."""

    def __init__(self, names: Collection[str] = LATE) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader:
            spec.loader = _LateLoader(spec.loader)
        return spec


class _LateLoader(Loader):
    """In place of the module's own loader, until the module is loaded."""

    def __init__(self, own: Loader) -> None:
        self.own = own

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ in KNOWN and _forgotten.is_set():
            self.own.exec_module(module)
            return
        vars(module).update(KNOWN.get(module.__name__, {}))
        module.__class__ = _LateModule


class _LateModule(ModuleType):
    """Its class is ModuleType from the moment when it is loaded."""

    def __getattribute__(self, name: str) -> Any:
        """While another thread loads the module, wait: functions that are there may use names that are not yet."""
        if name[:2] != "__" and ModuleType.__getattribute__(self, "__name__") in _loading:
            with _turn():
                pass
        return ModuleType.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        """Load the module for a name that it does not have yet."""
        spec = self.__spec__
        if spec and name == "__path__":  # Python asks for it at "from module import name"; a package has it already
            raise AttributeError(name)
        with _turn():
            if spec and isinstance(late := spec.loader, _LateLoader):
                spec.loader = self.__loader__ = late.own
                _loading.add(spec.name)
                try:
                    late.own.exec_module(self)
                except BaseException:
                    spec.loader = self.__loader__ = late  # who asks next tries again
                    raise
                finally:
                    _loading.discard(spec.name)
                self.__class__ = ModuleType  # type: ignore[assignment]
        return ModuleType.__getattribute__(self, name)


@contextmanager
def _turn() -> Iterator[None]:
    """One thread at a time, but for those that have waited long enough."""
    mine = _lock.acquire(timeout=WAIT_SECONDS)
    try:
        yield
    finally:
        if mine:
            _lock.release()


def insert_finders(*finders: MetaPathFinder) -> None:
    """Right before Python's own finder of files, which they ask: finders that others put before it stay the first."""
    at = sys.meta_path.index(PathFinder)
    sys.meta_path[at:at] = finders


def use_own_hashes() -> None:
    """Let hashlib compute SHA-1 and SHA-256 by Python's own code, where this Python has it, and not by OpenSSL.

    The server hashes short texts, for which it makes no difference, and encrypts by the OpenSSL that `cryptography` has
    in it. The library of OpenSSL on this machine takes 3 MiB of each worker.
    """
    if all(find_spec(name) for name in OWN_HASHES):
        sys.modules["_hashlib"] = cast("ModuleType", None)  # to import it fails, and hashlib and hmac expect that


def forget_known() -> None:
    """When the application is imported. Who uses a name of KNOWN later loads its module, and gets the real one."""
    _forgotten.set()
    for module, names in KNOWN.items():
        if isinstance(late := sys.modules.get(module), _LateModule):
            for name in names:
                vars(late).pop(name, None)
