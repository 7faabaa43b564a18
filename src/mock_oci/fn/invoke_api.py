"""A door of its own for OCI Functions' invoke API: what ``oci.functions.FunctionsInvokeClient`` calls."""

from __future__ import annotations

import re
from dataclasses import replace

from mock_oci.fn.call_headers import request_id
from mock_oci.fn.functions import LocalFunctions
from mock_oci.identity.signatures import NotAuthenticated, verify
from mock_oci.operations import Call, no_such_path, oci_error, refusing
from mock_oci.services.functions import invocation
from mock_oci.wire import Request, Response

_PATH = re.compile(r"/\d{8}/functions/([^/]+)/actions/invoke")


class InvokeApi:
    """A plain object: ``answer`` takes a signed request (oci/functions/functions_invoke_client.py).

    The backend answers the same below its own server (services/functions.py); here nothing else is to be had.
    """

    def __init__(self, functions: LocalFunctions) -> None:
        self._functions = functions

    def answer(self, request: Request) -> Response:
        response = self._answer(request)
        own = request_id(self._functions.oci.next_serial(), request.headers.get("opc-request-id", ""))
        return replace(response, headers={"opc-request-id": own, **response.headers})

    def _answer(self, request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        if found is None or request.method != "POST":
            return no_such_path()
        oci = self._functions.oci
        try:
            principal = verify(request, oci.principals, oci.clock())
        except NotAuthenticated as refusal:
            oci.refusals.append(str(refusal))
            message = "The required information to complete authentication was not provided or was incorrect."
            return oci_error(401, message, "NotAuthenticated")
        return refusing(invocation)(Call(request, oci, principal, {"function": found[1]}))
