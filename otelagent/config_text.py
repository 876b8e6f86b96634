"""Where configuration text comes from: `file:`, `env:`, `yaml:`, plain paths, `${env:X:-default}`, `--set a.b=c`.

Everything is bounded, since a sidecar's configuration may be written by somebody else than who runs it: sizes, nesting,
nodes after aliases are followed.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from otelagent.errors import BadConfig

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 50_000

MAX_KEYS: Final = 1000
"""Of one mapping, those that it merges in included."""

MAX_MERGED: Final = 16
_MERGE: Final = "tag:yaml.org,2002:merge"

_REFERENCE: Final = re.compile(r"\$\$|\$\{(?:(\w+):)?([^}:]*)(?::-([^}]*))?\}")
"""`$$`, `${env:NAME}`, `${env:NAME:-default}`, `${NAME}`. Runs over the operator's text only."""


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice: the second one would win silently. Merges (`<<`) are bounded, since they are
    carried out before anything can be counted."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        line = node.start_mark.line + 1
        for key, value in node.value:
            if key.tag == _MERGE and isinstance(value, yaml.SequenceNode) and len(value.value) > MAX_MERGED:
                raise BadConfig(f"line {line}: merges more than {MAX_MERGED} mappings")
        super().flatten_mapping(node)
        if len(node.value) > MAX_KEYS:
            raise BadConfig(f"line {line}: has more than {MAX_KEYS} keys")


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise BadConfig(f"line {node.start_mark.line + 1}: {', '.join(twice)} stands twice")
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(sources: Iterable[str], sets: Iterable[str] = (), environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """One mapping from all sources, later ones over earlier ones: mappings merge, lists and scalars are replaced.

    Raises BadConfig with the mistakes of all sources.
    """
    merged: dict[str, Any] = {}
    mistakes: list[str] = []
    texts: list[_Source | _Setting] = [*(_Source(s) for s in sources), *(_Setting(s) for s in sets)]
    for each in texts:
        try:
            merged = merge(merged, expand(parse(each.text(environ), each.label), environ))
        except BadConfig as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadConfig(*mistakes)
    return merged


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`, mapping by mapping."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def parse(text: str, label: str) -> dict[str, Any]:
    """The mapping that a YAML text holds; keys with `::` are paths. Raises BadConfig."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise BadConfig(f"{label}: larger than {MAX_BYTES} bytes")
    try:
        _check_depth(text, label)
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise BadConfig(f"{label}: {_yaml_mistake(error)}") from None
    except BadConfig as error:
        raise BadConfig(*(m if m.startswith(label) else f"{label}: {m}" for m in error.mistakes)) from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadConfig(f"{label}: must be a mapping, not {type(value).__name__}")
    _check_nodes(value, label)
    return _unfold(value, label)


def expand(value: Any, environ: Mapping[str, str]) -> Any:
    """Replace references to the environment; a scalar that is one reference alone is read as YAML. Raises BadConfig."""
    mistakes: list[str] = []
    expanded = _expand(value, environ, "", mistakes)
    if mistakes:
        raise BadConfig(*mistakes)
    return expanded


class _Source:
    """A value of `--config`."""

    def __init__(self, source: str) -> None:
        self._source = source
        scheme, _, _ = source.partition(":")
        self.label = "yaml:" if scheme == "yaml" else source

    def text(self, environ: Mapping[str, str]) -> str:
        scheme, colon, rest = self._source.partition(":")
        match scheme if colon else "":
            case "file":
                return _read_file(rest)
            case "env":
                return _read_env(rest, environ)
            case "yaml":
                return rest
            case "http" | "https":
                raise BadConfig(
                    f"{self._source}: configuration isn't fetched over the network; use file:, env: or yaml:"
                )
            case _:
                return _read_file(self._source)


class _Setting:
    """A value of `--set`."""

    def __init__(self, setting: str) -> None:
        self._path, self._equals, self._value = setting.partition("=")
        self.label = f"--set {self._path}"

    def text(self, environ: Mapping[str, str]) -> str:
        keys = self._path.replace("::", ".").split(".")
        if not self._equals or not all(keys):
            raise BadConfig(f"{self.label}: must be KEY.KEY=VALUE")
        nested: Any = _scalar(self._value)
        for key in reversed(keys):
            nested = {key: nested}
        return yaml.safe_dump(nested)


def _read_file(path: str) -> str:
    file = Path(path)
    try:
        if not file.is_file():
            raise BadConfig(f"{path}: no such file")
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        return raw.decode()
    except UnicodeDecodeError:
        raise BadConfig(f"{path}: is no UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise BadConfig(f"{path}: {getattr(error, 'strerror', None) or 'can not be read'}") from None


def _read_env(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise BadConfig(f"env:{name}: is not set")
    return environ[name]


def _expand(value: Any, environ: Mapping[str, str], path: str, mistakes: list[str]) -> Any:
    match value:
        case dict():
            return {k: _expand(v, environ, f"{path}.{k}".lstrip("."), mistakes) for k, v in value.items()}
        case list():
            return [_expand(v, environ, f"{path}[{i}]", mistakes) for i, v in enumerate(value)]
        case str() if "$" in value:
            return _expand_text(value, environ, path, mistakes)
        case _:
            return value


def _expand_text(value: str, environ: Mapping[str, str], path: str, mistakes: list[str]) -> Any:
    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        scheme, name, default = match.groups()
        if scheme not in (None, "env"):
            mistakes.append(f"{path}: ${{{scheme}:...}} is not known; there is ${{env:NAME}}")
            return ""
        found = environ.get(name) or default
        if found is None:
            mistakes.append(
                f"{path}: {name} is not set in the environment; ${{env:{name}:-default}} gives it a default"
            )
        return found or ""

    expanded = _REFERENCE.sub(replace, value)
    whole = _REFERENCE.fullmatch(value)
    return _scalar(expanded) if whole and whole[0] != "$$" else expanded


def _scalar(text: str) -> Any:
    """Text as YAML reads it where that is a scalar or a plain collection, else the text."""
    try:
        return parse(f"value: {text}" if "\n" not in text else text, "").get("value", text)
    except BadConfig:
        return text


def _unfold(value: dict[Any, Any], label: str) -> dict[str, Any]:
    unfolded: dict[str, Any] = {}
    for key, below in value.items():
        nested = _unfold(below, label) if isinstance(below, dict) else below
        first, *rest = str(key).split("::")
        for part in reversed(rest):
            nested = {part: nested}
        unfolded = merge(unfolded, {first: nested})
    return unfolded


def _check_depth(text: str, label: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise BadConfig(f"{label}: nests deeper than {MAX_DEPTH} levels")
        if count > MAX_NODES:
            raise BadConfig(f"{label}: has more than {MAX_NODES} nodes")


def _check_nodes(value: Any, label: str) -> None:
    """Aliases are followed as often as they stand, as everyone after us would."""
    waiting, seen = [(value, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MAX_NODES or depth > MAX_DEPTH:
            raise BadConfig(f"{label}: has more than {MAX_NODES} nodes, or nests deeper than {MAX_DEPTH} levels")
        below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting += [(each, depth + 1) for each in below]


def _yaml_mistake(error: yaml.YAMLError) -> str:
    """Position and problem, without the text around it: it may hold a secret."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "is no YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
