"""Between Python values and the JSON that the native part speaks. Knows no class: it goes by the types of their fields."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

T = TypeVar("T")

SECOND = timedelta(seconds=1)


def without_none(values: Mapping[str, object]) -> dict[str, object]:
    """The values that were given: what is ``None`` is left to the library's own default."""
    return {name: value for name, value in values.items() if value is not None}


def encode(value: object) -> str:
    """JSON of a value, in the library's words."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return value / SECOND
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a value of type {type(value).__name__} is not understood here")


def time_text(time: datetime) -> str:
    """RFC 3339 of an aware time."""
    if time.tzinfo is None:
        raise ValueError("a time needs a time zone: this one is naive")
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """An aware time. Active Directory counts tenths of microseconds, Python whole ones: the rest is cut off."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole).replace(microsecond=int((fraction + "000000")[:6]), tzinfo=timezone.utc)


def parsed(text: str) -> object:
    """The plain values of a JSON text."""
    values: object = json.loads(text)
    return values


def decode(cls: type[T], text: str) -> T:
    """An object of a dataclass from its JSON."""
    return decode_value(cls, json.loads(text))


def decode_value(cls: type[T], value: object) -> T:
    """An object of a dataclass from JSON that has been parsed."""
    built: T = _decoder(cls)(value)
    return built


_decoders: dict[Any, Callable[[Any], Any]] = {}


def _decoder(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of the hinted type from parsed JSON."""
    if hint not in _decoders:
        _decoders[hint] = _make_decoder(hint)
    return _decoders[hint]


def _make_decoder(hint: Any) -> Callable[[Any], Any]:
    special: dict[Any, Callable[[Any], Any]] = {
        datetime: read_time,
        timedelta: lambda seconds: timedelta(seconds=seconds),
        UUID: UUID,
    }
    if hint in special:
        return special[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType) and NoneType in arguments:
        inner = _decoder(next(argument for argument in arguments if argument is not NoneType))
        return lambda value: None if value is None else inner(value)
    if origin is list:
        item = _decoder(arguments[0])
        return lambda values: [item(value) for value in values]
    if isinstance(hint, type) and is_dataclass(hint):
        reader = getattr(hint, "_read", None)
        return reader if reader is not None else _object_decoder(hint)
    return lambda value: value


def _object_decoder(cls: type) -> Callable[[Any], Any]:
    hints = get_type_hints(cls, vars(sys.modules[cls.__module__]))
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(cls)}

    def build(values: dict[str, Any]) -> Any:
        # A field that a later version knows is left out.
        known = {name: decoders[name](value) for name, value in values.items() if name in decoders}
        return cls(**known)

    return build
