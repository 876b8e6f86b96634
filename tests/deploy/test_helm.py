"""The chart by its rendered examples, which are checked in; `make deploy-check` renders them anew with helm."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from otelagent import config, config_text, detectors
from tests.deploy.manifests import DEPLOY, VERSIONS, Manifest, documents, mistakes, pod, violations
from tests.deploy.test_kubernetes import OTHER_LOOPBACK, on_free_ports, probes

CHART = DEPLOY / "helm/otelagent"
EXAMPLES = sorted((DEPLOY / "helm/examples").glob("*.yaml"))
CASES = sorted((CHART / "ci").glob("*-values.yaml"))
MANIFESTS = [
    pytest.param(document, id=f"{path.stem} {document['kind']} {document['metadata']['name']}")
    for path in EXAMPLES
    for document in documents(path)
]
OUR_CONFIGS = [
    pytest.param(each.values[0]["data"]["config.yaml"], id=str(each.id).split()[0])
    for each in MANIFESTS
    if "config.yaml" in each.values[0].get("data", {})
]


def schema() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    return read


def test_every_case_is_rendered() -> None:
    """But the one with rules and dashboards, which are checked in already."""
    assert {f"{path.stem}-values" for path in EXAMPLES} == {path.stem for path in CASES} - {"monitoring-values"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS)
def test_rendered_manifest_fits_the_schema_of_its_kind(manifest: Manifest, version: str) -> None:
    assert mistakes(manifest, version) == []


def test_rendered_pods_are_allowed_where_restricted_is_enforced() -> None:
    specs = [spec for each in MANIFESTS if (spec := pod(each.values[0]))]
    assert specs
    assert [list(violations(spec)) for spec in specs] == [[] for _ in specs]


def test_snippet_makes_an_agents_pod_whole_and_stays_within_restricted() -> None:
    (snippet,) = (
        each.values[0]["data"]["pod.yaml"] for each in MANIFESTS if "pod.yaml" in each.values[0].get("data", {})
    )
    agent = documents(DEPLOY / "kubernetes/sidecar/deployment.yaml")[0]
    spec = pod(agent) or {}
    del spec["securityContext"]
    patch = yaml.safe_load(snippet)["spec"]["template"]["spec"]
    spec.update(patch)
    assert mistakes(agent, "1.37") == []
    assert [each for each in violations(spec) if each.startswith("otelagent")] == []


@pytest.mark.parametrize("text", OUR_CONFIGS)
def test_rendered_configuration_starts_and_answers_probes_at_the_address_of_the_pod(text: str, tmp_path: Any) -> None:
    text, ports = on_free_ports(text.replace("/var/lib/otelagent", str(tmp_path)))
    environ = {"MY_POD_IP": OTHER_LOOPBACK}
    data = config_text.read([f"yaml:{text}"], environ=environ)
    asyncio.run(probes(config.load(data, environ=environ, check_detectors=detectors.mistakes), ports))


@pytest.mark.parametrize("path", [CHART / "values.yaml", *CASES], ids=lambda path: path.stem)
def test_values_fit_their_schema(path: Any) -> None:
    assert list(Draft7Validator(schema()).iter_errors(yaml.safe_load(path.read_text()))) == []


def test_every_value_is_in_the_schema_and_nothing_else_is_taken() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(leaves(values)) <= set(places(schema()))
    assert not Draft7Validator(schema()).is_valid({**values, "replicas": 3})
    assert not Draft7Validator(schema()).is_valid({**values, "mode": "daemonset"})


def leaves(values: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield f"{path}{key}"
        if isinstance(value, dict) and key not in ("resources", "podSecurityContext", "securityContext", "tls"):
            yield from leaves(value, f"{path}{key}.")


def places(node: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, child in node.get("properties", {}).items():
        yield f"{path}{key}"
        yield from places(child, f"{path}{key}.")


def test_dashboards_and_rules_of_the_chart_are_the_generated_ones() -> None:
    name = "otelagent.rules.yaml"
    assert (CHART / "files" / name).read_text() == (DEPLOY / "prometheus" / name).read_text()
