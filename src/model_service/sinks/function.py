"""The way to another function: a detached call for each record, with its outcome as the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_service.invocation import Deadline
from model_service.region_services import FUNCTIONS_VERSION, RegionServices


@dataclass(frozen=True)
class FunctionCarrier:
    """The function answers 202 as soon as it begins, which may take the start of a container. It needs FN_INVOCATION,
    and FN_FUNCTION_READ for where to call.

    Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsinvokingfunctions.htm
    """

    services: RegionServices
    ocid: str
    largest = 6 * 1024 * 1024
    seconds = 30.0

    def label(self, record: str, view: Mapping[str, Any]) -> str:  # noqa: ARG002 - a call has none
        return ""

    def carry(self, label: str, body: bytes, deadline: Deadline) -> None:  # noqa: ARG002 - a call has none
        path = f"{FUNCTIONS_VERSION}/functions/{quote(self.ocid, safe='')}/actions/invoke"
        upstream = self.services.function(self.ocid, deadline)
        upstream.send("POST", path, body, {"fn-invoke-type": "detached"}, deadline).read()
