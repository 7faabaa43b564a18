"""docs/reference/python-api.md: what the two packages export, with signatures and docstrings as they are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final

from tests.docs.reference.markdown import MADE

import mock_oci
import model_service
from mock_oci import recording
from mock_oci.backend import MockOci
from mock_oci.doors import pytest_plugin
from mock_oci.doors.in_process import InProcess
from mock_oci.doors.live_tests import OciTenancy
from mock_oci.scripts import Script
from model_service import errors
from model_service.settings import Settings

INTRODUCTION: Final = f"""# Python API

{MADE}

What `model_service` and `mock_oci` export is public, and [changes with a version](../../CONTRIBUTING.md#versions). Everything else
may change at any time.
"""
MODEL_SERVICE: Final = (
    ("get_model", model_service.get_model, ()),
    ("Model", model_service.Model, ("complete", "stream", "close")),
    ("errors.ModelServiceError", errors.ModelServiceError, ("body",)),
    ("settings.Settings.load", Settings.load, ()),
)
MOCK_OCI: Final = (
    ("mock_oci", mock_oci.mock_oci, ()),
    ("mock_oci()", InProcess, ("start", "stop")),
    ("MockOci", MockOci, ("in_region", "invoke", "state_of", "deny", "allow")),
    ("MockOci.script", Script, ("chat", "error", "raw", "delay", "disconnect")),
    ("LocalStack", mock_oci.LocalStack, ("start", "close", "gateway_url", "log_lines")),
    ("serve", mock_oci.serve, ()),
    ("LoopbackServer", mock_oci.LoopbackServer, ("start", "close", "url", "port")),
    ("Request", mock_oci.Request, ()),
    ("Response", mock_oci.Response, ()),
    ("Disconnect", mock_oci.Disconnect, ()),
    ("UnexpectedHost", mock_oci.UnexpectedHost, ()),
    ("recording.recording", recording.recording, ()),
    ("recording.replaying", recording.replaying, ()),
    ("recording.Player", recording.Player, ("left",)),
    ("recording.NotInRecording", recording.NotInRecording, ()),
    ("recording.SecretLeft", recording.SecretLeft, ()),
    ("doors.live_tests.OciTenancy", OciTenancy, ("is_live", "client", "name")),
)
FIXTURES: Final = ("oci", "oci_function", "oci_gateway", "oci_tenancy")


def page() -> str:
    """Return the whole page."""
    parts = [INTRODUCTION]
    for title, exports in (("model_service", MODEL_SERVICE), ("mock_oci", MOCK_OCI)):
        parts.append(f"## {title}\n")
        for name, item, members in exports:
            parts.extend(_described("###", name, item))
            for member in members:
                if hasattr(item, member):
                    parts.extend(
                        _described("####", f"{name.removesuffix('()')}.{member}", inspect.getattr_static(item, member))
                    )
    parts.append("## pytest fixtures\n")
    parts.append("They are there wherever the package is installed.\n")
    for name in FIXTURES:
        fixture = getattr(pytest_plugin, name)
        parts.extend(_described("###", name, getattr(fixture, "__wrapped__", None) or fixture._get_wrapped_function()))
    return "\n".join(parts)


def _described(level: str, name: str, item: Any) -> Iterator[str]:
    item = getattr(item, "__func__", item)
    yield f"{level} `{name}`\n"
    if not isinstance(item, property) and not _is_plain_exception(item) and not name.endswith("()"):
        yield f"```py\n{_signature(name, item)}\n```\n"
    docstring = inspect.getdoc(item.fget if isinstance(item, property) else item)
    if docstring:
        yield re.sub(r"``([^`]+)``", r"`\1`", docstring) + "\n"


def _is_plain_exception(item: Any) -> bool:
    return inspect.isclass(item) and issubclass(item, BaseException) and "__init__" not in vars(item)


class _Annotation(str):
    """An annotation as the source has it, without the quotes of a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(name: str, item: Any) -> str:
    signature = inspect.signature(item)
    parameters = [
        one.replace(annotation=_Annotation(one.annotation))
        for one in signature.parameters.values()
        if one.name not in ("self", "cls")
    ]
    result = _Annotation(signature.return_annotation or "None")
    signature = re.sub(
        r"<factory>|<built-in function \w+>|PosixPath\('\.'\)",
        "…",
        str(signature.replace(parameters=parameters, return_annotation=result)),
    )
    short = f"{name.rpartition('.')[2].removesuffix('()')}{signature}"
    if len(short) <= 100:
        return short
    head, _, rest = short.partition("(")
    inside, _, end = rest.rpartition(")")
    depth, lines, line = 0, [], ""
    for piece in inside.split(", "):
        line = f"{line}, {piece}" if depth else piece
        depth += piece.count("[") + piece.count("(") - piece.count("]") - piece.count(")")
        if not depth:
            lines.append(f"    {line},")
    return "\n".join([f"{head}(", *lines, f"){end}"])
