"""What the doctor examines: a service, what it was asked, and the few answers that several checks are read from."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import httpx

from model_service.auth import Credential
from model_service.auth.service_endpoints import ServiceEndpoints
from model_service.batch.context import BatchService
from model_service.errors import DeadlineExceeded, ModelServiceError, SettingsError
from model_service.fn.invocation import Deadline
from model_service.network.failures import in_words, unreachable
from model_service.openai_api.chat import Answer, ChatRequest
from model_service.openai_api.operations import DoctorRequest
from model_service.service_file.documents import Refreshed
from model_service.service_file.shape import ServiceFile
from model_service.service_file.targets import TargetPool
from model_service.targets.targets import Targets
from model_service.upstream.client import UpstreamClient
from model_service.upstream.sockets import Attempt, DeadlineTransport

PROBE_SECONDS: Final = 10.0  # for an answer that takes a server no thought


class DoctorService(BatchService, Protocol):
    """What the doctor looks at."""

    @property
    def credential(self) -> Credential: ...

    @property
    def endpoints(self) -> ServiceEndpoints: ...

    @property
    def compartment_id(self) -> str | None: ...

    @property
    def upstream(self) -> UpstreamClient: ...

    @property
    def service_file(self) -> Refreshed[ServiceFile] | None: ...

    @property
    def pools(self) -> Mapping[str, TargetPool]: ...

    @property
    def targets(self) -> Targets: ...


class CheckFailed(Exception):
    """Report that a check has failed: ``detail`` is what was found, ``remedy`` what to do about it."""

    def __init__(self, detail: str, remedy: str | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


class CheckSkipped(Exception):
    """Report that a check could not be made; ``str()`` says why."""


@dataclass
class DoctorContext:
    """A service, and what several checks ask of it, each asked once."""

    service: DoctorService
    answer: Callable[[ChatRequest, Deadline], Answer]
    request: DoctorRequest
    deadline: Deadline
    gateway: str | None
    clock: Callable[[], float]

    @property
    def compartment_id(self) -> str | None:
        return self.request.compartment_id or self.service.compartment_id

    @property
    def region(self) -> str | None:
        """Return the region that models are asked in; ``None`` where nobody names one."""
        try:
            return self.service.endpoints.model_region(self.deadline)
        except SettingsError:
            return None

    @property
    def endpoint(self) -> str:
        """Return the URL that models are asked at."""
        return self.service.endpoints.of("inference", self.deadline)

    @property
    def prompt(self) -> dict[str, Any]:
        return {"model": self.request.model, "messages": [{"role": "user", "content": "Say OK."}], "max_tokens": 16}

    @cached_property
    def unsigned_response(self) -> httpx.Response:
        """Return what the endpoint answers to an unsigned request: any status shows that it is there."""
        return self.fetch("GET", self.endpoint + "/", None, REACH_OCI)

    @cached_property
    def chat(self) -> tuple[ModelServiceError | None, float]:
        """Return the error of a very small request, ``None`` where it was answered, and the seconds that it took."""
        started = time.perf_counter()
        try:
            request = ChatRequest.parse({**self.prompt, "compartment_id": self.compartment_id})
            self.answer(request, self.deadline)
        except ModelServiceError as error:
            return error, time.perf_counter() - started
        return None, time.perf_counter() - started

    def fetch(self, method: str, url: str, body: Any, remedy: str) -> httpx.Response:
        """Return the response; raise ``CheckFailed`` where nobody answers."""
        attempt = Attempt(self.deadline.within(PROBE_SECONDS) if body is None else self.deadline)
        network = self.service.settings.network
        try:
            transport = DeadlineTransport(url, network, httpx.Limits())
            with (
                attempt.on_the_wire(),
                httpx.Client(transport=transport, trust_env=False, timeout=attempt.seconds) as client,
            ):
                return client.request(method, url, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            found = unreachable(url, error, network)
            raise CheckFailed(f"{url} cannot be reached: {found.message}", f"{found.hint} {remedy}") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, DeadlineExceeded) as error:
            reason = in_words(str(error) or type(error).__name__)
            raise CheckFailed(f"{url} cannot be reached: {reason}", remedy) from error


REACH_OCI: Final = (
    "The region must have Generative AI: https://docs.oracle.com/en-us/iaas/Content/generative-ai/regions.htm."
)
