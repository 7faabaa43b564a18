"""What is not documented of rules, connectors and policies: what they take that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.questions.messages import own_topic
from mock_oci.verify.service import AskedService

_EVENT = "com.oraclecloud.objectstorage.createobject"
_NOBODY = "where request.principal.id = 'ocid1.user.oc1..nobody'"


def _nothing(service: AskedService, kind: str) -> str:
    return f"ocid1.{kind}.oc1.{service.credentials.region}.aaaaaaaa{'mockociverify' * 4}"


def _rule(service: AskedService, stem: str, condition: Any, topic: str) -> Observation:
    action = {"actionType": "ONS", "isEnabled": False, "topicId": topic}
    details = {
        "displayName": service.name(stem),
        "compartmentId": service.compartment_id,
        "isEnabled": False,
        "condition": json.dumps(condition),
        "actions": {"actions": [action]},
    }
    return service.make("rule", "EventsClient", "/20181201/rules", details).seen


def ask_rule(service: AskedService) -> Observation:
    """Create a rule for a topic that is not there; that a rule may be made, one for a topic of ours has shown."""
    topic = own_topic(service)["topicId"]
    if _rule(service, "control", {"eventType": [_EVENT]}, topic)["status"] >= 300:
        raise CouldNotAsk("no rule can be made")
    status = _rule(service, "rule", {"eventType": [_EVENT]}, _nothing(service, "onstopic"))["status"]
    return {"taken": status < 300, "status": status}


def ask_conditions(service: AskedService) -> Observation:
    """Create rules whose conditions have a text, a number, a null and a truth."""
    values: dict[str, Any] = {"a text": "x", "a number": 7, "a null": None, "a truth": True}
    topic = own_topic(service)["topicId"]
    seen = {
        what: _rule(service, f"rule-{number}", {"eventType": [_EVENT], "data": {"resourceName": value}}, topic)[
            "status"
        ]
        for number, (what, value) in enumerate(values.items())
    }
    if seen["a text"] >= 300:
        raise CouldNotAsk("no rule can be made")
    return seen


def ask_connector(service: AskedService) -> Observation:
    """Create a connector from a stream to a function, neither of which is there."""
    name, home = service.name("connector"), service.compartment_id
    details = {
        "displayName": name,
        "compartmentId": home,
        "source": {"kind": "streaming", "streamId": _nothing(service, "stream"), "cursor": {"kind": "LATEST"}},
        "target": {"kind": "functions", "functionId": _nothing(service, "fnfunc")},
    }
    return service.make("connector", "ServiceConnectorClient", "/20200909/serviceConnectors", details).seen


def _permissions(*names: str) -> Callable[[AskedService], Observation]:
    def ask(service: AskedService) -> Observation:
        """Tell which permissions a policy may name."""
        return {
            name: _taken(service, name, f"Allow any-user to {{{name}}} in {_home(service)} {_NOBODY}") for name in names
        }

    return ask


def _types(*names: str) -> Callable[[AskedService], Observation]:
    def ask(service: AskedService) -> Observation:
        """Tell which resource types a policy may name."""
        return {
            name: _taken(service, name, f"Allow any-user to use {name} in {_home(service)} {_NOBODY}") for name in names
        }

    return ask


def ask_night(service: AskedService) -> Observation:
    """Tell whether a policy may name a span of the day that goes over midnight."""
    span = "request.utc-timestamp.time-of-day between '22:00:00Z' and '04:00:00Z'"
    nobody = "request.principal.id = 'ocid1.user.oc1..nobody'"
    statement = f"Allow any-user to inspect buckets in {_home(service)} where all {{{nobody}, {span}}}"
    return {"taken": _taken(service, "night", statement)}


def _home(service: AskedService) -> str:
    is_root = service.compartment_id == service.credentials.tenancy_id
    return "tenancy" if is_root else f"compartment id {service.compartment_id}"


def _taken(service: AskedService, stem: str, statement: str) -> bool:
    """Tell whether a policy with a statement that allows nobody anything is taken; it is removed at once."""
    details = {
        "compartmentId": service.compartment_id,
        "name": service.name(stem.lower().replace("_", "-")),
        "description": "made by mock-oci verify, which removes it; it allows nobody anything",
        "statements": [statement],
    }
    answer = service.make("policy", "IdentityClient", "/20160918/policies", details)
    if answer.status not in (200, 201, 400):
        raise CouldNotAsk(f"no policy can be made: {answer.status} {answer.code}")
    return answer.status != 400


def ask_dashboard(service: AskedService) -> Observation:
    """Import a dashboard without the id that the SDK says is required."""
    name, client, path = service.name("dashboard"), "DashxApisClient", "/20200901/managementDashboards"
    texts = dict.fromkeys(("providerId", "providerName", "description", "screenImage"), "mock-oci-verify")
    lists: dict[str, Any] = {field: [] for field in ("tiles", "dataConfig", "savedSearches")}
    switches = dict.fromkeys(("isOobDashboard", "isShowInHome", "isShowDescription", "isFavorite"), False)
    about = {"displayName": name, "compartmentId": service.compartment_id, "type": "normal", "nls": {}, "uiConfig": {}}
    dashboard = {**texts, **lists, **switches, **about, "providerVersion": "3.0.0", "metadataVersion": "2.0"}
    answer = service.ask("POST", client, f"{path}/actions/importDashboard", {"dashboards": [dashboard]}, stores=True)
    if answer.status < 300:
        service.made_by_name("dashboard", client, path, about)
    return {**answer.seen, "names it": "dashboardId" in json.dumps(answer.body)}


_POLICY = "policies that allow nobody anything"
QUESTIONS = (
    Question(
        "rule-target",
        "Whether a rule may name a topic that is not there.",
        "Creates two rules that are not enabled, one for a topic of its own.",
        Cost(10, resources=3),
        ask_rule,
        "a topic and two rules",
    ),
    Question(
        "rule-condition",
        "Whether the condition of a rule may have a number, a null or a truth.",
        "Creates a rule with each; none is enabled.",
        Cost(12, resources=5),
        ask_conditions,
        "a topic and four rules",
    ),
    Question(
        "connector-ends",
        "Whether a connector may name a source and a target that are not there.",
        "Creates one that can move nothing.",
        Cost(1, resources=1),
        ask_connector,
        "a connector",
    ),
    Question(
        "permissions-of-queues",
        "The names of the permissions of queues, of which Oracle's table could not be read.",
        "Creates a policy with each of them.",
        Cost(5, resources=5),
        _permissions("QUEUE_READ", "QUEUE_PRODUCE", "QUEUE_CONSUME", "QUEUE_CREATE", "QUEUE_NOSUCH"),
        _POLICY,
    ),
    Question(
        "permissions-of-stored-answers",
        "The names of the permissions of stored responses, conversations and projects.",
        "Creates a policy with each of them.",
        Cost(4, resources=4),
        _permissions(
            "GENERATIVE_AI_RESPONSE_READ",
            "GENERATIVE_AI_CONVERSATION_READ",
            "GENERATIVE_AI_PROJECT_READ",
            "GENERATIVE_AI_NOSUCH_READ",
        ),
        _POLICY,
    ),
    Question(
        "types-of-generative-ai",
        "Which resource types there are for stored responses and for rerank.",
        "Creates a policy with each of them.",
        Cost(4, resources=4),
        _types(
            "generative-ai-response", "generative-ai-conversation", "generative-ai-rerank", "generative-ai-text-rerank"
        ),
        _POLICY,
    ),
    Question(
        "policy-night",
        "Whether a policy's span of the day may go over midnight.",
        "Creates a policy with such a span.",
        Cost(1, resources=1),
        ask_night,
        _POLICY,
    ),
    Question(
        "dashboard-id",
        "Whether a dashboard can be imported without the dashboardId that the SDK requires.",
        "Imports an empty dashboard without it.",
        Cost(1, resources=1),
        ask_dashboard,
        "a dashboard",
    ),
)
