"""mock_oci as the control planes behind the stand-in: every resource is made, read, changed and deleted there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import oci
from tests.terraform.stand_in.data_sources import filtered
from tests.terraform.stand_in.provider_calls import RESOURCES, Clients, data_source
from tests.terraform.stand_in.schema import Block
from tests.terraform.stand_in.sdk_words import State, state_of


class EmulatedPlane:
    """As ``ControlPlane`` does it; ``config`` is the SDK's, ``endpoint`` where mock_oci is served."""

    def __init__(self, config: Mapping[str, Any], endpoint: str) -> None:
        oci.signer.load_private_key = cache(oci.signer.load_private_key)  # 40 ms for each client
        self._clients = Clients(config, endpoint)

    def create(self, type_name: str, block: Block, planned: State) -> State:
        made = {**planned, "id": RESOURCES[type_name].create(self._clients, planned)}
        return state_of(block, made, self._found(type_name, made))

    def update(self, type_name: str, block: Block, prior: State, planned: State) -> State:
        RESOURCES[type_name].update(self._clients, prior, planned)
        state = state_of(block, planned, self._found(type_name, planned))
        return state | {name: planned[name] for name in block.computed}  # Terraform was told that they stay

    def read(self, type_name: str, block: Block, state: State) -> State | None:
        """Return the state as it is now; ``None`` when the resource is gone: the provider takes each 404 for that."""
        try:
            return state_of(block, state, self._found(type_name, state))
        except oci.exceptions.ServiceError as error:
            if error.status != 404:
                raise
            return None

    def delete(self, type_name: str, state: State) -> None:
        RESOURCES[type_name].delete(self._clients, state)

    def look_up(self, type_name: str, config: Mapping[str, Any]) -> State:
        """Return what a data source of this type gives."""
        found = data_source(self._clients, type_name)
        if isinstance(found, str):
            return {"namespace": found}
        rows = [{**row, "state": row.get("status")} for row in found]
        return filtered(type_name, rows, config)

    def _found(self, type_name: str, state: State) -> State:
        return {"id": state["id"], **RESOURCES[type_name].read(self._clients, state)}
