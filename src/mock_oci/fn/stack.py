"""The whole of it in one process: the local OCI, a function in a real FDK, and API Gateway in front."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO, TypedDict

from mock_oci.backend import MockOci
from mock_oci.doors.server import LoopbackServer
from mock_oci.fn.confinement import CONCURRENCY_MB
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import GatewayDeployment, LocalGateway, LocalIssuer
from mock_oci.fn.invoke_api import InvokeApi
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.apm import Apm
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.events import Events
from mock_oci.services.notifications import Notifications
from mock_oci.services.pumping import pumping

PREFIX = "/v1"
_SIDE_BY_SIDE = 3  # connectors, and events
AUTHENTICATIONS = ("none", "keys")
IDENTITY_HEADERS = {
    "X-Model-Service-Caller": "caller",
    "X-Model-Service-Team": "team",
    "X-Model-Service-Key": "key",
    "X-Model-Service-Models": "models",
}
"""Which header carries which key of an authorizer's context, unless a stack is told otherwise."""


class HowItRuns(TypedDict, total=False):
    """What a command line says of a stack, in the words of ``LocalStack``."""

    live: bool
    confine: str
    concurrency_mb: int


class LocalStack:
    """Starts all on entering, ends all on leaving; the attributes below are there in between.

    ``oci`` is the backend (its own by default, and then ``chunk_delay`` slows its streams), ``config`` is
    added to the function's own (``{project_id}`` in a value becomes the OCID of the tenancy's project, and
    ``{endpoint}`` the URL that all of ``oci`` is served at), ``port`` and ``host`` are the gateway's, ``echo`` gets
    the function's log lines. The gateway gives whole answers, as the platform's; ``live``, it relays those in chunks as
    they come. It asks what ``policies`` say (see ``mock_oci.fn.gateway.Policies``). ``authentication="keys"``: the
    function itself is the gateway's authorizer, of the header Authorization, and what it says of a caller (the keys
    of its ``context``) reaches it in the headers that ``identity_headers`` names, which no client can set.
    ``deployment``, as ``mock_oci.fn.gateway.read_deployment`` reads it from Terraform, is the gateway's in place of all
    that; ``issuers`` publish the keys of its tokens.
    ``page`` is the path that ``/`` of the gateway leads to.
    ``prefix``: the path below which all is the function's. ``name``, ``memory`` in MB and ``timeout`` in seconds are
    the function's own; what is not said is as in its func.yaml. ``confine`` and ``concurrency_mb``: see LocalFunctions.
    ``tracing``: the function is told to send spans to the ``Apm`` of ``oci``.
    While the stack runs, connectors and rules move what they have, and Notifications tries again
    what was not acknowledged.
    """

    oci_url: str
    invoke_url: str
    functions: LocalFunctions
    function: LocalFunction
    gateway: LocalGateway

    def __init__(
        self,
        function: Path = Path(),
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        oci: MockOci | None = None,
        config: Mapping[str, str] | None = None,
        chunk_delay: float = 0.0,
        echo: TextIO | None = None,
        live: bool = False,
        authentication: str = "none",
        identity_headers: Mapping[str, str] | None = None,
        policies: Mapping[str, Any] | None = None,
        tracing: bool = False,
        deployment: GatewayDeployment | None = None,
        issuers: Sequence[LocalIssuer] = (),
        page: str | None = None,
        prefix: str = PREFIX,
        name: str | None = None,
        memory: int | None = None,
        timeout: float | None = None,
        confine: str | Iterable[str] = "all",
        concurrency_mb: int = CONCURRENCY_MB,
    ) -> None:
        self._page, self._prefix = page, prefix
        self._name, self._memory, self._timeout = name, memory, timeout
        self._confine, self._concurrency_mb = confine, concurrency_mb
        if authentication not in AUTHENTICATIONS:
            raise ValueError(f"authentication must be one of {', '.join(AUTHENTICATIONS)}")
        self._authentication = authentication
        self._identity_headers = IDENTITY_HEADERS if identity_headers is None else identity_headers
        self._policies = policies or {}
        self._deployment, self._issuers = deployment, issuers
        self._tracing = tracing
        self.oci = oci or MockOci(chunk_delay=chunk_delay)
        self._folder, self._port, self._host = function, port, host
        self._config, self._echo = config or {}, echo
        self.is_live = live
        self._running = ExitStack()

    @property
    def gateway_url(self) -> str:
        """Return ``http://HOST:PORT/v1``, the base URL for an OpenAI client, or what the prefix makes of it."""
        return f"{self.gateway.url}{self._prefix.rstrip('/')}"

    @property
    def connector_hub(self) -> ConnectorHub:
        return self.oci.state_of(ConnectorHub)

    @property
    def events(self) -> Events:
        return self.oci.state_of(Events)

    def log_lines(self) -> list[str]:
        """Return the function's log, also after the stack has ended; empty before it was deployed."""
        return self.function.logs() if hasattr(self, "function") else []

    def start(self) -> Self:
        """Start everything. Raises OSError when the port is taken, InvokeError when no container starts."""
        with ExitStack() as starting:
            self._start_servers(starting)
            self.function.warm()
            self._running = starting.pop_all()
        return self

    def close(self) -> None:
        self._running.close()

    def redeploy(self) -> None:
        """Run the folder as it is now from the next call on; its OCID stays. Calls that run are ended.

        Raises OSError or DeployError, and then nothing is new.
        """
        self.function = self._deploy()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def _start_servers(self, starting: ExitStack) -> None:
        self.oci_url = starting.enter_context(LoopbackServer(self.oci.answer)).url
        functions = LocalFunctions(
            self.oci, self.oci_url, echo=self._echo, confine=self._confine, concurrency_mb=self._concurrency_mb
        )
        self.functions = starting.enter_context(functions)
        self.function = self._deploy()
        self._name = self.function.deployment.name  # the OCID stays when it is deployed anew
        self.functions.images[self.function.deployment.name] = self._folder
        self.invoke_url = starting.enter_context(LoopbackServer(InvokeApi(self.functions).answer)).url
        gateway = LocalGateway(
            self.functions,
            self._deployment or {self._prefix: self.function},
            port=self._port,
            host=self._host,
            live=self.is_live,
            policies=self._all_policies(),
            issuers=self._issuers,
            page=self._page,
        )
        self.gateway = starting.enter_context(gateway)
        moving = [self._pump_connectors, self._pump_events] * _SIDE_BY_SIDE
        starting.enter_context(pumping(*moving, self._retry_messages))
        # First of all when it ends: a call in flight then fails at once, and no server waits for it.
        starting.callback(self.functions.close)

    def _deploy(self) -> LocalFunction:
        return self.functions.deploy(
            self._folder,
            name=self._name,
            config=self._written_out(),
            memory=self._memory,
            timeout=self._timeout,
            trace_collector_url=self.oci.state_of(Apm).collector_url(self.oci_url) if self._tracing else "",
        )

    # What moves is looked up anew each time: a reset of the cloud makes others.
    def _pump_connectors(self) -> object:
        return self.connector_hub.pump()

    def _pump_events(self) -> object:
        return self.events.pump()

    def _retry_messages(self) -> object:
        return self.oci.state_of(Notifications).retry()

    def _all_policies(self) -> dict[str, Any]:
        if self._authentication == "none":
            return dict(self._policies)
        return {**keys_policies(self.function.id, self._identity_headers), **self._policies}

    def _written_out(self) -> dict[str, str]:
        """Return the config with the values that the stack alone knows."""
        known = {"{project_id}": self.oci.projects.default.id, "{endpoint}": self.oci_url}
        config = dict(self._config)
        for name, value in known.items():
            config = {key: text.replace(name, value) for key, text in config.items()}
        return config


def keys_policies(function_id: str, identity_headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the policies of a deployment whose authorizer is ``function_id``, in the words of the API."""
    overwritten = [
        {"name": header, "values": [f"${{request.auth[{key}]}}"], "ifExists": "OVERWRITE"}
        for header, key in identity_headers.items()
    ]
    return {
        "authentication": {
            "type": "CUSTOM_AUTHENTICATION",
            "functionId": function_id,
            "parameters": {"authorization": "request.headers[Authorization]"},
            "cacheKey": ["authorization"],
        },
        "headerTransformations": {"setHeaders": {"items": overwritten}},
    }
