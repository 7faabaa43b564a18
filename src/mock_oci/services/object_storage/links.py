"""Making, reading and deleting pre-authenticated requests on the wire."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.pars import ACCESS_TYPES, Par, Pars
from mock_oci.services.oci_surface import (
    endpoint,
    invalid,
    object_in,
    optional_text_in,
    page_of,
    seconds_in,
    text_in,
    with_or_without_slash,
)
from mock_oci.wire import Response


def create_par(call: Call) -> Response:
    bucket, details = bucket_of(call), object_in(call.request.body)
    access, name = text_in(details, "accessType"), optional_text_in(details, "objectName")
    if access not in ACCESS_TYPES:
        raise invalid(f"accessType must be one of {', '.join(ACCESS_TYPES)}", "InvalidParCreateRequest")
    if not name and not access.startswith("Any"):
        raise invalid("objectName must not be null", "InvalidParCreateRequest")
    lifetime = seconds_in(details, "timeExpires") - call.cloud.clock()
    if lifetime <= 0:
        raise invalid("timeExpires must be in the future", "InvalidParCreateRequest")
    par = call.cloud.state_of(Pars).create(
        bucket.name,
        name,
        access,
        lifetime=lifetime,
        name=text_in(details, "name"),
        listing=optional_text_in(details, "bucketListingAction", "Deny"),
        creator=call.principal,
    )
    host = f"{storage_of(call).namespace}.objectstorage.{call.cloud.region}.oci.customer-oci.com"
    links = {"accessUri": par.path, "fullPath": f"{endpoint(call, host)}{par.path}"}
    return json_response(200, {**par.wire(), **links})


def list_pars(call: Call) -> Response:
    pars, query = call.cloud.state_of(Pars).of_bucket(bucket_of(call).name), call.request.query
    prefix = query.get("objectNamePrefix", "")
    page, headers = page_of([par.wire() for par in pars if par.object_name.startswith(prefix)], query)
    return json_response(200, page, headers)


def get_par(call: Call) -> Response:
    return json_response(200, _found(call).wire())


def delete_par(call: Call) -> Response:
    call.cloud.state_of(Pars).delete(_found(call).id)
    return Response(204)


def _found(call: Call) -> Par:
    bucket, par = bucket_of(call), call.cloud.state_of(Pars).find(unquote(call.parameters["id"]))
    if par is None or par.bucket != bucket.name:
        message = f"The pre-authenticated request '{quote(call.parameters['id'])}' does not exist"
        raise Refused(oci_error(404, message, "PreauthenticatedRequestNotFound"))
    return par


_ALL = "/n/{namespace}/b/{bucket}/p"
_ONE = f"{_ALL}/{{id}}"
OPERATIONS = (
    *with_or_without_slash("POST", _ALL, create_par),
    *with_or_without_slash("GET", _ALL, list_pars),
    Operation("GET", _ONE, refusing(get_par)),
    Operation("DELETE", _ONE, refusing(delete_par)),
)
