"""deploy/kubernetes/: checked against Kubernetes' own schemas and its restricted profile, and started as it says."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet

from tests.deployment.sandbox import Container
from tests.fixtures.serving import REPO

FILES = sorted((REPO / "deploy" / "kubernetes").glob("*.yaml"))
OLDEST = "1.30"
KEYS = {"FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(), "SECRET_KEY": "s" * 43}
ADMINISTRATOR = {"username": "ann", "password": "correct horse battery staple"}
Resource = dict[str, Any]
MakeContainer = Callable[..., Container]


def resources() -> Iterator[Resource]:
    for file in FILES:
        yield from yaml.safe_load_all(file.read_text())


RESOURCES = {f"{each['kind']}/{each['metadata']['name']}": each for each in resources()}
PODS = {
    name: each["spec"]["template"]["spec"] for name, each in RESOURCES.items() if each["kind"] in {"Deployment", "Job"}
}


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.fixture(scope="module")
def validator() -> Any:
    """Imported here: that takes two seconds, which every process of the tests would spend."""
    import kubernetes_validate

    return kubernetes_validate


@pytest.mark.parametrize("version", [OLDEST, ""], ids=["oldest", "newest"])
@pytest.mark.parametrize("name", RESOURCES)
def test_the_schema_knows_every_field(validator: Any, name: str, version: str) -> None:
    validator.validate(RESOURCES[name], version or validator.latest_version(), strict=True)


def test_the_schema_refuses_a_planted_field(validator: Any) -> None:
    planted = {**RESOURCES["Service/credstore"], "spec": {"ports": [{"port": 80, "targetport": "http"}]}}
    with pytest.raises(validator.ValidationError):
        validator.validate(planted, validator.latest_version(), strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_meet_the_restricted_profile(name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and more."""
    pod = PODS[name]
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] >= 1000
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["readOnlyRootFilesystem"] is True
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]["limits"]) == {"cpu", "memory"}


def test_the_manifest_holds_no_secret() -> None:
    assert not [name for name in RESOURCES if name.startswith("Secret/")]
    assert not set(KEYS) & set(environment(PODS["Deployment/credstore"]["containers"][0]))


def test_what_belongs_together_has_the_same_names() -> None:
    pod = PODS["Deployment/credstore"]
    (part,) = pod["containers"]
    deployment, service = RESOURCES["Deployment/credstore"], RESOURCES["Service/credstore"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"] == labels
    assert [port["targetPort"] for port in service["spec"]["ports"]] == [port["name"] for port in part["ports"]]
    assert {mount["name"] for mount in part["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    rule = RESOURCES["Ingress/credstore"]["spec"]["rules"][0]
    assert rule["host"] in environment(part)["CREDSTORE_TRUSTED_HOSTS"].split(",")
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == service["metadata"]["name"]
    assert {each["metadata"].get("namespace", "credstore") for each in RESOURCES.values()} == {"credstore"}


def test_job_and_deployment_start_as_the_manifest_says(make_container: MakeContainer, tmp_path: Path) -> None:
    """First the Job that makes the administrator, then the pod, with its Secret, volumes and probes."""
    for name, text in ADMINISTRATOR.items():
        (tmp_path / name).write_text(text)
    job, pod = PODS["Job/credstore-first-administrator"], PODS["Deployment/credstore"]
    (create,), (serve,) = job["containers"], pod["containers"]
    data = tmp_path / "claim"
    data.mkdir()
    os.chown(data, 0, pod["securityContext"]["fsGroup"])
    data.chmod(0o2770)  # as Kubernetes does for an fsGroup
    files = {f"/administrator/{name}": tmp_path / name for name in ADMINISTRATOR}
    first = make_container(environment={}, command=create["command"], volumes={"/data": data}, files=files)
    assert first.run(*first.command) == 0
    settings = environment(serve) | KEYS
    container = make_container(environment=settings, volumes={"/data": data}, user=pod["securityContext"]["runAsUser"])
    host = settings["CREDSTORE_TRUSTED_HOSTS"]
    with container.running(host):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            ask = serve[probe]["httpGet"]
            assert container.get(ask["path"], ask["httpHeaders"][0]["value"])[0] == 200, probe
        assert container.get("/readyz", "10.0.0.1")[0] == 400, "a probe without the trusted name is refused"
