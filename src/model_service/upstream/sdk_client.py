"""The OCI SDK, tamed: it builds and sends the request, and everything else that it would do is done here.

Retries, deadlines, credentials and errors are ours; bodies are JSON as it stands on the wire, not the SDK's models,
so that a content type or an enumeration's value that it does not know survives. Importing this module brings ``oci``,
which takes 0.2 s: whoever needs it imports it on first use. ``oci.base_client`` alone is used, because the client of
Generative AI adds 40 ms for models, and retries of up to 600 s around what it calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from oci._vendor import requests
from oci.auth.signers import SecurityTokenSigner
from oci.base_client import STREAM_RESPONSE_TYPE, BaseClient
from oci.circuit_breaker import NoCircuitBreakerStrategy

from model_service.auth import Credential
from model_service.errors import ModelServiceError, SettingsError, UpstreamError, UpstreamUnreachable
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.openai_api.encoding import write_json
from model_service.settings_parsers import MAX_THREADS
from model_service.upstream.request_log import LogPolicy, TrafficLog
from model_service.upstream.retries import Retries
from model_service.upstream.sdk_response import SdkUpstreamResponse, failures
from model_service.upstream.sdk_sockets import CONNECT_SECONDS, POOLS
from model_service.upstream.sockets import Conversation

BASE_PATH: Final = "/20231130"

HEADERS: Final = {
    "accept": "application/json, text/event-stream",
    "accept-encoding": "gzip, deflate",  # no zstd: OCI sends each chunk of a stream as a frame of its own then
    "content-type": "application/json",
}


@dataclass(frozen=True)
class UnsignedRequest:
    """A request that is not signed yet; ``path`` is that below ``BASE_PATH``."""

    method: str
    endpoint: str
    path: str
    content: bytes = field(default=b"", repr=False)

    @property
    def url(self) -> str:
        return self.endpoint + BASE_PATH + self.path


class SdkClient:
    """One session, to whatever endpoints are called, for one credential. Threads may share it."""

    def __init__(self, credential: Credential, log: LogPolicy, retries: Retries) -> None:
        self._credential = credential
        self._log = log
        self._retries = retries
        self._session = _session()
        # It has no connection of its own, so that one too many costs nothing: a region may come from a caller.
        self._client_of = lru_cache(maxsize=16)(self._new_client)

    def send(
        self, method: str, endpoint: str, path: str, body: Mapping[str, Any] | None, deadline: Deadline
    ) -> SdkUpstreamResponse:
        """Tries again what passes by itself (``retries``). Raises ``UpstreamError`` for a status that is none of
        success, and a ``ModelServiceError`` for what can go wrong before."""
        draft = UnsignedRequest(method, endpoint, path, b"" if body is None else write_json(body))
        tries = 0
        while True:
            tries += 1
            try:
                return self._send_renewed(draft, deadline)
            except ModelServiceError as error:
                pause = self._retries.pause(tries, error, deadline)
                if pause is None:
                    raise
                log.write("upstream_retry", status=error.status, code=error.code, seconds=round(pause, 2))
            self._retries.sleep(pause)

    def close(self) -> None:
        self._session.close()

    def _send_renewed(self, draft: UnsignedRequest, deadline: Deadline) -> SdkUpstreamResponse:
        """Once more with a renewed key where OCI answered 401."""
        try:
            return self._send_reconnected(draft, deadline)
        except UpstreamError as error:
            if error.status != 401 or not self._credential.renew():
                raise
        return self._send_reconnected(draft, deadline)

    def _send_reconnected(self, draft: UnsignedRequest, deadline: Deadline) -> SdkUpstreamResponse:
        """Again while kept connections turn out to have died in the meantime, as ``UpstreamClient`` does."""
        while True:
            conversation = Conversation(deadline)
            conversation.begin()
            try:
                return self._send_once(draft, conversation)
            except UpstreamUnreachable:
                if not conversation.died_idle:
                    raise

    def _send_once(self, draft: UnsignedRequest, conversation: Conversation) -> SdkUpstreamResponse:
        conversation.deadline.require()
        log = TrafficLog(self._log)
        log.sent(draft.method, draft.url, draft.content)
        try:
            with conversation.on_the_wire(), failures(draft.url):
                self._call(draft)
        except _Answered as answered:
            response = answered.response
        exchange = SdkUpstreamResponse(response, conversation, log)
        if not exchange.is_success:
            raise exchange.to_error()
        return exchange

    def _call(self, draft: UnsignedRequest) -> None:
        """Always raises, ``_Answered`` if all goes well."""
        self._client_of(draft.endpoint).call_api(
            resource_path=draft.path,
            method=draft.method,
            header_params=dict(HEADERS),
            body=draft.content or None,
            response_type=STREAM_RESPONSE_TYPE,
        )

    def _new_client(self, endpoint: str) -> BaseClient:
        if "[" in endpoint:
            raise SettingsError("OCI_GENAI_ENDPOINT", "the OCI SDK takes no IPv6 address; use a host name")
        client = BaseClient(
            "generative_ai_inference",
            {},
            _Signature(self._credential),
            {},
            service_endpoint=endpoint,
            base_path=BASE_PATH,
            timeout=(CONNECT_SECONDS, None),  # how long a read may take, the socket knows better
            # The default one is shared by every client of the process: ten failures of any service stop them all.
            circuit_breaker_strategy=NoCircuitBreakerStrategy(),
        )
        client.session.close()
        client.session = self._session
        return client


class _Signature(SecurityTokenSigner):  # type: ignore[misc] # oci ships no types; the SDK asks for one of its own
    """The SDK's seam for signers, with the key of now for each request: the SDK's own signers read theirs once."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        host = urlsplit(request.url).netloc
        key = self._credential.key()
        request.headers.update(key.sign(request.method, host, request.path_url, request.body or b"", headers))
        return request


class _Answered(Exception):
    """Takes an answer out of the SDK before it reads the body, parses an error or follows a redirect."""

    def __init__(self, response: Any) -> None:
        super().__init__("OCI answered")
        self.response = response


def _answered(response: Any, **_: Any) -> None:
    raise _Answered(response)


def _session() -> Any:
    session = requests.Session()
    session.trust_env = False  # a proxy from the environment would see every prompt; nobody set it for us
    session.hooks["response"].append(_answered)
    for scheme in POOLS:
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=MAX_THREADS)
        adapter.poolmanager.pool_classes_by_scheme = POOLS
        session.mount(f"{scheme}://", adapter)
    return session
