"""``mock-oci``: the local OCI on a loopback port, with or without a function behind it."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from mock_oci import __version__
from mock_oci.backend import MockOci
from mock_oci.commands import COMMANDS, command_named
from mock_oci.commands.arguments import (
    Parser,
    add_running_options,
    assignment,
    base_url,
    complain,
    program,
    running_of,
)
from mock_oci.doors.foreground import end_with_stdin, policies_in_force, reason, wait_for_interrupt, wants_colour
from mock_oci.doors.server import LoopbackServer
from mock_oci.doors.written_config import write_config
from mock_oci.extras import MissingExtra


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 when it was told to end, 2 when it could not start."""
    try:
        words = sys.argv[1:] if arguments is None else arguments
        if words and words[0] in COMMANDS:
            return command_named(words[0])(words[1:])
        return _run(words)
    except MissingExtra as missing:
        return complain(str(missing), 2)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str]) -> int:
    if sys.stdout is None or sys.stderr is None:  # closed by whoever started this
        return 2
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding does not have is a question mark
            stream.reconfigure(errors="replace")
    parser = _parser()
    options = parser.parse_args(arguments)
    _check_flags(parser, options)
    try:
        oci = MockOci(policies=options.policies, models=options.models or ())
    except (OSError, ValueError) as error:  # a PolicyError, or no text
        files = " or ".join(str(path) for path in (options.policies, options.models) if path)
        print(f"mock_oci: {files}: {reason(error)}", file=sys.stderr)
        return 2
    if options.function is not None:
        return _with_function(options, oci)
    return _serve_alone(oci, options)


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:15} {purpose}" for name, (_, purpose) in COMMANDS.items())
    parser = Parser(
        prog=program(),
        description="A local OCI on 127.0.0.1, for tests and for development.",
        epilog=EXAMPLES.format(prog=program(), commands=commands),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mock-oci {__version__}")
    parser.add_argument(
        "--port",
        type=_number(0, 65535, "a port: 0 to 65535"),
        default=0,
        help="port to listen on (default: 0, any free port)",
    )
    parser.add_argument(
        "--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1); use 0.0.0.0 only in a container"
    )
    parser.add_argument("--url", type=base_url, help="URL of this server for clients, which --write-config writes")
    parser.add_argument(
        "--write-config", type=Path, metavar="DIR", help="write a temporary OCI config, with a new key, to this folder"
    )
    parser.add_argument(
        "--policies",
        type=Path,
        metavar="FILE",
        help="evaluate these policies: one statement per line, or the output of terraform show -json",
    )
    parser.add_argument(
        "--models", type=Path, metavar="FILE", help="additional models: an array of objects with a name (JSON or YAML)"
    )
    parser.add_argument(
        "--until-stdin-ends",
        action="store_true",
        help="stop when standard input is closed, for example because the parent process has ended",
    )
    parser.add_argument("--no-color", action="store_true", help="print without colours (also NO_COLOR=1)")
    _add_function_options(parser)
    return parser


def _add_function_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--function", type=Path, metavar="DIR", help="serve this function behind a gateway")
    parser.add_argument(
        "--config",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="configuration of the function; {project_id} becomes the local project's OCID, {endpoint} the URL",
    )
    add_running_options(parser)
    parser.add_argument(
        "--authentication",
        choices=("none", "keys"),
        help="keys: the gateway calls the function as its authorizer, to check the key of each call",
    )
    parser.add_argument(
        "--prompt", type=_prompt, metavar="TEXT", help="send one prompt to the function, print the answer and exit"
    )
    parser.add_argument(
        "--batch",
        type=_number(1, sys.maxsize, "a number of records"),
        metavar="N",
        help="put N prompts on a stream, show the progress and exit",
    )
    parser.add_argument("--stream", default="prompts", metavar="NAME", help="stream for --batch (default: prompts)")
    parser.add_argument(
        "--bucket", default="results", metavar="NAME", help="bucket for the results of --batch (default: results)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to which all results and dead letters of --batch are written"
    )


def _prompt(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("must be a non-empty string")
    return text


def _number(least: int, most: int, what: str) -> Callable[[str], int]:
    """Return what reads a number of an option, for argparse."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be {what}")
        return int(text)

    return read


def _check_flags(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with a complaint of a flag that means nothing with, or without, a function."""
    alone = options.function is None
    for flag in _OF_A_FUNCTION if alone else _OF_NO_FUNCTION:
        if getattr(options, flag) not in (None, False):
            parser.error(f"--{flag} {'needs --function' if alone else 'is for a local OCI without a function'}")


def _with_function(options: argparse.Namespace, oci: MockOci) -> int:
    # Imported here: the FDK is not needed to serve the backend alone.
    from mock_oci.demo.batch import run_batch  # noqa: PLC0415 - see above
    from mock_oci.demo.commands import run_once, serve_stack  # noqa: PLC0415 - see above

    colour = wants_colour() and not options.no_color
    if options.batch is not None:
        if options.live:
            return complain("--live is for answers of the gateway, which --batch does not ask", 2)
        config = dict(options.config)
        return run_batch(
            options.function,
            options.batch,
            config,
            stream=options.stream,
            bucket=options.bucket,
            folder=options.out,
            colour=colour,
            oci=oci,
            **running_of(options),
        )
    if options.prompt is not None:
        return run_once(options.function, options.prompt, dict(options.config), oci=oci, **running_of(options))
    return serve_stack(
        options.function,
        options.port,
        options.write_config,
        dict(options.config),
        authentication=options.authentication or "none",
        colour=colour,
        oci=oci,
        **running_of(options),
    )


def _serve_alone(oci: MockOci, options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = LoopbackServer(oci.answer, options.port, options.host or "127.0.0.1")
    with contextlib.suppress(KeyboardInterrupt):
        if options.until_stdin_ends:
            threading.Thread(target=end_with_stdin, daemon=True).start()
        try:
            server.bind()
        except OSError as error:
            print(f"mock_oci: cannot serve on port {options.port}: {reason(error)}", file=sys.stderr)
            return 2
        with contextlib.closing(server):
            url = options.url or server.url
            try:
                if options.write_config is not None:
                    write_config(oci, options.write_config, url)
            except OSError as error:
                print(f"mock_oci: cannot write the config: {reason(error)}", file=sys.stderr)
                return 2
            if not options.until_stdin_ends:  # else a program is served, whose standard error is its own
                print(f"mock_oci: {policies_in_force(oci)}", file=sys.stderr, flush=True)
            server.start()  # what is written is there before the first answer
            print(f"ready: {url}", flush=True)
            wait_for_interrupt()
    return 0


EXAMPLES = """\
commands, each with a --help of its own:
{commands}

examples:
  {prog} --port 9000 --write-config /tmp/local-oci
  {prog} --function . --port 8080
  {prog} --function . --prompt "Why do functions sleep?"

exit codes: 0 ended as asked, 1 the function failed, 2 wrong usage or it cannot serve, 130 interrupted"""

_OF_A_FUNCTION = ("prompt", "batch", "out", "live", "confine", "concurrency", "authentication")
_OF_NO_FUNCTION = ("host", "url")

if __name__ == "__main__":
    sys.exit(main())
