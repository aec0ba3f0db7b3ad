"""The built wheel, installed without the repository, serves the page with its style sheet.

That the packages which it names are enough is shown where the README's command installs it into an empty environment.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.fixtures.serving import REPO, Server, serving


def pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, cwd=REPO)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", folder, REPO)
    (built,) = folder.glob("credstore-*.whl")
    return built


def files_of(folder: str) -> set[str]:
    """The files of a top-level folder by their places in the wheel: templates/ and static/ move into the package."""
    files = (file.relative_to(REPO) for file in (REPO / folder).rglob("*") if file.is_file() and file.suffix)
    return {str(file if folder == "credstore" else "credstore" / file) for file in files if file.suffix != ".pyc"}


@pytest.mark.parametrize("folder", ["templates", "static", "credstore"])
def test_the_wheel_carries_every_file(wheel: Path, folder: str) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = files_of(folder)
    assert wanted, f"{folder} has no files"
    assert not wanted - inside, f"the wheel lacks {sorted(wanted - inside)}"


def test_the_wheel_carries_no_tests(wheel: Path) -> None:
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("tests")]


def test_an_installed_wheel_serves_the_page_and_its_style_sheet(wheel: Path, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    pip("install", "--no-deps", "--target", installed, wheel)
    command = [sys.executable, "-P", str(installed / "bin" / "credstore")]
    server = Server(tmp_path / "home", credstore=command, env={"PYTHONPATH": str(installed)})
    with serving(server):  # with the migrations of the wheel
        status, page = server.get("/login")
        assert status == 200
        sheets = re.findall(r'href="([^"]+\.css[^"]*)"', page.decode())
        assert sheets, "the sign-in page links no style sheet"
        for sheet in sheets:
            status, css = server.get(sheet)
            assert status == 200, sheet
            assert css.strip(), f"{sheet} is empty"
    assert str(REPO) not in server.log(), "the installed credstore ran from the repository"
