"""What the tests of manifests share: reading them, their schemas, the rules of the `restricted` profile."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = Path(__file__).parent / "schemas"
"""Of the kinds in use, from Kubernetes' own definitions and the Prometheus Operator's; closed: no further keys."""

VERSIONS = ("1.29", "1.33", "1.37")

Manifest = dict[str, Any]


def documents(path: Path) -> list[Manifest]:
    """The manifests of one file; what kustomize and helm read themselves is none."""
    found = [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]
    return [each for each in found if "kind" in each and each["kind"] != "Kustomization"]


@cache
def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def mistakes(manifest: Manifest, version: str) -> list[str]:
    """What Kubernetes' schema says against it; a kind that has none is a mistake."""
    for name in (f"kubernetes-{version}", "monitoring"):
        schema = _schema(name)
        if (kind := schema["kinds"].get(manifest["kind"])) is not None:
            validator = Draft7Validator({**kind, "$defs": schema["$defs"]})
            return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(manifest)]
    return [f"no schema for {manifest['kind']}"]


def write_schemas(folder: Path) -> None:
    """A file for each version and kind, named as kubeconform looks for them."""
    for path in SCHEMAS.glob("*.json"):
        schema = _schema(path.stem)
        for kind, definition in schema["kinds"].items():
            target = folder / path.stem.removeprefix("kubernetes-") / f"{kind.lower()}.json"
            target.parent.mkdir(exist_ok=True)
            target.write_text(json.dumps({**definition, "$defs": schema["$defs"]}), encoding="utf-8")


def pod(manifest: Manifest) -> Manifest | None:
    """The pod's spec of a workload."""
    if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
        spec: Manifest = manifest["spec"]["template"]["spec"]
        return spec
    return None


VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def violations(spec: Manifest) -> Iterator[str]:
    """What Pod Security's `restricted` profile (and the baseline below it) forbids."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is set"
    for volume in spec.get("volumes", []):
        if not set(volume) - {"name"} <= VOLUMES:
            yield f"volume {volume['name']} is of a forbidden kind"
    pod_context = spec.get("securityContext", {})
    if pod_context.get("sysctls"):
        yield "sysctls are set"
    for container in containers(spec):
        for mistake in _container(container, pod_context):
            yield f"{container['name']}: {mistake}"


def containers(spec: Manifest) -> list[Manifest]:
    return [*spec.get("initContainers", []), *spec["containers"]]


def _container(container: Manifest, pod_context: Manifest) -> Iterator[str]:
    own = container.get("securityContext", {})
    both = {**pod_context, **own}
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation isn't false"
    if own.get("privileged") or own.get("procMount", "Default") != "Default":
        yield "is privileged"
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "doesn't drop ALL capabilities"
    if set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "adds capabilities"
    if both.get("runAsNonRoot") is not True or both.get("runAsUser", 1) == 0:
        yield "may run as root"
    if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of the host"


def main() -> None:
    """Says what is wrong with the manifests of a file; `--schemas FOLDER` writes the schemas for kubeconform."""
    if sys.argv[1] == "--schemas":
        return write_schemas(Path(sys.argv[2]))
    found = [
        f"{each['kind']} {each['metadata']['name']}: {mistake}"
        for each in documents(Path(sys.argv[1]))
        for version in VERSIONS
        for mistake in (*mistakes(each, version), *violations(pod(each) or {"containers": []}))
    ]
    sys.exit("\n".join(found) or 0)


if __name__ == "__main__":
    main()
