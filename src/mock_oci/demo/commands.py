"""What the command line does with a function: serve it until it is told to end, or ask it one prompt."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from mock_oci.backend import MockOci
from mock_oci.demo.call_lines import log_for
from mock_oci.demo.prompt import DemoError, is_invocation, print_answer, trace_table
from mock_oci.doors.foreground import heed_signals, policies_in_force, reason, wait_for_interrupt
from mock_oci.doors.written_config import write_config as write_oci_config
from mock_oci.fn.func_yaml import DeployError
from mock_oci.fn.stack import PREFIX, HowItRuns, LocalStack
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.wire import Request

_LOG_SECONDS = 2.0
_LOG_LINES = 20  # of a failed function's log, for who reads the complaint
_WORD_SECONDS = 0.02
_PAGE = f"{PREFIX}/playground"  # of model-service, once its setting is on; another function has none


def serve_stack(
    function: Path,
    port: int,
    write_config: Path | None,
    config: Mapping[str, str] | None = None,
    *,
    authentication: str = "none",
    oci: MockOci | None = None,
    colour: bool = True,
    **running: Unpack[HowItRuns],
) -> int:
    """Serve until Ctrl-C or SIGTERM and return 0; 2 when it cannot serve, 1 when the function does not start.

    Says ``ready: http://127.0.0.1:PORT/v1`` on stdout once a container has imported the function and answered, and on
    the next line where the playground is; the log goes to stderr, in a terminal as a line a call for a person.
    """
    heed_signals()
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            LocalStack(
                function,
                port,
                oci=oci,
                config={"MODEL_SERVICE_PLAYGROUND": "1", **(config or {})},
                echo=log_for(sys.stderr, colour=colour),
                authentication=authentication,
                page=_PAGE,
                **running,
            ) as stack,
        ):
            return _serve(stack, write_config)
    except (DeployError, FileNotFoundError) as error:
        return complain(reason(error), exit_code=2)
    except OSError as error:
        return complain(f"cannot serve {function} on port {port}: {reason(error)}", exit_code=2)
    except InvokeError as failure:
        return complain(f"the function does not start: {failure}")
    return 0


def run_once(
    function: Path,
    prompt: str,
    config: Mapping[str, str] | None = None,
    *,
    oci: MockOci | None = None,
    **running: Unpack[HowItRuns],
) -> int:
    """Ask ``prompt`` of the function once, print the answer and what it cost.

    Returns 0, 1 for a failure, 130 when it was interrupted.
    """
    heed_signals()
    oci = oci or MockOci()
    oci.chunk_delay = _WORD_SECONDS
    stack = LocalStack(function, oci=oci, config=config, **running)
    try:
        with stack:
            _ask(stack, prompt)
    except DeployError as error:
        return complain(reason(error), exit_code=2)
    except (DemoError, InvokeError, OSError) as failure:
        return complain(reason(failure), log=stack.log_lines())
    except KeyboardInterrupt:
        sys.stdout.write("\n")  # an answer may have stopped in the middle of its line
        sys.stdout.flush()
        return complain("interrupted", exit_code=130)
    return 0


def _serve(stack: LocalStack, directory: Path | None) -> int:
    # The FDK imports the function on its first call, which should not be a client's.
    with contextlib.closing(stack.gateway.answer(_PROBE)) as answer:
        if answer.status in (502, 504):
            return complain("the function does not answer; its log above may say why")
    try:
        if directory is not None:
            write_oci_config(stack.oci, directory, stack.oci_url)
    except OSError as error:
        return complain(f"cannot write the config: {reason(error)}", exit_code=2)
    sys.stderr.write(f"mock_oci: {policies_in_force(stack.oci)}\n{how_it_runs(stack)}")
    sys.stdout.write(f"ready: {stack.gateway_url}\nopen {stack.gateway.url}/\n")
    sys.stdout.flush()
    wait_for_interrupt()
    return 0


def _ask(stack: LocalStack, prompt: str) -> None:
    seen = stack.function.log.written
    sys.stderr.write(how_it_runs(stack))
    print_answer(stack.gateway_url, prompt, sys.stdout)
    line = stack.function.log.wait_for(is_invocation, _LOG_SECONDS, after=seen)
    if line is None:
        raise DemoError("the function logged no line of its invocation")
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    sys.stdout.write(trace_table(json.loads(line), "\N{FULL BLOCK}" if unicode else "#"))


def how_it_runs(stack: LocalStack) -> str:
    """Return the lines that a start says of what is as hosted, and of what is not."""
    answers = "as they come, which OCI Functions does not do" if stack.is_live else "whole, as in OCI (--live: not)"
    return f"mock_oci: {stack.functions.confined}\nmock_oci: streamed answers come {answers}\n"


def complain(message: str, *, log: Sequence[str] = (), exit_code: int = 1) -> int:
    """Write one line on stderr, and the last ones of a ``log``; return the exit code."""
    lines = [f"mock_oci: {message}", *(f"  | {line}" for line in log[-_LOG_LINES:])]
    sys.stderr.write("\n".join(lines) + "\n")
    return exit_code


_PROBE = Request("GET", f"{PREFIX}/health", {"host": "localhost"})
