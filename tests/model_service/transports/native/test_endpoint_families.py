"""Which family a dedicated endpoint is of: from the settings, or asked once at the control plane."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError, UpstreamRefused
from model_service.fn.invocation import Deadline
from model_service.transports.native.endpoint_families import EndpointFamilies

ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.e"
MODEL = "ocid1.generativeaimodel.oc1.us-chicago-1.m"
SOON = Deadline.after(86_400)  # made when the tests are gathered, used when their turn comes


class ControlPlane:
    """Says what it is given, and counts how often it is asked."""

    def __init__(self, **model: Any) -> None:
        self.model = {"id": MODEL, **model}
        self.endpoint: Mapping[str, Any] = {"modelId": MODEL}
        self.asked: list[tuple[str, str]] = []
        self.error: ModelServiceError | None = None

    def describe(self, collection: str, ocid: str, deadline: Deadline) -> Mapping[str, Any]:
        assert deadline is SOON
        self.asked.append((collection, ocid))
        if self.error is not None:
            raise self.error
        return self.endpoint if collection == "endpoints" else self.model


def test_what_the_settings_say_is_not_asked_for() -> None:
    control_plane = ControlPlane()
    families = EndpointFamilies({ENDPOINT: "cohere"}, control_plane.describe)
    assert families.family(ENDPOINT, SOON) == "cohere"
    assert control_plane.asked == []


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ({"vendor": "cohere", "displayName": "cohere.command-a-03-2025"}, "cohere"),
        ({"vendor": "Cohere", "displayName": "my fine-tuned one"}, "cohere"),
        ({"vendor": "cohere"}, "cohere"),
        ({"vendor": "cohere", "displayName": "cohere.command-a-vision-07-2025"}, "cohere_v2"),
        ({"vendor": "meta", "displayName": "meta.llama-3.3-70b-instruct"}, "generic"),
        ({"vendor": "xai"}, "generic"),
    ],
)
def test_the_vendor_of_the_endpoint_s_model_decides(model: dict[str, str], family: str) -> None:
    control_plane = ControlPlane(**model)
    assert EndpointFamilies({}, control_plane.describe).family(ENDPOINT, SOON) == family
    assert control_plane.asked == [("endpoints", ENDPOINT), ("models", MODEL)]


def test_an_imported_model_is_generic_without_another_question() -> None:
    control_plane = ControlPlane()
    control_plane.endpoint = {"modelId": "ocid1.generativeaiimportedmodel.oc1.us-chicago-1.i"}
    assert EndpointFamilies({}, control_plane.describe).family(ENDPOINT, SOON) == "generic"
    assert control_plane.asked == [("endpoints", ENDPOINT)]


def test_an_answer_is_remembered() -> None:
    control_plane = ControlPlane(vendor="cohere")
    families = EndpointFamilies({}, control_plane.describe)
    assert [families.family(ENDPOINT, SOON) for _ in range(3)] == ["cohere"] * 3
    assert len(control_plane.asked) == 2


def test_threads_that_ask_together_ask_once() -> None:
    control_plane = ControlPlane(vendor="cohere")
    families = EndpointFamilies({}, control_plane.describe)
    threads = [threading.Thread(target=families.family, args=(ENDPOINT, SOON)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(control_plane.asked) == 2


def test_a_failure_says_what_to_set_and_is_not_remembered() -> None:
    control_plane = ControlPlane(vendor="cohere")
    control_plane.error = UpstreamRefused("Authorization failed or requested resource not found.", status=404)
    families = EndpointFamilies({}, control_plane.describe)
    with pytest.raises(UpstreamRefused) as caught:
        families.family(ENDPOINT, SOON)
    assert f'MODEL_SERVICE_ENDPOINT_FAMILIES to {{"{ENDPOINT}": "generic"}}' in str(caught.value.hint)
    control_plane.error = None
    assert families.family(ENDPOINT, SOON) == "cohere"


@pytest.mark.parametrize("change", [{"endpoint": {}}, {"endpoint": {"modelId": None}}, {"model": {"vendor": None}}])
def test_an_answer_that_says_nothing_is_an_error(change: dict[str, Any]) -> None:
    control_plane = ControlPlane()
    for name, value in change.items():
        setattr(control_plane, name, value)
    with pytest.raises(UpstreamError) as caught:
        EndpointFamilies({}, control_plane.describe).family(ENDPOINT, SOON)
    assert "MODEL_SERVICE_ENDPOINT_FAMILIES" in str(caught.value.hint)


def _held(families: EndpointFamilies) -> Callable[[], None]:
    """Another thread's lookup, which does not come back until it is told to."""
    lock: threading.Lock = families._lock
    lock.acquire()
    return lock.release


def test_nobody_waits_for_another_s_lookup_beyond_his_own_deadline() -> None:
    families = EndpointFamilies({}, ControlPlane(vendor="cohere").describe)
    release = _held(families)
    with pytest.raises(DeadlineExceeded):
        families.family(ENDPOINT, Deadline.after(0.6))
    release()
