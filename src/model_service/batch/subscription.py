"""A subscription of Notifications is confirmed by visiting the address that came with its first message.

Source: https://docs.oracle.com/en-us/iaas/Content/Notification/Tasks/confirm-subscription.htm (where it says that those
of functions need none); /en-us/iaas/api/#/en/notification/20181201/Subscription/GetConfirmSubscription beside it.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from typing import Final, Protocol

from model_service.auth import Credential
from model_service.batch.record import ConfirmationRequest
from model_service.errors import InvalidRequest
from model_service.fn.caller import NOWHERE, Origin
from model_service.fn.invocation import Deadline
from model_service.oci_names import Regions
from model_service.openai_api.chat import Complete
from model_service.settings import Settings
from model_service.upstream.client import UpstreamClient

HOST: Final = re.compile(r"https://(cell[0-9]+\.)?notification\.(?P<region>[a-z0-9-]+)\.(oci\.)?(?P<domain>[a-z0-9.]+)")
# All of it, and nothing that two readers of URLs could read differently.
ADDRESS: Final = re.compile(
    r"(?P<endpoint>https?://[\w.:\[\]-]+)"
    r"(?P<path>/20181201/subscriptions/\w[\w.-]{0,254}/confirmation\?[\w.~%=&+/:-]{1,4096})",
    re.ASCII,
)


class ConfirmingService(Protocol):
    """What a confirmation uses of the service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def credential(self) -> Credential: ...


@dataclass(frozen=True)
class Subscriptions:
    """Confirm subscriptions of this function, as ``dispatch.ANSWERERS`` asks for it."""

    service: ConfirmingService
    answer_other: object = None

    def answer(self, request: ConfirmationRequest, deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return ``{"object": "model_service.confirmation"}``; raise as ``confirm`` does."""
        return confirm(request, self.service.credential, self.service.settings, deadline)


def confirm(request: ConfirmationRequest, credential: Credential, settings: Settings, deadline: Deadline) -> Complete:
    """Visit the address of the request and return ``{"object": "model_service.confirmation"}``.

    The endpoint that settings name for Notifications may be visited beside OCI's own hosts. Raise ``InvalidRequest``
    for any other address: the message may come from anybody.
    """
    address = ADDRESS.fullmatch(request.url)
    local = {settings.notifications_endpoint, settings.oci_endpoint} - {None}
    if address is None or not (address["endpoint"] in local or _is_ocis(address["endpoint"], settings.regions)):
        raise InvalidRequest(
            "The address of the confirmation does not belong to OCI Notifications.", code="unknown_address"
        )
    with closing(UpstreamClient(address["endpoint"], credential, network=settings.network)) as notifications:
        notifications.send("GET", address["path"], None, {}, deadline).read()
    return Complete({"object": "model_service.confirmation"})


def _is_ocis(endpoint: str, regions: Regions) -> bool:
    match = HOST.fullmatch(endpoint)
    return match is not None and match["domain"] == regions.domain(match["region"])
