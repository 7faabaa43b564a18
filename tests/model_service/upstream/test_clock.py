"""A clock that is off is told from OCI's Date, on the call that failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.doors.written_config import write_config
from model_service.errors import UpstreamError
from model_service.fn.invocation import Deadline
from model_service.models import Model
from model_service.oci_names import ObjectLocation
from model_service.service import Service
from model_service.settings import Settings
from model_service.upstream.clock import skew, skew_hint


def v1(service: Service) -> Any:
    return Model("meta.llama-3.3-70b-instruct", service).complete("Hello")


def native(service: Service) -> Any:
    return Model("cohere.command-a-03-2025", service).complete("Hello")


def responses(service: Service) -> Any:
    return Model("responses:openai.gpt-oss-120b", service).complete("Hello")


def bucket(service: Service) -> Any:
    return service.object_storage.get(ObjectLocation("ns", "b", "o"), 10, Deadline.after(10))


@pytest.mark.parametrize(("ahead", "says"), [(420, "behind"), (-420, "ahead of")])
@pytest.mark.parametrize("ask", [v1, native, responses, bucket])
def test_the_call_that_failed_says_how_far_the_clock_is_off(
    tmp_path: Path, ask: Callable[[Service], Any], ahead: float, says: str
) -> None:
    oci = MockOci(clock=lambda: time.time() + ahead)
    with LoopbackServer(oci.answer) as server:
        write_config(oci, tmp_path, server.url)
        environment = {
            "OCI_CONFIG_FILE": str(tmp_path / "config"),
            "OCI_GENAI_ENDPOINT": server.url,
            "MODEL_SERVICE_OCI_ENDPOINT": server.url,
            "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
        }
        with closing(Service(Settings.load(environment))) as service, pytest.raises(UpstreamError) as failure:
            ask(service)
    assert failure.value.status == 401
    assert f"s {says} OCI's" in (failure.value.hint or "")
    assert "NTP" in (failure.value.hint or "")


@pytest.mark.parametrize("seconds", [0, 290, -290])
def test_a_clock_that_is_good_enough_is_not_blamed(seconds: float) -> None:
    assert skew_hint(formatdate(time.time() + seconds, usegmt=True)) is None


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 99 Jan 2034 21:31:40 GMT"])
def test_without_a_date_nothing_is_said(date: str | None) -> None:
    assert skew(date) is None
    assert skew_hint(date) is None
