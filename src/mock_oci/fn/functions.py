"""OCI Functions on this machine: deploys folders and invokes them, each in a real FDK process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from mock_oci.backend import MockOci
from mock_oci.fn.call_headers import passed_on, request_id, subject, trace_headers
from mock_oci.fn.confinement import CONCURRENCY_MB, Confined
from mock_oci.fn.container import INIT_SECONDS
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import APP_NAME, Deployment, check_limits, deployment_of
from mock_oci.fn.fdk_answer import BODY_LIMIT
from mock_oci.fn.func_yaml import FuncYaml, read_func_yaml
from mock_oci.fn.invocation_records import Settled, send_record
from mock_oci.fn.local_function import FunctionCall, LocalFunction
from mock_oci.fn.log_lines import LogLines
from mock_oci.fn.sources import folder_of
from mock_oci.fn.starting import Starter
from mock_oci.services.functions.invoke_errors import InvokeError
from mock_oci.services.functions.state import DETACHED, SYNC, Caller, Destination, FunctionDetails, Functions, Invoker
from mock_oci.services.oci_surface import invalid
from mock_oci.wire import Body, Response


class LocalFunctions:
    """The service in ``oci``'s tenancy, whose server invokes what is deployed here too (services/functions.py).

    ``endpoint``: where ``oci`` is served, for the functions to find it.
    ``init_seconds`` is what a container has to open its socket; ``echo`` gets every log line as it comes.
    ``confine``: what containers must do without, as OCI's do: ``all``, ``none``, names of
    ``mock_oci.fn.confinement.NAMES``, or each with ``no-`` before it, for all but those.
    ``concurrency_mb`` is what the busy containers of all functions may have together; beyond it calls are throttled.
    ``images``: which folder runs when a function is created of an image, by its name with or without registry and tag;
    ``created_config`` is added to the config of each that is created so: what only this machine needs.
    Close it: it owns processes and files.
    """

    def __init__(
        self,
        oci: MockOci,
        endpoint: str | None = None,
        *,
        init_seconds: float = INIT_SECONDS,
        echo: TextIO | None = None,
        confine: str | Iterable[str] = "all",
        concurrency_mb: int = CONCURRENCY_MB,
    ) -> None:
        self.oci = oci
        self._starter = Starter(init_seconds, confine, concurrency_mb)
        self._endpoint_config = {"OCI_COMPARTMENT_ID": oci.tenancy.compartment_id, "OCI_REGION": oci.region}
        self._endpoint_config |= {"OCI_GENAI_ENDPOINT": endpoint} if endpoint else {}
        self._echo = echo
        self._functions: dict[str, LocalFunction] = {}
        self.images: dict[str, Path] = {}
        self.created_config: dict[str, str] = {}
        oci.state_of(Functions).deployer = self

    def deploy(
        self,
        folder: Path,
        *,
        name: str | None = None,
        config: Mapping[str, str] | None = None,
        timeout: float | None = None,
        detached_timeout: float | None = None,
        memory: int | None = None,
        max_containers: int | None = None,
        endpoint_env: bool = True,
        success_destination: str | Destination | None = None,
        failure_destination: str | Destination | None = None,
        trace_collector_url: str = "",
    ) -> LocalFunction:
        """Make ``folder`` a function, as its func.yaml says where nothing is said here.

        Its first container starts with its first call; ``max_containers`` can be busy at once.
        With ``endpoint_env`` its config begins with OCI_GENAI_ENDPOINT (if known), OCI_COMPARTMENT_ID and
        OCI_REGION. Deploying a ``name`` again replaces the function; its OCID stays. Timeouts in seconds.
        A detached run leaves a record at the destination, an OCID, or ``Destination`` for a queue's channel; spans go
        to ``trace_collector_url``, if tracing is on. Raises DeployError for what OCI Functions does not deploy.
        """
        given: dict[str, Any] = {
            "name": name,
            "memory": memory,
            "timeout": timeout,
            "detached_timeout": detached_timeout,
        }
        for outcome, at in (("success", success_destination), ("failure", failure_destination)):
            given[f"{outcome}_destination"] = Destination(at) if isinstance(at, str) else at
        said = replace(read_func_yaml(folder), **{key: value for key, value in given.items() if value is not None})
        endpoint_config = self._endpoint_config if endpoint_env else {}
        deployment = deployment_of(said, folder, self.oci.region, {**endpoint_config, **said.config, **(config or {})})
        deployment = replace(deployment, trace_collector_url=trace_collector_url)
        check_limits(deployment)
        return self._enter(deployment, max_containers)

    def invoke(
        self,
        function_id: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        intent: str | None = None,
        invoke_type: str = SYNC,
        caller: Caller | None = None,
        live: bool = False,
    ) -> Response:
        """Return what the platform answers: the function's answer as 200, 202 when detached, or its own error.

        ``headers`` are the invoker's own, of which the function gets all but those that only the platform
        may set. ``fn-http-status`` and the like are left to who asked for ``intent="httprequest"``.
        The platform gives whole answers; ``live`` is what it does not do: see ``LocalFunction.run``. Who
        asks for it closes the body.
        """
        call = self._call(body, headers or {}, invoke_type, intent, caller)
        try:
            response = self._invoke(function_id, call, invoke_type, live)
        except InvokeError as failure:
            response = failure.response()
        own = {"fn-call-id": call.id, "opc-request-id": call.headers["opc-request-id"]}
        return Response(response.status, {**response.headers, **own}, response.body)

    @cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="mock-oci-functions-"))

    @property
    def confined(self) -> Confined:
        """Return what the last container that was started must do without, and what could not be had here."""
        return self._starter.confined

    def find(self, function_id: str) -> LocalFunction:
        """Return a deployed function. Raises InvokeError (404) for one that is not here."""
        try:
            return self._functions[function_id]
        except KeyError:
            raise InvokeError("NotAuthorizedOrNotFound") from None

    def deploy_created(self, details: FunctionDetails, source: Body, archive: bytes) -> Invoker | None:
        """Run a function that was created over the API. Raises Refused for an archive that cannot be unpacked."""
        try:
            folder = folder_of(source, archive, self.images, Path(tempfile.mkdtemp(dir=self._folder)))
            said = FuncYaml("") if folder is None else read_func_yaml(folder)
        except ValueError as error:
            raise invalid(str(error)) from error
        if folder is None:
            return None
        deployment = Deployment(
            id=details.id,
            name=details.name,
            app_id=details.app_id,
            app_name=APP_NAME,
            folder=folder.resolve(),
            region=self.oci.region,
            memory=details.memory,
            timeout=details.timeout,
            detached_timeout=details.detached_timeout,
            config={**self._endpoint_config, **details.config, **self.created_config},
            success_destination=details.success_destination,
            failure_destination=details.failure_destination,
            entrypoint=said.entrypoint,  # of the image, which is built with it
        )
        self._enter(deployment, None)
        return self

    def log_lines(self, function_id: str) -> list[str]:
        """Return what a function has written."""
        return self.find(function_id).logs()

    def close(self) -> None:
        """End every container, detached runs included, and remove all files."""
        functions = self.oci.state_of(Functions)
        if functions.deployer is self:
            functions.deployer = None
        for function_id in list(self._functions):
            self.retire(function_id)
        self._starter.close()
        if "_folder" in vars(self):
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()

    def _enter(self, deployment: Deployment, max_containers: int | None) -> LocalFunction:
        self.retire(deployment.id)
        function = self._made(deployment, max_containers)
        self._functions[deployment.id] = function
        self.oci.state_of(Functions).enter(deployment.details, self)
        return function

    def _invoke(self, function_id: str, call: FunctionCall, invoke_type: str, live: bool) -> Response:
        function = self.find(function_id)
        if function.deployment.trace_collector_url:
            call = replace(call, headers={**trace_headers(self.oci.next_serial()), **call.headers})
        if len(call.body) > BODY_LIMIT:
            raise InvokeError("FunctionInvokeRequestContentTooLarge")
        if invoke_type == DETACHED:
            function.run_detached(call)
            return Response(202)
        return function.run(call, live=live)

    def _call(
        self,
        body: bytes,
        headers: Mapping[str, str],
        invoke_type: str,
        intent: str | None,
        caller: Caller | None,
    ) -> FunctionCall:
        passed = passed_on(headers)
        serial = self.oci.next_serial()
        # As long as a ULID, and of its alphabet; a count, so that two runs give the same.
        call_id = f"01{serial:024d}"
        own = {
            "fn-call-id": call_id,
            "fn-invoke-type": invoke_type,
            "opc-request-id": request_id(serial, passed.get("opc-request-id", "")),
        }
        if intent:
            own["fn-intent"] = intent
        return FunctionCall(call_id, {**passed, **own, **subject(caller)}, body)

    def _made(self, deployment: Deployment, max_containers: int | None) -> LocalFunction:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        log = LogLines(self._echo)
        credentials = FunctionCredentials(self.oci, deployment.id, folder)

        def settled(call: FunctionCall, response: Response) -> None:
            send_record(self.oci, deployment, log, Settled(call.id, response))

        pool = self._starter.pool(deployment, credentials, log, max_containers)
        return LocalFunction(deployment, log, pool, credentials, settled=settled, clock=self.oci.clock)

    def retire(self, function_id: str) -> None:
        """End a function's containers and forget it."""
        self.oci.state_of(Functions).leave(function_id, self)
        function = self._functions.pop(function_id, None)
        if function is not None:
            function.close()
