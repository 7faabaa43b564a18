"""The door of OCI Functions' invoke API: what ``oci.functions.FunctionsInvokeClient`` calls."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from mock_oci.functions import DETACHED, SYNC, Caller, LocalFunctions, request_id
from mock_oci.invoke_errors import InvokeError
from mock_oci.operations import json_response, oci_error
from mock_oci.principals import Principal
from mock_oci.signatures import NotAuthenticated, verify
from mock_oci.wire import Request, Response

# The version is 20181201 in the API's reference and 20260325 in the client of oci 2.189; both are served.
_PATH = re.compile(r"/\d{8}/functions/([^/]+)/actions/invoke")
_KNOWN = ["POST /{version}/functions/{functionId}/actions/invoke"]


class InvokeApi:
    """A plain object: ``answer`` takes a signed request (oci/functions/functions_invoke_client.py)."""

    def __init__(self, functions: LocalFunctions) -> None:
        self._functions = functions

    def answer(self, request: Request) -> Response:
        response = self._answer(request)
        own = request_id(self._functions.oci.next_serial(), request.headers.get("opc-request-id", ""))
        return replace(response, headers={"opc-request-id": own, **response.headers})

    def _answer(self, request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        if found is None or request.method != "POST":
            message = "Path doesn't map to a registered service"
            return json_response(404, {"code": "404", "message": message, "known": _KNOWN})
        oci = self._functions.oci
        try:
            principal = verify(request, oci.principals, oci.clock())
            self._permit(principal)
        except NotAuthenticated as refusal:
            oci.refusals.append(str(refusal))
            message = "The required information to complete authentication was not provided or was incorrect."
            return oci_error(401, message, "NotAuthenticated")
        except InvokeError as failure:
            return failure.response()
        return self._invoke(unquote(found[1]), request, principal)

    def _permit(self, principal: Principal) -> None:
        oci = self._functions.oci
        if not oci.permissions.permit(principal, oci.tenancy.compartment_id):
            raise InvokeError("NotAuthorizedOrNotFound")

    def _invoke(self, function_id: str, request: Request, principal: Principal) -> Response:
        invoke_type = request.headers.get("fn-invoke-type", SYNC)
        if invoke_type not in (SYNC, DETACHED):
            return oci_error(400, f"fn-invoke-type is {SYNC} or {DETACHED}", "InvalidParameter")
        if request.headers.get("is-dry-run", "").lower() == "true":
            return self._dry_run(function_id)
        return self._functions.invoke(
            function_id,
            request.body,
            request.headers,
            intent=request.headers.get("fn-intent"),
            invoke_type=invoke_type,
            caller=Caller(principal.id, principal.kind, principal.tenancy_id),
        )

    def _dry_run(self, function_id: str) -> Response:
        """Who may call and what there is to call is checked; nothing runs."""
        try:
            self._functions.find(function_id)
        except InvokeError as failure:
            return failure.response()
        return Response(200)
