"""Canaries in every place where a secret can stand, in exchanges that a real server answered to a real signature."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response
from mock_oci.identity.signatures import verify
from mock_oci.recording import SecretLeft, read_recording, recording
from mock_oci.recording.sanitiser import Sanitiser
from mock_oci.recording.streams import sanitised_pieces

HOST = "objectstorage.us-chicago-1.oraclecloud.com"
OCID = "ocid1.bucket.oc1.us-chicago-1.aaaaaaaacanarycanarycanarycanarycanary"
TENANCY = "ocid1.tenancy.oc1..aaaaaaaacanarytenancycanarytenancycanary"
OLD_OCID = "ocidv1:tenancy:oc1:phx:1460406592660:aaaaaaaacanaryold"
KEY = "sk-canary0123456789canary"
BEARER = "canary.bearer_token-value~0123"
PASSWORD = "Canary/Pass+word=1"
NAMESPACE = "axcanarynsp1"
EMAIL = "canary.user@example-corp.com"
USER = "canaryuser"
TENANCY_NAME = "canarytenancy"
ADDRESS = "203.0.114.77"
ADDRESS_6 = "2603:c020:4000:1:2:3:4:77"
FINGERPRINT = "ca:0a:17:00:01:02:03:04:05:06:07:08:09:0a:0b:0c"
REQUEST_ID = "CA0A17CA0A17CA0A17CA0A17CA0A17CA/" + "0123456789ABCDEF0123456789ABCDEF/" + "F" * 32
UUID = "ca0a17ca-0a17-4a17-8a17-ca0a17ca0a17"
RESPONSE = "resp_canary0123456789canary"
LINK = "canaryLinkCanaryLink_-0123456789"
CURSOR = base64.b64encode(f"{OCID}/0/17".encode()).decode()
JWT = ".".join(
    base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
    for part in ({"alg": "RS256"}, {"sub": "canary", "tenant": TENANCY})
) + ".canarysignature"  # fmt: skip
PEM = "-----BEGIN PRIVATE KEY-----\ncanary+canary/0123456789==\n-----END PRIVATE KEY-----"
INNER = "canary-secret-of-the-bundle"


@dataclass(frozen=True)
class Place:
    """Where canaries are put: into what is asked, and into what is answered."""

    target: str = "/canary"
    sent: bytes = b""
    sent_headers: dict[str, str] = field(default_factory=dict)
    answer: Response = field(default_factory=lambda: Response(200))
    canaries: tuple[str, ...] = ()


def as_json(value: Any) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(value).encode())


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def stream(*events: Any, chunks: int = 0) -> Response:
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    pieces = [event + "\n\n" for event in text.split("\n\n")[:-1]]
    if chunks:
        pieces = [text[index : index + chunks] for index in range(0, len(text), chunks)]
    return Response(200, {"content-type": "text/event-stream"}, [piece.encode() for piece in pieces])


def cut(text: str) -> list[bytes]:
    return [text[index : index + 11].encode() for index in range(0, len(text), 11)]


def delta(text: str) -> dict[str, Any]:
    return {"id": "x", "choices": [{"index": 0, "delta": {"content": text}}]}


ALL = (OCID, TENANCY, OLD_OCID, KEY, EMAIL, ADDRESS, ADDRESS_6, FINGERPRINT, REQUEST_ID, UUID, RESPONSE, JWT, PEM)
NAMED = {
    "password": PASSWORD,
    "namespace": NAMESPACE,
    "userName": USER,
    "Tenancy-Name": TENANCY_NAME,
    "cursor": CURSOR,
    "access_token": BEARER,
}
PLACES = {
    "JSON of a request": Place(
        sent=json.dumps({"a": [*ALL, {"b": f"within {OCID} a text"}], **NAMED}).encode(),
        canaries=(*ALL, *NAMED.values()),
    ),
    "JSON of an answer": Place(answer=as_json({"deep": {"er": [list(ALL), NAMED]}}), canaries=(*ALL, *NAMED.values())),
    "names of fields": Place(answer=as_json({OCID: 1, KEY: {EMAIL: 2}}), canaries=(OCID, KEY, EMAIL)),
    "JSON within JSON": Place(
        answer=as_json({"message": json.dumps({"error": {"secret": PASSWORD, "id": OCID}})}), canaries=(PASSWORD, OCID)
    ),
    "a query": Place(
        target=f"/canary?compartmentId={OCID}&token={quote(PASSWORD)}&cursor={quote(CURSOR)}&user={EMAIL}",
        canaries=(OCID, PASSWORD, CURSOR, EMAIL),
    ),
    "a path": Place(target=f"/n/{NAMESPACE}/b/{OCID}/o/{quote(EMAIL, safe='')}", canaries=(NAMESPACE, OCID, EMAIL)),
    "a pre-authenticated link": Place(
        target=f"/p/{LINK}/n/{NAMESPACE}/b/x/o/y",
        answer=as_json({"accessUri": f"/p/{LINK}/n/{NAMESPACE}/b/x/o/y"}),
        canaries=(LINK, NAMESPACE),
    ),
    "a link in a text": Place(
        target=f"/n/{NAMESPACE}/b/x",
        answer=Response(200, {}, f"see https://{HOST}/p/{LINK}/n/{NAMESPACE}/b/x/o/y".encode()),
        canaries=(LINK, NAMESPACE),
    ),
    "the namespace, asked for": Place(target="/n/", answer=as_json(NAMESPACE), canaries=(NAMESPACE,)),
    "the namespace in a text": Place(
        answer=Response(200, {}, f"{NAMESPACE}: no object at /n/{NAMESPACE}/b".encode()), canaries=(NAMESPACE,)
    ),
    "a redirect": Place(
        answer=Response(302, {"location": f"https://{HOST}/n/?sig={quote(PASSWORD, safe='')}&id={OCID}"}),
        canaries=(PASSWORD, OCID),
    ),
    "a redirect to a path": Place(
        answer=Response(307, {"location": f"/p/{LINK}/n/{NAMESPACE}/?token={BEARER}"}),
        canaries=(LINK, NAMESPACE, BEARER),
    ),
    "headers of a request": Place(
        sent_headers={
            "x-api-key": PASSWORD,
            "cookie": f"sid={BEARER}",
            "opc-obo-token": JWT,
            "opc-request-id": REQUEST_ID,
            "x-forwarded-for": ADDRESS,
            "opc-sse-customer-key": INNER,
            "opc-compartment-id": OCID,
            "user-agent": EMAIL,
            "opc-meta-x": KEY,
        },
        canaries=(PASSWORD, BEARER, JWT, REQUEST_ID, ADDRESS, INNER, OCID, EMAIL, KEY),
    ),
    "headers of an answer": Place(
        answer=Response(
            200,
            {
                "set-cookie": f"sid={BEARER}",
                "opc-request-id": REQUEST_ID,
                "opc-next-page": CURSOR,
                "opc-client-info": f"{ADDRESS} {EMAIL}",
                "x-anything": PASSWORD,
                "opc-work-request-id": OCID,
                "www-authenticate": JWT,
                "opc-meta-owner": EMAIL,
            },
        ),
        canaries=(BEARER, REQUEST_ID, CURSOR, ADDRESS, EMAIL, PASSWORD, OCID, JWT),
    ),
    "a secret header that comes back": Place(
        sent_headers={"x-api-key": PASSWORD},
        answer=as_json({"echo": f"your key {PASSWORD} is wrong"}),
        canaries=(PASSWORD,),
    ),
    "a bearer key that comes back": Place(
        answer=Response(401, {}, f"Incorrect key: Bearer {BEARER}".encode()), canaries=(BEARER,)
    ),
    "an error": Place(
        answer=Response(
            404,
            {"content-type": "application/json"},
            json.dumps(
                {
                    "code": "NotAuthorizedOrNotFound",
                    "message": f"{OCID} in {TENANCY}: {EMAIL} from {ADDRESS}",
                    "opc-request-id": REQUEST_ID,
                }
            ).encode(),
        ),
        canaries=(OCID, TENANCY, EMAIL, ADDRESS, REQUEST_ID),
    ),
    "Base64": Place(
        answer=as_json([{"value": b64(json.dumps({"id": OCID, "password": PASSWORD})), "key": b64(EMAIL)}]),
        canaries=(OCID, PASSWORD, EMAIL),
    ),
    "Base64 of URLs": Place(
        answer=as_json({"state": base64.urlsafe_b64encode(f"{OCID}?>~".encode()).decode().rstrip("=")}),
        canaries=(OCID,),
    ),
    "Base64 within Base64": Place(answer=as_json({"value": b64(json.dumps({"value": b64(OCID)}))}), canaries=(OCID,)),
    "a secret's bundle": Place(
        answer=as_json({"secretBundleContent": {"contentType": "BASE64", "content": b64(INNER)}}), canaries=(INNER,)
    ),
    "a text": Place(answer=Response(200, {"content-type": "text/plain"}, "\n".join(ALL).encode()), canaries=ALL),
    "a form": Place(
        sent=f"password={quote(PASSWORD, safe='')}&id={quote(OCID)}&to={quote(EMAIL)}".encode(),
        answer=as_json(NAMED),
        canaries=(PASSWORD, OCID, EMAIL),
    ),
    "bytes": Place(
        answer=Response(200, {}, b"\xff\xfe" + OCID.encode() + b"\x00" + KEY.encode() + b"\x80"), canaries=(OCID, KEY)
    ),
    "a stream": Place(answer=stream(*({"text": canary} for canary in ALL), NAMED), canaries=(*ALL, *NAMED.values())),
    "a stream in pieces of its own": Place(
        answer=stream(delta(f"It is {KEY}, for {EMAIL}."), chunks=7), canaries=(KEY, EMAIL)
    ),
    "a key that a model spells": Place(
        answer=stream(*map(delta, ["My key: ", *KEY, " and ", *OCID])), canaries=(KEY, OCID)
    ),
    "a key in two halves": Place(answer=stream(delta(f"a {KEY[:12]}"), delta(f"{KEY[12:]} b")), canaries=(KEY,)),
    "a secret that a model spells": Place(
        sent=json.dumps({"password": PASSWORD}).encode(), answer=stream(*map(delta, PASSWORD)), canaries=(PASSWORD,)
    ),
    "lines that are no JSON": Place(
        answer=Response(
            200,
            {"content-type": "text/event-stream"},
            [f"data: {{'error': '{OCID}'}}\n\n".encode(), f": {EMAIL}\n\n".encode(), f"data: {KEY}".encode()],
        ),
        canaries=(OCID, EMAIL, KEY),
    ),
    "lines of JSON": Place(
        answer=Response(200, {}, [json.dumps(NAMED).encode() + b"\n", json.dumps({"id": OCID}).encode() + b"\n"]),
        canaries=(*NAMED.values(), OCID),
    ),
    "JSON in chunks, over many lines": Place(
        answer=Response(200, {"content-type": "application/json"}, cut(json.dumps({"a": NAMED, "b": ALL}, indent=2))),
        canaries=(*NAMED.values(), *ALL),
    ),
    "events with other ends of lines in them": Place(
        answer=Response(
            200,
            {"content-type": "text/event-stream"},
            [f'data: {{"a": "\u2028\x85\x0c", "password": "{PASSWORD}"}}\n\n'.replace("\x0c", "\\f").encode()],
        ),
        canaries=(PASSWORD,),
    ),
    "hosts of one's own": Place(
        answer=as_json(
            {
                "invokeEndpoint": "https://canaryfn1.us-chicago-1.functions.oci.oraclecloud.com",
                "s3": "canaryns2.compat.objectstorage.us-chicago-1.oraclecloud.com",
                "own": "https://canaryns3.objectstorage.us-chicago-1.oci.customer-oci.com/n/canaryns3/b",
                "url": "https://canarygw1.apigateway.us-chicago-1.oci.customer-oci.com/x",
            }
        ),
        canaries=("canaryfn1", "canarygw1", "canaryns2", "canaryns3"),
    ),
    "a confirmation link": Place(
        target=f"/confirm?token={quote(PASSWORD)}",
        answer=as_json({"confirmationUrl": f"https://{HOST}/confirm?token={quote(PASSWORD, safe='')}&protocol=EMAIL"}),
        canaries=(PASSWORD,),
    ),
}


@pytest.fixture(scope="module")
def cloud() -> MockOci:
    return MockOci()


@pytest.fixture
def service(cloud: MockOci) -> Iterator[Callable[[Place], str]]:
    """Serves a place's answer to whoever signs as its user."""
    places: list[Place] = []

    def answer(request: Request) -> Response:
        verify(request, cloud.principals, time.time())
        return places[-1].answer

    with LoopbackServer(answer) as server:

        def serve(place: Place) -> str:
            places.append(place)
            return server.url

        yield serve


def ask(place: Place, signer: Any) -> httpx.Response:
    url = f"https://{HOST}{place.target}"
    headers = {"content-type": "application/json", **place.sent_headers}
    request = sdk._vendor.requests.Request("POST", url, headers, data=place.sent).prepare()
    signer.do_request_sign(request)
    signed = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
    return httpx.post(url, content=place.sent, headers=signed)


def signer(cloud: MockOci) -> Any:
    user = cloud.principals.api_key_user("canary")
    return sdk.signer.Signer(
        user.tenancy_id, user.user_id, user.fingerprint, None, private_key_content=user.private_pem
    )


@pytest.mark.parametrize("name", PLACES)
def test_no_canary_is_in_the_file(name: str, cloud: MockOci, service: Callable[[Place], str], tmp_path: Path) -> None:
    place, file, user = PLACES[name], tmp_path / "recording.json", cloud.principals.api_key_user("canary")
    with recording(file, upstream=service(place)):
        answer = ask(place, signer(cloud))
        assert answer.status_code == place.answer.status  # the service took the signature
    text = file.read_text()
    (exchange,) = read_recording(file)
    credentials = (user.tenancy_id, user.user_id, user.fingerprint, "Signature")
    assert [canary for canary in (*place.canaries, *credentials) if found(canary, text)] == []
    assert "canary" not in said_by(exchange.pieces).lower().replace("/canary", "")


def found(canary: str, text: str) -> bool:
    forms = {canary, json.dumps(canary)[1:-1], quote(canary, safe=""), quote(canary)}
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + canary.encode()).decode().rstrip("=")[4:-2]
        forms |= {encoded, encoded.translate(str.maketrans("+/", "-_"))} if len(encoded) > 6 else set()
    return any(form in text for form in forms)


def said_by(pieces: tuple[bytes, ...]) -> str:
    """Put together what the events of a stream say, letter by letter."""
    lines = b"".join(pieces).decode("latin-1").splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {") and '"choices"' in line]
    return "".join(event["choices"][0]["delta"]["content"] for event in events)


def test_the_canaries_do_stand_in_every_place() -> None:
    """The test above would pass if nothing had been put there."""
    for name, place in PLACES.items():
        body = place.answer.body
        whole = body if isinstance(body, bytes) else b"".join(body)
        everything = " ".join(
            [place.target, place.sent.decode(), *place.sent_headers.values(), *place.answer.headers.values()]
        ) + whole.decode("latin-1")
        spelt = said_by((whole,)) if not isinstance(body, bytes) else ""
        nested = base64_within(everything)
        for canary in place.canaries:
            assert found(canary, everything + nested) or canary in spelt, (name, canary)


def base64_within(text: str) -> str:
    inner = ""
    for word in re.findall(r"[A-Za-z0-9+/_-]{16,}={0,2}", text):
        padded = word.rstrip("=").translate(str.maketrans("-_", "+/"))
        inner += base64.b64decode(padded[: len(padded) // 4 * 4]).decode("latin-1")
    return inner + (base64_within(inner) if inner else "")


def test_the_same_id_has_the_same_placeholder_wherever_it_stands(
    cloud: MockOci, service: Callable[[Place], str], tmp_path: Path
) -> None:
    place = Place(
        target=f"/canary?compartmentId={OCID}",
        sent=json.dumps({"compartmentId": OCID, "other": TENANCY}).encode(),
        answer=as_json({"id": OCID, "value": b64(OCID), "text": f"in {OCID}"}),
    )
    with recording(tmp_path / "x.json", upstream=service(place)):
        ask(place, signer(cloud))
    (exchange,) = read_recording(tmp_path / "x.json")
    answer = json.loads(exchange.pieces[0])
    placeholder = json.loads(exchange.request.body)["compartmentId"]
    assert placeholder.startswith("ocid1.bucket.oc1.us-chicago-1.recorded")
    assert len(placeholder) == len(OCID)
    assert json.loads(exchange.request.body)["other"].startswith("ocid1.tenancy.oc1..recorded")
    assert urlsplit(exchange.request.target).query == f"compartmentId={placeholder}"
    assert answer == {"id": placeholder, "value": b64(placeholder), "text": f"in {placeholder}"}


def test_half_a_character_and_bytes_that_are_no_text_are_kept(
    cloud: MockOci, service: Callable[[Place], str], tmp_path: Path
) -> None:
    half = Response(200, {"content-type": "application/json"}, b'{"a": "\\ud83d", "id": "%s"}' % OCID.encode())
    torn = Response(
        200, {"content-type": "text/event-stream"}, [b'data: {"a": "\xff", "id": "%s"}\n\n' % OCID.encode()]
    )
    for place in (Place(answer=half), Place(answer=torn)):
        with recording(tmp_path / "x.json", upstream=service(place)):
            ask(place, signer(cloud))
        assert OCID not in (tmp_path / "x.json").read_text()
        assert len(read_recording(tmp_path / "x.json")) == 1


def test_what_is_hidden_by_name_is_nowhere(cloud: MockOci, service: Callable[[Place], str], tmp_path: Path) -> None:
    place = Place(answer=as_json({"project": "Project Moonshot", "n": ["about project Project Moonshot", "n7"]}))
    with recording(tmp_path / "x.json", upstream=service(place), hide=["Project Moonshot", "n7"]):
        ask(place, signer(cloud))
    assert "Moonshot" not in (tmp_path / "x.json").read_text()
    assert "n7" not in (tmp_path / "x.json").read_text()


def test_a_secret_that_cannot_be_taken_out_is_not_written(
    cloud: MockOci, service: Callable[[Place], str], tmp_path: Path
) -> None:
    compressed = b"\x1f\x8b\xff\x00" + PASSWORD.encode("utf-16-le")
    hidden = base64.b64encode(b"\xff" + PASSWORD.encode() * 2).decode()  # no text, so nobody looks into it
    place = Place(
        sent=json.dumps({"password": PASSWORD * 2, "blob": hidden}).encode(), answer=Response(200, {}, compressed)
    )
    url = service(place)
    with pytest.raises(SecretLeft, match="nothing was written") as left, recording(tmp_path / "x.json", upstream=url):
        ask(place, signer(cloud))
    assert PASSWORD not in str(left.value)
    assert list(tmp_path.iterdir()) == []


def test_what_is_nobodys_stays_as_it_is() -> None:
    sanitiser = Sanitiser()
    plain = {
        "model": "meta.llama-3.3-70b-instruct",
        "max_tokens": 20,
        "address": "127.0.0.1",
        "logprobs": [{"token": "Hello", "logprob": -0.1}],
        "version": "1.2.3",
        "namespace": "oci_faas",
        "page": "3",
        "text": "The token limit is 20 % of a key: see https://docs.oracle.com/x?page=1",
        "finish_reason": "stop",
    }
    assert sanitiser.value(plain) == plain
    events = [
        b'data: {"id":"chatcmpl-1","type":"x"}\n\n',
        b'data: {"id":"chatcmpl-1","type":"x"}\n\n',
        b"data: [DONE]\n\n",
    ]
    assert sanitised_pieces(events, sanitiser) == [event.replace(b'data: {"id"', b'data: {"id"') for event in events]
