"""The operations below ``/_mock/``: health, reset, seed, scripts, calls and the clock. They ask for no signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.scripts import Script
from mock_oci.services.oci_surface import invalid, number_in, object_in, timestamp
from mock_oci.wire import Body, Response

_SCRIPTS = ("chat", "error", "raw", "delay", "disconnect", "odd")
_MAX_CALLS = 1000


def health(call: Call) -> Response:
    cloud = call.cloud
    return json_response(
        200,
        {
            "status": "ok",
            "region": cloud.region,
            "compartmentId": cloud.tenancy.compartment_id,
            "tenancyId": cloud.tenancy.tenancy_id,
            "paths": sorted({operation.path for operation in OPERATIONS}),
        },
    )


def reset(call: Call) -> Response:
    """Forget everything that was made, scripted and recorded; keys, tokens and deployed functions stay."""
    call.cloud.reset()
    return Response(204)


def seed(call: Call) -> Response:
    from mock_oci.control.seed import read_seed, sow  # noqa: PLC0415 - it imports every service that can be sown

    return json_response(200, sow(call.cloud, read_seed(call.request.body)))


def page(call: Call) -> Response:
    from mock_oci.control.page import show  # noqa: PLC0415 - it imports every service that is shown

    return show(call)


def add_script(call: Call) -> Response:
    """Script the next answers: ``{"kind": "error", "status": 429, …}``, the parameters being those of Script."""
    body = object_in(call.request.body)
    kind = body.pop("kind", None)
    if kind not in _SCRIPTS:
        raise invalid(f"kind must be one of {', '.join(_SCRIPTS)}")
    positional = body.pop("names", []) if kind == "odd" else []
    if kind == "raw":
        body["body"] = _bytes(body.get("body"))
    script = call.cloud.script
    try:
        _check_names(getattr(Script, kind), body)
        getattr(script, kind)(*positional, **body)
    except (TypeError, ValueError, KeyError) as error:
        raise invalid(f"{kind}: {error}") from error
    return json_response(200, {"answers": len(script)})


def list_scripts(call: Call) -> Response:
    return json_response(200, {"answers": len(call.cloud.script)})


def clear_scripts(call: Call) -> Response:
    call.cloud.script.clear()
    return Response(204)


def list_calls(call: Call) -> Response:
    """Answer the last calls, oldest first: who signed each, and why it was refused."""
    limit = number_in(call.request.query, "limit", _MAX_CALLS, 1, _MAX_CALLS)
    return json_response(200, [record.wire() for record in list(call.cloud.calls)[-limit:]])


def read_clock(call: Call) -> Response:
    clock = call.cloud.clock
    return json_response(200, {"now": clock(), "time": timestamp(clock()), "stopped": clock.is_stopped})


def set_clock(call: Call) -> Response:
    """Do what the body says: ``{"set": Unix seconds}``, ``{"advance": seconds}``, ``freeze``, ``resume``, ``reset``."""
    body, clock = object_in(call.request.body), call.cloud.clock
    changes: dict[str, Callable[[Any], None]] = {
        "set": lambda value: clock.set(float(value)),
        "advance": lambda value: clock.advance(float(value)),
        "freeze": lambda _value: clock.freeze(),
        "resume": lambda _value: clock.resume(),
        "reset": lambda _value: clock.reset(),
    }
    if not body or not set(body) <= set(changes):
        raise invalid(f"the body must have one of {', '.join(changes)}")
    for name, value in body.items():
        try:
            changes[name](value)
        except (TypeError, ValueError) as error:
            raise invalid(f"{name} must be a number of seconds") from error
    return read_clock(call)


def _check_names(method: Callable[..., Any], body: Body) -> None:
    known = {name for name in inspect.signature(method).parameters if name not in ("self", "how", "names")}
    unknown = sorted(set(body) - known - set(_HOW))
    if unknown:
        raise ValueError(f"{unknown[0]} is not known; known are {', '.join(sorted(known | set(_HOW)))}")


def _bytes(body: Any) -> bytes | list[bytes]:
    if isinstance(body, list) and all(isinstance(piece, str) for piece in body):
        return [piece.encode() for piece in body]
    if not isinstance(body, str):
        raise invalid("body must be a string, or an array of strings, which are sent chunked")
    return body.encode()


_HOW = (
    "delay",
    "chunk_delay",
    "stall_after",
    "stall",
    "cut_after",
    "disconnect",
    "times",
    "model",
    "path",
    "region",
    "containing",
    "odd",
)
OPERATIONS = tuple(
    Operation(method, f"/_mock{name}", refusing(answer), credentials=())
    for method, name, answer in (
        ("GET", "", page),
        ("GET", "/", page),
        ("GET", "/health", health),
        ("POST", "/reset", reset),
        ("POST", "/seed", seed),
        ("GET", "/scripts", list_scripts),
        ("POST", "/scripts", add_script),
        ("DELETE", "/scripts", clear_scripts),
        ("GET", "/calls", list_calls),
        ("GET", "/clock", read_clock),
        ("POST", "/clock", set_clock),
    )
)
