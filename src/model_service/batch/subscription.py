"""A subscription of Notifications is confirmed by visiting the address that came with its first message.

Source: https://docs.oracle.com/en-us/iaas/Content/Notification/Tasks/confirm-subscription.htm (where it says that those
of functions need none); /en-us/iaas/api/#/en/notification/20181201/Subscription/GetConfirmSubscription beside it.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import Final

from model_service.auth import Credential
from model_service.batch.record import ConfirmationRequest
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.oci_names import realm_domain
from model_service.openai_api.chat import Complete
from model_service.upstream.client import Upstream

HOST: Final = re.compile(r"https://(cell[0-9]+\.)?notification\.(?P<region>[a-z0-9-]+)\.(oci\.)?(?P<domain>[a-z.]+)")
# All of it, and nothing that two readers of URLs could read differently.
ADDRESS: Final = re.compile(
    r"(?P<endpoint>https?://[\w.:\[\]-]+)"
    r"(?P<path>/20181201/subscriptions/\w[\w.-]{0,254}/confirmation\?[\w.~%=&+/:-]{1,4096})",
    re.ASCII,
)


def confirm(request: ConfirmationRequest, credential: Credential, local: str | None, deadline: Deadline) -> Complete:
    """``{"object": "model_service.confirmation"}``. ``local`` (``MODEL_SERVICE_OCI_ENDPOINT``) is a place that may be
    visited beside OCI's own; raises ``InvalidRequest`` for any other: the message may come from anybody."""
    address = ADDRESS.fullmatch(request.url)
    if address is None or not (address["endpoint"] == local or _is_ocis(address["endpoint"])):
        raise InvalidRequest("The address to confirm at is none of OCI Notifications.", code="unknown_address")
    with closing(Upstream(address["endpoint"], credential)) as notifications:
        notifications.send("GET", address["path"], None, {}, deadline).read()
    return Complete({"object": "model_service.confirmation"})


def _is_ocis(endpoint: str) -> bool:
    match = HOST.fullmatch(endpoint)
    return match is not None and match["domain"] == realm_domain(match["region"])
