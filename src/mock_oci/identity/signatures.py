"""OCI's request signatures (draft-cavage v1), checked as the service checks them."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from mock_oci.identity.principals import Principal, Principals, UnknownPrincipal
from mock_oci.identity.tokens import is_signed
from mock_oci.wire import Request

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

SIGNATURE = "signature"
API_KEY = "api key"
# Of Object Storage's PUT (docs: signingrequests.htm#ObjectStoragePut) and Streaming's PutMessages.
SIGNED_HEAD = "signature that may leave out the body"
SKEW_SECONDS = 300  # "clock skew of more than five minutes": 401 (docs: signingrequests.htm)
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_OF_BODY = ("content-length", "content-type", "x-content-sha256")
_REQUIRED_HEADERS = ("(request-target)", "host")
_REQUIRED_PARAMETERS = ("keyId", "algorithm", "signature", "headers")
_PARAMETERS = re.compile(r'\s*(\w+)="([^"]*)"\s*(?:,|$)')


class NotAuthenticated(Exception):
    """Why a request's caller is not known: for the emulator's log and a test, never for the wire."""


def authenticate(request: Request, principals: Principals, now: float, credentials: tuple[str, ...]) -> Principal:
    """Return the caller, by one of the ``credentials`` an operation takes; ``now`` in Unix seconds."""
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    if not scheme:
        raise NotAuthenticated("there is no Authorization header")
    for taken, check in (_CREDENTIALS[credential] for credential in credentials):
        if taken == scheme:
            return check(request, principals, now)
    raise NotAuthenticated(f"this operation does not take the scheme {scheme!r}")


def verify(request: Request, principals: Principals, now: float, *, covers_body: bool = True) -> Principal:
    """Return who signed ``request`` (docs: signingrequests.htm; oci/signer.py). Raises NotAuthenticated."""
    signed = read_signature(request, now, covers_body=covers_body)
    try:
        principal = principals.named_by(signed.key_id)
    except UnknownPrincipal as error:
        raise NotAuthenticated(str(error)) from error
    if principal.public_key is None:
        raise NotAuthenticated("this principal has no signing key")
    signed.check(principal.public_key)
    return principal


def verify_api_key(request: Request, principals: Principals, now: float) -> Principal:
    """Return who holds the Generative AI API key in ``Authorization: Bearer``; such a key does not expire."""
    del now
    try:
        return principals.bearer_of(request.headers.get("authorization", "").partition(" ")[2].strip())
    except UnknownPrincipal as error:
        raise NotAuthenticated(str(error)) from error


@dataclass(frozen=True)
class Signed:
    """A request whose every sign of being well signed is there, except the key's."""

    key_id: str
    signature: str
    text: bytes

    def check(self, key: rsa.RSAPublicKey) -> None:
        """Raise NotAuthenticated when the holder of ``key`` did not sign this."""
        try:
            matches = is_signed(self.text, base64.b64decode(self.signature, validate=True), key)
        except ValueError:  # no base64
            matches = False
        if not matches:
            raise NotAuthenticated("the signature does not match the request")


def read_signature(
    request: Request, now: float, required: tuple[str, ...] = _REQUIRED_HEADERS, *, covers_body: bool = True
) -> Signed:
    """Return what ``request`` is signed with, once its date, body and covered headers are found in order."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "signature":
        raise NotAuthenticated("the request is not signed")
    parameters = _parameters(text)
    names = parameters["headers"].lower().split()
    of_body = _OF_BODY if covers_body and request.method.upper() in _WITH_BODY else ()
    _check_covered(names, (*required, *of_body))
    _check_date(request.headers, names, now)
    _check_body(request, names)
    return Signed(parameters["keyId"], parameters["signature"], _signing_string(request, names))


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETERS.match(text, position)
        if match is None:
            raise NotAuthenticated("the Authorization parameters cannot be read")
        if match[1] in parameters:
            raise NotAuthenticated(f"the parameter {match[1]} is given twice")
        parameters[match[1]] = match[2]
        position = match.end()
    _check_parameters(parameters)
    return parameters


def _check_parameters(parameters: Mapping[str, str]) -> None:
    absent = [name for name in _REQUIRED_PARAMETERS if not parameters.get(name)]
    if absent:
        raise NotAuthenticated(f"the parameter {absent[0]} is absent")
    if parameters["algorithm"].lower() != "rsa-sha256":
        raise NotAuthenticated("the algorithm is not rsa-sha256")
    if parameters.get("version", "1") != "1":
        raise NotAuthenticated("the version of the signature is not 1")


def _check_covered(names: list[str], required: tuple[str, ...]) -> None:
    if len(set(names)) < len(names):
        raise NotAuthenticated("a header is signed twice")
    absent = sorted(set(required) - set(names))
    if absent:
        raise NotAuthenticated(f"{absent[0]} is not signed")
    if not {"date", "x-date"} & set(names):
        raise NotAuthenticated("date is not signed")


def _check_date(headers: Mapping[str, str], names: list[str], now: float) -> None:
    text = headers.get("x-date" if "x-date" in names else "date", "")
    try:
        date = parsedate_to_datetime(text)
        # A date of "-0000" is read without a zone; HTTP dates are in GMT.
        stamp = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise NotAuthenticated("the date cannot be read") from error
    if abs(now - stamp) > SKEW_SECONDS:
        raise NotAuthenticated(f"the date is more than {SKEW_SECONDS} s off")


def _check_body(request: Request, names: list[str]) -> None:
    if "x-content-sha256" in names:
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if request.headers.get("x-content-sha256") != digest:
            raise NotAuthenticated("x-content-sha256 is not that of the body")
    if "content-length" in names and request.headers.get("content-length") != str(len(request.body)):
        raise NotAuthenticated("content-length is not that of the body")


def _signing_string(request: Request, names: list[str]) -> bytes:
    lines = []
    for name in names:
        value = request.headers.get(name)
        if name == "(request-target)":
            value = f"{request.method.lower()} {request.target}"
        if value is None:
            raise NotAuthenticated(f"{name} is signed but absent")
        lines.append(f"{name}: {value}")
    return "\n".join(lines).encode("utf-8", "surrogatepass")


# Each with the scheme of Authorization that it comes in.
_CREDENTIALS: dict[str, tuple[str, Callable[[Request, Principals, float], Principal]]] = {
    SIGNATURE: ("signature", verify),
    SIGNED_HEAD: ("signature", functools.partial(verify, covers_body=False)),
    API_KEY: ("bearer", verify_api_key),
}
