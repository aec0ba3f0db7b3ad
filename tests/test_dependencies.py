"""What credstore is built on: exact versions, licences, known vulnerabilities, and the bill of materials."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.constraints import run_time

REPO = Path(__file__).resolve().parents[1]
CONSTRAINTS = REPO / "constraints.txt"
AUDIT_SECONDS = 90
# Each allows use and distribution beside Apache-2.0. The LGPL (psycopg) does where the package stays one of its own.
ALLOWED = {
    *("MIT", "MIT-0", "MIT License", "ISC", "0BSD", "Unlicense", "PSF-2.0", "Python Software Foundation License"),
    *("BSD-2-Clause", "BSD-3-Clause", "BSD License", "3-Clause BSD License"),
    *("Apache-2.0", "Apache 2.0", "Apache Software License"),
    *("MPL-2.0", "MPL 2.0", "Mozilla Public License 2.0 (MPL 2.0)"),
    *("LGPL-3.0-only", "LGPL-3.0-or-later", "GNU Lesser General Public License v3 (LGPLv3)"),
}


def pins() -> dict[str, Version]:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if line and not line.startswith("#")]
    return {name: Version(version) for name, _, version in (line.partition("==") for line in lines)}


def test_every_package_at_run_time_has_an_exact_version_that_fits() -> None:
    """A package that is needed and has no line in constraints.txt would be installed in whatever version is newest."""
    assert pins().keys() >= run_time().keys()
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    for line in (*project["dependencies"], *project["optional-dependencies"]["postgres"]):
        requirement = Requirement(line)
        assert pins()[canonicalize_name(requirement.name)] in requirement.specifier, line


def test_every_licence_allows_distribution_with_this_project() -> None:
    refused = {name: licences(package) for name, package in run_time().items() if not _allowed(licences(package))}
    assert not refused
    assert not _allowed(["AGPL-3.0-only"])
    assert not _allowed(["MIT", "GPL-3.0-only"])
    assert not _allowed([])


def licences(package: Distribution) -> list[str]:
    """A package's licences: its SPDX expression, else its classifiers, else the short field of older packages."""
    if expression := package.metadata.get("License-Expression"):
        return re.split(r" (?:AND|OR) |[()]", expression)
    classifiers = [line for line in package.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    if named := [line.rpartition(" :: ")[2] for line in classifiers if line != "License :: OSI Approved"]:
        return named
    return [package.metadata["License"]] if package.metadata.get("License") else []


def _allowed(names: list[str]) -> bool:
    return bool(names) and {name.strip() for name in names if name.strip()} <= ALLOWED


def test_no_version_has_a_known_vulnerability() -> None:
    command = (sys.executable, "-m", "pip_audit", "--requirement", CONSTRAINTS, "--no-deps", "--disable-pip")
    try:
        done = subprocess.run(
            [*command, "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            check=False,
            text=True,
            timeout=AUDIT_SECONDS,
        )
        report = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        pytest.skip("the service that knows vulnerabilities cannot be reached from here")
    if all("skip_reason" in package for package in report):
        pytest.skip("the package index of this machine says nothing of vulnerabilities")
    found = {package["name"]: [item["id"] for item in package.get("vulns", ())] for package in report}
    assert not {name: ids for name, ids in found.items() if ids}


def python_with_run_time_alone(folder: Path) -> Path:
    """A Python that has what credstore needs to run: for each package the tool checks every URL, which takes long."""
    folder.mkdir()
    for package in (distribution("credstore"), *run_time().values()):
        metadata: Path = package._path  # type: ignore[attr-defined] # no other way to its folder
        (folder / metadata.name).symlink_to(metadata)
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    return python


def test_the_bill_of_materials_names_every_package_at_run_time(tmp_path: Path) -> None:
    """By the command of SECURITY.md."""
    file = tmp_path / "sbom.json"
    text = (REPO / "SECURITY.md").read_text()
    found = re.search(r"^\.venv/bin/cyclonedx-py (.+) --output-file \S+$", text, re.MULTILINE)
    assert found
    python = python_with_run_time_alone(tmp_path / "packages")
    words = [word.replace(".venv/bin/python", str(python)) for word in found[1].split()]
    assert str(python) in words
    command = [sys.executable, "-m", "cyclonedx_py", *words, "--output-file", file]
    subprocess.run(command, check=True, timeout=60, cwd=REPO, capture_output=True)
    document = json.loads(file.read_text())
    assert document["metadata"]["component"]["name"] == "credstore"
    named = {canonicalize_name(item["name"]) for item in document["components"]}
    assert named >= run_time().keys()
