"""How the native surface refuses: OCI's own words, or a provider's error as text in OCI's ``message``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from mock_oci.operations import Refused, oci_error
from mock_oci.services.shapes import Check, Mismatch


def bad_request(message: str) -> Refused:
    return Refused(oci_error(400, message))


def misshapen(detail: str) -> Refused:
    """Refuse an unknown field or a wrong type (BerriAI/litellm#29692); only the emulator says which one."""
    return bad_request(f"Please pass in correct format of request. (mock_oci: {detail})")


def check_shape(check: Check, value: Any, where: str) -> None:
    """Raise Refused unless ``value`` fits ``check``."""
    try:
        check(value, where)
    except Mismatch as mismatch:
        raise misshapen(str(mismatch)) from mismatch


def broken() -> Refused:
    """Refuse as the service does where its own code fails on a request (BerriAI/litellm#30780)."""
    return Refused(oci_error(500, "Internal Server Error."))


def from_cohere(message: str) -> Refused:
    """Refuse with Cohere's error, as a string inside OCI's (oracle/langchain-oracle#8)."""
    return bad_request(json.dumps({"message": f"invalid request: {message}"}))


def from_openai(message: str, param: str, code: str) -> Refused:
    """Refuse with OpenAI's error, as a string inside OCI's (langchain_oci/common/param_compat.py)."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return bad_request(json.dumps({"error": error}, indent=1))


def unanswered(ids: Iterable[str] = ()) -> str:
    """Word tool calls without results, whichever layer finds them (oracle/langchain-oracle#10 and #53)."""
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        f" The following tool_call_ids did not have response messages: {', '.join(sorted(ids))}"
    )
