"""What a scraper gets from what the pipeline counts."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from otelagent import series, vitals
from otelagent.late import MOST, Late
from otelagent.metrics import Metrics
from otelagent.model import Layer
from otelagent.tables import label
from otelagent.traffic import Inlet, Outlet, Signal, Traffic

MODES = {"reasoning_loop": Layer.ORCHESTRATION, "empty_result_fabrication": Layer.TOOL}
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TRACE = bytes(range(16))
FAILED = {"mode": "reasoning_loop", "layer": "orchestration", "agent": "researcher"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(MODES, clock=clock)


def scrape(metrics: Metrics, scraper: str = "prometheus") -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """All samples of one scrape by name and labels."""
    samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in parse_text(metrics.exposition(scraper=scraper)[0].decode()):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return samples


def value(metrics: Metrics, name: str, scraper: str = "prometheus", **labels: str) -> float | None:
    return scrape(metrics, scraper).get(name, {}).get(frozenset(labels.items()))


def loop(metrics: Metrics, agent: str | Late = "researcher") -> None:
    metrics.failure("reasoning_loop", Layer.ORCHESTRATION, agent, "search", trace_id=TRACE, wasted_tokens=120)


def test_first_scrape_shows_zero_and_the_next_one_the_truth(metrics: Metrics) -> None:
    loop(metrics)
    loop(metrics)
    assert value(metrics, "otelagent_failures_total", **FAILED) == 0
    assert value(metrics, "otelagent_failures_total", **FAILED) == 2


def test_both_servers_of_a_pair_are_shown_zero_first(metrics: Metrics, clock: Clock) -> None:
    loop(metrics)
    for scraper in ("10.0.0.1", "10.0.0.2"):
        assert value(metrics, "otelagent_failures_total", scraper, **FAILED) == 0
        clock.now += 5
    for scraper in ("10.0.0.1", "10.0.0.2"):
        assert value(metrics, "otelagent_failures_total", scraper, **FAILED) == 1


def test_slow_server_of_a_pair_is_shown_zero_for_a_series_that_the_fast_one_has_long_seen(
    metrics: Metrics, clock: Clock
) -> None:
    scrape(metrics, "slow")
    loop(metrics)
    for _ in range(10):
        scrape(metrics, "fast")
        clock.now += 30
    assert value(metrics, "otelagent_failures_total", "slow", **FAILED) == 0


def test_server_with_a_new_address_sees_no_counter_reset(metrics: Metrics, clock: Clock) -> None:
    loop(metrics)
    scrape(metrics, "before")
    clock.now += 61
    assert value(metrics, "otelagent_failures_total", "after", **FAILED) == 1


def test_scraper_names_do_not_pile_up(metrics: Metrics) -> None:
    for number in range(100):
        scrape(metrics, f"scraper {number}")
    assert len(metrics._scrapers._shown) == 32


def test_series_of_an_agent_exist_before_anything_fails(metrics: Metrics) -> None:
    metrics.seen_agent("planner")
    samples = scrape(metrics)
    modes = {dict(labels)["mode"] for labels in samples["otelagent_failures_total"]}
    outcomes = {dict(labels)["outcome"] for labels in samples["otelagent_agent_runs_total"]}
    assert modes == set(MODES)
    assert outcomes == set(series.PIPELINE_OUTCOMES)


def test_series_of_a_tool_and_an_edge_exist_before_anything_fails(metrics: Metrics) -> None:
    metrics.seen_tool("search")
    metrics.seen_edge("planner", "researcher")
    samples = scrape(metrics)
    assert samples["otelagent_tool_calls_total"].keys() >= {frozenset({("tool", "search"), ("outcome", "empty")})}
    assert (
        frozenset({("tool", "search"), ("mode", "empty_result_fabrication")})
        in samples["otelagent_tool_failures_total"]
    )
    assert len(samples["otelagent_delegations_total"]) == len(series.DELEGATION_OUTCOMES)


def test_modes_without_further_labels_are_there_from_the_start(metrics: Metrics) -> None:
    assert len(scrape(metrics)["otelagent_wasted_tokens_total"]) == len(MODES)


def test_count_waits_for_the_name_of_its_agent(metrics: Metrics) -> None:
    loop(metrics, Late(b"run"))
    assert "researcher" not in metrics.exposition()[0].decode()
    metrics.resolve(b"run", "researcher")
    scrape(metrics)
    assert value(metrics, "otelagent_failures_total", **FAILED) == 1


def test_count_that_has_waited_fifteen_seconds_goes_to_unknown(metrics: Metrics, clock: Clock) -> None:
    metrics.agent_run(Late(b"run"), "failed")
    clock.now += 14
    metrics.tick()
    assert (
        "unknown" not in {dict(labels).get("agent") for labels in scrape(metrics)["otelagent_agent_runs_total"]}
        if ("otelagent_agent_runs_total" in scrape(metrics))
        else True
    )
    clock.now += 1
    metrics.tick()
    scrape(metrics)
    assert value(metrics, "otelagent_agent_runs_total", agent="unknown", outcome="failed") == 1


def test_delegation_waits_for_both_names(metrics: Metrics) -> None:
    metrics.delegation(Late(b"parent"), Late(b"child"), "incomplete", assigned=7, processed=3)
    metrics.resolve(b"child", "reader")
    metrics.resolve(b"parent", "planner")
    scrape(metrics)
    edge = {"parent": "planner", "child": "reader"}
    assert value(metrics, "otelagent_delegations_total", outcome="incomplete", **edge) == 1
    assert value(metrics, "otelagent_delegation_items_assigned_total", **edge) == 7
    assert value(metrics, "otelagent_delegation_items_processed_total", **edge) == 3


def test_flush_counts_everything_that_waits(metrics: Metrics) -> None:
    metrics.delegation(Late(b"parent"), Late(b"child"), "complete")
    metrics.resolve(b"child", "reader")
    metrics.agent_run(Late(b"other"), "success")
    metrics.flush()
    scrape(metrics)
    assert value(metrics, "otelagent_delegations_total", parent="unknown", child="reader", outcome="complete") == 1
    assert value(metrics, "otelagent_agent_runs_total", agent="unknown", outcome="success") == 1


def test_names_that_never_come_do_not_pile_up(metrics: Metrics) -> None:
    for number in range(MOST + 50):
        metrics.agent_run(Late(str(number).encode()), "success")
        metrics.tick()
    scrape(metrics)
    assert value(metrics, "otelagent_agent_runs_total", agent="unknown", outcome="success") == 50


@pytest.mark.parametrize("gateway", [False, True])
def test_no_metric_has_more_series_than_the_cap(gateway: bool) -> None:
    metrics = Metrics(MODES, gateway=gateway)
    for number in range(3000):
        metrics.tool_call(f"tool {number}", "empty", bytes=0, seconds=0.5, service=f"s{number}", environment="prod")
        metrics.failure("reasoning_loop", "orchestration", f"agent {number}", f"tool {number}", service="s")
        metrics.delegation(f"p{number}", f"c{number}", "complete", assigned=1, processed=1)
    scrape(metrics)
    samples = scrape(metrics)
    for declared in series.ALL:
        names = [declared.name + suffix for suffix in ("", "_bucket", "_count", "_sum")]
        assert sum(len(samples.get(name, ())) for name in names) <= series.CAP
    overflow = samples["otelagent_label_overflow_total"][frozenset({("metric", "otelagent_tool_calls_total")})]
    counted = samples["otelagent_tool_calls_total"]
    assert sum(counted.values()) == 3000
    assert sum(n for labels, n in counted.items() if ("tool", "__other__") in labels) == overflow > 0


def test_overflow_keeps_the_closed_labels(metrics: Metrics) -> None:
    for number in range(2500):
        metrics.agent_run(f"agent {number}", "success")
    metrics.agent_run("one more", "failed")
    scrape(metrics)
    assert value(metrics, "otelagent_agent_runs_total", agent="__other__", outcome="failed") == 1


def test_agent_metrics_carry_service_and_environment_in_a_gateway() -> None:
    metrics = Metrics(MODES, gateway=True)
    metrics.agent_run("planner", "success", service="checkout", environment="prod")
    metrics.spans("openinference", "llm")
    samples = scrape(metrics)
    assert all(
        {"agent", "outcome", "service", "environment"} == {name for name, _ in labels}
        for labels in samples["otelagent_agent_runs_total"]
    )
    assert frozenset({("dialect", "openinference"), ("kind", "llm")}) in samples["otelagent_spans_total"]


def test_exemplars_carry_the_trace_in_openmetrics_and_nowhere_else(metrics: Metrics) -> None:
    loop(metrics)
    metrics.tool_call("search", "ok", seconds=0.3, trace_id=TRACE)
    metrics.exposition(OPENMETRICS)
    body, content_type = metrics.exposition(OPENMETRICS)
    exemplars = [
        (sample.name, sample.exemplar)
        for family in parse_openmetrics(body.decode())  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.exemplar
    ]
    assert content_type.startswith("application/openmetrics-text")
    assert {name for name, _ in exemplars} == {
        "otelagent_failures_total",
        "otelagent_tool_failures_total",
        "otelagent_wasted_tokens_total",
        "otelagent_tool_calls_total",
        "otelagent_tool_duration_seconds_bucket",
    }
    assert all(exemplar.labels == {"trace_id": TRACE.hex()} for _, exemplar in exemplars)
    assert TRACE.hex() not in metrics.exposition("text/plain")[0].decode()


def test_series_that_is_shown_at_zero_has_no_exemplar_yet(metrics: Metrics) -> None:
    loop(metrics)
    assert TRACE.hex() not in metrics.exposition(OPENMETRICS)[0].decode()


def test_there_are_no_created_series(metrics: Metrics) -> None:
    loop(metrics)
    for accept in ("", OPENMETRICS):
        assert "_created" not in metrics.exposition(accept)[0].decode()


def test_histogram_counts_into_the_bucket_of_its_bound(metrics: Metrics) -> None:
    metrics.context("planner", 0.75)
    metrics.context("planner", 0.76)
    scrape(metrics)
    samples = scrape(metrics)
    buckets = {dict(k)["le"]: n for k, n in samples["otelagent_context_utilization_ratio_bucket"].items()}
    assert (buckets["0.7"], buckets["0.75"], buckets["0.8"], buckets["+Inf"]) == (0, 1, 2, 2)
    assert samples["otelagent_context_utilization_ratio_sum"][frozenset({("agent", "planner")})] == 1.51


def test_gauge_has_its_value_at_once(metrics: Metrics) -> None:
    metrics.live_traces(7)
    assert value(metrics, "otelagent_live_traces") == 7
    metrics.live_traces(3)
    assert value(metrics, "otelagent_live_traces") == 3


@given(st.text())
def test_label_values_are_printable_and_short_whatever_an_agent_calls_itself(name: str) -> None:
    value = label(name)
    assert value
    assert value.isprintable()
    assert len(value.encode()) <= 64
    assert label(value) == value


def test_names_of_agents_cannot_break_the_exposition(metrics: Metrics) -> None:
    for name in ('a"} 1\notelagent_failures_total{x="', "tab\tand\x00null", "\ud800", "ﬁ" * 400, ""):
        metrics.agent_run(name, "success")
    assert len(scrape(metrics)["otelagent_agent_runs_total"]) == 5 * len(series.PIPELINE_OUTCOMES)


def test_equal_names_in_different_normal_forms_are_one_agent(metrics: Metrics) -> None:
    metrics.agent_run("Pru\u0308fer", "success")
    metrics.agent_run("Pr\u00fcfer", "success")
    scrape(metrics)
    assert value(metrics, "otelagent_agent_runs_total", agent="Prüfer", outcome="success") == 2


def test_scrapes_in_another_thread_while_counting(metrics: Metrics) -> None:
    done = threading.Event()

    def scrapes() -> int:
        return sum(bool(scrape(metrics)) for _ in iter(done.is_set, True))

    with ThreadPoolExecutor() as pool:
        scraping = pool.submit(scrapes)
        for number in range(3000):
            metrics.tool_call(f"tool {number % 300}", "ok", bytes=number, seconds=0.1)
        done.set()
        scraping.result()
    scrape(metrics)
    assert sum(scrape(metrics)["otelagent_tool_calls_total"].values()) == 3000


def test_pipeline_health_has_the_names_of_the_collector() -> None:
    traffic = Traffic()
    metrics = Metrics(MODES, traffic=traffic)
    traffic.open(inlet := Inlet("otlp", "grpc", Signal.TRACES))
    traffic.open_outlet(outlet := Outlet("otlp", Signal.TRACES))
    scrape(metrics)
    traffic.accepted[inlet] += 7
    traffic.sent[outlet] += 6
    traffic.dropped[outlet, "partial_success"] += 1
    traffic.queue("otlp").capacity = 100
    assert value(metrics, "otelcol_receiver_accepted_spans_total", receiver="otlp", transport="grpc") == 7
    assert value(metrics, "otelcol_exporter_sent_spans_total", exporter="otlp") == 6
    assert value(metrics, "otelcol_receiver_refused_spans_total", receiver="otlp", transport="grpc") == 0
    assert value(metrics, "otelcol_exporter_queue_capacity", exporter="otlp") == 100
    dropped = {"exporter": "otlp", "signal": "traces", "reason": "partial_success"}
    assert value(metrics, "otelagent_exporter_dropped_items_total", **dropped) == 1


def test_process_tells_its_memory_and_time(metrics: Metrics) -> None:
    scrape(metrics)
    samples = scrape(metrics)
    for name in ("otelcol_process_memory_rss", "otelcol_process_cpu_seconds_total", "otelcol_process_uptime_total"):
        assert next(iter(samples[name].values())) > 0


@pytest.mark.parametrize("declared", [*series.ALL, *vitals.ALL], ids=lambda declared: declared.name)
def test_names_follow_prometheus_rules(declared: series.Series) -> None:
    assert declared.name.startswith(("otelagent_", "otelcol_"))
    assert declared.name.endswith("_total") == (declared.type == "counter")
    assert declared.help.endswith(".")
    assert bool(declared.buckets) == (declared.type == "histogram")
