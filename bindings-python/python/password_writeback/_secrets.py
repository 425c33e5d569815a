"""Keeps passwords out of reach between a caller and the native part."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from . import _native
from ._audit import no_password

P = ParamSpec("P")
R = TypeVar("R")


def conceals(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a method see the arguments of these names as native secrets.

    It happens before the method is entered: a bytearray is wiped although the rest of the call may be wrong, and no frame of this
    package holds a password for a traceback to show.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        parameters = list(inspect.signature(method).parameters)
        positions = [parameters.index(name) for name in names]

        @functools.wraps(method)
        def concealing(*args: Any, **kwargs: Any) -> R:
            args, kwargs = _native.conceal(args, kwargs, positions, names)
            try:
                return method(*args, **kwargs)
            finally:
                del args, kwargs

        if inspect.iscoroutinefunction(method):
            if sys.version_info >= (3, 12):
                inspect.markcoroutinefunction(concealing)
            else:
                # The mark that asyncio and unittest.mock go by there.
                concealing._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]
        return concealing

    return decorate


def answer(provider: Callable[[], Any], reply: _native.PasswordReply) -> None:
    """Asks the callable for the bind password. Why it has none is logged by its type alone: the rest could hold the secret."""
    try:
        reply(provider())
        return
    except BaseException as error:
        cause = type(error).__name__
    # A logging that does not work cannot be told of either; and here, where it would not take the first exception with it.
    with contextlib.suppress(BaseException):
        no_password(cause)
