"""Every mistake in a configuration is found, at once, with its path and what was probably meant."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from otelagent import assembly, config, config_text, detectors
from otelagent.errors import BadConfig
from otelagent.policy import MIB
from otelagent.settings import COMPONENTS, FileStorage, OtlpExporter, Service, Settings, TraceStore, section
from otelagent.traffic import Signal

OTLP = {"otlp": {"endpoint": "http://collector:4317"}}


def mistakes(text: str, environ: dict[str, str] | None = None) -> list[str]:
    try:
        data = config_text.read([f"yaml:{text}"], environ=environ or {})
        config.load(data, environ=environ or {}, check_detectors=detectors.mistakes)
    except BadConfig as error:
        return list(error.mistakes)
    return []


def load(text: str = "", environ: dict[str, str] | None = None) -> config.Config:
    data = config_text.read([f"yaml:{text}"], environ=environ or {})
    return config.load(data, environ=environ or {}, check_detectors=detectors.mistakes)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("recievers: {}", "recievers: no such section; did you mean 'receivers'?"),
        ("receivers: []", "receivers: must be a mapping of components, not list"),
        ("receivers: {kafka: {}}", "receivers.kafka: no such component; there are: otlp"),
        ("receivers: {otpl: {}}", "receivers.otpl: no such component; did you mean 'otlp'?"),
        (
            "exporters: {debug: {}}",
            "exporters.debug: no such component; there are: otlp, otlp_grpc, otlp_http, otlphttp",
        ),
        (
            "processors: {batch: {}}",
            "processors.batch: no such component; there are: agent_failures, memory_limiter, redaction",
        ),
        (
            "receivers: {otlp: {protocols: {grpc: {endpont: 'a:1'}}}}",
            "receivers.otlp.protocols.grpc.endpont: no such setting; did you mean 'endpoint'?",
        ),
        ("receivers: {otlp: {protocols: {}}}", "receivers.otlp.protocols: must have grpc or http"),
        (
            "receivers: {otlp: {protocols: {grpc: {tls: {cert_file: a}}}}}",
            "receivers.otlp.protocols.grpc.tls.key_file: must be set",
        ),
        (
            "receivers: {otlp: {protocols: {grpc: {max_recv_msg_size_mib: 0}}}}",
            "receivers.otlp.protocols.grpc.max_recv_msg_size_mib: must be greater than 0",
        ),
        (
            "receivers: {otlp: {protocols: {grpc: {endpoint: 'a:b'}}}}",
            "receivers.otlp.protocols.grpc.endpoint: must end with a port number from 0 to 65535",
        ),
        (
            "receivers: {otlp: {protocols: {grpc: {endpoint: 'ftp://a:1'}}}}",
            "receivers.otlp.protocols.grpc.endpoint: must be host:port, or begin with http:// or https://",
        ),
        (
            "receivers: {otlp: {protocols: {grpc: {auth: {authenticator: bearertokenauth}}}}}",
            "receivers.otlp.protocols.grpc.auth.authenticator: bearertokenauth is no running bearertokenauth; "
            "name it in extensions and service.extensions",
        ),
        ("exporters: {otlp: {}}", "exporters.otlp.endpoint: must be set"),
        (
            "exporters: {otlp: {endpoint: 'x:1', timeout: 5}}",
            "exporters.otlp.timeout: must be a duration with a unit, like 5s or 1m30s",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', compression: snappy}}",
            "exporters.otlp.compression: must be 'gzip' or 'none'",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', tls: {cert_file: a}}}",
            "exporters.otlp.tls: cert_file and key_file go together",
        ),
        (
            "exporters: {otlp: {endpoint: 'http://user:hunter2@x:1'}}",
            "exporters.otlp.endpoint: must not carry credentials; use headers",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', sending_queue: {storage: file_storage}}}",
            "exporters.otlp.sending_queue.storage: file_storage is no running file_storage; "
            "name it in extensions and service.extensions",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', sending_queue: {queue_size: 1000}}}",
            "exporters.otlp.sending_queue: must name a sizer for a queue_size of 1000: requests, items or bytes",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', sending_queue: {batch: {min_size: 8192}}}}",
            "exporters.otlp.sending_queue: must not hold batch: "
            "requests that wait are joined anyway, once they are safe",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', sending_queue: {block_on_overflow: true}}}",
            "exporters.otlp.sending_queue: must not block_on_overflow: "
            "a sender that finds the queue full is told to come again",
        ),
        (
            "exporters: {otlp: {endpoint: 'x:1', sending_queue: {wait_for_result: true, ack: received}}}",
            "exporters.otlp.sending_queue: must not have ack: received beside wait_for_result, which is ack: delivered",
        ),
        (
            "processors: {agent_failures: {detectors: {reasoning_lop: {}}}}",
            "processors.agent_failures.detectors.reasoning_lop: no such detector; did you mean 'reasoning_loop'?",
        ),
        (
            "processors: {agent_failures: {overrides: [{match: {agent: a}, detectors: {reasoning_lop: off}}]}}",
            "processors.agent_failures.overrides[0].detectors.reasoning_lop: no such detector; "
            "did you mean 'reasoning_loop'?",
        ),
        (
            "processors: {agent_failures: {tools: {search: {role: sink}}}}",
            "processors.agent_failures.tools.search.role: must be 'source', 'action', 'note' or 'poll'",
        ),
        (
            "processors: {redaction: {blocked_values: ['(']}}",
            "processors.redaction.blocked_values[0]: must be a regular expression that RE2 takes",
        ),
        (
            "processors: {redaction: {hash_function: hmac-sha256}}",
            "processors.redaction: must have hash_function and hmac_key together",
        ),
        (
            "processors: {redaction: {hash_function: md5}}",
            "processors.redaction.hash_function: must be 'hmac-sha256' or 'hmac-sha512'",
        ),
        (
            "processors: {redaction: {}}\n"
            "service: {pipelines: {traces: {receivers: [otlp], exporters: [], "
            "processors: [redaction, agent_failures]}}}",
            "service.pipelines.traces.processors: redaction must come after agent_failures",
        ),
        (
            "processors: {redaction: {}, agent_failures: {evidence: {include_content: true}}}",
            "processors.agent_failures.evidence.include_content: would quote what redaction takes out",
        ),
        ("service: {extensions: [helth_check]}", "service.extensions: helth_check: is not in extensions"),
        ("service: {pipelines: {trace: {receivers: [otlp], exporters: []}}}", "did you mean 'traces'?"),
        (
            "service: {pipelines: {traces: {receivers: [otpl], exporters: []}}}",
            "service.pipelines.traces.receivers: otpl: is not in receivers; did you mean 'otlp'?",
        ),
        (
            "service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}}",
            "service.pipelines.traces.exporters: otlp: is not in exporters",
        ),
        (
            "service: {pipelines: {traces: {receivers: [otlp], exporters: []}, "
            "traces/2: {receivers: [otlp], exporters: []}}}",
            "service.pipelines.traces/2: there is one pipeline for traces already",
        ),
        ("service: {pipeline: {}}", "service.pipeline: no such setting; did you mean 'pipelines'?"),
        (
            "service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {prt: 1}}}}]}}}",
            "service.telemetry.metrics.readers[0].pull.exporter.prometheus.prt: no such setting; did you mean 'port'?",
        ),
        ("service: {telemetry: {logs: {level: loud}}}", "service.telemetry.logs.level: must be 'debug', 'info'"),
        ("a: 1\na: 2", "line 1: a stands twice"),
        ("[1, 2]", "must be a mapping, not list"),
        ("a: [", "line 2, column 1"),
        ("a: ${env:NOWHERE}", "a: NOWHERE is not set in the environment; ${env:NOWHERE:-default} gives it a default"),
        ("a: ${file:/etc/passwd}", "a: ${file:...} is not known"),
        ("a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
    ],
)
def test_a_mistake_is_named_with_its_path(text: str, mistake: str) -> None:
    found = mistakes(text)
    assert len(found) == 1
    assert mistake in found[0]


def test_all_mistakes_are_listed_at_once() -> None:
    text = """
    recievers: {}
    exporters: {otlp: {endpoint: 'x:1', timeuot: 1s, headers: {a: secret}}, otlphttp/b: {}}
    processors: {agent_failures: {detectors: {reasoning_loop: {repeat: 3}}, traces: {idle: 5}}}
    service:
      extensions: [nothing]
      telemetry: {logs: {encoding: xml}}
      pipelines: {trace: {receivers: [otlp], exporters: []}}
    """
    found = mistakes(text)
    assert len(found) == 8
    assert not any("secret" in line for line in found)


def test_without_anything_it_listens_on_localhost_and_keeps_what_it_cannot_send() -> None:
    bare = config.load(None, environ={"XDG_STATE_HOME": "/state"})
    assert [str(e) for e in config.listeners(bare)] == ["127.0.0.1:4317", "127.0.0.1:4318"]
    assert not bare.exporters
    assert list(bare.pipelines) == list(Signal)
    storage, store = bare.extension(FileStorage), bare.extension(TraceStore)
    assert storage
    assert storage.directory == "/state/otelagent"
    assert store
    assert store.directory == "/state/otelagent/traces"


def test_with_a_configuration_only_what_it_names_is_stored() -> None:
    assert load("exporters: {otlp: {endpoint: 'x:1'}}").extension(FileStorage) is None
    assert load("extensions: {file_storage: {directory: /d}}").extension(FileStorage) is not None
    assert load("extensions: {file_storage: }\nservice: {extensions: []}").extension(FileStorage) is None


def test_the_example_of_the_collector_shape_is_valid() -> None:
    text = """
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:4317}, http: }}}
processors:
  agent_failures:
    detectors: {reasoning_loop: {repeats: 3}}
    tools: {"search_*": {role: source}, poll_job: {role: poll}}
    overrides: [{match: {agent: nightly-report}, detectors: {empty_result_fabrication: off}, until: 2027-01-31}]
exporters: {otlp: {endpoint: otel-collector:4317, tls: {insecure: true}, sending_queue: {storage: file_storage}}}
extensions: {health_check: {endpoint: 127.0.0.1:13133}, file_storage: {directory: /var/lib/otelagent}}
service:
  extensions: [health_check, file_storage]
  pipelines:
    traces: {receivers: [otlp], processors: [agent_failures], exporters: [otlp]}
    logs: {receivers: [otlp], processors: [agent_failures], exporters: [otlp]}
    metrics: {receivers: [otlp], exporters: [otlp]}
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 8888}}}}]}
    logs: {level: WARN, encoding: json}
    resource: {service.name: x}
"""
    assert mistakes(text) == []
    assert load(text).inspects(Signal.TRACES)
    assert not load(text).inspects(Signal.METRICS)


@pytest.mark.parametrize(("mib", "largest"), [(100_000, 64), (1024, 64), (256, 16), (4, 1)])
def test_the_largest_request_fits_the_container(mib: int, largest: int) -> None:
    assert assembly.largest(mib * MIB) == largest * MIB


def test_what_is_printed_is_a_valid_configuration_without_secrets() -> None:
    text = "exporters: {otlp: {endpoint: 'x:1', headers: {authorization: Bearer hunter2}, timeout: 1m30s}}"
    printed = yaml.safe_dump(load(text).dump())
    assert "hunter2" not in printed
    again = load(printed)
    assert again.exporters["otlp"].timeout == 90
    assert again.dump() == load(text).dump()


# --- the environment ------------------------------------------------------------------------------------------------


def test_the_endpoint_comes_from_the_environment() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector:4317",
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b,Tenant=c",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3000",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem",
    }
    exporter = config.load(None, environ=environ).exporters["otlp"]
    assert (exporter.endpoint, exporter.timeout, exporter.compression) == ("https://collector:4317", 3.0, "none")
    assert {k: v.get_secret_value() for k, v in exporter.headers.items()} == {"api-key": "a b", "tenant": "c"}
    assert exporter.tls.ca_file == "/ca.pem"


def test_what_is_written_goes_before_the_environment() -> None:
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://env:4317", "OTEL_EXPORTER_OTLP_HEADERS": "a=1"}
    assert load("exporters: {otlp: {endpoint: 'x:1'}}", environ).exporters["otlp"].endpoint == "x:1"
    assert not load("exporters: {otlp: {endpoint: 'x:1'}}", environ).exporters["otlp"].headers
    assert load("exporters: {otlp: {timeout: 1s}}", environ).exporters["otlp"].endpoint == "http://env:4317"


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp_http"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "otlp_http"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4317"}, "otlp"),
    ],
)
def test_the_protocol_comes_from_the_environment(environ: dict[str, str], kind: str) -> None:
    assert list(config.load(None, environ=environ).exporters) == [kind]


# --- loops ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        *("localhost:4317", "127.0.0.1:4317", "http://127.0.0.1:4317", "[::1]:4317", "0.0.0.0:4317", "LOCALHOST:4317"),
        *("127.1.2.3:4317", "[::ffff:127.0.0.1]:4317", "dns:///localhost:4317", "localhost", "localhost:4318"),
    ],
)
@pytest.mark.parametrize("own", ["127.0.0.1", "localhost", "0.0.0.0", "[::]", ""])  # noqa: S104
def test_an_endpoint_that_is_our_own_receiver_is_refused(target: str, own: str) -> None:
    protocols = {"grpc": {"endpoint": f"{own}:4317"}, "http": {"endpoint": f"{own}:4318"}}
    data = {"receivers": {"otlp": {"protocols": protocols}}, "exporters": {"otlp": {"endpoint": target}}}
    with pytest.raises(BadConfig, match="own receiver"):
        config.load(data, environ={})
    with pytest.raises(BadConfig, match="own receiver"):
        config.load({"receivers": data["receivers"]}, environ={"OTEL_EXPORTER_OTLP_ENDPOINT": target})


@pytest.mark.parametrize("target", ["collector:4317", "10.0.0.1:4317", "127.0.0.1:5317", "localhost:14317"])
def test_another_endpoint_is_no_loop(target: str) -> None:
    assert config.load({"exporters": {"otlp": {"endpoint": target}}}, environ={}).exporters


# --- text -----------------------------------------------------------------------------------------------------------


def test_later_sources_win_mapping_by_mapping(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("exporters: {otlp: {endpoint: 'a:1', timeout: 1s}}")
    environ = {"MORE": "exporters: {otlp: {endpoint: 'b:1'}}"}
    sources = [f"file:{tmp_path}/a.yaml", "env:MORE", "yaml:exporters::otlp::compression: none"]
    data = config_text.read(sources, ["exporters.otlp.timeout=3s", "service::telemetry::logs::level=debug"], environ)
    assert data == {
        "exporters": {"otlp": {"endpoint": "b:1", "timeout": "3s", "compression": "none"}},
        "service": {"telemetry": {"logs": {"level": "debug"}}},
    }
    assert config_text.read([f"{tmp_path}/a.yaml"], environ={})["exporters"]["otlp"]["endpoint"] == "a:1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:A}", "x"),
        ("${A}", "x"),
        ("${env:N}", 3),
        ("${env:EMPTY:-d}", "d"),
        ("${env:NONE:-4317}", 4317),
        ("${env:NONE:-}", ""),
        ("a-${env:A}-${env:N}", "a-x-3"),
        ("$$A", "$A"),
        ("$${env:A}", "${env:A}"),
        ("50$", "50$"),
    ],
)
def test_references_to_the_environment(text: str, value: Any) -> None:
    found = config_text.expand({"k": text}, {"A": "x", "N": "3", "EMPTY": ""})["k"]
    assert found == value or (value == "" and found is None)


@pytest.mark.parametrize(
    "source",
    [
        "http://evil/config",
        "https://evil/config",
        "file:/nowhere",
        "/dev/zero",
        "file:/dev/urandom",
        "/",
        "env:UNSET",
        "file:",
    ],
)
def test_sources_that_cannot_be_read(source: str) -> None:
    with pytest.raises(BadConfig):
        config_text.read([source], environ={})


def test_a_yaml_bomb_costs_nothing() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    assert "more than 50000 nodes" in mistakes(bomb)[0]
    assert "nests deeper" in mistakes("[" * 100_000)[0]
    assert "nests deeper" in mistakes("&a [*a]: 1")[0] or mistakes("a: &a [*a]")
    assert "larger than" in mistakes("a: " + "x" * 2_000_000)[0]


def test_a_setting_without_a_value_is_a_mistake() -> None:
    with pytest.raises(BadConfig, match=r"KEY\.KEY=VALUE"):
        config_text.read([], ["a.b"], {})


# --- help -----------------------------------------------------------------------------------------------------------


def models() -> list[type[Settings]]:
    found: list[type[Settings]] = []
    waiting: list[Any] = [Service, *(model for kinds in COMPONENTS.values() for model in kinds.values())]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.append(model)
            waiting += [m for f in model.model_fields.values() if (m := section(f.annotation))]
    return found


@pytest.mark.parametrize("model", models())
def test_every_field_has_a_help_text(model: type[Settings]) -> None:
    assert model.__doc__
    assert all(field.description and field.description.endswith(".") for field in model.model_fields.values())


def test_what_a_collectors_exporter_has_is_taken_where_it_can_be_kept() -> None:
    """As its documentation shows it."""
    text = """
exporters:
  otlp:
    endpoint: x:1
    tls: {insecure: true}
    timeout: 10s
    compression: none
    keepalive: {time: 30s, timeout: 10s, permit_without_stream: true}
    sending_queue:
      {enabled: true, num_consumers: 4, queue_size: 1000, sizer: requests, block_on_overflow: false,
       wait_for_result: true}
    retry_on_failure:
      {enabled: true, initial_interval: 5s, randomization_factor: 0.5, multiplier: 1.5, max_interval: 30s,
       max_elapsed_time: 300s}
"""
    exporter = config.load(yaml.safe_load(text), environ={}).exporters["otlp"]
    assert isinstance(exporter, OtlpExporter)
    assert (exporter.sending_queue.ack, exporter.keepalive.time) == ("delivered", 30)
