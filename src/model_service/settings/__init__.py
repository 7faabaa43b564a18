"""Read the settings, checked as one: the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from model_service.fn.invocation import MARGIN_SECONDS
from model_service.fn.limits import Limits
from model_service.light_dataclasses import dataclass
from model_service.network import Authorities, Network
from model_service.oci_names import ObjectLocation, Regions
from model_service.routing import TransportName
from model_service.settings.platform import (
    OF_OTHERS,
    InjectedPrincipal,
    KubernetesPod,
    TraceCollector,
    in_function,
    injected_principal,
    kubernetes_pod,
    proxies,
    region_identifier,
    regions,
    trace_collector,
)
from model_service.settings.variables import AUTH_TYPE_NAMES, NAMES, VARIABLES
from model_service.settings_parsers import endpoint

__all__ = ["AUTH_TYPE_NAMES", "VARIABLES", "InjectedPrincipal", "KubernetesPod", "Settings"]


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides; the variable of each field is in ``VARIABLES``."""

    auth_type: str | None = None
    config_file: Path = Path("~/.oci/config")
    profile: str | None = None
    key_passphrase: str | None = field(default=None, repr=False)
    region: str | None = None  # where models are asked
    own_region: str | None = None  # where everything else is, unless the profile or the principal knows
    compartment_id: str | None = None
    project_id: str | None = None
    allowed_compartments: tuple[str, ...] = ()  # that an HTTP caller may name
    allowed_projects: tuple[str, ...] = ()
    responses_store: bool = True
    responses_bucket: ObjectLocation | None = None  # for the answers of models that OCI's Responses does not serve
    responses_days: int = 30
    conversations: str | None = None  # who keeps a new one that names no model: "oci" or "bucket"
    genai_endpoint: str | None = None
    federation_endpoint: str | None = None
    transport: TransportName | None = None
    unsupported: str = "drop"
    aliases: Mapping[str, str] = field(default_factory=dict)
    endpoint_families: Mapping[str, str] = field(default_factory=dict)
    deadline_margin: float = MARGIN_SECONDS
    overflow_bucket: ObjectLocation | None = None
    request_buckets: tuple[ObjectLocation, ...] = ()
    relay_destinations: tuple[str, ...] = ()
    tasks: str | None = field(default=None, repr=False)  # the file itself, or where it is
    batch_concurrency: int = 8
    oci_endpoint: str | None = None
    control_plane_endpoint: str | None = None
    object_storage_endpoint: str | None = None
    streaming_endpoint: str | None = None
    queue_endpoint: str | None = None
    notifications_endpoint: str | None = None
    functions_endpoint: str | None = None
    vault_endpoint: str | None = None
    monitoring_endpoint: str | None = None
    proxy: str | None = field(default=None, repr=False)
    authorities: Authorities | None = None
    log_requests: bool = False
    log_content: bool = False
    config: str | None = field(default=None, repr=False)  # the service file itself, or where it is
    config_seconds: float = 60.0
    keys: str | None = field(default=None, repr=False)  # the document of keys, or where it is
    identity_headers: Mapping[str, str] = field(default_factory=dict)
    usage: bool = False
    playground: bool = False
    metrics_namespace: str | None = None
    trace_collector: TraceCollector | None = None
    counter: str | None = None
    counter_password: str | None = field(default=None, repr=False)
    counter_ca: str | None = None
    counter_failure: str = "allow"
    injected_principal: InjectedPrincipal | None = None
    limits: Limits = field(default_factory=Limits.for_memory)
    pod: KubernetesPod | None = None
    metadata_endpoint: str | None = None
    regions: Regions = field(default_factory=Regions)
    network: Network = field(default_factory=Network)
    has_oci_variables: bool = False
    unknown: tuple[str, ...] = ()  # variables that might be meant for us, and that nothing here reads
    colour: bool = True  # in a terminal: https://no-color.org

    @property
    def keeps_accounts(self) -> bool:
        """Whether calls are counted, limited or written down: there is a service file, or usage was asked for."""
        return bool(self.config or self.usage or self.metrics_namespace or self.trace_collector)

    def keeps_conversations(self, project_id: str | None) -> bool:
        """Tell whether the bucket for responses keeps a new conversation that names no model, and not OCI.

        Without ``MODEL_SERVICE_CONVERSATIONS`` OCI does where the request has a project, which OCI wants for it.
        """
        has_bucket = self.responses_bucket is not None and self.responses_store
        return has_bucket and (self.conversations or ("oci" if project_id else "bucket")) == "bucket"

    @property
    def is_configured(self) -> bool:
        """Tell whether anything leads to an OCI: a variable whose name begins with ``OCI_``, or a config file."""
        return self.has_oci_variables or self.config_file.expanduser().exists()

    @classmethod
    def load(
        cls, environment: Mapping[str, str] | None = None, *, changes: Mapping[str, str] | None = None
    ) -> Settings:
        """Read the process's environment unless another is given; ``changes`` are variables that come first.

        An empty variable counts as unset: Terraform and the console can only empty one. Raise ``SettingsError``, which
        names the variable, for the first value that makes no sense.
        """
        if environment is None:
            environment = os.environ  # noqa: TID251 - the one place that reads it
        environment = {**environment, **(changes or {})}
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        values: dict[str, Any] = {"limits": Limits.load(given), "colour": "NO_COLOR" not in given}
        values["has_oci_variables"] = any(name.startswith("OCI_") for name in given)
        ours = (name for name in given if name.startswith(("MODEL_SERVICE_", "OCI_", "LOCUS_")) and name not in NAMES)
        values["unknown"] = tuple(sorted(name for name in ours if not name.startswith(OF_OTHERS)))
        for name, variable in VARIABLES.items():
            found = next((one for one in (variable, *variable.others) if one.name in given), None)
            if found is not None:
                values[name] = found.read(given[found.name])
        values["regions"] = regions(given)
        for name in {"region", "own_region"} & values.keys():
            values[name] = region_identifier(VARIABLES[name].name, values[name], values["regions"])
        if values.get("auth_type") in (None, "resource_principal"):  # what is not asked for cannot be in the way
            values["injected_principal"] = injected_principal(given)
        values["pod"] = kubernetes_pod(given)
        values["trace_collector"] = trace_collector(given)
        if "OCI_METADATA_BASE_URL" in given:  # which the SDK reads too
            values["metadata_endpoint"] = endpoint("OCI_METADATA_BASE_URL", given["OCI_METADATA_BASE_URL"])
        values["network"] = Network(*proxies(given, values.get("proxy")), values.get("authorities"), in_function(given))
        return cls(**values)
