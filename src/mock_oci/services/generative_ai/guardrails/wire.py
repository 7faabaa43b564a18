"""ApplyGuardrails and ListGuardrailVersions on the wire (client: oci.generative_ai_inference).

Unverified (verify: guardrails, guardrail-texts): which version is the default, the texts of refusals but that of a
language, and what the service says of a category or a type that it does not know; here that is a 501.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mock_oci.operations import Call, Operation, Refused, json_response, oci_error, refusing
from mock_oci.services.generative_ai.guardrails.detection import Guardrails, matches, text_in_image
from mock_oci.services.generative_ai.native.refusal import bad_request, check_shape, misshapen
from mock_oci.services.generative_ai.native.serving import body_of
from mock_oci.services.oci_surface import invalid, page_of, permitted
from mock_oci.services.shapes import each, one_by, record, text, texts
from mock_oci.wire import Body, Response

_CATEGORIES = ("OVERALL", "BLOCKLIST")
_LANGUAGES = ("en", "es", "en-US", "zh-CN")  # GuardrailsTextInput.language_code
_MAX_IMAGES = 5
_MAX_TEXTS_WITH_IMAGES = 1
_IMAGES_SINCE = (1, 1, 0)


@dataclass(frozen=True)
class _Version:
    number: str
    activated: str
    description: str
    state: str = "ACTIVE"

    def wire(self) -> Body:
        """Write it as oci.generative_ai_inference.models.GuardrailVersionSummary has it."""
        empty = dict.fromkeys(("timePreviewed", "timeDeprecated", "timeRetired"))
        told = {"state": self.state, "timeActivated": self.activated, "description": self.description}
        return {"guardrailVersion": self.number, **told, **empty}


# releasenotes/generative-ai/ai-guardrails-versions.htm; the times of the first and the last are the emulator's.
_VERSIONS = (
    _Version("1.1.0", "2026-08-25T00:00:00Z", "Moderates the content of images."),
    _Version("1.0.1", "2026-05-26T00:00:00Z", "Improves accuracy for content moderation and prompt injection."),
    _Version("1.0.0", "2025-11-04T00:00:00Z", "Content moderation, prompt injection and personal information."),
)


def apply_guardrails(call: Call) -> Response:
    """Answer an ApplyGuardrailsResult: of each guardrail that is configured, what it finds. Raises Refused."""
    body = body_of(call)
    check_shape(_DETAILS, body, "body")
    permitted(call, body["compartmentId"])
    configured, version = body["guardrailConfigs"], _version_in(body)
    if not any(value is not None for value in configured.values()):
        raise bad_request("At least one guardrail must be configured.")
    inputs = [body["input"]] if body.get("input") else body.get("multimodalInput") or []
    _check_inputs(inputs, configured, version)
    results = {name: judge(call, inputs, configured.get(config)) for name, (config, judge) in _JUDGES.items()}
    return json_response(200, {"results": results, "guardrailVersion": {"version": version}})


def list_versions(call: Call) -> Response:
    """Answer a page of GuardrailVersionCollection. Raises Refused."""
    headers, query = call.request.headers, call.request.query
    if not headers.get("opc-compartment-id"):
        raise invalid("opc-compartment-id must not be null", "MissingParameter")
    permitted(call, headers["opc-compartment-id"])
    rows = [version.wire() for version in _VERSIONS if query.get("state", version.state) == version.state]
    page, following = page_of(rows, query)
    return json_response(200, {"items": page}, following)


def _version_in(body: Body) -> str:
    """Return the version that is asked for; one of two numbers is the latest of them. Raises Refused."""
    pinned = (body.get("guardrailVersionConfig") or {}).get("guardrailVersion", "")
    named = (version.number for version in _VERSIONS if f"{version.number}.".startswith(f"{pinned}." if pinned else ""))
    found = next(named, "")
    if not found:
        raise bad_request(f"Guardrail version {pinned} is not supported")
    return found


def _check_inputs(inputs: list[Body], configured: Body, version: str) -> None:
    images = [item for item in inputs if item["type"] == "IMAGE"]
    if not inputs:
        raise bad_request("Either input or multimodalInput must be provided.")
    too_old = tuple(map(int, version.split("."))) < _IMAGES_SINCE
    if images and too_old:
        raise bad_request(f"Guardrail version {version} does not support images")
    texts_beside = len(inputs) - len(images)
    if len(images) > _MAX_IMAGES or (images and texts_beside > _MAX_TEXTS_WITH_IMAGES):
        raise bad_request(f"At most {_MAX_IMAGES} images and {_MAX_TEXTS_WITH_IMAGES} text are supported")
    for item in inputs:
        language = item.get("languageCode")
        if configured.get("contentModerationConfig") and language is not None and language not in _LANGUAGES:
            raise bad_request(f"Language {language} is not supported")


def _moderation(call: Call, inputs: list[Body], config: Body | None) -> Body | None:
    if config is None:
        return None
    known, asked = call.cloud.state_of(Guardrails), _all_unless_named(config.get("categories"), _CATEGORIES)
    _check_known(asked, _CATEGORIES, "category")
    patterns = {"OVERALL": [*known.harmful, *known.blocklist], "BLOCKLIST": known.blocklist}
    return {"categories": [{"name": name, **_scored(patterns[name], inputs)} for name in asked]}


def _injection(call: Call, inputs: list[Body], config: Body | None) -> Body | None:
    if config is None:
        return None
    written = [item for item in inputs if item["type"] == "TEXT"]
    return _scored(call.cloud.state_of(Guardrails).injections, written)


def _personal(call: Call, inputs: list[Body], config: Body | None) -> list[Body] | None:
    """Return what is found, in each text's own offsets; ``None`` where no type is asked for (seen so)."""
    known = call.cloud.state_of(Guardrails)
    types = [] if config is None else _all_unless_named(config.get("types"), known.personal)
    if not types:
        return None
    _check_known(types, tuple(known.personal), "type")
    written = (item["content"] for item in inputs if item["type"] == "TEXT")
    found = (item for content in written for item in known.personal_in(content, types))
    return [{**asdict(item), "length": len(item.text)} for item in found]


def _scored(patterns: list[str], inputs: list[Body]) -> dict[str, Any]:
    """Return 1 and the kinds of input in which a pattern is found, or 0."""
    flagged = [item["type"] for item in inputs if matches(patterns, _read(item))]
    kinds = list(dict.fromkeys(flagged))
    return {"score": 1.0, "flaggedModalities": kinds} if kinds else {"score": 0.0, "flaggedModalities": []}


def _read(item: Body) -> str:
    return str(item["content"]) if item["type"] == "TEXT" else text_in_image(item["imageUrl"]["url"])


def _all_unless_named(named: list[str] | None, known: Iterable[str]) -> list[str]:
    """Return what is looked for. Required, the SDK says; langchain-oci names none, and its tests expect all."""
    return list(known) if named is None else named


def _check_known(asked: list[str], known: tuple[str, ...], what: str) -> None:
    if not asked and what == "category":
        raise misshapen("categories is empty")
    unknown = [name for name in asked if name not in known]
    if unknown:
        message = f"mock_oci: the {what} {unknown[0]} of guardrails is not emulated"
        raise Refused(oci_error(501, message, "NotImplemented"))


_JUDGES = {
    "contentModeration": ("contentModerationConfig", _moderation),
    "personallyIdentifiableInformation": ("personallyIdentifiableInformationConfig", _personal),
    "promptInjection": ("promptInjectionConfig", _injection),
}
_INPUT = one_by(
    "type",
    {
        "TEXT": record({"type": text, "content": text, "languageCode": text}, ["content"]),
        "IMAGE": record({"type": text, "imageUrl": record({"url": text}, ["url"])}, ["imageUrl"]),
    },
)
_DETAILS = record(
    {
        "compartmentId": text,
        "input": _INPUT,
        "multimodalInput": each(_INPUT),
        "guardrailConfigs": record(
            {
                "contentModerationConfig": record({"categories": texts}),
                "personallyIdentifiableInformationConfig": record({"types": texts}),
                "promptInjectionConfig": record({}),
            }
        ),
        "guardrailVersionConfig": record({"guardrailVersion": text}, ["guardrailVersion"]),
    },
    ["compartmentId", "guardrailConfigs"],
)

# Not asks_model: a scripted chat reply is not meant for it; scripts name this path.
OPERATIONS = (
    Operation("POST", "/20231130/actions/applyGuardrails", refusing(apply_guardrails)),
    Operation("GET", "/20231130/guardrailVersions", refusing(list_versions)),
)
