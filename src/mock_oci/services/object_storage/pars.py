"""Pre-authenticated requests: links that need no signature, until they expire by the backend's clock."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from mock_oci.cloud import Cloud
from mock_oci.identity.principals import Principal
from mock_oci.operations import Call
from mock_oci.services.object_storage.errors import bucket_not_found
from mock_oci.services.object_storage.state import NAMESPACE
from mock_oci.services.oci_surface import new_uuid, timestamp
from mock_oci.services.resources import Resources
from mock_oci.wire import Body, Response


@dataclass(frozen=True)
class Par:
    """``object_name`` is one object for the access types that begin with Object, and a prefix for the others.

    ``creator``: what he may no longer do, the link cannot do either. Times in Unix seconds.
    """

    id: str
    name: str
    bucket: str
    object_name: str
    access_type: str
    created: float
    expires: float
    creator: Principal
    listing: str = "Deny"
    token: str = field(default="", repr=False)

    @property
    def path(self) -> str:
        """Return ``accessUri``: the path to ask, which nobody is told again."""
        return f"/p/{self.token}/n/{NAMESPACE}/b/{self.bucket}/o/{quote(self.object_name)}"

    def allows(self, access: str, bucket: str, name: str) -> bool:
        """Tell whether this is allowed. ``access``: Read, Write or List; ``name`` is the object's or the prefix."""
        if bucket != self.bucket or access not in _ACCESS[self.access_type]:
            return False
        if access == "List":
            return self.listing == "ListObjects" and name.startswith(self.object_name)
        if self.access_type.startswith("Any"):
            return name.startswith(self.object_name)
        return name == self.object_name

    def wire(self) -> Body:
        """Write it as oci.object_storage.models.PreauthenticatedRequestSummary has it."""
        return {
            "id": self.id,
            "name": self.name,
            "objectName": self.object_name or None,
            "bucketListingAction": self.listing,
            "accessType": self.access_type,
            "timeExpires": timestamp(self.expires),
            "timeCreated": timestamp(self.created),
        }


class Pars(Resources[Par]):
    """The pre-authenticated requests of one tenancy. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def create(
        self,
        bucket: str,
        object_name: str = "",
        access_type: str = "ObjectRead",
        *,
        lifetime: float = 3600,
        name: str = "par",
        listing: str = "Deny",
        creator: Principal | None = None,
    ) -> Par:
        """Create a link that is good for ``lifetime`` seconds; see ``path``.

        Without a ``creator`` it is the developer's.
        """
        tenancy, now = self._cloud.tenancy, self._cloud.clock()
        par = Par(
            id=new_uuid(self._cloud, "par"),
            name=name,
            bucket=bucket,
            object_name=object_name,
            access_type=access_type,
            created=now,
            expires=now + lifetime,
            creator=creator or Principal("user", tenancy.user_id, tenancy.tenancy_id),
            listing=listing,
            token=secrets.token_urlsafe(48),
        )
        return self.keep(par.id, par)

    def of_bucket(self, bucket: str) -> tuple[Par, ...]:
        """Return those that have not been deleted, also the expired ones."""
        return tuple(par for par in self.all() if par.bucket == bucket)

    def with_token(self, token: str) -> Par | None:
        """Return the one that this token opens now."""
        now = self._cloud.clock()
        return next((par for par in self.all() if par.token == token and now < par.expires), None)


def through_par(
    access: str, operation: str, named: Callable[[Call], str], answer: Callable[[Call], Response]
) -> Callable[[Call], Response]:
    """Answer in the name of who made the link, who needs the permission of ``operation`` then too.

    ``named`` says which object, or prefix, is asked for.

    A link that is unknown, expired, or meant for something else reads as a bucket that is not there.
    """

    def answered(call: Call) -> Response:
        par, bucket = call.cloud.state_of(Pars).with_token(call.parameters["token"]), call.parameters["bucket"]
        if par is None or not par.allows(access, bucket, named(call)):
            raise bucket_not_found(bucket, call.parameters["namespace"])
        return answer(replace(call, principal=par.creator, name=operation))

    return answered


_ACCESS = {
    "ObjectRead": ("Read",),
    "ObjectWrite": ("Write",),
    "ObjectReadWrite": ("Read", "Write"),
    "AnyObjectRead": ("Read", "List"),
    "AnyObjectWrite": ("Write",),
    "AnyObjectReadWrite": ("Read", "Write", "List"),
}
ACCESS_TYPES = tuple(_ACCESS)
