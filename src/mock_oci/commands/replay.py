"""``mock-oci replay FILE``: the exchanges of a recording on loopback, for clients in any language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mock_oci.commands.arguments import Parser, complain, port, program
from mock_oci.commands.served import serve_for, split_command
from mock_oci.doors.foreground import reason
from mock_oci.recording.file import read_recording
from mock_oci.recording.replay import NotInRecording, Player


def run(arguments: Sequence[str]) -> int:
    """Replay until Ctrl-C, or until a command has ended.

    Returns the command's exit code, else 0; 1 when something was asked that is not in the recording, or is left of it
    with ``--all-used``; 2 when there is nothing to replay.
    """
    words, command = split_command(arguments)
    options = _parser().parse_args(words)
    try:
        exchanges = read_recording(options.file)
        player = Player(exchanges, in_order=options.in_order, repeats=options.repeats, ignoring=options.ignoring)
        ended = serve_for(player.answer, options.port, command)
        player.check(everything=options.all_used)
    except (OSError, ValueError) as error:
        return complain(reason(error), 2)
    except NotInRecording as missed:
        return complain(f"{missed}", 1)
    return ended


def _parser() -> Parser:
    parser = Parser(
        prog=f"{program()} replay",
        usage="%(prog)s FILE [options] [-- COMMAND …]",
        description="Answer from a recording, offline, for clients in any language.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what mock-oci record wrote")
    parser.add_argument("--port", type=port, default=0, help="the port (0, the default: any free one)")
    parser.add_argument("--in-order", action="store_true", help="only the next exchange answers")
    parser.add_argument("--repeats", action="store_true", help="an exchange may answer more than once")
    parser.add_argument("--all-used", action="store_true", help="what nobody asked is an error at the end")
    parser.add_argument(
        "--ignoring", action="append", default=[], metavar="NAME", help="a parameter or field that may differ"
    )
    return parser
