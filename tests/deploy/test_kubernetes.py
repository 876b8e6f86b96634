"""The plain manifests: their schemas, Pod Security, and a start of the configurations that they carry."""

import asyncio
import re
import socket
import urllib.request
from pathlib import Path

import pytest
import yaml

from otelagent import config, config_text, detectors
from otelagent.service import Service
from tests.deploy.manifests import DEPLOY, VERSIONS, Manifest, containers, documents, mistakes, pod, violations

FOLDER = DEPLOY / "kubernetes"
MANIFESTS = [
    pytest.param(document, id=f"{path.relative_to(FOLDER)} {document['kind']} {document['metadata']['name']}")
    for path in sorted(FOLDER.rglob("*.yaml"))
    for document in documents(path)
]
WORKLOADS = [each for each in MANIFESTS if pod(each.values[0])]
CONFIGS = sorted(FOLDER.rglob("config.yaml"))

OTHER_LOOPBACK = "127.0.0.2"
"""Stands for the pod's address: reachable here, and not where everything listens by default."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_manifest_fits_the_schema_of_its_kind(manifest: Manifest, version: str) -> None:
    assert mistakes(manifest, version) == []


def test_schema_finds_a_misspelt_key() -> None:
    manifest = documents(FOLDER / "sidecar/job.yaml")[0]
    pod(manifest)["initContainers"][0]["restartPolicyy"] = "Always"  # type: ignore[index]
    assert "restartPolicyy" in mistakes(manifest, "1.37")[0]


@pytest.mark.parametrize("manifest", WORKLOADS)
def test_pod_is_allowed_where_restricted_is_enforced(manifest: Manifest) -> None:
    assert list(violations(pod(manifest) or {})) == []


@pytest.mark.parametrize("manifest", WORKLOADS)
def test_otelagent_runs_as_its_own_user_on_a_read_only_root_with_a_memory_limit(manifest: Manifest) -> None:
    spec = pod(manifest) or {}
    ours = next(each for each in containers(spec) if each["name"] == "otelagent")
    context = {**spec.get("securityContext", {}), **ours["securityContext"]}
    assert context["runAsUser"] == 10001
    assert context["readOnlyRootFilesystem"] is True
    assert "memory" in ours["resources"]["limits"]
    assert "cpu" not in ours["resources"]["limits"]
    assert spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", ["deployment", "job"])
def test_sidecar_starts_before_the_agent_and_never_makes_the_pod_unready(name: str) -> None:
    spec = pod(documents(FOLDER / f"sidecar/{name}.yaml")[0]) or {}
    sidecar = spec["initContainers"][0]
    assert sidecar["restartPolicy"] == "Always"
    assert "startupProbe" in sidecar
    assert "readinessProbe" not in sidecar


@pytest.mark.parametrize("folder", ["sidecar", "gateway", "monitoring"])
def test_kustomization_names_every_file_beside_it(folder: str) -> None:
    kustomization = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
    generated = [file for each in kustomization.get("configMapGenerator", []) for file in each["files"]]
    beside = {path.name for path in (FOLDER / folder).iterdir()} - {"kustomization.yaml"}
    assert {*kustomization["resources"], *generated} == beside


def test_config_map_that_pods_mount_is_the_one_that_kustomize_makes() -> None:
    for folder in ("sidecar", "gateway"):
        kustomization = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
        made = {each["name"] for each in kustomization["configMapGenerator"]}
        specs = [spec for path in (FOLDER / folder).glob("*.yaml") for d in documents(path) if (spec := pod(d))]
        mounted = {v["configMap"]["name"] for spec in specs for v in spec["volumes"] if "configMap" in v}
        assert mounted == made


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.parent.name)
def test_configuration_answers_probes_and_scrapes_at_the_address_of_the_pod(path: Path, tmp_path: Path) -> None:
    text, ports = on_free_ports(path.read_text())
    environ = {"MY_POD_IP": OTHER_LOOPBACK, "OTELAGENT_STATE": str(tmp_path), "OTELAGENT_DOWNSTREAM": "127.0.0.3:1"}
    data = config_text.read([f"yaml:{text}"], environ=environ)
    read = config.load(data, environ=environ, check_detectors=detectors.mistakes)
    asyncio.run(probes(read, ports))


async def probes(read: config.Config, ports: dict[int, int]) -> None:
    """What kubelet and Prometheus do."""
    service = Service(read)
    await service.start()
    try:
        for port, path in ((13133, "/"), (8888, "/metrics")):
            url = f"http://{OTHER_LOOPBACK}:{ports[port]}{path}"
            assert await asyncio.to_thread(status, url) == 200
            with pytest.raises(OSError, match="refused"):
                await asyncio.to_thread(status, url.replace(OTHER_LOOPBACK, "127.0.0.1"))
    finally:
        await service.stop(grace=1)


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own http address
        return int(response.status)


def on_free_ports(text: str) -> tuple[str, dict[int, int]]:
    """The configuration with other ports, so that tests can run side by side."""
    wanted = [int(port) for port in re.findall(r"(?:[\d}]:|port: )(4317|4318|8888|13133)\b", text)]
    with_ports = dict(zip(wanted, free_ports(len(wanted)), strict=True))
    for port, free in with_ports.items():
        text = re.sub(rf"([\d}}]:|port: ){port}\b", rf"\g<1>{free}", text)
    return text, with_ports


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
