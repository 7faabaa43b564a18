"""``mock-oci record FILE``: a loopback door to the real service, whose exchanges are written with nothing secret."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mock_oci.commands.arguments import Parser, complain, port, program
from mock_oci.commands.served import serve_for, split_command
from mock_oci.doors.foreground import reason
from mock_oci.live.credentials import AUTHENTICATIONS, find_credentials
from mock_oci.live.hosts import Hosts
from mock_oci.live.upstream import Upstream
from mock_oci.recording.file import SecretLeft
from mock_oci.recording.recorder import MAX_BODY, MAX_BYTES, Recorder
from mock_oci.recording.signing_door import SigningDoor

_NONE = "none"


def run(arguments: Sequence[str]) -> int:
    """Record until Ctrl-C, or until a command has ended; return its exit code, or 2 when nothing can be recorded.

    Of a command that failed nothing is written.
    """
    words, command = split_command(arguments)
    options = _parser().parse_args(words)
    try:
        where = {"config_file": options.config_file, "profile": options.profile, "region": options.region}
        credentials = None if options.auth == _NONE else find_credentials(options.auth, **where)
        region = options.region if credentials is None else credentials.region
        if region is None:
            return complain("--region is needed where there are no credentials", 2)
        Hosts(region).of_client("ObjectStorageClient")  # the SDK is needed here too, to find a host
        recorder = Recorder(
            Upstream(options.upstream), hide=options.hide, max_body=options.max_body, max_bytes=options.max_bytes
        )
        ended = serve_for(SigningDoor(recorder, region, credentials).answer, options.port, command)
        if ended != 0:
            return complain(f"the command failed, and nothing was written to {options.file}", ended)
        recorder.write(options.file)
    except (OSError, ValueError) as error:
        return complain(reason(error), 2)
    except ImportError:
        return complain("the OCI SDK is needed to find hosts: pip install oci", 2)
    except SecretLeft as left:
        return complain(f"{left}", 2)
    left_out = f"; {recorder.left_out} left out for want of room" if recorder.left_out else ""
    return complain(f"wrote {options.file}{left_out}", 0)


def _parser() -> Parser:
    parser = Parser(
        prog=f"{program()} record",
        usage="%(prog)s FILE [options] [-- COMMAND …]",
        description="Serve the real OCI on loopback, for clients in any language, and record what they ask.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the recording: JSON")
    parser.add_argument("--port", type=port, default=0, help="the port (0, the default: any free one)")
    add_credentials(parser, (*AUTHENTICATIONS, _NONE))
    parser.add_argument("--hide", action="append", default=[], metavar="TEXT", help="must not be in the file either")
    parser.add_argument("--max-body", type=int, default=MAX_BODY, help="bytes of a body that are kept (%(default)s)")
    parser.add_argument("--max-bytes", type=int, default=MAX_BYTES, help="bytes of all of them (%(default)s)")
    return parser


def add_credentials(parser: Parser, authentications: Sequence[str]) -> None:
    """Add the options that say whom the real service is asked as, and where it is."""
    parser.add_argument(
        "--auth", choices=authentications, default="profile", help="profile (the default): a key or a session's token"
    )
    parser.add_argument("--profile", default="DEFAULT", help="of the config file (DEFAULT)")
    parser.add_argument("--config-file", help="the config file (~/.oci/config)")
    parser.add_argument("--region", help="in place of that of the credentials")
    parser.add_argument("--upstream", metavar="URL", help="what answers in place of OCI's hosts")
