"""Which host of OCI a request is meant for, where only its path says so: by the operations that the SDK knows."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import re
from typing import Any

from mock_oci.coverage.sdk import CLIENTS, TABLE
from mock_oci.wire import Request

# What no client of the SDK knows: OpenAI's paths, and those of other providers (docs: openai-compatible-api.htm).
_BESIDES = (
    (re.compile(r"/20231130/openai/.*"), "GenerativeAiClient"),
    (
        re.compile(r"(?:/20231130/actions)?/(?:openai/)?v1(?:/.*)?|/(?:anthropic|google|xai)/.*"),
        "GenerativeAiInferenceClient",
    ),
    (re.compile(r"/p/.*"), "ObjectStorageClient"),
)
# Where a stream, a queue or a function is asked, its control plane says.
_ENDPOINTS = ("messagesEndpoint", "invokeEndpoint", "apiEndpoint")
_OCID = re.compile(r"ocid1\.[a-z0-9.-]+")


class UnknownHost(Exception):
    """No operation of the SDK has this path."""


class Hosts:
    """The hosts of a region. What answers say of endpoints is learnt: ``learn`` is shown each."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._endpoints: dict[str, str] = {}

    def of(self, request: Request) -> str:
        """Return the host that ``request`` is meant for. Raises UnknownHost."""
        for ocid in _OCID.findall(request.target):
            if ocid in self._endpoints:
                return self._endpoints[ocid]
        return self.of_client(client_of(request.method, request.path))

    def of_client(self, client: str) -> str:
        """Return the host of one of the SDK's clients, in this region and its realm."""
        return _host(client, self._region)

    def learn(self, answer: Any) -> None:
        """Remember where a resource is asked, if an answer's JSON says so."""
        for item in answer if isinstance(answer, list) else [answer]:
            if isinstance(item, dict):
                ocid = item.get("id") or item.get("topicId")
                endpoint = next((item[name] for name in _ENDPOINTS if isinstance(item.get(name), str)), None)
                if isinstance(ocid, str) and endpoint:
                    self._endpoints[ocid] = re.sub(r"^https?://|/.*$", "", endpoint)


@functools.cache
def _operations() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Return method, path and client; paths with fewer names to fill in come first."""
    rows = sorted(json.loads(TABLE.read_text()), key=lambda row: row["path"].count("{"))
    patterns = (re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(row["path"])) for row in rows)
    whole = (re.sub(r"(/o/)\[\^/\]\+$", r"\1.+", pattern) for pattern in patterns)  # an object's name may have slashes
    return tuple((row["method"], re.compile(path), row["client"]) for row, path in zip(rows, whole, strict=True))


def client_of(method: str, path: str) -> str:
    """Return the client of the SDK whose operation this is. Raises UnknownHost."""
    for pattern, client in _BESIDES:
        if pattern.fullmatch(path):
            return client
    path = path.rstrip("/")
    asked = {"HEAD": ("HEAD", "GET")}.get(method, (method,))
    for operation, pattern, client in _operations():
        if operation in asked and pattern.fullmatch(path):
            return client
    raise UnknownHost(f"no operation of the OCI SDK is {method} {path}")


@functools.cache
def _host(client: str, region: str) -> str:
    """Fill in the template of the SDK's client, which only its source has."""
    module = next(module for module, name in CLIENTS if name == client)
    kind = getattr(importlib.import_module(f"oci.{module}"), client)
    template = re.search(r"'service_endpoint_template': '([^']*)'", inspect.getsource(kind.__init__))
    name = re.search(r"BaseClient\(\"([^\"]*)\"", inspect.getsource(kind.__init__))
    if template is None or name is None:
        raise UnknownHost(f"{client} of this OCI SDK says nothing of its host")
    regions = importlib.import_module("oci.regions")
    plain = re.sub(r"\{[^}]*\?[^}]*\}", "", template[1])  # of the two stacks of addresses, the usual one
    endpoint: str = regions.endpoint_for(name[1], region=region, service_endpoint_template=plain)
    return re.sub(r"^https?://|/.*$", "", endpoint)
