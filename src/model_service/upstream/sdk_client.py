"""The OCI SDK's client, which builds, signs and sends each request as it does for its users.

The seam is ``BaseClient.request``, which ``call_api`` calls with the request that it has built: ours returns the answer
as it comes, where the SDK's would read the body, make models of it and raise for a status. Retries, deadlines,
credentials and errors are ours; bodies are JSON as it stands on the wire, not the SDK's models, so that a content type
or an enumeration's value that it does not know survives. Importing this module brings ``oci``, which takes 0.2 s:
whoever needs it imports it on first use. ``oci.base_client`` alone is used, because the client of Generative AI adds
40 ms for models, and retries of up to 600 s around what it calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

from oci._vendor import requests
from oci.auth.signers import SecurityTokenSigner
from oci.base_client import BaseClient
from oci.circuit_breaker import NoCircuitBreakerStrategy

from model_service.auth import Credential
from model_service.errors import SettingsError
from model_service.fn.invocation import Deadline
from model_service.fn.limits import Limits
from model_service.network import Network
from model_service.openai_api.encoding import write_json
from model_service.settings_parsers import MAX_THREADS
from model_service.upstream.request_log import LogPolicy, TrafficLog, tries
from model_service.upstream.response import UpstreamResponse
from model_service.upstream.retries import Retries, UnsignedRequest, send_until_answered
from model_service.upstream.sdk_response import SdkUpstreamResponse, failures
from model_service.upstream.sdk_sockets import CONNECT_SECONDS, POOLS
from model_service.upstream.sockets import Attempt, current

BASE_PATH: Final = "/20231130"

HEADERS: Final = {
    "accept": "application/json, text/event-stream",
    "accept-encoding": "gzip, deflate",  # no zstd: OCI sends each chunk of a stream as a frame of its own then
    "content-type": "application/json",
}


class SdkClient:
    """One session, to whatever endpoints are called, for one credential. Threads may share it."""

    def __init__(
        self,
        credential: Credential,
        log: LogPolicy,
        retries: Retries,
        limits: Limits,
        *,
        network: Network | None = None,
    ) -> None:
        self._credential = credential
        self._log = log
        self._retries = retries
        self._limits = limits
        self._network = network or Network()
        self._session = _session(self._network)
        # It has no connection of its own, so that one too many costs nothing: a region may come from a caller.
        self._client_of = lru_cache(maxsize=16)(self._new_client)

    def send(
        self, method: str, endpoint: str, path: str, body: Mapping[str, Any] | None, deadline: Deadline
    ) -> UpstreamResponse:
        """Return OCI's answer, its body unread, to ``path`` below ``BASE_PATH``.

        Tries again what passes by itself (``retries``). Raises ``UpstreamError`` for a status that is none of success,
        and a ``ModelServiceError`` for what can go wrong before.
        """
        client = self._client_of(endpoint)
        request = UnsignedRequest(method, path, b"" if body is None else write_json(body))

        def send(attempt: Attempt) -> UpstreamResponse:
            return self._send(client, request, attempt)

        return self._retries.call(lambda within: send_until_answered(send, self._credential, within), deadline)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(self, client: _Client, request: UnsignedRequest, attempt: Attempt) -> UpstreamResponse:
        attempt.deadline.require()
        log = TrafficLog(self._log) if self._log.requests else None
        url = client.endpoint + request.url
        if log is not None:
            log.sent(request.method, url, request.content)
        if request.method == "POST" and (counted := tries.get()):
            counted.note(client.endpoint)
        with attempt.on_the_wire(), failures(url, self._network):
            body = request.content or None
            raw = client.call_api(request.url, request.method, header_params=dict(HEADERS), body=body)
        return SdkUpstreamResponse(raw, attempt, log, self._limits)

    def _new_client(self, endpoint: str) -> _Client:
        if "[" in endpoint:
            raise SettingsError("OCI_GENAI_ENDPOINT", "the OCI SDK takes no IPv6 address; use a host name")
        client = _Client(
            "generative_ai_inference",
            {},
            _Signer(self._credential),
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


class _Client(BaseClient):  # type: ignore[misc] # oci ships no types
    """The SDK's client up to the answer, which it returns as it comes."""

    def request(self, request: Any, *_: Any, **__: Any) -> Any:
        """Return the answer, a ``requests.Response``, whatever its status, its body unread."""
        return self.session.request(
            request.method,
            request.url,
            auth=self.signer,
            headers=request.header_params,
            data=request.body,
            stream=True,
            timeout=self.timeout,
            allow_redirects=False,  # to a host that nobody has set
        )


class _Signer(SecurityTokenSigner):  # type: ignore[misc] # oci ships no types; the SDK asks for one of its own
    """The SDK's seam for signers, with the key of now for each request: the SDK's own signers read theirs once."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        host = urlsplit(request.url).netloc
        attempt = current.get()
        attempt.key = key = self._credential.key(attempt.deadline)
        request.headers.update(key.sign(request.method, host, request.path_url, request.body or b"", headers))
        return request


class _Adapter(requests.adapters.HTTPAdapter):  # type: ignore[misc] # oci ships no types
    """The SDK's adapter, over sockets of ours, with the proxies and the authorities of the network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        super().__init__(pool_maxsize=MAX_THREADS)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools, with sockets that know the deadline."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Return the pools of a proxy, with sockets that know the deadline."""
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: Any, **options: Any) -> Any:
        """Send through the proxy that is on the way, whatever the environment says."""
        proxy = self._network.proxy_for(request.url) if self._network.proxies else None
        options["proxies"] = {urlsplit(request.url).scheme: proxy.with_credentials} if proxy else {}
        if self._network.authorities is not None and self._network.ssl_context is not None:  # it says what is wrong
            options["verify"] = self._network.authorities.check()
        return super().send(request, **options)


def _session(network: Network) -> Any:
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.trust_env = False  # a proxy from the environment would see every prompt; nobody set it for us
    for scheme in POOLS:
        session.mount(f"{scheme}://", _Adapter(network))
    return session
