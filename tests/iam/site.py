"""A feature as Terraform makes it: its function in a real FDK, its gateway, and its statements in force."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.terraform.made import FEATURES

from mock_oci import LoopbackServer, MockOci, Request
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway
from mock_oci.fn.gateway.from_terraform import read_deployment
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.fn.local_function import LocalFunction
from mock_oci.identity.policies import Decision
from mock_oci.identity.tenancy import ocid
from mock_oci.services.functions import FunctionDetails, Functions
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.object_storage.state import NAMESPACE
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from mock_oci.services.vault import Secrets
from mock_oci.wire import Response

ROOT: Final = Path(__file__).resolve().parents[2]
MADE: Final[dict[str, Any]] = json.loads((ROOT / "tests/terraform/made.json").read_text())
LLAMA: Final = "meta.llama-3.3-70b-instruct"
HELLO: Final = [{"role": "user", "content": "Hello"}]
OURS: Final = ("model-service-overflow", "model-service-responses", "model-service-results", "model-service-usage")
BUCKETS: Final = ("inbox", "ledger", *OURS, "requests", "settings")
# OCIDs of the stand-in's, and those of the variables, which end in a word.
_ELSEWHERE: Final = re.compile(r"ocid1\.(\w+)\.oc1\.(?:iad\.standin\d{6}|\.[a-z-]+)(?![\w.-])")


class Site:
    """``made`` is what Terraform made, under the OCIDs that its resources have here; ``real`` has those by the others.

    ``without``: a statement that is left out.
    """

    def __init__(self, feature: str, without: str = "") -> None:
        self.oci = MockOci()
        self.real: dict[str, str] = {}
        text = json.dumps(MADE[feature])
        for match in _ELSEWHERE.finditer(text + json.dumps(FEATURES[feature])):
            if match[0] not in self.real and match[1] in _MAKERS:
                self.real[match[0]] = _MAKERS[match[1]](self.oci, match[0].rpartition(".")[2])
        text = text.replace('"standin/', f'"{NAMESPACE}/')
        for other, real in self.real.items():
            text = text.replace(other, real)
        self.made: dict[str, Any] = json.loads(text)
        self.storage = self.oci.state_of(ObjectStorage)
        for bucket in BUCKETS:
            self.storage.create_bucket(bucket, object_events=bucket == "inbox")
        for resource in self.made["resources"]:
            if resource["type"] == "oci_identity_dynamic_group":
                values = resource["values"]
                self.oci.iam.directory.add_dynamic_group(values["name"], values["matching_rule"], values["id"])
        self.oci.iam.add_policy(text for text in self.made["statements"] if text != without)
        self.function: LocalFunction
        self.functions: LocalFunctions
        self.url = ""
        self.folder = ROOT

    @property
    def statements(self) -> list[str]:
        """Return the statements that are in force, as the policy engine writes them."""
        return [statement.text for statement in self.oci.iam.statements]

    @property
    def decisions(self) -> list[Decision]:
        return list(self.oci.permissions.decisions)

    @contextmanager
    def running(self, **more: str) -> Iterator[Site]:
        """Deploy the function with its configuration, where OCI is here, and with ``more`` settings."""
        with ExitStack() as running:
            self.url = running.enter_context(LoopbackServer(self.oci.answer)).url
            self.functions = running.enter_context(LocalFunctions(self.oci, self.url))
            config = {**self.made["config"], "MODEL_SERVICE_OCI_ENDPOINT": self.url, **more}
            destinations = {f"{name}_destination": self.real.get(_DESTINATIONS[name], "") for name in _DESTINATIONS}
            self.function = self.functions.deploy(
                self.folder, name="model-service", config=config, timeout=60, **destinations
            )
            yield self

    def gateway(self, *issuers: LocalIssuer) -> LocalGateway:
        """Return the gateway of the deployment that Terraform made."""
        return LocalGateway(self.functions, read_deployment(self.made["resources"]), issuers=issuers)

    def through(self, gateway: LocalGateway, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """Return what a client of the gateway gets; keywords are headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return gateway.answer(Request(method, path, {"content-type": "application/json", **named}, content))

    def directly(self, body: Any, **how: Any) -> Any:
        """Return what a direct caller gets, as JSON."""
        return read(self.functions.invoke(self.function.id, json.dumps(body).encode(), **how))


def read(response: Response) -> Any:
    content = whole(response)
    return json.loads(content) if content else None


def whole(response: Response) -> bytes:
    return response.body if isinstance(response.body, bytes) else b"".join(response.body)


def _function(oci: MockOci, name: str) -> str:
    """Enter a function of another's, which says nothing."""
    id_ = ocid("fnfunc", name, oci.region)
    oci.state_of(Functions).enter(FunctionDetails(id_, name), _Silent())
    return id_


class _Silent:
    def invoke(
        self, function_id: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **_: Any
    ) -> Response:
        del function_id, body, headers
        return Response(202)


def _compartment(oci: MockOci, name: str) -> str:
    id_ = ocid("compartment", name)
    oci.iam.directory.add_compartment(id_, name)
    return id_


_MAKERS: Final[dict[str, Callable[[MockOci, str], str]]] = {
    "compartment": _compartment,
    "fnfunc": _function,
    "onstopic": lambda oci, name: oci.state_of(Notifications).create_topic(name, oci.tenancy.compartment_id, {}).id,
    "queue": lambda oci, name: oci.state_of(Queues).create(name).id,
    "stream": lambda oci, name: oci.state_of(Streaming).create(name).id,
    "vaultsecret": lambda oci, name: oci.state_of(Secrets).create(name, base64.b64encode(b"{}").decode()).id,
}
_DESTINATIONS: Final = {"success": "ocid1.stream.oc1..done", "failure": "ocid1.onstopic.oc1..failed"}
