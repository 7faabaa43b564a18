"""A provider that answers Terraform as oracle/oci would, as far as schema and wiring go, from a toy or an emulator.

A test tool: what passes here has the right names, types and references; how OCI behaves is another matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tests.terraform.stand_in import wire
from tests.terraform.stand_in.checks import Readable, Refusal, Steps, refusals
from tests.terraform.stand_in.control_plane import Plane
from tests.terraform.stand_in.schema import Argument, Block, schema
from tf.gen import tfplugin_pb2 as protocol
from tf.gen import tfplugin_pb2_grpc as rpc

PROVIDER = Block(
    {name: Argument("string", "optional") for name in ("auth", "config_file_profile", "region", "tenancy_ocid")}, {}
)


class StandIn(rpc.ProviderServicer):  # type: ignore[misc]  # tf ships no types
    """The names of the methods are the protocol's: terraform, docs/plugin-protocol/tfplugin6.8.proto."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._schema = schema()

    def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802 - see above
        return protocol.GetMetadata.Response(server_capabilities=protocol.ServerCapabilities())

    def GetProviderSchema(self, request: Any, context: Any) -> Any:  # noqa: N802
        resources = {name: wire.schema_of(one, resource=True) for name, one in self._schema.resources.items()}
        sources = {name: wire.schema_of(one, resource=False) for name, one in self._schema.data_sources.items()}
        return protocol.GetProviderSchema.Response(
            provider=wire.schema_of(PROVIDER, resource=False), resource_schemas=resources, data_source_schemas=sources
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return protocol.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:  # noqa: N802
        return protocol.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        block = self._schema.resources[request.type_name]
        found = refusals(request.type_name, block, wire.read(request.config), Readable(wire.is_unknown))
        return protocol.ValidateResourceConfig.Response(diagnostics=_diagnostics(found))

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return protocol.ValidateDataResourceConfig.Response()

    def ReadDataSource(self, request: Any, context: Any) -> Any:  # noqa: N802
        config = wire.read(request.config)
        state = config | {"id": request.type_name} | self._plane.look_up(request.type_name, config)
        return protocol.ReadDataSource.Response(state=wire.written(state))

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:  # noqa: N802
        block = self._schema.resources[request.type_name]
        state = wire.conformed(block, json.loads(request.raw_state.json))
        return protocol.UpgradeResourceState.Response(upgraded_state=wire.written(state))

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        state = wire.read(request.current_state)
        kept = self._plane.read(request.type_name, self._schema.resources[request.type_name], state)
        return protocol.ReadResource.Response(new_state=wire.written(kept))

    def PlanResourceChange(self, request: Any, context: Any) -> Any:  # noqa: N802
        block = self._schema.resources[request.type_name]
        prior, planned = wire.read(request.prior_state), wire.read(request.proposed_new_state)
        replaced = [] if None in (prior, planned) else _changed(block, prior, planned)
        if prior is None and planned is not None:
            planned |= dict.fromkeys(block.computed, wire.UNKNOWN)
        return protocol.PlanResourceChange.Response(
            planned_state=wire.written(planned), requires_replace=[_path((name,)) for name in replaced]
        )

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:  # noqa: N802
        prior, planned = wire.read(request.prior_state), wire.read(request.planned_state)
        try:
            new = self._applied(request.type_name, prior, planned)
        except Exception as error:  # noqa: BLE001 - terraform says which resource, and what went wrong
            failed = protocol.Diagnostic(severity=protocol.Diagnostic.ERROR, summary=str(error))
            return protocol.ApplyResourceChange.Response(new_state=request.prior_state, diagnostics=[failed])
        return protocol.ApplyResourceChange.Response(new_state=wire.written(new))

    def StopProvider(self, request: Any, context: Any) -> Any:  # noqa: N802
        return protocol.StopProvider.Response()

    def _applied(self, name: str, prior: dict[str, Any] | None, planned: dict[str, Any] | None) -> Any:
        block = self._schema.resources[name]
        if planned is None:
            assert prior is not None
            return self._plane.delete(name, prior)
        if prior is None:
            return self._plane.create(name, block, planned)
        return self._plane.update(name, block, prior, planned)


def _changed(block: Block, prior: dict[str, Any], planned: dict[str, Any]) -> list[str]:
    return [name for name in block.replacing if prior.get(name) != planned.get(name)]


def _diagnostics(found: Iterable[Refusal]) -> list[Any]:
    return [
        protocol.Diagnostic(severity=protocol.Diagnostic.ERROR, summary=refusal.message, attribute=_path(refusal.steps))
        for refusal in found
    ]


def _path(steps: Steps) -> Any:
    step = protocol.AttributePath.Step
    return protocol.AttributePath(
        steps=[step(element_key_int=one) if isinstance(one, int) else step(attribute_name=one) for one in steps]
    )
