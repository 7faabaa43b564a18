"""What OCI Functions knows: which functions there are, and who runs them when one is invoked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, runtime_checkable

from mock_oci.cloud import Cloud
from mock_oci.identity.policies.required import NOTHING
from mock_oci.identity.policies.variables import target_variable
from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import ocid
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.wire import Body, Response

MEMORY_MB: Final = (128, 256, 512, 1024, 2048, 3072)
MAX_TIMEOUT: Final = 300  # seconds
MAX_DETACHED_TIMEOUT: Final = 3600  # seconds
MAX_CONFIG_BYTES: Final = 4096  # of a function and its application (docs: Functions/Tasks/functionspassingparams.htm)
PROVISIONED_STEPS: Final = {128: 40, 256: 20}  # of containers, by memory (functionsusingprovisionedconcurrency.htm)
_PROVISIONED_STEP: Final = 10
SYNC = "sync"
DETACHED = "detached"


@runtime_checkable
class LogKeeper(Protocol):
    """Who keeps what functions write."""

    def log_lines(self, function_id: str) -> list[str]: ...


@dataclass(frozen=True)
class Caller:
    """Whom the platform has authenticated: ``oci-subject-*``. ``subject_type``: user, instance or resource."""

    subject_id: str
    subject_type: str
    tenancy_id: str


@dataclass(frozen=True)
class Destination:
    """Where a detached run's record goes: the OCID of a stream, a queue or a topic, and a channel of the queue.

    Either is empty where there is none.
    """

    id: str = ""
    channel: str = ""


NO_DESTINATION: Final = Destination()


@dataclass(frozen=True)
class FunctionDetails:
    """A function as it is configured. ``memory`` in MB; timeouts in seconds."""

    id: str
    name: str
    app_id: str = ""
    memory: int = 256
    timeout: float = 30
    detached_timeout: float = 30
    config: Mapping[str, str] = field(default_factory=dict, repr=False)
    success_destination: Destination = NO_DESTINATION
    failure_destination: Destination = NO_DESTINATION


def provisioned_fault(memory: int, config: Body) -> str:
    """Return what OCI Functions does not take of a provisioned concurrency; empty for what it does."""
    if config.get("strategy") == "NONE" and config.get("count") is None:
        return ""
    if config.get("strategy") != "CONSTANT":
        return "strategy must be one of CONSTANT, NONE"
    count, step = config.get("count"), PROVISIONED_STEPS.get(memory, _PROVISIONED_STEP)
    is_whole = isinstance(count, int) and count > 0 and count % step == 0
    return "" if is_whole else f"count must be a multiple of {step} for {memory} MB"


class Invoker(Protocol):
    """Who runs functions: ``LocalFunctions`` in real containers, a test in a few lines of its own."""

    def invoke(
        self,
        function_id: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        intent: str | None = None,
        invoke_type: str = SYNC,
        caller: Caller | None = None,
    ) -> Response:
        """Return what the platform answers: 200 with the function's answer, 202 when detached, or its own error."""
        ...


def resource_principal(cloud: Cloud, kind: str, resource_id: str) -> Principal:
    """Return what a resource of OCI's calls others as, such as a rule or a connector."""
    tenancy = cloud.tenancy
    return Principal("resource", resource_id, tenancy.tenancy_id, tenancy.compartment_id, kind)


class _MissingImage:
    """Runs what no one here can: OCI's answer to an image that cannot be pulled."""

    def invoke(
        self, function_id: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **_: Any
    ) -> Response:
        del function_id, body, headers
        return InvokeError("FunctionInvokeImageNotAvailable").response()


class Deployer(Protocol):
    """Who runs functions that are created over the API."""

    def deploy_created(self, details: FunctionDetails, source: Body, archive: bytes) -> Invoker | None:
        """Return who runs it, by its ``sourceDetails`` and its archive; ``None`` when its image is not here."""
        ...

    def retire(self, function_id: str) -> None:
        """End a function that is deleted."""
        ...


MISSING_IMAGE: Final[Invoker] = _MissingImage()


class Functions:
    """The functions of one tenancy in one region, whoever runs them. Thread-safe; an ``Invoker`` of all of them.

    ``deployer`` gives who runs a function that is created over the API; without one, or when it gives ``None``, its
    image cannot be pulled.
    """

    outlives_reset = True  # containers and folders are not the cloud's to forget

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self.deployer: Deployer | None = None
        self._entered: dict[str, tuple[FunctionDetails, Invoker, float]] = {}

    def enter(self, details: FunctionDetails, invoker: Invoker) -> None:
        """Have ``invoker`` run this function from now on, in place of who ran it before."""
        with self._lock:
            self._entered[details.id] = (details, invoker, self._cloud.clock())

    def leave(self, function_id: str, invoker: Invoker) -> None:
        """Take back an ``enter``, unless another invoker has entered the function since."""
        with self._lock:
            if function_id in self._entered and self._entered[function_id][1] is invoker:
                del self._entered[function_id]

    def remove(self, function_id: str) -> None:
        """Forget a function that was created here."""
        with self._lock:
            self._entered.pop(function_id, None)
        if self.deployer is not None:
            self.deployer.retire(function_id)

    def logs(self) -> list[tuple[FunctionDetails, list[str]]]:
        """Return the functions whose invoker keeps log lines (``log_lines``), each with them."""
        with self._lock:
            entered = list(self._entered.values())
        return [
            (details, invoker.log_lines(details.id))
            for details, invoker, _ in entered
            if isinstance(invoker, LogKeeper)
        ]

    def find(self, function_id: str) -> tuple[FunctionDetails, float] | None:
        """Return the function, and since when it has been there in Unix seconds."""
        with self._lock:
            entered = self._entered.get(function_id)
        return entered and (entered[0], entered[2])

    def invoke(
        self,
        function_id: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        intent: str | None = None,
        invoke_type: str = SYNC,
        caller: Caller | None = None,
    ) -> Response:
        with self._lock:
            entered = self._entered.get(function_id)
        if entered is None:
            return InvokeError("NotAuthorizedOrNotFound").response()
        return entered[1].invoke(function_id, body, headers, intent=intent, invoke_type=invoke_type, caller=caller)

    def invoke_as(
        self,
        principal: Principal,
        function_id: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        needs: str = "FN_INVOCATION",
        invoke_type: str = SYNC,
    ) -> Response:
        """Invoke when ``principal`` has the permissions that this ``needs``; OCI's 404 when it has not."""
        if not self.may_invoke(principal, function_id, needs):
            return InvokeError("NotAuthorizedOrNotFound").response()
        caller = Caller(principal.id, principal.kind, principal.tenancy_id)
        return self.invoke(function_id, body, headers, invoke_type=invoke_type, caller=caller)

    def may_invoke(self, principal: Principal, function_id: str, needs: str = "FN_INVOCATION") -> bool:
        """Tell whether the policies let ``principal`` invoke this function."""
        cloud = self._cloud
        name, target = "FunctionsInvokeClient.invoke_function", target_variable(function_id)
        return cloud.permissions.permit(principal, cloud.tenancy.compartment_id, name, needs, target)

    def on_schedule(self, function_id: str) -> Response:
        """Make the detached call with an empty body that the Resource Scheduler makes when a schedule is due.

        Its caller's type is unverified (verify: schedule-caller).
        """
        id_ = ocid("resourceschedule", function_id, self._cloud.region)
        principal = resource_principal(self._cloud, "resourceschedule", id_)
        return self.invoke_as(principal, function_id, b"", {}, invoke_type=DETACHED)

    def deliver(self, source: tuple[str, str], function_id: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """Make the sync call of a service that moves records, as the resource ``source``, its type and its OCID."""
        principal = resource_principal(self._cloud, *source)
        return self.invoke_as(principal, function_id, body, headers, needs=_NEEDED_TO_DELIVER[source[0]])


# Rules and connectors are asked for both (docs: Events/Concepts/eventspolicy.htm, connector-hub/policies.htm). That
# Notifications needs a statement for its subscriptions, no page says (verify: who-subscribes-functions).
_NEEDED_TO_DELIVER = {
    "eventrule": "FN_FUNCTION_READ + FN_INVOCATION",
    "serviceconnector": "FN_FUNCTION_READ + FN_INVOCATION",
    "onssubscription": NOTHING,
}
