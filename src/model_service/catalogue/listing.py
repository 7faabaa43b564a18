"""What the control plane lists for the region: model discovery, else its models; kept for a while.

Source: oci.generative_ai.GenerativeAiClient.list_models and ``/modelDiscovery``,
https://docs.oracle.com/en-us/iaas/Content/generative-ai/model-discovery-tutorial.htm
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from model_service.catalogue.families import APIS_OF_CAPABILITY
from model_service.errors import DeadlineExceeded, ModelServiceError, UpstreamError
from model_service.fn.invocation import Deadline
from model_service.logs import log
from model_service.upstream.client import UpstreamClient
from model_service.upstream.response import read_object

VERSION: Final = "/20231130"
LISTED_SECONDS: Final = 300.0
REFUSED_SECONDS: Final = 30.0  # until OCI is asked again after it has listed nothing
ASK_SECONDS: Final = 10.0
MAX_PAGES: Final = 20
MAX_MODELS: Final = 2000
INSPECT_ENDPOINTS: Final = (
    "Without a list of OCI's only the dedicated endpoints of MODEL_SERVICE_ENDPOINT_FAMILIES are shown. Wanted: allow "
    "the function to inspect generative-ai-endpoint in its compartment (Terraform: enable_models)."
)


@dataclass(frozen=True)
class ListedModel:
    """A model as OCI lists it. ``id`` is its on-demand id; times are RFC 3339, ``None`` where OCI names none.

    Of a dedicated endpoint ``id`` is the OCID, ``name`` what people call it and ``base`` the id of its model.
    """

    id: str
    owner: str = ""
    capabilities: tuple[str, ...] = ("CHAT",)
    sees: bool | None = None
    created: int = 0  # Unix seconds; 0 where OCI does not say
    deprecated: str | None = None
    retired: str | None = None
    replacements: tuple[str, ...] = ()
    name: str = ""
    base: str = ""


class ControlPlane(Protocol):
    """What a listing uses of the service."""

    @property
    def compartment_id(self) -> str | None: ...

    @property
    def region_services(self) -> Any: ...

    @property
    def endpoints(self) -> Any: ...


@dataclass
class RegionListing:
    """The models of the region, asked for once in LISTED_SECONDS. Threads may share it."""

    service: ControlPlane
    clock: Callable[[], float] = time.monotonic
    _models: tuple[ListedModel, ...] = ()
    _until: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def models(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        """Return what OCI lists, the last list where it does not answer, and nothing where it never has.

        Raise ``DeadlineExceeded`` where the caller has no time left.
        """
        if not self._lock.acquire(timeout=deadline.require()):
            raise DeadlineExceeded("The list of models was not there before the deadline.")
        try:
            if self.clock() >= self._until:
                self._ask(deadline)
            return self._models
        finally:
            self._lock.release()

    def _ask(self, deadline: Deadline) -> None:
        try:
            limited = deadline.within(ASK_SECONDS)
            models = [*self._listed(limited), *self._endpoints(limited)]
            self._models = tuple(models[:MAX_MODELS])
            self._until = self.clock() + LISTED_SECONDS
        except ModelServiceError as error:
            deadline.require()
            self._until = self.clock() + REFUSED_SECONDS
            log.write(
                "models_not_listed",
                status=error.status,
                error=error.code,
                kept=len(self._models),
                remedy="Without a list of OCI's only the models of the settings are shown. Wanted: allow the function "
                "to inspect generative-ai-model in its compartment (Terraform: enable_models).",
            )

    def _endpoints(self, deadline: Deadline) -> Iterator[ListedModel]:
        """Yield the dedicated endpoints of the compartment; none, and a note in the log, where that is not allowed."""
        client = self.service.region_services.control_plane(deadline)
        compartment = {"compartmentId": self.service.compartment_id or ""}
        try:
            rows = list(_items(client, "/endpoints", {**compartment, "lifecycleState": "ACTIVE"}, deadline))
            models = {row.get("id"): row for row in _items(client, "/models", compartment, deadline)} if rows else {}
        except ModelServiceError as error:
            log.write("endpoints_not_listed", status=error.status, error=error.code, remedy=INSPECT_ENDPOINTS)
            return
        for row in rows:
            if isinstance(row.get("id"), str):
                yield _endpoint(row, models.get(row.get("modelId"), {}))

    def _listed(self, deadline: Deadline) -> Iterator[ListedModel]:
        """Yield each model once; raise ``ModelServiceError`` where neither list is to be had."""
        client = self.service.region_services.control_plane(deadline)
        region = self.service.endpoints.model_region(deadline)
        compartment = {"compartmentId": self.service.compartment_id or ""}
        try:
            query = {**compartment, "region": region, "servingMode": "ON_DEMAND"}
            rows = list(_items(client, "/modelDiscovery", query, deadline))
        except UpstreamError as error:
            if error.status not in (400, 404, 405, 501):
                raise
            listed = _items(client, "/models", {**compartment, "lifecycleState": "ACTIVE"}, deadline)
            return _once(map(_of_list, listed))
        return _once(_discovered(row, region) for row in rows)


def _items(client: UpstreamClient, path: str, query: Mapping[str, str], deadline: Deadline) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages, of at most MAX_PAGES."""
    page: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        response = client.send("GET", f"{VERSION}{path}?{urlencode({**query, **page})}", None, {}, deadline)
        items = read_object(response).get("items")
        yield from (row for row in (items if isinstance(items, list) else ()) if isinstance(row, dict))
        next_page = response.header("opc-next-page")
        if not next_page:
            return
        page = {"page": next_page}


def _once(models: Iterator[ListedModel | None]) -> Iterator[ListedModel]:
    """Yield models that this service can call: each id once, with the capabilities of all its rows."""
    by_id: dict[str, ListedModel] = {}
    for model in models:
        if model is None or not set(model.capabilities) & APIS_OF_CAPABILITY.keys() or is_past(model.retired):
            continue
        by_id.setdefault(model.id, model)
    yield from by_id.values()


def _discovered(row: Mapping[str, Any], region: str) -> ListedModel | None:
    """Return the model of a row of ``modelDiscovery``; ``None`` for one that is not served here on demand."""
    places = [place for place in _objects(row.get("availability")) if place.get("region") == region]
    if not isinstance(row.get("modelId"), str) or not any("ON_DEMAND" in _texts(p.get("servingModes")) for p in places):
        return None
    place = places[0]
    modalities = _objects(row.get("modalitySupport"))
    return ListedModel(
        row["modelId"],
        str(row.get("vendor") or ""),
        _texts(row.get("capabilities")),
        any(pair.get("input") == "IMAGE" for pair in modalities) if modalities else None,
        deprecated=_text(place.get("timeDeprecated")),
        retired=_text(place.get("timeOnDemandRetired")),
        replacements=_texts(place.get("supportedReplacements")),
    )


def _of_list(row: Mapping[str, Any]) -> ListedModel | None:
    """Return the model of a row of ``models``, whose display name is the on-demand id; ``None`` for another kind."""
    if not isinstance(row.get("displayName"), str) or row.get("type") not in (None, "BASE"):
        return None
    return ListedModel(
        row["displayName"],
        str(row.get("vendor") or ""),
        _texts(row.get("capabilities")),
        created=int(moment.timestamp()) if (moment := _moment(row.get("timeCreated"))) else 0,
        deprecated=_text(row.get("timeDeprecated")),
        retired=_text(row.get("timeOnDemandRetired")),
    )


def _endpoint(row: Mapping[str, Any], model: Mapping[str, Any]) -> ListedModel:
    """Return a dedicated endpoint; one whose model is not in the list, an imported one say, is taken to chat."""
    return ListedModel(
        str(row["id"]),
        str(model.get("vendor") or ""),
        _texts(model.get("capabilities")) or ("CHAT",),
        created=int(moment.timestamp()) if (moment := _moment(row.get("timeCreated"))) else 0,
        name=_text(row.get("displayName")) or "",
        base=_text(model.get("displayName")) or "",
    )


def is_past(text: str | None) -> bool:
    """Return whether a time has passed; what is no time has not."""
    moment = _moment(text)
    return moment is not None and moment.timestamp() <= time.time()


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
