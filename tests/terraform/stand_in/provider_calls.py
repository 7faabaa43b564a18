"""Which calls of the SDK's clients make, read, change and delete each type of resource, as Oracle's provider does.

Source: internal/service/ of https://github.com/oracle/terraform-provider-oci.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import oci
from tests.terraform.stand_in.sdk_words import State, to_api


@dataclass
class Clients:
    """The SDK's clients of one tenancy, each made once."""

    config: Mapping[str, Any]
    endpoint: str
    _made: dict[str, Any] = field(default_factory=dict)

    def of(self, name: str, version: str = "") -> Any:
        """Return ``module.Client``; ``version`` is that of the API, where it is not the SDK's."""
        if name not in self._made:
            module, kind = name.split(".")
            make = getattr(getattr(oci, module), kind)
            client = make(self.config, service_endpoint=self.endpoint, retry_strategy=oci.retry.NoneRetryStrategy())
            if version:
                client.base_client._endpoint = f"{self.endpoint}/{version}"
            self._made[name] = client
        return self._made[name]


@dataclass(frozen=True)
class Calls:
    """``client`` is ``module.Client`` and ``noun`` what the SDK calls the resource.

    ``parents``: the arguments that stand before its OCID in paths. ``work``: the client that tells of work requests,
    which the provider waits for.
    """

    client: str
    noun: str
    parents: tuple[str, ...] = ()
    work: str = ""
    version: str = ""

    def create(self, clients: Clients, planned: State) -> str:
        parents = [planned[name] for name in self.parents]
        answer = self._call(clients, "create", *parents, self.body(f"Create{self._model}Details", planned))
        return self._wait(clients, answer) if self.work else str(answer.data.id)

    def read(self, clients: Clients, state: State) -> State:
        found: State = oci.util.to_dict(self._call(clients, "get", *self._where(state)).data)
        return found

    def update(self, clients: Clients, prior: State, planned: State) -> None:
        changed = {name: value for name, value in planned.items() if value != prior.get(name)}
        body = self.body(f"Update{self._model}Details", changed)
        self._wait(clients, self._call(clients, "update", *self._where(prior), body))

    def delete(self, clients: Clients, state: State) -> None:
        self._wait(clients, self._call(clients, "delete", *self._where(state)))

    def body(self, model: str, values: State) -> State:
        return to_api(getattr(oci, self.client.partition(".")[0]).models, model, values)

    @property
    def _model(self) -> str:
        return "".join(word.capitalize() for word in self.noun.split("_"))

    def _where(self, state: State) -> list[str]:
        return [*(state[name] for name in self.parents), state["id"]]

    def _call(self, clients: Clients, verb: str, *arguments: Any) -> Any:
        return getattr(clients.of(self.client, self.version), f"{verb}_{self.noun}")(*arguments)

    def _wait(self, clients: Clients, answer: Any) -> str:
        """Return the OCID of what a work request is about, found by its type as the provider does."""
        if not self.work:
            return ""
        work = clients.of(self.work).get_work_request(answer.headers["opc-work-request-id"]).data
        assert work.status == "SUCCEEDED", work
        wanted = _plain(self.noun)
        return next(str(item.identifier) for item in work.resources if wanted in _plain(item.entity_type.lower()))


class Function(Calls):
    """A function over the API of 2018, which the provider speaks: its image is a field of its own."""

    def body(self, model: str, values: State) -> State:
        body = super().body(model, values)
        own = {"image": values.get("image"), "imageDigest": values.get("image_digest")}
        return body | {name: value for name, value in own.items() if value}

    def read(self, clients: Clients, state: State) -> State:
        client = clients.of(self.client, self.version).base_client
        path, where = "/functions/{functionId}", {"functionId": state["id"]}
        found: State = client.call_api(path, "GET", path_params=where, header_params={}, response_type="object").data
        return found


class Bucket(Calls):
    def create(self, clients: Clients, planned: State) -> str:
        self._call(clients, "create", planned["namespace"], self.body("CreateBucketDetails", planned))
        return f"n/{planned['namespace']}/b/{planned['name']}"

    def read(self, clients: Clients, state: State) -> State:
        client, where = clients.of(self.client), (state["namespace"], state["name"])
        wanted = ["approximateCount", "approximateSize", "autoTiering"]
        found = oci.util.to_dict(client.get_bucket(*where, fields=wanted).data)
        rules = oci.util.to_dict(client.list_retention_rules(*where).data.items)
        return {**found, "retention_rules": rules, "id": state["id"], "bucket_id": found["id"]}

    def update(self, clients: Clients, prior: State, planned: State) -> None:
        self._call(clients, "update", prior["namespace"], prior["name"], self.body("UpdateBucketDetails", planned))

    def delete(self, clients: Clients, state: State) -> None:
        self._call(clients, "delete", state["namespace"], state["name"])


class LifecyclePolicy(Calls):
    def create(self, clients: Clients, planned: State) -> str:
        body = self.body("PutObjectLifecyclePolicyDetails", planned)
        self._call(clients, "put", planned["namespace"], planned["bucket"], body)
        return f"n/{planned['namespace']}/b/{planned['bucket']}/l"

    def read(self, clients: Clients, state: State) -> State:
        found = self._call(clients, "get", state["namespace"], state["bucket"]).data
        place = {name: state[name] for name in ("namespace", "bucket", "id")}
        return {**oci.util.to_dict(found), **place}

    def update(self, clients: Clients, prior: State, planned: State) -> None:
        self.create(clients, {**planned, "id": prior["id"]})

    def delete(self, clients: Clients, state: State) -> None:
        self._call(clients, "delete", state["namespace"], state["bucket"])


class SecurityRule(Calls):
    """A rule of a network security group, which the provider looks for in the list of all."""

    def create(self, clients: Clients, planned: State) -> str:
        body = {"securityRules": [self.body("AddSecurityRuleDetails", planned)]}
        client, group = clients.of(self.client), planned["network_security_group_id"]
        answer = client.add_network_security_group_security_rules(group, body)
        return str(answer.data.security_rules[0].id)

    def read(self, clients: Clients, state: State) -> State:
        client, group = clients.of(self.client), state["network_security_group_id"]
        rules = oci.util.to_dict(client.list_network_security_group_security_rules(group).data)
        return next({**rule, "network_security_group_id": group} for rule in rules if rule["id"] == state["id"])

    def delete(self, clients: Clients, state: State) -> None:
        client, group = clients.of(self.client), state["network_security_group_id"]
        client.remove_network_security_group_security_rules(group, {"securityRuleIds": [state["id"]]})


class Dashboards(Calls):
    """An import, which the provider neither reads nor deletes."""

    def create(self, clients: Clients, planned: State) -> str:
        details, same = json.loads(planned["import_details"]), planned["override_same_name"]
        clients.of(self.client).import_dashboard(details, override_same_name=same)
        return "dashboards"

    def read(self, clients: Clients, state: State) -> State:
        del clients
        return state

    def delete(self, clients: Clients, state: State) -> None:
        del clients, state


class Topic(Calls):
    def create(self, clients: Clients, planned: State) -> str:
        return str(self._call(clients, "create", self.body("CreateTopicDetails", planned)).data.topic_id)

    def read(self, clients: Clients, state: State) -> State:
        return {**super().read(clients, state), "id": state["id"]}


class Secret(Calls):
    """A secret, whose deletion is scheduled for the first day that OCI allows; its content is never read back."""

    def read(self, clients: Clients, state: State) -> State:
        found = super().read(clients, state)
        gone = found["lifecycle_state"] in ("SCHEDULING_DELETION", "PENDING_DELETION")
        if gone:
            raise oci.exceptions.ServiceError(404, "NotAuthorizedOrNotFound", {}, "gone")
        return {**found, "secret_content": state.get("secret_content")}

    def delete(self, clients: Clients, state: State) -> None:
        when = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        clients.of(self.client).schedule_secret_deletion(state["id"], {"timeOfDeletion": when})


def _plain(text: str) -> str:
    return text.replace("_", "")


_GATEWAY: Final = "apigateway.WorkRequestsClient"
_LOGGING: Final = "logging.LoggingManagementClient"
_NETWORK: Final = "core.VirtualNetworkClient"
_STORAGE: Final = "object_storage.ObjectStorageClient"
_FUNCTIONS: Final = "functions.FunctionsManagementClient"
RESOURCES: Final[Mapping[str, Calls]] = {
    "oci_apigateway_deployment": Calls("apigateway.DeploymentClient", "deployment", work=_GATEWAY),
    "oci_apigateway_gateway": Calls("apigateway.GatewayClient", "gateway", work=_GATEWAY),
    "oci_apigateway_subscriber": Calls("apigateway.SubscribersClient", "subscriber", work=_GATEWAY),
    "oci_apigateway_usage_plan": Calls("apigateway.UsagePlansClient", "usage_plan", work=_GATEWAY),
    "oci_artifacts_container_repository": Calls("artifacts.ArtifactsClient", "container_repository"),
    "oci_core_internet_gateway": Calls(_NETWORK, "internet_gateway"),
    "oci_core_nat_gateway": Calls(_NETWORK, "nat_gateway"),
    "oci_core_network_security_group": Calls(_NETWORK, "network_security_group"),
    "oci_core_network_security_group_security_rule": SecurityRule(_NETWORK, "security_rule"),
    "oci_core_route_table": Calls(_NETWORK, "route_table"),
    "oci_core_security_list": Calls(_NETWORK, "security_list"),
    "oci_core_service_gateway": Calls(_NETWORK, "service_gateway"),
    "oci_core_subnet": Calls(_NETWORK, "subnet"),
    "oci_core_vcn": Calls(_NETWORK, "vcn"),
    "oci_events_rule": Calls("events.EventsClient", "rule"),
    "oci_functions_application": Calls(_FUNCTIONS, "application", version="20181201"),
    "oci_functions_function": Function(_FUNCTIONS, "function", version="20181201"),
    "oci_identity_dynamic_group": Calls("identity.IdentityClient", "dynamic_group"),
    "oci_identity_policy": Calls("identity.IdentityClient", "policy"),
    "oci_logging_log": Calls(_LOGGING, "log", parents=("log_group_id",), work=_LOGGING),
    "oci_logging_log_group": Calls(_LOGGING, "log_group", work=_LOGGING),
    "oci_management_dashboard_management_dashboards_import": Dashboards(
        "management_dashboard.DashxApisClient", "dashboard"
    ),
    "oci_monitoring_alarm": Calls("monitoring.MonitoringClient", "alarm"),
    "oci_objectstorage_bucket": Bucket(_STORAGE, "bucket"),
    "oci_objectstorage_object_lifecycle_policy": LifecyclePolicy(_STORAGE, "object_lifecycle_policy"),
    "oci_ons_notification_topic": Topic("ons.NotificationControlPlaneClient", "topic"),
    "oci_ons_subscription": Calls("ons.NotificationDataPlaneClient", "subscription"),
    "oci_queue_queue": Calls("queue.QueueAdminClient", "queue", work="queue.QueueAdminClient"),
    "oci_sch_service_connector": Calls(
        "sch.ServiceConnectorClient", "service_connector", work="sch.ServiceConnectorClient"
    ),
    "oci_streaming_stream": Calls("streaming.StreamAdminClient", "stream", work="streaming.StreamAdminClient"),
    "oci_vault_secret": Secret("vault.VaultsClient", "secret"),
}


def data_source(clients: Clients, name: str) -> list[State] | str:
    """Return the rows, or the one value, that a data source asks for."""
    if name == "oci_objectstorage_namespace":
        return str(clients.of(_STORAGE).get_namespace().data)
    identity, tenancy = clients.of("identity.IdentityClient"), clients.config["tenancy"]
    rows = {
        "oci_core_services": lambda: clients.of(_NETWORK).list_services().data,
        "oci_identity_regions": lambda: identity.list_regions().data,
        "oci_identity_region_subscriptions": lambda: identity.list_region_subscriptions(tenancy).data,
    }[name]()
    found: list[State] = oci.util.to_dict(rows)
    return found
