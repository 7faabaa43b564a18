"""The container registry's repositories on the wire (client: oci.artifacts.ArtifactsClient); no image is kept."""

from __future__ import annotations

import json
from dataclasses import replace

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.control_planes.resource_types import ResourceType
from mock_oci.services.control_planes.stored import collection_of, operations_of
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.wire import Body, Response


def _repository_made(call: Call, _repository: Body) -> Body:
    return {"namespace": call.cloud.state_of(ObjectStorage).namespace, "createdBy": call.principal.id}


REPOSITORY = ResourceType(
    client="ArtifactsClient",
    noun="container_repository",
    plural="container_repositories",
    path="/20160918/container/repositories",
    type="containerrepo",
    optional=("isImmutable", "isPublic", "readme"),
    fixed=("displayName",),
    defaults={
        "lifecycleState": "AVAILABLE",
        "isImmutable": False,
        "isPublic": False,
        "readme": None,
        "imageCount": 0,
        "layerCount": 0,
        "layersSizeInBytes": 0,
        "billableSizeInGBs": 0,
        "timeLastPushed": None,
        "systemTags": {},
    },
    made=_repository_made,
    in_items=True,
    not_listed=("createdBy", "isImmutable", "readme", "timeLastPushed"),
    updated="",
)


def list_repositories(call: Call) -> Response:
    """Answer a page as oci.artifacts.models.ContainerRepositoryCollection has it."""
    listed = collection_of(REPOSITORY).list(call)
    items = json.loads(bytes(listed.body))["items"]  # type: ignore[arg-type]  # a list is whole
    counts = {"imageCount": 0, "layerCount": 0, "layersSizeInBytes": 0, "remainingItemsCount": 0}
    return replace(listed, body=json.dumps({**counts, "repositoryCount": len(items), "items": items}).encode())


UNDERSTOOD = REPOSITORY.understood()
OPERATIONS = tuple(
    Operation("GET", REPOSITORY.path, refusing(list_repositories))
    if (operation.method, operation.path) == ("GET", REPOSITORY.path)
    else operation
    for operation in operations_of(REPOSITORY)
)
