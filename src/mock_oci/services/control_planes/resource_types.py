"""What a type of resource is to a control plane that only keeps it: its operations, its fields and OCI's defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_oci.operations import Call
from mock_oci.wire import Body

ANY_TYPE = ""
TAGS = ("freeformTags", "definedTags")


def nothing_more(_call: Call, _document: Body) -> Body:
    """Add nothing to what was asked for and OCI's defaults."""
    return {}


@dataclass(frozen=True)
class ResourceType:
    """One type of resource.

    ``client`` and ``noun`` are the SDK's (``VirtualNetworkClient``, ``route_table``), ``path`` is its collection and
    ``type`` the type in its OCIDs. ``required`` fields have to be given; ``optional`` ones may be; what is ``fixed``
    cannot be updated, and what is set ``later`` only by an update. ``defaults`` stand in the answer where nothing was
    said, and ``made`` adds what OCI makes itself. ``refers``: which fields name other resources, by noun or ANY_TYPE;
    ``items.field`` stands for a field of array items. ``within`` is the field of the resource that this one is a part
    of, which gives it its compartment. ``filters`` narrow a list; ``in_items``: a list is an object; ``not_listed``
    fields, and fields of array items, stand in no row of a list. ``work``: the type of its work requests; ``""``:
    changes are done when they are answered. ``answers_with_body``: the answer that names the work request of a
    creation has the resource too; ``updates_with_body``: and so has that of an update.
    """

    client: str
    noun: str
    path: str
    type: str
    required: tuple[str, ...] = ("compartmentId", "displayName")
    optional: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    made: Callable[[Call, Body], Body] = nothing_more
    refers: Mapping[str, str] = field(default_factory=dict)
    within: str = ""
    filters: tuple[str, ...] = ("compartmentId", "displayName", "lifecycleState")
    aliases: Mapping[str, str] = field(default_factory=dict)
    in_items: bool = False
    not_listed: tuple[str, ...] = ()
    updated: str = "timeUpdated"
    work: str = ""
    answers_with_body: bool = True
    updates_with_body: bool = False
    plural: str = ""

    @property
    def parameter(self) -> str:
        """Return the name of its OCID in paths."""
        return f"{self.noun}_id"

    @property
    def settable(self) -> tuple[str, ...]:
        """Return every field that a request to create one may have."""
        return tuple(dict.fromkeys((*self.required, *self.optional, *TAGS)))

    @property
    def changeable(self) -> tuple[str, ...]:
        """Return every field that a request to update one may have."""
        fixed = {"compartmentId", *self.fixed, *([self.within] if self.within else [])}
        return tuple(name for name in (*self.settable, *self.later) if name not in fixed)

    def understood(self) -> dict[str, str]:
        """Return what each of its operations understands, as ``mock_oci.coverage.understood`` has it."""
        paging = ("limit", "page", "sortBy", "sortOrder")
        in_query = (name for name in (*self.aliases, *self.filters) if f"{{{name}}}" not in self.path)
        listed = (*in_query, *paging)
        return {
            f"{self.client}.create_{self.noun}": " ".join(self.settable),
            f"{self.client}.get_{self.noun}": "",
            f"{self.client}.list_{self.plural or f'{self.noun}s'}": " ".join(dict.fromkeys(listed)),
            f"{self.client}.update_{self.noun}": " ".join(("if-match", *self.changeable)),
            f"{self.client}.delete_{self.noun}": "if-match",
        }
