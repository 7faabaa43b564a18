"""Where OCI is asked: the endpoint of each service, by the settings, an OCID, and the region that we are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from model_service.auth import Credential
from model_service.errors import CredentialError, SettingsError
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.oci_names import HOW_TO_ADD_A_REGION
from model_service.settings import Settings


@dataclass(frozen=True)
class ServiceEndpoints:
    """Two regions: models are asked in ``OCI_REGION``, everything else is in our own. What an OCID names comes first.

    ``credential`` gives the credential, which knows our own region: a profile's, an instance's or a function's.
    """

    settings: Settings
    credential: Callable[[], Credential]

    def of(self, service: str, deadline: Deadline, *, ocid: str = "", region: str | None = None) -> str:
        """Return the URL of ``service`` (of ``oci_names.ENDPOINTS``) for what ``ocid`` or ``region`` names.

        A setting for the service, or for all, stands for every region. Raise ``SettingsError`` without a region.
        """
        named = (getattr(self.settings, name) for name in OVERRIDES[service])
        override: str | None = next(filter(None, named), None)
        if override is not None:
            return override
        regions = self.settings.regions
        region = region or regions.of_ocid(ocid)
        if region is None:
            region = self.model_region(deadline) if service in OF_MODELS else self.own_region(deadline)
        return regions.endpoint(service, region)

    def prepare(self, deadline: Deadline) -> None:
        """Find out our own region where the credential has to ask for it, so that this takes its time from a call."""
        if not (self.settings.region or self.settings.own_region or self.settings.genai_endpoint):
            self.credential().region(deadline)

    def model_region(self, deadline: Deadline) -> str:
        """Return where models are asked that name no region."""
        return self.settings.region or self.own_region(deadline)

    def own_region(self, deadline: Deadline) -> str:
        """Return where buckets, streams, queues, topics, functions and secrets are that name no region."""
        if self.settings.own_region is not None:
            return self.settings.own_region
        named = self.credential().region(deadline)
        if not named:
            if self.settings.region is None:
                problem = "is not set, and neither the profile nor the principal names a region"
                raise SettingsError("OCI_REGION", problem)
            return self.settings.region
        identifier = self.settings.regions.identifier(named)
        if identifier is None:
            problem = "The region that the profile or the principal names is not one such as us-chicago-1 or ord."
            raise CredentialError(problem, hint=HOW_TO_ADD_A_REGION, code="invalid_region")
        return identifier


OF_MODELS: Final = frozenset({"inference", "control_plane"})

# The settings that say where a service is, the first that is set. MODEL_SERVICE_OCI_ENDPOINT stands for all but models.
OVERRIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "inference": ("genai_endpoint",),
    "control_plane": ("control_plane_endpoint", "genai_endpoint"),
    "object_storage": ("object_storage_endpoint", "oci_endpoint"),
    "streaming": ("streaming_endpoint", "oci_endpoint"),
    "queue": ("queue_endpoint", "oci_endpoint"),
    "notifications": ("notifications_endpoint", "oci_endpoint"),
    "functions": ("functions_endpoint", "oci_endpoint"),
    "vault": ("vault_endpoint", "oci_endpoint"),
    "vault_management": ("vault_endpoint", "oci_endpoint"),
    "monitoring": ("monitoring_endpoint", "oci_endpoint"),
    "monitoring_ingestion": ("monitoring_endpoint", "oci_endpoint"),
}
