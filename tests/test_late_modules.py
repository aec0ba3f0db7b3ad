"""Modules that are loaded when one of their names is used, with modules of files that each test writes."""

import importlib
import importlib.util
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import pytest

from credstore import late_modules
from credstore.late_modules import KNOWN, LATE, LateModules, forget_known

LOADS = "import late_probe_log\nlate_probe_log.loads.append(__name__)\n"
NAMES = ("late_probe", "late_probe_package", "late_probe_broken", "late_probe_log")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules; those of NAMES are late, but the log of the others' loads."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [LateModules(NAMES[:3]), *sys.meta_path])
    monkeypatch.setattr(late_modules, "_forgotten", threading.Event())
    (tmp_path / "late_probe_log.py").write_text("loads = []\n")
    yield tmp_path
    for name in NAMES:
        sys.modules.pop(name, None)


def loads() -> list[str]:
    log: list[str] = importlib.import_module("late_probe_log").loads
    return log


def test_the_module_is_loaded_once_when_a_name_of_it_is_used(folder: Path) -> None:
    (folder / "late_probe.py").write_text(f"{LOADS}answer = 42\n")
    late = importlib.import_module("late_probe")
    assert loads() == []
    assert late.answer == 42
    assert late is sys.modules["late_probe"]
    assert type(late) is ModuleType
    from late_probe import answer  # type: ignore[import-not-found]

    assert (answer, loads()) == (42, ["late_probe"])


def test_importing_a_name_loads_the_module(folder: Path) -> None:
    (folder / "late_probe.py").write_text(f"{LOADS}answer = 42\n")
    namespace: dict[str, object] = {}
    exec("from late_probe import answer", namespace)
    assert (namespace["answer"], loads()) == (42, ["late_probe"])


def test_a_name_that_the_module_does_not_have(folder: Path) -> None:
    (folder / "late_probe.py").write_text(LOADS)
    late = importlib.import_module("late_probe")
    for _ in range(2):
        with pytest.raises(AttributeError, match="missing"):
            late.missing  # noqa: B018
    assert loads() == ["late_probe"]


def test_a_module_inside_a_late_package_is_found(folder: Path) -> None:
    (folder / "late_probe_package").mkdir()
    (folder / "late_probe_package" / "__init__.py").write_text(f"{LOADS}from . import inner\n")
    (folder / "late_probe_package" / "inner.py").write_text("answer = 42\n")
    assert importlib.import_module("late_probe_package.inner").answer == 42
    assert sys.modules["late_probe_package"].inner.answer == 42


def test_a_module_that_cannot_be_loaded_is_tried_again(folder: Path) -> None:
    file = folder / "late_probe_broken.py"
    file.write_text("import late_probe_log\nif not late_probe_log.loads:\n    raise OSError('gone')\nanswer = 42\n")
    late = importlib.import_module("late_probe_broken")
    with pytest.raises(OSError, match="gone"):
        late.answer  # noqa: B018
    loads().append("now it can")
    assert late.answer == 42


def test_threads_see_the_whole_module(folder: Path) -> None:
    (folder / "late_probe.py").write_text("import time\ntime.sleep(0.1)\nanswer = 42\n")
    late = importlib.import_module("late_probe")
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(late.answer)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [42] * 4


def test_no_thread_uses_a_module_that_is_half_loaded(folder: Path) -> None:
    code = "import time\ndef answer():\n    return later\nbegun = True\ntime.sleep(0.2)\nlater = 42\n"
    (folder / "late_probe.py").write_text(code)
    late = importlib.import_module("late_probe")
    loading = threading.Thread(target=lambda: late.later)
    loading.start()
    until = time.monotonic() + 10
    while "begun" not in vars(late) and time.monotonic() < until:
        time.sleep(0.005)
    assert late.answer() == 42
    loading.join()


def test_two_threads_that_wait_for_each_other_go_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One loads the package, which imports its module; the other imports that module, which uses the package."""
    monkeypatch.setattr(late_modules, "WAIT_SECONDS", 0.3)
    (folder / "late_probe_package").mkdir()
    package = "import time\ntime.sleep(0.2)\nfrom . import inner\nanswer = 42\n"
    (folder / "late_probe_package" / "__init__.py").write_text(package)
    inner = "import late_probe_package, time\ntime.sleep(0.1)\ngetattr(late_probe_package, 'answer', None)\n"
    (folder / "late_probe_package" / "inner.py").write_text(inner)
    late = importlib.import_module("late_probe_package")
    importing = threading.Thread(target=importlib.import_module, args=["late_probe_package.inner"], daemon=True)
    loading = threading.Thread(target=lambda: late.answer, daemon=True)
    for thread in (importing, loading):
        thread.start()
    for thread in (importing, loading):
        thread.join(10)
        assert not thread.is_alive()
    assert late.answer == 42


def test_finders_that_others_put_first_stay_first(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = LateModules(()), LateModules(())
    before = [theirs, *sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", before[:])
    late_modules.insert_finders(ours)
    at = before.index(PathFinder)
    assert sys.meta_path == [*before[:at], ours, *before[at:]]


def test_a_module_that_is_loaded_again_has_its_real_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "late_probe", {"answer": 41})  # type: ignore[arg-type]
    (folder / "late_probe.py").write_text("answer = 42\n")
    late = importlib.import_module("late_probe")
    forget_known()
    assert late.answer == 42
    assert importlib.reload(late).answer == 42


def test_what_is_known_before_is_forgotten_for_the_real_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "late_probe", {"answer": 41})  # type: ignore[arg-type]
    (folder / "late_probe.py").write_text(f"{LOADS}answer = 42\n")
    late = importlib.import_module("late_probe")
    assert (late.answer, loads()) == (41, [])
    forget_known()
    assert (late.answer, loads()) == (42, ["late_probe"])
    forget_known()
    assert late.answer == 42


@pytest.mark.parametrize("name", sorted(LATE))
def test_each_late_module_exists_and_is_a_file_of_source(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec
    assert spec.origin
    assert spec.origin.endswith(".py")


HASH_PROGRAM = """
from credstore import late_modules
from credstore.late_modules import use_own_hashes
use_own_hashes()
import hashlib, hmac
print(hashlib.sha256(b"abc").hexdigest(), hmac.new(b"Jefe", b"what do ya want for nothing?", "sha256").hexdigest())
print(hmac.compare_digest("a", "a"), hmac.compare_digest("a", "b"), hashlib.new("sha1", usedforsecurity=False).name)
print("libcrypto" in open("/proc/self/maps").read())
"""


def test_hashes_are_right_without_the_library_of_openssl() -> None:
    done = subprocess.run([sys.executable, "-c", HASH_PROGRAM], capture_output=True, text=True, check=True)
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    keyed = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"  # RFC 4231, test case 2
    assert (done.stdout, done.stderr) == (f"{sha256} {keyed}\nTrue False sha1\nFalse\n", "")


def test_a_python_without_hashes_of_its_own_keeps_those_of_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_modules, "OWN_HASHES", {"_sha0"})
    before = sys.modules.get("_hashlib")
    late_modules.use_own_hashes()
    assert before
    assert sys.modules["_hashlib"] is before
