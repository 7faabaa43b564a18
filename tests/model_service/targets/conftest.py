"""A tenancy with three regions, each behind a door of its own, and a service whose alias ``prod`` has them all."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from mock_oci import MockOci, serve
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import Answer, ChatRequest, Complete
from model_service.service import Service
from model_service.settings import Settings

CHICAGO, FRANKFURT, LONDON = "us-chicago-1", "eu-frankfurt-1", "uk-london-1"
REGIONS = (CHICAGO, FRANKFURT, LONDON)
MODELS = ("openai.gpt-5", "meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025", "openai.gpt-oss-120b")


@pytest.fixture
def oci() -> MockOci:
    oci = MockOci()
    for model in MODELS:
        oci.catalogue.host(model, *REGIONS)
    return oci


@pytest.fixture
def doors(oci: MockOci) -> Iterator[dict[str, str]]:
    """The URL of each region."""
    with ExitStack() as servers:
        yield {region: servers.enter_context(serve(oci.in_region(region))).url for region in REGIONS}


@pytest.fixture
def closed_port() -> str:
    """A URL where connections are refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


Open = Callable[..., Service]


@pytest.fixture
def opened(environment: dict[str, str], doors: dict[str, str]) -> Iterator[Open]:
    """Make a service from what its file says of models; ``prod`` is openai.gpt-5 in every region unless it is said.

    A target that names one of the regions is asked through its door.
    """
    with ExitStack() as services:

        def make(alias: Any = None, *, more: dict[str, Any] | None = None, **models: Any) -> Service:
            alias = alias or {"targets": [{"model": MODELS[0], "region": region} for region in REGIONS]}
            targets = alias["targets"] if isinstance(alias, dict) else alias
            for number, target in enumerate(targets):
                if target.get("region") in doors:
                    target.setdefault("url", doors[target["region"]])
                target.setdefault("priority", number + 1)
            file = {"models": {"aliases": {"prod": alias}, **models}, **(more or {})}
            settings = Settings.load({**environment, "MODEL_SERVICE_CONFIG": json.dumps(file)})
            service = services.enter_context(closing(Service(settings)))
            service.credential.key(Deadline.after(20))  # reading a key takes long enough to be late
            return service

        yield make


def ask(service: Service, *, seconds: float = 20.0, **body: Any) -> Answer:
    """Ask the alias ``prod``, or what ``body`` says."""
    content = {"model": "prod", "messages": [{"role": "user", "content": "Why?"}], **body}
    request = ChatRequest.parse(content)
    return service.call(service.resolve(request), request, Deadline.after(seconds))


def target_of(answer: Answer) -> str:
    """Return which target has answered."""
    return answer.headers["x-model-service-target"]


def text_of(answer: Answer) -> str:
    """Return what an answer says, whole or streamed."""
    if isinstance(answer, Complete):
        return str(answer.completion["choices"][0]["message"]["content"])
    deltas = (choice["delta"] for chunk in answer.chunks for choice in chunk["choices"])
    return "".join(delta.get("content") or "" for delta in deltas)
