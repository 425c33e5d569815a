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


def conceals(*names: str, several: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a method see the arguments of these names as native secrets, and ``several`` as a list of them, whatever it is given as.

    It happens before the method is entered: a bytearray is wiped although the rest of the call may be wrong, and no frame of this
    package holds a password for a traceback to show.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        parameters = list(inspect.signature(method).parameters)
        places = [(parameters.index(name), name, False) for name in names]
        if several is not None:
            places.append((parameters.index(several), several, True))

        @functools.wraps(method)
        def concealing(*args: Any, **kwargs: Any) -> R:
            args, kwargs, failure = _native.conceal(args, kwargs, places)
            try:
                if failure is not None:
                    raise failure
                return method(*args, **kwargs)
            finally:
                del args, kwargs, failure

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
