"""The environment variables that decide something, each with how its text becomes a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from model_service.light_dataclasses import dataclass
from model_service.settings_parsers import (
    as_is,
    authorities,
    bucket,
    buckets,
    cli_auth_type,
    compartment,
    compartments,
    counter,
    days,
    destinations,
    endpoint,
    endpoint_families,
    file_path,
    flag,
    host_or_endpoint,
    identity_headers,
    metrics_namespace,
    one_of,
    project,
    projects,
    proxy_setting,
    seconds,
    secret_location,
    string_map,
    threads,
)

AUTH_TYPE_NAMES: Final = (
    "api_key",
    "session_token",
    "instance_principal",
    "resource_principal",
    "delegation_token",
    "oke_workload_identity",
)
TRANSPORT_NAMES: Final = ("v1", "sdk")


@dataclass(frozen=True)
class Variable:
    """An environment variable and how its text becomes a value; ``others`` count, in their order, where it is unset."""

    name: str
    parse: Callable[[str, str], Any]
    others: tuple[Variable, ...] = ()

    def read(self, text: str) -> Any:
        """Return the value; raise ``SettingsError`` for a text that makes no sense."""
        return self.parse(self.name, text)


VARIABLES: Final[Mapping[str, Variable]] = {
    "config": Variable("MODEL_SERVICE_CONFIG", as_is),
    "config_seconds": Variable("MODEL_SERVICE_CONFIG_SECONDS", seconds),
    "keys": Variable("MODEL_SERVICE_KEYS", as_is),
    "identity_headers": Variable("MODEL_SERVICE_IDENTITY_HEADERS", identity_headers),
    "playground": Variable("MODEL_SERVICE_PLAYGROUND", flag),
    "usage": Variable("MODEL_SERVICE_USAGE", flag),
    "metrics_namespace": Variable("MODEL_SERVICE_METRICS", metrics_namespace),
    "counter": Variable("MODEL_SERVICE_COUNTER", counter),
    "counter_password": Variable("MODEL_SERVICE_COUNTER_PASSWORD", secret_location),
    "counter_ca": Variable("MODEL_SERVICE_COUNTER_CA", as_is),
    "counter_failure": Variable("MODEL_SERVICE_COUNTER_FAILURE", one_of("allow", "refuse")),
    "auth_type": Variable("OCI_AUTH_TYPE", one_of(*AUTH_TYPE_NAMES), others=(Variable("OCI_CLI_AUTH", cli_auth_type),)),
    "config_file": Variable("OCI_CONFIG_FILE", file_path, others=(Variable("OCI_CLI_CONFIG_FILE", file_path),)),
    "profile": Variable(
        "OCI_PROFILE", as_is, others=(Variable("OCI_CLI_PROFILE", as_is), Variable("OCI_CONFIG_PROFILE", as_is))
    ),
    "key_passphrase": Variable("OCI_CLI_PASSPHRASE", as_is),
    "region": Variable("OCI_REGION", as_is),
    "own_region": Variable("OCI_CLI_REGION", as_is),
    "compartment_id": Variable("OCI_COMPARTMENT_ID", compartment, others=(Variable("OCI_COMPARTMENT", compartment),)),
    "allowed_compartments": Variable("MODEL_SERVICE_COMPARTMENTS", compartments),
    "allowed_projects": Variable("MODEL_SERVICE_PROJECTS", projects),
    "project_id": Variable("MODEL_SERVICE_PROJECT_ID", project),
    "responses_store": Variable("MODEL_SERVICE_RESPONSES_STORE", flag),
    "responses_bucket": Variable("MODEL_SERVICE_RESPONSES_BUCKET", bucket),
    "responses_days": Variable("MODEL_SERVICE_RESPONSES_DAYS", days),
    "conversations": Variable("MODEL_SERVICE_CONVERSATIONS", one_of("oci", "bucket")),
    "genai_endpoint": Variable("OCI_GENAI_ENDPOINT", endpoint),
    "federation_endpoint": Variable("MODEL_SERVICE_FEDERATION_ENDPOINT", host_or_endpoint),
    "transport": Variable("LOCUS_OCI_TRANSPORT", one_of(*TRANSPORT_NAMES)),
    "unsupported": Variable("MODEL_SERVICE_UNSUPPORTED", one_of("drop", "refuse")),
    "aliases": Variable("MODEL_SERVICE_ALIASES", string_map),
    "endpoint_families": Variable("MODEL_SERVICE_ENDPOINT_FAMILIES", endpoint_families),
    "deadline_margin": Variable("MODEL_SERVICE_DEADLINE_MARGIN", seconds),
    "overflow_bucket": Variable("MODEL_SERVICE_OVERFLOW_BUCKET", bucket),
    "request_buckets": Variable("MODEL_SERVICE_REQUEST_BUCKETS", buckets),
    "relay_destinations": Variable("MODEL_SERVICE_RELAY_DESTINATIONS", destinations),
    "tasks": Variable("MODEL_SERVICE_TASKS", as_is),
    "batch_concurrency": Variable("MODEL_SERVICE_BATCH_CONCURRENCY", threads),
    "oci_endpoint": Variable("MODEL_SERVICE_OCI_ENDPOINT", endpoint),
    "control_plane_endpoint": Variable("MODEL_SERVICE_CONTROL_PLANE_ENDPOINT", endpoint),
    "object_storage_endpoint": Variable("MODEL_SERVICE_OBJECT_STORAGE_ENDPOINT", endpoint),
    "streaming_endpoint": Variable("MODEL_SERVICE_STREAMING_ENDPOINT", endpoint),
    "queue_endpoint": Variable("MODEL_SERVICE_QUEUE_ENDPOINT", endpoint),
    "notifications_endpoint": Variable("MODEL_SERVICE_NOTIFICATIONS_ENDPOINT", endpoint),
    "functions_endpoint": Variable("MODEL_SERVICE_FUNCTIONS_ENDPOINT", endpoint),
    "vault_endpoint": Variable("MODEL_SERVICE_VAULT_ENDPOINT", endpoint),
    "monitoring_endpoint": Variable("MODEL_SERVICE_MONITORING_ENDPOINT", endpoint),
    "proxy": Variable("MODEL_SERVICE_PROXY", proxy_setting),
    "authorities": Variable(
        "MODEL_SERVICE_CA_BUNDLE",
        authorities,
        others=tuple(Variable(n, authorities) for n in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "OCI_CLI_CERT_BUNDLE")),
    ),
    "log_requests": Variable("OCI_LOG_REQUESTS", flag),
    "log_content": Variable("MODEL_SERVICE_LOG_CONTENT", flag),
}

NAMES: Final = frozenset(one.name for variable in VARIABLES.values() for one in (variable, *variable.others))
