"""What is not documented of Object Storage, and of signatures."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mock_oci.verify.answer import SeenAnswer
from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService

_CLIENT = "ObjectStorageClient"
_LINK_SECONDS = 8


def own_bucket(service: AskedService) -> str:
    """Return the path of a bucket of ours, ``/n/{namespace}/b/{bucket}``; it is made once."""
    return str(service.shared("bucket", lambda: _bucket(service)))


def _bucket(service: AskedService) -> str:
    namespace = service.require("GET", _CLIENT, "/n").body
    name = service.name("bucket")
    path = f"/n/{namespace}/b/{name}"
    body = {"name": name, "compartmentId": service.compartment_id}
    service.require("POST", _CLIENT, f"/n/{namespace}/b", body, stores=True)
    service.made("bucket", name, lambda: service.removed(_CLIENT, path))
    return path


def _put(service: AskedService, name: str, content: bytes, **headers: str) -> SeenAnswer:
    path = f"{own_bucket(service)}/o/{name}"
    sent = {"content-type": "text/plain", **{key.replace("_", "-"): value for key, value in headers.items()}}
    answer = service.ask("PUT", _CLIENT, path, content, headers=sent)
    if answer.status < 300:
        service.made("object", path, lambda: service.removed(_CLIENT, path))
    return answer


def ask_digest(service: AskedService) -> Observation:
    """Put an object with the digest of another one."""
    wrong = base64.b64encode(hashlib.md5(b"another", usedforsecurity=False).digest()).decode()
    return _put(service, "digest", b"content", content_md5=wrong).seen


def ask_range(service: AskedService) -> Observation:
    """Read behind the end of an object."""
    if _put(service, "range", b"three").status >= 300:
        raise CouldNotAsk("no object can be put")
    answer = service.ask("GET", _CLIENT, f"{own_bucket(service)}/o/range", headers={"range": "bytes=10-20"})
    return {**answer.seen, "content-range": "content-range" in answer.headers}


def ask_expired_link(service: AskedService) -> Observation:
    """Use a pre-authenticated link after its time."""
    if _put(service, "linked", b"content").status >= 300:
        raise CouldNotAsk("no object can be put")
    until = datetime.fromtimestamp(service.now() + _LINK_SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    details = {"name": service.name("link"), "objectName": "linked", "accessType": "ObjectRead", "timeExpires": until}
    path = f"{own_bucket(service)}/p"
    link = service.require("POST", _CLIENT, path, details).body
    link_id = str(link["id"])
    service.made("link", link_id, lambda: service.removed(_CLIENT, f"{path}/{link_id}"))
    service.pause(_LINK_SECONDS + 2.0)
    return service.ask("GET", _CLIENT, link["accessUri"], signed=False, expects=(401, 403)).seen


def ask_unsigned(service: AskedService) -> Observation:
    """Ask without a signature for a path that there is, and for one that there is not."""
    known = service.ask("GET", _CLIENT, "/n/none/b/none", signed=False, expects=(401, 403))
    unknown = service.ask("GET", _CLIENT, "/mock-oci-verify/none", signed=False, expects=(401, 403))
    return {"a path that there is": known.status, "a path that there is not": unknown.status}


def ask_other_date(service: AskedService) -> Observation:
    """Sign x-date in place of date."""
    service.require("GET", _CLIENT, "/n")  # with date, these credentials do
    signer = service.credentials.signer
    if not hasattr(signer, "api_key") or not hasattr(signer, "private_key"):
        raise CouldNotAsk("only a signer with an API signing key can be told what to sign")
    host = service.hosts.of_client(_CLIENT)
    date = datetime.fromtimestamp(service.now(), UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    text = f"x-date: {date}\n(request-target): get /n\nhost: {host}"
    signature = base64.b64encode(signer.private_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    parts = f'keyId="{signer.api_key}",algorithm="rsa-sha256",headers="x-date (request-target) host"'
    headers = {"x-date": date, "authorization": f'Signature version="1",{parts},signature="{signature}"'}
    answer = service.ask("GET", _CLIENT, "/n", headers=headers, host=host, signed=False, expects=(401,))
    return {"status": answer.status}


QUESTIONS = (
    Question(
        "object-digest",
        "The code of the refusal of an object whose Content-MD5 is another's.",
        "Puts an object of 7 bytes with a wrong digest.",
        Cost(3, resources=2),
        ask_digest,
        "a bucket",
    ),
    Question(
        "object-range",
        "Whether a 416 has a Content-Range, and its code.",
        "Reads bytes 10 to 20 of an object that has 5.",
        Cost(4, resources=2),
        ask_range,
        "a bucket with an object",
    ),
    Question(
        "link-expired",
        "What a pre-authenticated link answers after its time.",
        "Makes a link for 8 seconds, waits 10 and uses it.",
        Cost(5, resources=3),
        ask_expired_link,
        "a bucket with an object, and a link",
    ),
    Question(
        "unsigned",
        "Whether an unknown path is 404 or 401 for who has not signed.",
        "Asks for a bucket and for a path of no service, both without a signature.",
        Cost(2),
        ask_unsigned,
    ),
    Question(
        "signed-x-date",
        "Whether x-date may be signed in place of date.",
        "Asks for the namespace, signed either way.",
        Cost(2),
        ask_other_date,
    ),
)
