"""A gateway in front of functions without containers: what it asks of its authorizer, and what gets through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from mock_oci import MockOci, Request, Response
from mock_oci.fn.gateway import LocalGateway

AUTHORIZER = {
    "type": "CUSTOM_AUTHENTICATION",
    "functionId": "judge",
    "parameters": {"authorization": "request.headers[Authorization]"},
    "cacheKey": ["authorization"],
}


class FakeFunctions:
    """Answers as the function ``served`` with what reached it, and as any other with the next of ``verdicts``.

    ``judging``: what ``served`` itself says when it is asked as an authorizer.
    """

    def __init__(self, oci: MockOci) -> None:
        self.oci = oci
        self.questions: list[Any] = []
        self.verdicts: list[Any] = []
        self.calls: list[dict[str, Any]] = []
        self.served = "served"
        self.judging: Any = None

    def invoke(self, function_id: str, body: bytes, headers: Mapping[str, str], **told: Any) -> Response:
        self.calls.append({"function": function_id, "headers": dict(headers), **told})
        if self.judging is not None and "intent" not in told:
            self.questions.append(json.loads(body))
            return Response(200, {}, json.dumps(self.judging).encode())
        if function_id == self.served:
            own = {name.removeprefix("fn-http-h-"): value for name, value in headers.items() if "fn-http-h-" in name}
            return Response(200, {"content-type": "application/json"}, json.dumps(own).encode())
        self.questions.append(json.loads(body))
        verdict = self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]
        if isinstance(verdict, Response):
            return verdict
        return Response(200, {}, json.dumps(verdict).encode())


class Gateway:
    """Asks the gateway with a method, a path and headers; ``functions`` tells what it did."""

    def __init__(self, functions: FakeFunctions, policies: Mapping[str, Any], **more: Any) -> None:
        self.functions = functions
        self.local = LocalGateway(functions, {"/v1": SimpleNamespace(id="served")}, policies=policies, **more)

    def ask(self, headers: Mapping[str, str] | None = None, path: str = "/v1/x", method: str = "GET") -> Response:
        return self.local.answer(Request(method, path, dict(headers or {})))

    def reached(self, headers: Mapping[str, str] | None = None, path: str = "/v1/x") -> dict[str, str]:
        """Return the client headers that the function saw."""
        response = self.ask(headers, path)
        assert response.status == 200
        return dict(json.loads(response.body))

    def status(self, headers: Mapping[str, str] | None = None, path: str = "/v1/x") -> int:
        return self.ask(headers, path).status


@pytest.fixture
def functions(oci: MockOci) -> FakeFunctions:
    return FakeFunctions(oci)


@pytest.fixture
def gateway(functions: FakeFunctions) -> Callable[..., Gateway]:
    return lambda policies, **more: Gateway(functions, policies, **more)


@pytest.fixture
def authorized(functions: FakeFunctions) -> Callable[..., Gateway]:
    """Makes a gateway whose authorizer gives these verdicts, the last one over and over."""

    def make(*verdicts: Any, **policies: Any) -> Gateway:
        functions.verdicts = list(verdicts)
        return Gateway(functions, {"authentication": AUTHORIZER, **policies})

    return make
