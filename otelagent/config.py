"""The configuration: settings read from a mapping, checked as a whole.

`load` lists all mistakes at once, each with its path and the nearest valid name.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from otelagent import endpoint, environment
from otelagent.config_text import merge
from otelagent.endpoint import Endpoint
from otelagent.errors import BadConfig
from otelagent.settings import (
    ALIASES,
    COMPONENTS,
    AgentFailures,
    AnyExporter,
    Auth,
    BearerToken,
    FileStorage,
    MemoryLimiter,
    OtlpExporter,
    OtlpReceiver,
    Redaction,
    Service,
    Settings,
    SignalPipeline,
    Telemetry,
    section,
)
from otelagent.traffic import Signal

DetectorCheck = Callable[[Mapping[str, Any]], list[str]]
"""Gives what is wrong with detector settings, a line each."""

Component = TypeVar("Component", bound=Settings)


@dataclass(frozen=True)
class Config:
    """A valid configuration. Components by id."""

    receivers: Mapping[str, OtlpReceiver]
    agent_failures: AgentFailures
    memory_limiter: MemoryLimiter | None
    redactions: Mapping[str, Redaction]
    exporters: Mapping[str, AnyExporter]
    extensions: Mapping[str, Settings]
    """Those that run."""
    pipelines: Mapping[Signal, SignalPipeline]
    telemetry: Telemetry

    def inspects(self, signal: Signal) -> bool:
        """Whether the signal passes the detectors."""
        pipeline = self.pipelines.get(signal)
        return pipeline is not None and any(p.partition("/")[0] == "agent_failures" for p in pipeline.processors)

    def extension(self, kind: type[Component]) -> Component | None:
        """The one that runs of this kind."""
        return next((e for e in self.extensions.values() if isinstance(e, kind)), None)

    def dump(self) -> dict[str, Any]:
        """What `print-config` shows: all settings in effect, secrets hidden."""
        processors: dict[str, Settings | None] = {
            "agent_failures": self.agent_failures,
            "memory_limiter": self.memory_limiter,
            **self.redactions,
        }
        return {
            "receivers": _dumped(self.receivers),
            "processors": _dumped({k: v for k, v in processors.items() if v is not None}),
            "exporters": _dumped(self.exporters),
            "extensions": _dumped(self.extensions),
            "service": {
                "extensions": list(self.extensions),
                "pipelines": {str(signal): p.model_dump(mode="json") for signal, p in self.pipelines.items()},
                "telemetry": self.telemetry.model_dump(mode="json"),
            },
        }


def _dumped(components: Mapping[str, Settings]) -> dict[str, Any]:
    return {name: component.model_dump(mode="json", exclude_none=True) for name, component in components.items()}


def load(
    data: Mapping[str, Any] | None,
    *,
    environ: Mapping[str, str] = os.environ,
    check_detectors: DetectorCheck = lambda _: [],
) -> Config:
    """The configuration that a mapping stands for; None: no configuration was given at all. Raises BadConfig."""
    return _Loading(data, environ, check_detectors).config()


class _Loading:
    """Collects mistakes while the sections are read."""

    def __init__(
        self, data: Mapping[str, Any] | None, environ: Mapping[str, str], check_detectors: DetectorCheck
    ) -> None:
        self._bare = data is None
        self._data = data or {}
        self._environ = environ
        self._check_detectors = check_detectors
        self._mistakes: list[str] = []

    def config(self) -> Config:
        for key in self._data:
            if key not in (*COMPONENTS, "service"):
                self._mistakes.append(f"{key}: no such section{_hint(key, (*COMPONENTS, 'service'))}")
        receivers = self._section("receivers", self._raw("receivers") or {"otlp": None})
        processors = self._section("processors", {"agent_failures": None, **self._raw("processors")})
        exporters = self._section("exporters", self._raw_exporters())
        extensions = self._section("extensions", self._raw_extensions())
        service, pipelines = self._service()
        config = Config(
            receivers=receivers,
            agent_failures=_only(processors, AgentFailures) or AgentFailures(),
            memory_limiter=_only(processors, MemoryLimiter),
            redactions={name: p for name, p in processors.items() if isinstance(p, Redaction)},
            exporters=exporters,
            extensions=self._running(service, extensions),
            pipelines=self._pipelines(pipelines, receivers, processors, exporters),
            telemetry=service.telemetry,
        )
        self._check_references(config)
        self._check_loops(config)
        self._check_thresholds()
        if self._mistakes:
            raise BadConfig(*dict.fromkeys(self._mistakes))
        return config

    # --- sections ---------------------------------------------------------------------------------------------------

    def _raw(self, section: str) -> Mapping[str, Any]:
        raw = self._data.get(section)
        if raw is None:
            return {}
        if not isinstance(raw, Mapping):
            self._mistakes.append(f"{section}: must be a mapping of components, not {type(raw).__name__}")
            return {}
        return raw

    def _raw_exporters(self) -> Mapping[str, Any]:
        """Exporters as written; what has no endpoint gets it from the environment, and so does an empty section."""
        found = environment.exporter(self._environ)
        raw = self._raw("exporters")
        if not raw:
            return {found[0]: found[1]} if found else {}
        if not found:
            return raw
        return {
            name: merge(found[1], own or {})
            if _kind(name) == found[0] and (own is None or (isinstance(own, Mapping) and "endpoint" not in own))
            else own
            for name, own in raw.items()
        }

    def _raw_extensions(self) -> Mapping[str, Any]:
        raw = {"health_check": None, **self._raw("extensions")}
        if self._bare:
            state = self._state_directory()
            raw |= {
                "file_storage": {"directory": state},
                "trace_store": {"directory": f"{state}/traces"},
                "baseline_store": {"directory": f"{state}/baselines"},
            }
        return raw

    def _state_directory(self) -> str:
        home = self._environ.get("XDG_STATE_HOME") or f"{self._environ.get('HOME') or Path.home()}/.local/state"
        return f"{home}/otelagent"

    def _section(self, section: str, raw: Mapping[str, Any]) -> dict[str, Any]:
        kinds = COMPONENTS[section]
        made = {}
        for name, settings in raw.items():
            kind = kinds.get(_kind(name))
            if kind is None:
                known = sorted({*kinds, *(a for a, k in ALIASES.items() if section == "exporters" and k in kinds)})
                self._mistakes.append(f"{section}.{name}: no such component{_hint(_kind(name), known)}")
            elif (model := self._model(kind, settings, f"{section}.{name}")) is not None:
                made[name] = model
        return made

    def _model(self, kind: type[Component], settings: Any, path: str) -> Component | None:
        try:
            return kind.model_validate(settings)
        except ValidationError as error:
            self._mistakes += [_mistake(kind, path, each) for each in error.errors(include_input=False)]
            return None

    def _service(self) -> tuple[Service, dict[str, SignalPipeline]]:
        """Part by part, so that a mistake in one hides none in another."""
        raw = self._raw("service")
        parts = {key: raw[key] for key in ("extensions", "telemetry") if key in raw}
        known = {k: v for k, v in parts.items() if self._model(Service, {k: v}, "service") is not None}
        self._model(Service, {k: v for k, v in raw.items() if k not in (*parts, "pipelines")}, "service")
        written = raw.get("pipelines") or {}
        if not isinstance(written, Mapping):
            self._mistakes.append("service.pipelines: must be a mapping of pipelines")
            written = {}
        made = {n: self._model(SignalPipeline, p, f"service.pipelines.{n}") for n, p in written.items()}
        return Service.model_validate(known), {
            name: pipeline for name, pipeline in made.items() if pipeline is not None
        }

    # --- what refers to what --------------------------------------------------------------------------------------

    def _running(self, service: Service, extensions: Mapping[str, Settings]) -> dict[str, Settings]:
        chosen = service.extensions
        if chosen is None:
            return dict(extensions) if self._bare else {k: v for k, v in extensions.items() if k in self._implied()}
        for name in chosen:
            self._known(f"service.extensions: {name}", name, extensions, "extensions")
        return {name: extensions[name] for name in chosen if name in extensions}

    def _implied(self) -> set[str]:
        """Without `service.extensions`, what the configuration writes down runs, and the health check."""
        return {"health_check", *self._raw("extensions")}

    def _known(self, path: str, name: str, components: Mapping[str, Any], section: str) -> None:
        if name not in components and name not in self._raw(section):
            self._mistakes.append(f"{path}: is not in {section}{_hint(name, components)}")

    def _pipelines(
        self,
        written: Mapping[str, SignalPipeline],
        receivers: Mapping[str, Any],
        processors: Mapping[str, Any],
        exporters: Mapping[str, Any],
    ) -> dict[Signal, SignalPipeline]:
        if not self._raw("service").get("pipelines"):
            every = SignalPipeline(receivers=list(receivers) or ["otlp"], exporters=list(exporters))
            inspecting = every.model_copy(update={"processors": list(processors)})
            others = [name for name in processors if _kind(name) != "agent_failures"]
            passing = every.model_copy(update={"processors": others})
            return {Signal.TRACES: inspecting, Signal.LOGS: inspecting, Signal.METRICS: passing}
        found: dict[Signal, SignalPipeline] = {}
        for name, pipeline in written.items():
            path = f"service.pipelines.{name}"
            kind = name.partition("/")[0]
            if kind not in tuple(Signal):
                self._mistakes.append(f"{path}: no such signal{_hint(kind, tuple(Signal))}")
                continue
            if Signal(kind) in found:
                self._mistakes.append(f"{path}: there is one pipeline for {kind} already; one process runs one of each")
            found[Signal(kind)] = pipeline
            for each in pipeline.receivers:
                self._known(f"{path}.receivers: {each}", each, receivers, "receivers")
            for each in pipeline.processors:
                self._known(f"{path}.processors: {each}", each, processors, "processors")
            kinds = [_kind(each) for each in pipeline.processors]
            if "redaction" in kinds[: kinds.index("agent_failures") if "agent_failures" in kinds else 0]:
                self._mistakes.append(
                    f"{path}.processors: redaction must come after agent_failures, which reads content"
                )
            for each in pipeline.exporters:
                self._known(f"{path}.exporters: {each}", each, exporters, "exporters")
        return found

    def _check_references(self, config: Config) -> None:
        if config.redactions and config.agent_failures.evidence.include_content:
            self._mistakes.append(
                "processors.agent_failures.evidence.include_content: would quote what redaction takes out"
            )
        for name, exporter in config.exporters.items():
            storage = exporter.sending_queue.storage
            if storage is not None and not isinstance(config.extensions.get(storage), FileStorage):
                self._mistakes.append(
                    f"exporters.{name}.sending_queue.storage: {storage} is no running file_storage; "
                    "name it in extensions and service.extensions"
                )
            self._check_auth(config, exporter.auth, f"exporters.{name}")
        for name, receiver in config.receivers.items():
            for protocol in ("grpc", "http"):
                if server := getattr(receiver.protocols, protocol):
                    self._check_auth(config, server.auth, f"receivers.{name}.protocols.{protocol}")

    def _check_auth(self, config: Config, auth: Auth | None, path: str) -> None:
        if auth and not isinstance(config.extensions.get(auth.authenticator), BearerToken):
            self._mistakes.append(
                f"{path}.auth.authenticator: {auth.authenticator} is no running bearertokenauth; "
                "name it in extensions and service.extensions"
            )

    def _check_loops(self, config: Config) -> None:
        own = list(listeners(config))
        for processor in config.telemetry.traces.processors:
            if endpoint.leads_back(endpoint.parse(processor.batch.exporter.otlp.endpoint, "grpc"), own):
                self._mistakes.append("service.telemetry.traces: go to otelagent's own receiver, and would never end")
        for name, exporter in config.exporters.items():
            transport = "grpc" if isinstance(exporter, OtlpExporter) else "http"
            if endpoint.leads_back(endpoint.parse(exporter.endpoint, transport), own):
                self._mistakes.append(
                    f"exporters.{name}.endpoint: is otelagent's own receiver, so every span would come back; set the "
                    "address of your Collector or backend (OTEL_EXPORTER_OTLP_ENDPOINT may be the application's)"
                )

    def _check_thresholds(self) -> None:
        """On the mapping as written, so that another mistake beside them hides none."""
        for name, raw in self._raw("processors").items():
            if _kind(name) != "agent_failures" or not isinstance(raw, Mapping):
                continue
            path = f"processors.{name}"
            self._mistakes += self._thresholds(f"{path}.detectors", raw.get("detectors"))
            overrides = raw.get("overrides")
            for index, override in enumerate(overrides if isinstance(overrides, list) else ()):
                chosen = override.get("detectors") if isinstance(override, Mapping) else None
                self._mistakes += self._thresholds(f"{path}.overrides[{index}].detectors", chosen)

    def _thresholds(self, path: str, chosen: Any) -> list[str]:
        return [f"{path}.{line}" for line in self._check_detectors(chosen)] if isinstance(chosen, Mapping) else []


def listeners(config: Config) -> Iterator[Endpoint]:
    """The addresses of all receivers."""
    for receiver in config.receivers.values():
        for protocol in ("grpc", "http"):
            if server := getattr(receiver.protocols, protocol):
                yield endpoint.parse(server.endpoint, protocol)


def _kind(name: str) -> str:
    kind = str(name).partition("/")[0]
    return ALIASES.get(kind, kind)


def _only(components: Mapping[str, Any], kind: type[Component]) -> Component | None:
    return next((c for c in components.values() if isinstance(c, kind)), None)


def _mistake(kind: type[BaseModel], path: str, error: Any) -> str:
    location = error["loc"]
    full = path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    if error["type"] == "extra_forbidden":
        return f"{full}: no such setting{_hint(str(location[-1]), _fields_at(kind, location[:-1]))}"
    if error["type"] == "missing":
        return f"{full}: must be set"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{full}: {message if message.startswith(('must', 'cert_file')) else f'must be {message}'}"


def _fields_at(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Names of the settings beside the one at a location."""
    model: type[BaseModel] | None = kind
    for part in location:
        field = model.model_fields.get(str(part)) if model and isinstance(part, str) else None
        model = section(field.annotation) if field else model
    return list(model.model_fields) if model else []


def _hint(name: str, valid: Any) -> str:
    names = [str(v) for v in valid]
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are: {', '.join(sorted(names))}" if names else ""
