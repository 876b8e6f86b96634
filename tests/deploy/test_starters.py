"""`otelagent init`: what it prints is whole, and the same as the manifests that are tested beside it."""

import asyncio
import configparser
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from otelagent import config, config_text, detectors, starters
from otelagent.commands.init import command
from tests.deploy.manifests import DEPLOY, VERSIONS, documents, mistakes, pod, violations
from tests.deploy.test_kubernetes import OTHER_LOOPBACK, on_free_ports, probes


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def loaded(text: str, environ: dict[str, str], sets: tuple[str, ...] = ()) -> config.Config:
    data = config_text.read([f"yaml:{text}"] if text else [], sets, environ)
    return config.load(data, environ=environ, check_detectors=detectors.mistakes)


@pytest.mark.parametrize("platform", starters.FILES)
def test_nothing_is_left_to_be_filled_in(platform: str) -> None:
    text = printed(platform)
    assert not any(place in text for place in (starters.DOWNSTREAM, starters.IMAGE, starters.NAME))


@pytest.mark.parametrize("platform", starters.FILES)
def test_options_appear_in_the_file(platform: str) -> None:
    text = printed(platform, "--downstream", "collector.example:4317", "--image", "x/otelagent:9", "--name", "planner")
    assert "collector.example:4317" in text
    assert ("x/otelagent:9" in text) == (platform != "systemd")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--downstream", "a b:1"), ("--downstream", "x"), ("--image", "x\ny: z"), ("--name", "Agent!"), ("--name", "")],
)
def test_values_that_would_break_the_file_are_refused(option: str, value: str) -> None:
    assert CliRunner().invoke(command, ["kubernetes", option, value]).exit_code == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_starter_fits_its_schemas_and_restricted(version: str, tmp_path: Path) -> None:
    (tmp_path / "starter.yaml").write_text(printed("kubernetes"))
    config_map, deployment = documents(tmp_path / "starter.yaml")
    assert mistakes(config_map, version) == mistakes(deployment, version) == []
    assert list(violations(pod(deployment) or {})) == []


def test_kubernetes_starter_is_the_tested_sidecar(tmp_path: Path) -> None:
    (tmp_path / "starter.yaml").write_text(printed("kubernetes"))
    tested = json.dumps(documents(DEPLOY / "kubernetes/sidecar/deployment.yaml")[0])
    image = f'"otelagent/otelagent:{starters.__version__}"'
    assert json.dumps(documents(tmp_path / "starter.yaml")[1]) == tested.replace('"otelagent/otelagent"', image)


def test_kubernetes_starter_answers_probes_at_the_address_of_the_pod(tmp_path: Path) -> None:
    text = yaml.safe_load(printed("kubernetes").split("---")[0])["data"]["config.yaml"]
    text, ports = on_free_ports(text.replace("/var/lib/otelagent", str(tmp_path)))
    asyncio.run(probes(loaded(text, {"MY_POD_IP": OTHER_LOOPBACK}), ports))


def test_compose_starter_refers_only_to_what_it_has() -> None:
    made = yaml.safe_load(printed("compose"))
    for service in made["services"].values():
        assert {each["source"] for each in service.get("configs", [])} <= set(made["configs"])
        assert {each.split(":")[0] for each in service.get("volumes", [])} <= set(made["volumes"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert ":" in service["image"]


def test_compose_starter_carries_a_valid_configuration() -> None:
    read = loaded(yaml.safe_load(printed("compose"))["configs"]["otelagent"]["content"], {})
    assert read.exporters["otlp"].endpoint == "otel-collector:4317"


def test_compose_file_of_the_checkout_mounts_what_there_is() -> None:
    folder = DEPLOY / "compose"
    included: list[str] = yaml.safe_load((folder / "compose.yaml").read_text())["include"][0]["path"]
    assert all((folder / name).is_file() for name in included)
    mounts: dict[str, Any] = yaml.safe_load((folder / "mounts.yaml").read_text())["services"]
    sources = [volume.split(":")[0] for service in mounts.values() for volume in service["volumes"]]
    assert all((folder / source).is_dir() for source in sources)


def test_systemd_unit_runs_a_valid_configuration_unprivileged() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(printed("systemd").replace("\\\n", " "))
    words = shlex.split(unit["Service"]["ExecStart"])
    assert words[:2] == ["/opt/otelagent/bin/otelagent", "run"]
    read = loaded("", {}, tuple(words[3::2]))
    assert read.exporters["otlp"].sending_queue.storage == "file_storage"
    assert unit["Service"]["DynamicUser"] == "yes"
    assert unit["Service"]["ProtectSystem"] == "strict"


def test_operator_resource_carries_a_valid_configuration() -> None:
    resource = yaml.safe_load((DEPLOY / "operator/sidecar.yaml").read_text())
    read = loaded(yaml.safe_dump(resource["spec"]["config"]), {"MY_POD_IP": OTHER_LOOPBACK})
    assert resource["spec"]["mode"] == "sidecar"
    assert {each["name"] for each in resource["spec"]["volumes"]} == {
        each["name"] for each in resource["spec"]["volumeMounts"]
    }
    assert read.telemetry.metrics.readers[0].pull.exporter.prometheus.host == OTHER_LOOPBACK
