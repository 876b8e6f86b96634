"""Kinds of values, and the base of all settings: a default and a help text for every field."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import re2
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    model_validator,
)

from otelagent import endpoint

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")


def _seconds(value: object) -> object:
    """`1m30s` -> 90.0; a bare number would be nanoseconds to the Collector, so only 0 is taken."""
    if value in (0, "0"):
        return 0.0
    if isinstance(value, str) and value and _DURATION.sub("", value) == "":
        return sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(value))
    raise ValueError("must be a duration with a unit, like 5s or 1m30s")


def _with_unit(seconds: float) -> str:
    return f"{seconds:.12g}s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:g}ms"


_QUIET: Final = re2.Options()
_QUIET.log_errors = False

Duration = Annotated[float, BeforeValidator(_seconds), PlainSerializer(_with_unit, return_type=str)]
Secret = Annotated[SecretStr, PlainSerializer(lambda _: "[REDACTED]", return_type=str)]


def _grpc_address(text: str) -> str:
    endpoint.parse(text, "grpc")
    return text


def _http_address(text: str) -> str:
    endpoint.parse(text, "http")
    return text


def _pattern(text: str) -> str:
    try:
        re2.compile(text, _QUIET)
    except re2.error:
        raise ValueError("must be a regular expression that RE2 takes") from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression of RE2, which is Go's own syntax."""

GrpcAddress = Annotated[str, AfterValidator(_grpc_address)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(gt=0)]


class Settings(BaseModel):
    """Base of all models: unknown keys are mistakes, and a key without a value stands for its defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_default(cls, data: object) -> object:
        if data is None:
            return {}
        if not isinstance(data, Mapping):
            return data
        return {
            key: {} if value is None else value
            for key, value in data.items()
            if value is not None or is_section(cls, key)
        }


def is_section(kind: type[BaseModel], key: str) -> bool:
    field = kind.model_fields.get(key)
    return field is not None and section(field.annotation) is not None


def section(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation (or one branch of it) stands for."""
    for each in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None
