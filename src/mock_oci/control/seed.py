"""Seeding: what there is, who may do what, and what is let through, from one document in JSON or YAML."""

from __future__ import annotations

from collections.abc import Callable

from mock_oci.cloud import Cloud
from mock_oci.documents import read_document
from mock_oci.identity.tenancy import ocid
from mock_oci.limits import LIMITS, check_quotas, limits_of
from mock_oci.model.catalogue import ocid_of
from mock_oci.model.model_rows import model_of
from mock_oci.services.generative_ai.projects import Projects
from mock_oci.services.generative_ai.quotas import Quotas
from mock_oci.services.notifications.state import Notifications
from mock_oci.services.object_storage.state import ObjectStorage
from mock_oci.services.oci_surface import invalid
from mock_oci.services.queues.state import Queues
from mock_oci.services.streaming.state import Streaming
from mock_oci.services.throttles import Throttles
from mock_oci.services.vault.state import Secrets
from mock_oci.wire import Body


def read_seed(content: bytes) -> Body:
    """Return the document. Raises Refused for what is none; YAML needs PyYAML."""
    try:
        document = read_document(content)
    except ValueError as error:
        raise invalid(f"a seed must be JSON or YAML: {error}") from error
    if not isinstance(document, dict) or not set(document) <= set(_KINDS):
        raise invalid(f"a seed must be an object with {', '.join(_KINDS)}")
    return document


def sow(cloud: Cloud, document: Body) -> dict[str, list[str]]:
    """Make what the document names, and return the OCID of each, in its order. Raises Refused."""
    made: dict[str, list[str]] = {}
    for kind, rows in document.items():
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("name"), str) for row in rows
        ):
            raise invalid(f"{kind} must be an array of objects with a name")
        try:
            made[kind] = [_KINDS[kind](cloud, dict(row)) for row in rows]
        except (TypeError, ValueError) as error:
            raise invalid(f"{kind}: {error}") from error
    return made


def _model(cloud: Cloud, row: Body) -> str:
    model = model_of(row, cloud.region)
    cloud.catalogue.add(model)
    return ocid_of(model, cloud.region)


def _bucket(cloud: Cloud, row: Body) -> str:
    objects, name = row.pop("objects", {}), row.pop("name")
    storage = cloud.state_of(ObjectStorage)
    bucket = storage.create_bucket(name, **row)
    for item, text in objects.items():
        storage.put(name, item, text.encode())
    return bucket.id


def _stream(cloud: Cloud, row: Body) -> str:
    messages = row.pop("messages", [])
    stream = cloud.state_of(Streaming).create(row.pop("name"), **row)
    stream.put([(None, message.encode()) for message in messages])
    return str(stream.id)


def _queue(cloud: Cloud, row: Body) -> str:
    messages, queues = row.pop("messages", []), cloud.state_of(Queues)
    queue = queues.create(row.pop("name"), **row)
    for message in messages:
        queues.messages(queue.id).put(message)
    return queue.id


def _topic(cloud: Cloud, row: Body) -> str:
    return cloud.state_of(Notifications).create_topic(row.pop("name"), **row).id


def _secret(cloud: Cloud, row: Body) -> str:
    return cloud.state_of(Secrets).create(row.pop("name"), str(row.pop("text", "")).encode(), **row).id


def _project(cloud: Cloud, row: Body) -> str:
    return cloud.state_of(Projects).create(row.pop("name"), **row).id


def _endpoint(cloud: Cloud, row: Body) -> str:
    """Add a dedicated endpoint of a ``model``; the other fields are those of ``Catalogue.add_endpoint``."""
    model = row.pop("model", None)
    if model not in {item.id for item in cloud.catalogue.models}:
        raise ValueError(f"there is no model {model!r}")
    return cloud.catalogue.add_endpoint(model, **row)


def _compartment(cloud: Cloud, row: Body) -> str:
    name = row.pop("name")
    compartment_id = row.pop("id", None) or ocid("compartment", name)
    cloud.iam.directory.add_compartment(compartment_id, name, **row)
    return str(compartment_id)


def _dynamic_group(cloud: Cloud, row: Body) -> str:
    return cloud.iam.directory.add_dynamic_group(row.pop("name"), **row).id


def _policy(cloud: Cloud, row: Body) -> str:
    """Add a policy of ``statements``; its name is for whoever reads the seed."""
    del row["name"]
    statements = row.pop("statements", None)
    if not isinstance(statements, list) or not all(isinstance(text, str) for text in statements):
        raise ValueError("statements must be an array of strings")
    return cloud.iam.add_policy(statements, **row).id


def _quota(cloud: Cloud, row: Body) -> str:
    """Set what an operation of ``mock_oci.limits``, by its name, or a model is let through."""
    name = row.pop("name")
    is_limit = name in LIMITS
    [quota] = check_quotas([{"of" if is_limit else "model": name, **row}])
    if is_limit:
        cloud.state_of(Throttles).limits |= {name: limits_of([quota])[name]}
    else:
        cloud.state_of(Quotas).set(**{"region": cloud.region, **quota})
    return str(name)


def _region(cloud: Cloud, row: Body) -> str:
    """Have a region host exactly these ``models``, with these ``quotas``; what is missing stays as it is."""
    region, models, quotas = str(row.pop("name")), row.pop("models", None), row.pop("quotas", [])
    if row:
        raise ValueError(f"{next(iter(row))} is not known; known are models, quotas")
    if models is not None:
        cloud.catalogue.host_only(region, models)
    for quota in quotas:
        cloud.state_of(Quotas).set(region, **quota)
    return region


_KINDS: dict[str, Callable[[Cloud, Body], str]] = {
    "buckets": _bucket,
    "streams": _stream,
    "queues": _queue,
    "topics": _topic,
    "secrets": _secret,
    "projects": _project,
    "models": _model,
    "endpoints": _endpoint,
    "compartments": _compartment,
    "dynamic_groups": _dynamic_group,
    "policies": _policy,
    "regions": _region,
    "quotas": _quota,
}
