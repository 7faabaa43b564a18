"""The failures that OCI Functions answers with in place of what a function said."""

from __future__ import annotations

from mock_oci.operations import oci_error
from mock_oci.wire import Response


class InvokeError(Exception):
    """One row of FAILURES, by its ``code``; ``status`` is what a direct invoker gets."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.status, self.message = FAILURES[code]
        super().__init__(f"{self.status} {code}: {self.message}")

    def response(self) -> Response:
        """Return ``{"code","message"}``, the shape that the SDK reads into a ServiceError."""
        return oci_error(self.status, self.message, self.code)


# Codes and statuses: docs.oracle.com Functions/Tasks/functionstroubleshooting.htm; the messages that it does
# not give are those of the open-source server (fnproject/fn, api/models/error.go).
FAILURES: dict[str, tuple[int, str]] = {
    "NotAuthorizedOrNotFound": (404, "Authorization failed or requested resource not found."),
    "FunctionInvokeRequestContentTooLarge": (413, "Request content too large"),
    "TooManyRequests": (429, "User-rate limit exceeded"),
    "FunctionInvokeContainerInitFail": (502, "Container failed to initialize"),
    "FunctionInvokeExecutionError": (502, "error receiving function response"),
    "FunctionInvokeExecutionFailed": (502, "function failed"),
    "FunctionInvokeImageNotAvailable": (502, "Failed to pull function image"),
    "FunctionInvokeInvalidResponse": (502, "invalid function response"),
    "FunctionInvokeResponseBodyTooLarge": (502, "function response too large"),
    "FunctionInvokeResponseHeaderTooLarge": (502, "function response header too large"),
    "FunctionInvokeServiceUnavailable": (503, "Timed out - server too busy"),
    "FunctionInvokeContainerInitTimeout": (504, "Container initialization timed out"),
    "FunctionInvokeTimeout": (504, "Timed out"),
}
