"""``GET /v1/models``: OpenAI's list, with what this service knows of each model; ``dispatch.ANSWERERS`` names it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from model_service.catalogue.families import apis_of, family_of
from model_service.catalogue.listing import ControlPlane, ListedModel, RegionListing
from model_service.errors import ModelNotFound
from model_service.fn.caller import NOWHERE, Caller, Origin
from model_service.openai_api.chat import Complete
from model_service.routing import Route, resolve

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.own_requests import ModelsRequest
    from model_service.settings import Settings

WILDCARDS: Final = frozenset("*?[")


class ModelService(ControlPlane, Protocol):
    """What the catalogue uses of the service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def aliases(self) -> Mapping[str, str]: ...

    @property
    def pools(self) -> Mapping[str, Any]: ...

    @property
    def accounts(self) -> Any: ...

    @property
    def service_file(self) -> Any: ...


@dataclass(frozen=True)
class Models:
    """Answer what models there are for a caller: a model that it may not call is as if it were not there."""

    service: ModelService
    answer_other: object = None

    def answer(self, request: ModelsRequest, deadline: Deadline, origin: Origin = NOWHERE) -> Complete:
        """Return the list, or the one model that is named; raise ``ModelNotFound``, or 403 for a caller without it."""
        if self.service.accounts is not None:
            self.service.accounts.check_operation(origin.caller, "models")
        if request.model is None:
            return Complete({"object": "list", "data": list(self._all(deadline, origin.caller))})
        return Complete(self._one(request.model, deadline, origin.caller))

    @cached_property
    def listing(self) -> RegionListing:
        return RegionListing(self.service)

    def _all(self, deadline: Deadline, caller: Caller) -> Iterator[dict[str, Any]]:
        known = self._known(deadline)
        for name in dict.fromkeys([*sorted(self.service.aliases), *sorted(known)]):
            route = self._route(name)
            if self._may_call(caller, name, route):
                yield self._shown(name, route, known.get(route.model) or ListedModel(route.model))

    def _one(self, name: str, deadline: Deadline, caller: Caller) -> dict[str, Any]:
        route = self._route(name)
        known = self._known(deadline)
        is_known = name in self.service.aliases or route.model in known
        if not is_known or not self._may_call(caller, name, route):
            raise ModelNotFound(name)
        return self._shown(name, route, known.get(route.model) or ListedModel(route.model))

    def _known(self, deadline: Deadline) -> dict[str, ListedModel]:
        """Return the models that OCI lists and those that the operator names, by their ids."""
        settings, file = self.service.settings, self.service.service_file
        allowed = (file.current().allowed if file is not None else None) or ()
        named = [*settings.endpoint_families, *(name for name in allowed if not WILDCARDS & set(name))]
        configured = {name: ListedModel(name) for name in named if name not in self.service.aliases}
        return configured | {model.id: model for model in self.listing.models(deadline)}

    def _route(self, name: str) -> Route:
        return resolve(name, aliases=self.service.aliases, override=self.service.settings.transport)

    def _may_call(self, caller: Caller, name: str, route: Route) -> bool:
        accounts = self.service.accounts
        if accounts is None or accounts.may_call(caller, name, route):
            return True
        pool = self.service.pools.get(name)
        others = pool.targets[1:] if pool is not None else ()
        return any(accounts.may_call(caller, name, replace(route, model=target.model)) for target in others)

    def _shown(self, name: str, route: Route, model: ListedModel) -> dict[str, Any]:
        """Return a model as OpenAI's clients read it; what they do not know is below ``model_service``."""
        family = family_of(model.base or model.id)
        if self.service.settings.endpoint_families.get(model.id, "").startswith("cohere"):
            model = replace(model, owner="cohere")
        abilities = dict.fromkeys(family.abilities)
        if model.sees is not None:
            abilities = dict.fromkeys([*(one for one in abilities if one != "vision"), *["vision"] * model.sees])
        apis = apis_of(model.capabilities)
        responses = "oci" if route.has_responses or route.transport == "responses" else "chat"
        about: dict[str, Any] = {
            "transport": route.transport if "chat" in apis else "passthrough" if "audio" in apis else "sdk",
            "target": route.target,
            "apis": apis,
            "responses": responses if "responses" in apis else None,
            "abilities": list(abilities),
            "context": family.context,
            "deprecated": model.deprecated,
            "retirement": model.retired,
            "replacements": list(model.replacements),
        }
        alias: dict[str, Any] = {"alias_of": route.model} if name in self.service.aliases else {}
        if name in self.service.pools:
            alias["targets"] = [target.name for target in self.service.pools[name].targets]
        file = self.service.service_file
        prices = file.current().prices if file is not None else None
        if prices is not None and (price := prices.of(route.model)) is not None:
            about["price"] = {**asdict(price), "currency": prices.currency, "date": prices.date}
        if model.name:
            about = {"name": model.name, "base_model": model.base or None, **about}
        owner = model.owner or model.id.partition(".")[0]
        shown = {"id": name, "object": "model", "created": model.created, "owned_by": owner}
        return {**shown, "model_service": {**alias, **about}}
