"""OpenAI's error body, as the surfaces below /openai/v1 word what they find wrong with a request."""

from __future__ import annotations

from collections.abc import Mapping

from mock_oci.operations import Refused, json_response
from mock_oci.services.shapes import Check, Mismatch
from mock_oci.wire import Body


def openai_error(message: str, param: str = "", code: str = "", status: int = 400) -> Refused:
    """Refuse with OpenAI's ``{"error": {"message", "type", "param", "code"}}``."""
    error = {"message": message, "type": "invalid_request_error", "param": param or None, "code": code or None}
    return Refused(json_response(status, {"error": error}))


def missing_parameter(param: str) -> Refused:
    """Refuse a request without ``param``."""
    return openai_error(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def check_fields(body: Body, fields: Mapping[str, Check]) -> None:
    """Raise Refused unless each of these fields is absent, null, or fits its check."""
    for name, check in fields.items():
        if body.get(name) is not None:
            try:
                check(body[name], name)
            except Mismatch as mismatch:
                message = f"Invalid type for '{name}': expected {mismatch.expected}."
                raise openai_error(message, name, "invalid_type") from mismatch


def check_at_least_one(body: Body, *names: str) -> None:
    """Raise Refused for one of these integers that is less than 1."""
    for name in names:
        if body.get(name) is not None and body[name] < 1:
            message = f"Invalid '{name}': integer below minimum value. Expected a value >= 1."
            raise openai_error(message, name, "integer_below_min_value")
