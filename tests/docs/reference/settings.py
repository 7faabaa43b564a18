"""docs/reference/settings.md: each variable with its default, what it must be, and Terraform's name for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from model_service.errors import SettingsError
from model_service.settings import VARIABLES, Settings
from model_service.settings.variables import Variable

ROOT: Final = Path(__file__).resolve().parents[3]
WRONG: Final = "\x00 wrong"  # no setting takes it

INTRODUCTION: Final = """# Settings

<!-- Written by `make reference` from the code; a test holds the two equal. -->

A function reads its settings from its configuration, a laptop from its environment. An empty value counts as not set. A
wrong value is an error that names the variable (`"code": "invalid_settings"`) and never prints the value; a misspelt
name is a warning on stderr with the name that was probably meant.

**Must be** is what the error says. **Terraform** is the variable of `terraform/` that sets it. Where several
environment variables are listed, the first that is set counts.
"""

HEADING: Final = "| variable | what it decides | must be | default | Terraform |\n|---|---|---|---|---|"

# What each setting decides, and its default where the code cannot say it in a word.
GROUPS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Credentials and region": {
        "auth_type": (
            "How requests are signed. Nothing else overrules it",
            "a resource principal where Functions gives one, else what the profile has",
        ),
        "config_file": ("The OCI configuration file", ""),
        "profile": ("The profile in that file", "`DEFAULT`"),
        "key_passphrase": ("The pass phrase of the private key, where the profile has none", "asked for on a terminal"),
        "region": (
            "The region where **models** are asked, as identifier or short name (`ord`). Buckets, streams, queues, "
            "topics, functions and secrets are in the function's own region, or in that of their OCID or URL",
            "the function's own region",
        ),
        "own_region": ("The function's own region", "the profile's or the principal's"),
        "compartment_id": (
            "The compartment that pays. A direct caller may name another one in `compartment_id`",
            "the profile's tenancy; a principal has none",
        ),
        "federation_endpoint": ("The authentication service of an instance principal", "the region's"),
    },
    "Models and requests": {
        "aliases": ("A JSON object: name that callers use → model id", "none"),
        "transport": ("The transport of every model, whatever [the routing table](../models.md) says", "the table"),
        "unsupported": (
            "What happens to [a parameter that a model cannot take](../parameters.md) and that no caller would miss. A "
            "request can decide itself: header `x-model-service-unsupported`, or `unsupported` in the body",
            "",
        ),
        "endpoint_families": (
            "A JSON object: OCID of a dedicated endpoint → `cohere`, `cohere_v2` (with pictures) or `generic`",
            "asked once of the control plane",
        ),
        "project_id": ("The Generative AI project of Responses requests that name none (`OpenAI-Project`)", "none"),
        "responses_store": (
            "`0`: OCI stores no responses. The whole history is then sent with every turn",
            "",
        ),
        "responses_bucket": (
            "The bucket (`bucket` or `namespace/bucket`) that keeps responses and conversations of "
            "[models which OCI's own Responses does not serve](../responses.md#responses-by-chat)",
            "none: they cannot be continued by their id",
        ),
        "responses_days": ("For how many days such a response, or a conversation, can be continued", ""),
        "conversations": (
            "Who keeps a new conversation that names no model: `oci` (for models that OCI's own Responses serves) or "
            "`bucket` ([for all others](../responses.md#conversations))",
            "`oci` where the request has a project, else `bucket`",
        ),
        "allowed_compartments": (
            "A JSON array: compartments that an HTTP caller may name (header `opc-compartment-id`, or `compartment_id` "
            "in the body). Any other is a 403",
            "only the configured one",
        ),
        "allowed_projects": (
            "A JSON array: projects or conversation stores that an HTTP caller may name (`OpenAI-Project`, "
            "`opc-conversation-store-id`). Any other is a 403",
            "only the configured one",
        ),
        "deadline_margin": ("Seconds before the deadline at which an answer is closed properly", ""),
        "overflow_bucket": (
            "The bucket (`bucket` or `namespace/bucket`) for answers over 6 MB. The reply is then "
            "[a link that expires](../relay.md#answers-and-requests-beyond-6-mb)",
            "none: such an answer is an error",
        ),
        "request_buckets": ("A JSON array: buckets from which a request may load its body (`body_from`)", "none"),
        "relay_destinations": (
            "A JSON array: OCIDs of the queues and streams that answers may be [relayed](../relay.md) to",
            "none",
        ),
    },
    "Batches": {
        "tasks": (
            "The [tasks file](../batches.md#the-tasks-file): its text, a path in the image, or an object",
            "none: batches are refused",
        ),
        "batch_concurrency": ("Records of a batch that are worked on at the same time", ""),
    },
    "Callers, budgets, usage": {
        "config": (
            "The [service file](service-file.md) with models, callers, budgets and prices: a path in "
            "the image, `oci://bucket@namespace/object`, the OCID of a secret, or its text",
            "none: everybody may call everything",
        ),
        "config_seconds": ("How often the service file and the keys are read again", ""),
        "keys": ("The digests of the callers' keys: in the same places as a service file", "none"),
        "identity_headers": (
            "A JSON object: which header of the gateway has the caller's `id`, `team`, `key` and `models`",
            "none: the gateway is the caller",
        ),
        "usage": ("`1`: a [usage record](../usage.md) for each call, also without a service file", ""),
        "playground": ("Serve a [page](../start.md) at `/v1/playground` that chats with the models", ""),
        "metrics_namespace": ("The namespace in OCI Monitoring for [metrics](../operate.md#metrics)", "none"),
        "counter": (
            "The OCI Cache (Redis, Valkey) that counts budgets for all containers",
            "each container counts alone",
        ),
        "counter_password": ("Where the password of the counter is", "none"),
        "counter_ca": ("A file with the certificate authority of the counter", "the public ones"),
        "counter_failure": ("What happens to calls while the counter cannot be reached", ""),
    },
    "Log": {
        "log_requests": ("`1`: a log line for each request to OCI and one for its answer, redacted", ""),
        "log_content": ("`1`: those lines with prompts and answers", ""),
    },
    "Network": {
        "genai_endpoint": ("Another address of the inference endpoint", "the region's"),
        "control_plane_endpoint": ("The address of Generative AI's control plane", "as the inference endpoint's"),
        "oci_endpoint": (
            "One address for all services but Generative AI: Object Storage, Queue, … (a local OCI)",
            "the region's",
        ),
        **{
            f"{service}_endpoint": (f"The address of {title}", "`MODEL_SERVICE_OCI_ENDPOINT`, else the region's")
            for service, title in (
                ("object_storage", "Object Storage"),
                ("streaming", "Streaming"),
                ("queue", "Queue"),
                ("notifications", "Notifications"),
                ("functions", "Functions"),
                ("vault", "Vault"),
                ("monitoring", "Monitoring"),
            )
        },
        "proxy": (
            "The proxy: `http://[user:password@]host:port`, `environment` (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) "
            "or `off`. `NO_PROXY` always counts; this machine and instance metadata are never asked through a proxy",
            "`off` in a function, `environment` elsewhere",
        ),
        "authorities": (
            "A PEM file or a folder with the certificate authorities to trust instead of the public ones",
            "the public ones",
        ),
    },
}


def page() -> str:
    """Return the whole page; raise ``ValueError`` for a setting that has no description here."""
    described = [name for rows in GROUPS.values() for name in rows]
    if missing := sorted(VARIABLES.keys() ^ set(described)):
        raise ValueError(f"{', '.join(missing)}: GROUPS in {Path(__file__).name} has to describe each setting once")
    terraform = _terraform()
    parts = [INTRODUCTION]
    for title, rows in GROUPS.items():
        lines = "".join(_row(name, *texts, terraform) for name, texts in rows.items())
        parts.append(f"## {title}\n\n{HEADING}{lines}\n")
    return "\n".join(parts)


def _row(name: str, meaning: str, default: str, terraform: dict[str, str]) -> str:
    variable = VARIABLES[name]
    names = ", ".join(f"`{one.name}`" for one in (variable, *variable.others))
    found = terraform.get(variable.name)
    cells = (names, meaning, _problem(variable), default or _default(name), f"`{found}`" if found else "")
    return "\n| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _problem(variable: Variable) -> str:
    """Return what the error for a wrong value says."""
    try:
        variable.read(WRONG)
    except SettingsError as error:
        text = error.message.removeprefix(f"{variable.name}: ").removeprefix("must be ")
        short = re.sub(r"(?<=a JSON object): .*|(?<=a JSON array): .*| such as .*", "", text)
        return short.replace("<", "&lt;")
    return "any text"


def _default(name: str) -> str:
    value: Any = getattr(Settings(), name)
    if isinstance(value, bool):
        value = int(value)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _terraform() -> dict[str, str]:
    """Return the variable of Terraform that sets each setting."""
    text = (ROOT / "terraform/settings.tf").read_text()
    rows = re.findall(r"^ +(\w+) += .*?\b(?:var|local)\.(\w+)", text, re.MULTILINE)
    return {name: OF_LOCALS.get(variable, variable) for name, variable in rows}


OF_LOCALS: Final = {"overflow_place": "overflow_bucket"}  # locals of settings.tf that are named otherwise
