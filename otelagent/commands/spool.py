"""`otelagent spool`: what waits on disk, and the requests that nobody would take."""

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.commands.configured import complain, load, options
from otelagent.errors import BadConfig
from otelagent.settings import FileStorage
from otelagent.spool_file import NAME, Dead, SpoolFile
from otelagent.traffic import Signal


@click.group(short_help="Look at the spool and its dead letters")
@options
@click.option("--directory", type=click.Path(path_type=Path), help="The spool's directory, instead of the configured.")
@click.pass_context
def command(ctx: click.Context, sources: tuple[str, ...], sets: tuple[str, ...], directory: Path | None) -> None:
    """Look at the spool and its dead letters; works beside a running otelagent."""
    if directory is None:
        try:
            storage = load(sources, sets).extension(FileStorage)
        except BadConfig as error:
            complain("spool", error, 2)
            return
        if storage is None:
            _fail("the configuration has no file_storage; name the directory with --directory")
        else:
            directory = Path(storage.directory)
    ctx.obj = directory


@command.command("list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="Form of the result.")
@click.pass_obj
def list_(directory: Path, form: str) -> None:
    """What waits for each exporter, and all dead letters."""
    with _opened(directory) as file:
        letters = file.dead_letters()
        held = {outlet: each for outlet, each in file.held.items() if each.requests}
    if form == "json":
        waiting = [
            {"exporter": o.exporter, "signal": o.signal, "requests": h.requests, "items": h.items, "bytes": h.bytes}
            for o, h in held.items()
        ]
        click.echo(json.dumps({"waiting": waiting, "dead": [_facts(letter) for letter in letters]}))
        return
    for outlet, each in held.items():
        click.echo(
            f"waiting for {outlet.exporter}: {each.requests} requests, {each.items} {outlet.signal.items}, "
            f"{each.bytes} bytes, the oldest since {_time(each.oldest or 0)}"
        )
    for letter in letters:
        click.echo(
            f"dead {letter.id}: {letter.items} {letter.outlet.signal.items} for {letter.outlet.exporter}, "
            f"{letter.size} bytes, refused as {letter.reason} on {_time(letter.died_at)}"
        )
    if not held and not letters:
        click.echo("the spool is empty")


@command.command(short_help="One dead letter, and the ids of its spans")
@click.argument("key", metavar="ID", type=int)
@click.pass_obj
def show(directory: Path, key: int) -> None:
    """One dead letter: what it is, and of traces the ids and names of its spans, without their content."""
    with _opened(directory) as file:
        letter = _one(file, key)
        body = file.dead_body(key)
    click.echo(json.dumps(_facts(letter), indent=2))
    if body is None:
        click.echo("its bytes are damaged", err=True)
        sys.exit(2)
    if letter.outlet.signal is Signal.TRACES:
        for line in _spans(body):
            click.echo(line)


@command.command()
@click.argument("keys", metavar="ID...", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@click.pass_obj
def retry(directory: Path, keys: tuple[int, ...], every: bool) -> None:
    """Have dead letters sent again."""
    with _opened(directory) as file, file.transaction():
        click.echo(f"{file.revive(_chosen(file, keys, every))} wait again")


@command.command()
@click.argument("keys", metavar="ID...", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@click.pass_obj
def drop(directory: Path, keys: tuple[int, ...], every: bool) -> None:
    """Forget dead letters."""
    with _opened(directory) as file, file.transaction():
        click.echo(f"{file.drop_dead(_chosen(file, keys, every))} dropped")


@command.command(short_help="Write a dead letter to a new file")
@click.argument("key", metavar="ID", type=int)
@click.argument("out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(directory: Path, key: int, out: Path) -> None:
    """Write a dead letter to a new file as an OTLP request (protobuf), for `otelagent scan` or other tools."""
    with _opened(directory) as file:
        _one(file, key)
        body = file.dead_body(key)
    if body is None:
        _fail("its bytes are damaged")
        return
    try:
        with out.open("xb") as target:
            target.write(body)
    except OSError as error:
        _fail(f"{out}: {error.strerror}")
    click.echo(f"{len(body)} bytes in {out}")


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[SpoolFile]:
    if not (directory / NAME).is_file():
        _fail(f"there is no spool in {directory}")
    file = SpoolFile(directory)
    file.join()
    try:
        yield file
    finally:
        file.close()


def _one(file: SpoolFile, key: int) -> Dead:
    found = next((letter for letter in file.dead_letters() if letter.id == key), None)
    if found is None:
        _fail(f"there is no dead letter {key}; see: otelagent spool list")
        raise AssertionError
    return found


def _chosen(file: SpoolFile, keys: tuple[int, ...], every: bool) -> list[int]:
    if every == bool(keys):
        _fail("name ids, or use --all; see: otelagent spool list")
    return [letter.id for letter in file.dead_letters()] if every else list(keys)


def _facts(letter: Dead) -> dict[str, object]:
    return {
        "id": letter.id,
        "exporter": letter.outlet.exporter,
        "signal": letter.outlet.signal,
        "items": letter.items,
        "bytes": letter.size,
        "reason": letter.reason,
        "stored_at": _time(letter.stored_at),
        "died_at": _time(letter.died_at),
    }


def _spans(body: bytes) -> Iterator[str]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                name = "".join(c if c.isprintable() else "?" for c in span.name[:64])
                yield f"span {span.span_id.hex()} of trace {span.trace_id.hex()}: {name}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _fail(message: str) -> None:
    click.echo(f"otelagent spool: {message}", err=True)
    sys.exit(2)
