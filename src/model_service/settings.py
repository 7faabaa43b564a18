"""The settings, checked as one: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from model_service.errors import SettingsError
from model_service.fn.invocation import MARGIN_SECONDS
from model_service.fn.limits import Limits
from model_service.oci_names import ObjectLocation
from model_service.routing import TransportName
from model_service.settings_parsers import (
    as_is,
    bucket,
    buckets,
    compartment,
    counter,
    destinations,
    endpoint,
    endpoint_families,
    file_path,
    flag,
    identity_headers,
    one_of,
    project,
    region,
    seconds,
    secret_location,
    string_map,
    threads,
)

AUTH_TYPE_NAMES: Final = ("api_key", "session_token", "instance_principal", "resource_principal")
TRANSPORT_NAMES: Final = ("v1", "sdk")


@dataclass(frozen=True)
class InjectedPrincipal:
    """The resource principal 2.2 that Functions injects: for each of token and key a path or the text itself.

    https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsaccessingociresources.htm
    """

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
    overflow_bucket: ObjectLocation | None = None
    request_buckets: tuple[ObjectLocation, ...] = ()
    relay_destinations: tuple[str, ...] = ()
    tasks: str | None = field(default=None, repr=False)  # the file itself, or where it is
    batch_concurrency: int = 8
    oci_endpoint: str | None = None
    log_requests: bool = False
    log_content: bool = False
    config: str | None = field(default=None, repr=False)  # the service file itself, or where it is
    config_seconds: float = 60.0
    keys: str | None = field(default=None, repr=False)  # the document of keys, or where it is
    identity_headers: Mapping[str, str] = field(default_factory=dict)
    usage: bool = False
    counter: str | None = None
    counter_password: str | None = field(default=None, repr=False)
    counter_ca: str | None = None
    counter_failure: str = "allow"
    injected_principal: InjectedPrincipal | None = None
    limits: Limits = field(default_factory=Limits.for_memory)

    @property
    def keeps_accounts(self) -> bool:
        """Whether calls are counted, limited or written down: there is a service file, or usage was asked for."""
        return self.config is not None or self.usage

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
        values: dict[str, Any] = {"injected_principal": _injected_principal(given), "limits": Limits.load(given)}
        for name, variable in VARIABLES.items():
            if variable.name in given:
                values[name] = variable.read(given[variable.name])
        if "compartment_id" not in values and "OCI_COMPARTMENT" in given:
            values["compartment_id"] = compartment("OCI_COMPARTMENT", given["OCI_COMPARTMENT"])
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
    return InjectedPrincipal(rpst, private_pem, given.get(prefix + "REGION"))


VARIABLES: Final[Mapping[str, Variable]] = {
    "config": Variable("MODEL_SERVICE_CONFIG", as_is),
    "config_seconds": Variable("MODEL_SERVICE_CONFIG_SECONDS", seconds),
    "keys": Variable("MODEL_SERVICE_KEYS", as_is),
    "identity_headers": Variable("MODEL_SERVICE_IDENTITY_HEADERS", identity_headers),
    "usage": Variable("MODEL_SERVICE_USAGE", flag),
    "counter": Variable("MODEL_SERVICE_COUNTER", counter),
    "counter_password": Variable("MODEL_SERVICE_COUNTER_PASSWORD", secret_location),
    "counter_ca": Variable("MODEL_SERVICE_COUNTER_CA", as_is),
    "counter_failure": Variable("MODEL_SERVICE_COUNTER_FAILURE", one_of("allow", "refuse")),
    "auth_type": Variable("OCI_AUTH_TYPE", one_of(*AUTH_TYPE_NAMES)),
    "config_file": Variable("OCI_CONFIG_FILE", file_path),
    "profile": Variable("OCI_PROFILE", as_is),
    "region": Variable("OCI_REGION", region),
    "compartment_id": Variable("OCI_COMPARTMENT_ID", compartment),
    "project_id": Variable("MODEL_SERVICE_PROJECT_ID", project),
    "responses_store": Variable("MODEL_SERVICE_RESPONSES_STORE", flag),
    "genai_endpoint": Variable("OCI_GENAI_ENDPOINT", endpoint),
    "federation_endpoint": Variable("MODEL_SERVICE_FEDERATION_ENDPOINT", endpoint),
    "transport": Variable("LOCUS_OCI_TRANSPORT", one_of(*TRANSPORT_NAMES)),
    "aliases": Variable("MODEL_SERVICE_ALIASES", string_map),
    "endpoint_families": Variable("MODEL_SERVICE_ENDPOINT_FAMILIES", endpoint_families),
    "deadline_margin": Variable("MODEL_SERVICE_DEADLINE_MARGIN", seconds),
    "overflow_bucket": Variable("MODEL_SERVICE_OVERFLOW_BUCKET", bucket),
    "request_buckets": Variable("MODEL_SERVICE_REQUEST_BUCKETS", buckets),
    "relay_destinations": Variable("MODEL_SERVICE_RELAY_DESTINATIONS", destinations),
    "tasks": Variable("MODEL_SERVICE_TASKS", as_is),
    "batch_concurrency": Variable("MODEL_SERVICE_BATCH_CONCURRENCY", threads),
    "oci_endpoint": Variable("MODEL_SERVICE_OCI_ENDPOINT", endpoint),
    "log_requests": Variable("OCI_LOG_REQUESTS", flag),
    "log_content": Variable("MODEL_SERVICE_LOG_CONTENT", flag),
}
