"""The settings, checked as one: the only reader of the environment."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from model_service.chat import COMPARTMENT_OCID, PROJECT_OCID
from model_service.endpoints import REGION
from model_service.errors import SettingsError
from model_service.invocation import MARGIN_SECONDS
from model_service.object_place import Place
from model_service.routing import TransportName

T = TypeVar("T")

AUTH_TYPE_NAMES: Final = ("api_key", "session_token", "instance_principal", "resource_principal")
TRANSPORT_NAMES: Final = ("v1", "sdk")
FAMILY_NAMES: Final = ("cohere", "cohere_v2", "generic")  # what a dedicated endpoint can speak
ENDPOINT_PREFIX: Final = "ocid1.generativeaiendpoint."
DESTINATION_OCID: Final = re.compile(r"ocid1\.(queue|stream)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
# No user, password, query or fragment: the URL stands in logs, and paths are appended to it.
PLAIN_URL: Final = re.compile(r"(?ai)https?://(\w[\w.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[\w.~/-]*)?")


@dataclass(frozen=True)
class InjectedPrincipal:
    """The resource principal 2.2 that Functions injects: for each of token and key a path or the text itself.

    https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsaccessingociresources.htm
    """

    version: str
    rpst: str = field(repr=False)
    private_pem: str = field(repr=False)
    region: str | None


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides; the variable of each field is in ``VARIABLES``."""

    auth_type: str | None = None
    config_file: Path = Path("~/.oci/config")
    profile: str | None = None
    region: str | None = None
    compartment_id: str | None = None
    project_id: str | None = None
    responses_store: bool = True
    genai_endpoint: str | None = None
    federation_endpoint: str | None = None
    transport: TransportName | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    endpoint_families: Mapping[str, str] = field(default_factory=dict)
    deadline_margin: float = MARGIN_SECONDS
    overflow_bucket: Place | None = None
    request_buckets: tuple[Place, ...] = ()
    relay_destinations: tuple[str, ...] = ()
    oci_endpoint: str | None = None
    log_requests: bool = False
    log_content: bool = False
    injected_principal: InjectedPrincipal | None = None

    @property
    def names_a_credential(self) -> bool:
        """Whether somebody has said who we are, rather than the defaults."""
        return self.auth_type is not None or self.injected_principal is not None or self.profile is not None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """From the process's environment unless another is given; raises ``SettingsError``, which names the
        variable, for the first value that makes no sense.

        An empty variable counts as unset: Terraform and the console can only empty one.
        """
        if environment is None:
            environment = os.environ  # noqa: TID251 - the one place that reads it
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        values: dict[str, Any] = {"injected_principal": _injected_principal(given)}
        for name, variable in VARIABLES.items():
            if variable.name in given:
                values[name] = variable.read(given[variable.name])
        if "compartment_id" not in values and "OCI_COMPARTMENT" in given:
            values["compartment_id"] = _compartment("OCI_COMPARTMENT", given["OCI_COMPARTMENT"])
        return cls(**values)


@dataclass(frozen=True)
class Variable:
    """An environment variable and how its text becomes a value."""

    name: str
    parse: Callable[[str, str], Any]

    def read(self, text: str) -> Any:
        return self.parse(self.name, text)


def _injected_principal(given: Mapping[str, str]) -> InjectedPrincipal | None:
    prefix = "OCI_RESOURCE_PRINCIPAL_"
    version = given.get(prefix + "VERSION")
    if version is None:
        return None
    if version != "2.2":
        raise SettingsError(prefix + "VERSION", "only 2.2, which OCI Functions injects, is supported")
    for name in ("RPST", "PRIVATE_PEM"):
        if prefix + name not in given:
            raise SettingsError(prefix + name, f"is missing, although {prefix}VERSION is set")
    rpst, private_pem = given[prefix + "RPST"], given[prefix + "PRIVATE_PEM"]
    return InjectedPrincipal(version, rpst, private_pem, given.get(prefix + "REGION"))


def _text(_name: str, text: str) -> str:
    return text


def _path(_name: str, text: str) -> Path:
    return Path(text)


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def parse(name: str, text: str) -> str:
        if text.lower() not in allowed:
            raise SettingsError(name, f"must be one of {', '.join(allowed)}")
        return text.lower()

    return parse


def _flag(name: str, text: str) -> bool:
    meaning = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in meaning:
        raise SettingsError(name, "must be 1 or 0")
    return meaning[text.lower()]


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 60:
        raise SettingsError(name, "must be a number of seconds between 0 and 60")
    return seconds


def _region(name: str, text: str) -> str:
    if not REGION.fullmatch(text):
        raise SettingsError(name, "must be a region identifier such as us-chicago-1")
    return text


def _compartment(name: str, text: str) -> str:
    if not COMPARTMENT_OCID.fullmatch(text):
        raise SettingsError(name, "must be the OCID of a compartment or of a tenancy")
    return text


def _project(name: str, text: str) -> str:
    if not PROJECT_OCID.fullmatch(text):
        raise SettingsError(name, "must be the OCID of a Generative AI project")
    return text


def _endpoint(name: str, text: str) -> str:
    match = PLAIN_URL.fullmatch(text)
    if match is None or int(match["port"] or 0) > 65535:
        raise SettingsError(
            name, "must be a plain URL such as https://inference.generativeai.<region>.oci.oraclecloud.com"
        )
    return text.rstrip("/")


def _string_map(name: str, text: str) -> dict[str, str]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(name, f"must be a JSON object: {error}") from None
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise SettingsError(name, "must be a JSON object of non-empty strings")
    return table


def _bucket(name: str, text: str) -> Place:
    try:
        return Place.of_bucket(text)
    except ValueError:
        raise SettingsError(name, "must be a bucket, or a namespace and a bucket with a slash between them") from None


def _string_list(name: str, text: str) -> list[str]:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(name, f"must be a JSON list: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        raise SettingsError(name, "must be a JSON list of non-empty strings")
    return items


def _buckets(name: str, text: str) -> tuple[Place, ...]:
    return tuple(_bucket(name, item) for item in _string_list(name, text))


def _destinations(name: str, text: str) -> tuple[str, ...]:
    ocids = tuple(_string_list(name, text))
    if not all(DESTINATION_OCID.fullmatch(ocid) for ocid in ocids):
        raise SettingsError(name, "must be a JSON list of the OCIDs of queues and streams")
    return ocids


def _endpoint_families(name: str, text: str) -> dict[str, str]:
    table = _string_map(name, text)
    if not all(endpoint.startswith(ENDPOINT_PREFIX) for endpoint in table):
        raise SettingsError(name, f"must have the OCIDs of dedicated endpoints ({ENDPOINT_PREFIX}…) as names")
    if not set(table.values()) <= set(FAMILY_NAMES):
        raise SettingsError(name, f"must have one of {', '.join(FAMILY_NAMES)} for each endpoint")
    return table


VARIABLES: Final[Mapping[str, Variable]] = {
    "auth_type": Variable("OCI_AUTH_TYPE", _one_of(*AUTH_TYPE_NAMES)),
    "config_file": Variable("OCI_CONFIG_FILE", _path),
    "profile": Variable("OCI_PROFILE", _text),
    "region": Variable("OCI_REGION", _region),
    "compartment_id": Variable("OCI_COMPARTMENT_ID", _compartment),
    "project_id": Variable("MODEL_SERVICE_PROJECT_ID", _project),
    "responses_store": Variable("MODEL_SERVICE_RESPONSES_STORE", _flag),
    "genai_endpoint": Variable("OCI_GENAI_ENDPOINT", _endpoint),
    "federation_endpoint": Variable("MODEL_SERVICE_FEDERATION_ENDPOINT", _endpoint),
    "transport": Variable("LOCUS_OCI_TRANSPORT", _one_of(*TRANSPORT_NAMES)),
    "aliases": Variable("MODEL_SERVICE_ALIASES", _string_map),
    "endpoint_families": Variable("MODEL_SERVICE_ENDPOINT_FAMILIES", _endpoint_families),
    "deadline_margin": Variable("MODEL_SERVICE_DEADLINE_MARGIN", _seconds),
    "overflow_bucket": Variable("MODEL_SERVICE_OVERFLOW_BUCKET", _bucket),
    "request_buckets": Variable("MODEL_SERVICE_REQUEST_BUCKETS", _buckets),
    "relay_destinations": Variable("MODEL_SERVICE_RELAY_DESTINATIONS", _destinations),
    "oci_endpoint": Variable("MODEL_SERVICE_OCI_ENDPOINT", _endpoint),
    "log_requests": Variable("OCI_LOG_REQUESTS", _flag),
    "log_content": Variable("MODEL_SERVICE_LOG_CONTENT", _flag),
}
