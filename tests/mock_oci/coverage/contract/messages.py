"""Stories of what carries messages: queues, streams, topics, rules and connectors."""

from __future__ import annotations

from tests.mock_oci.conftest import FakeFunction
from tests.mock_oci.coverage.contract.asking import Asking, encoded

from mock_oci.services.notifications import Notifications

_TAGS = {"freeformTags": {"a": "b"}, "definedTags": {}}


def queues(ask: Asking) -> None:
    admin, client = "QueueAdminClient", "QueueClient"
    work = ask(f"{admin}.create_queue", body={"displayName": "q", "compartmentId": ask.home, **_TAGS})
    done = ask(f"{admin}.get_work_request", work.headers["opc-work-request-id"])
    queue = done.body["resources"][0]["identifier"]
    ask(f"{admin}.get_queue", queue)
    ask(f"{admin}.list_queues", query={"compartmentId": ask.home})
    ask(f"{admin}.update_queue", queue, body={"displayName": "r"})
    about = {"channelId": "c", "customProperties": {"a": "b"}}
    texts = [{"content": text, "metadata": about} for text in ("one", "two", "three")]
    ask(f"{client}.put_messages", queue, body={"messages": texts})
    got = ask(f"{client}.get_messages", queue, query={"limit": "3", "channelFilter": "c"}).body["messages"]
    ask(f"{client}.get_stats", queue)
    ask(f"{client}.list_channels", queue)
    first, second, third = (message["receipt"] for message in got)
    ask(f"{client}.update_message", queue, first, body={"visibilityInSeconds": 60})
    ask(f"{client}.delete_message", queue, second)
    entry = {"receipt": first, "visibilityInSeconds": 60}
    ask(f"{client}.update_messages", queue, body={"entries": [entry, {**entry, "receipt": second}]})
    ask(f"{client}.delete_messages", queue, body={"entries": [{"receipt": third}, {"receipt": second}]})
    ask(f"{admin}.purge_queue", queue, body={"purgeType": "BOTH"})
    ask(f"{admin}.delete_queue", queue)


def streams(ask: Asking) -> None:
    admin, client = "StreamAdminClient", "StreamClient"
    pool = ask(f"{admin}.create_stream_pool", body={"name": "p", "compartmentId": ask.home, **_TAGS}).id
    details = {"name": "s", "partitions": 1, "compartmentId": ask.home, "retentionInHours": 24, **_TAGS}
    made = ask(f"{admin}.create_stream", body=details)
    stream = made.id
    ask(f"{admin}.get_work_request", made.headers["opc-work-request-id"])
    ask(f"{admin}.get_stream", stream)
    ask(f"{admin}.list_streams", query={"compartmentId": ask.home})
    ask(f"{admin}.update_stream", stream, body={"streamPoolId": pool})
    ask(f"{admin}.list_stream_pools", query={"compartmentId": ask.home})
    ask(f"{admin}.get_stream_pool", pool)
    ask(f"{admin}.update_stream_pool", pool, body={"name": "other"})
    messages = [{"key": encoded("k"), "value": encoded("v")}, {"value": encoded("w")}]
    ask(f"{client}.put_messages", stream, body={"messages": messages})
    cursor = ask(f"{client}.create_cursor", stream, body={"partition": "0", "type": "TRIM_HORIZON"}).body["value"]
    ask(f"{client}.get_messages", stream, query={"cursor": cursor})
    joins = {"groupName": "g", "instanceName": "i", "type": "TRIM_HORIZON", "timeoutInMs": 1000, "commitOnGet": True}
    member = ask(f"{client}.create_group_cursor", stream, body=joins).body["value"]
    read = ask(f"{client}.get_messages", stream, query={"cursor": member})
    member = ask(f"{client}.consumer_commit", stream, query={"cursor": read.headers["opc-next-cursor"]}).body["value"]
    ask(f"{client}.consumer_heartbeat", stream, query={"cursor": member})
    ask(f"{client}.get_group", stream, "g")
    ask(f"{client}.update_group", stream, "g", body={"type": "LATEST"})
    ask(f"{admin}.change_stream_compartment", stream, body={"compartmentId": ask.root})
    ask(f"{admin}.change_stream_pool_compartment", pool, body={"compartmentId": ask.root})
    ask(f"{admin}.delete_stream", stream)
    ask(f"{admin}.delete_stream_pool", pool)


def topics(ask: Asking) -> None:
    control, client = "NotificationControlPlaneClient", "NotificationDataPlaneClient"
    topic = ask(f"{control}.create_topic", body={"name": "t", "compartmentId": ask.home, **_TAGS}).body["topicId"]
    ask(f"{control}.get_topic", topic)
    ask(f"{control}.list_topics", query={"compartmentId": ask.home})
    ask(f"{control}.update_topic", topic, body={"description": "d"})
    to = {"protocol": "EMAIL", "endpoint": "ada@example.com"}
    one = ask(f"{client}.create_subscription", body={"topicId": topic, "compartmentId": ask.home, **to, **_TAGS}).id
    token = ask.oci.state_of(Notifications).subscriptions.all()[0].token
    query = {"token": token, "protocol": "EMAIL"}
    ask(f"{client}.resend_subscription_confirmation", one)
    ask(f"{client}.get_confirm_subscription", one, query=query)
    ask(f"{client}.get_subscription", one)
    ask(f"{client}.list_subscriptions", query={"compartmentId": ask.home})
    ask(f"{client}.publish_message", topic, body={"title": "t", "body": "text"})
    ask(f"{client}.get_unsubscription", one, query=query)
    two = ask(f"{client}.create_subscription", body={"topicId": topic, "compartmentId": ask.home, **to}).id
    policy = {"backoffRetryPolicy": {"maxRetryDuration": 60_000, "policyType": "EXPONENTIAL"}}
    ask(f"{client}.update_subscription", two, body={"deliveryPolicy": policy})
    ask(f"{client}.change_subscription_compartment", two, body={"compartmentId": ask.root})
    ask(f"{control}.change_topic_compartment", topic, body={"compartmentId": ask.root})
    ask(f"{client}.delete_subscription", two)
    ask(f"{control}.delete_topic", topic)


def rules(ask: Asking) -> None:
    client = "EventsClient"
    actions = [{"actionType": "FAAS", "isEnabled": True, "functionId": FakeFunction(ask.oci).id, "description": "d"}]
    details = {"displayName": "r", "isEnabled": True, "condition": "{}", "compartmentId": ask.home, **_TAGS}
    rule = ask(f"{client}.create_rule", body={**details, "actions": {"actions": actions}}).id
    ask(f"{client}.get_rule", rule)
    ask(f"{client}.list_rules", query={"compartmentId": ask.home})
    ask(f"{client}.update_rule", rule, body={"displayName": "s"})
    ask(f"{client}.delete_rule", rule)


def connectors(ask: Asking) -> None:
    client = "ServiceConnectorClient"
    made = ask("StreamAdminClient.create_stream", body={"name": "s", "partitions": 1, "compartmentId": ask.home})
    source = {"kind": "streaming", "streamId": made.id, "cursor": {"kind": "TRIM_HORIZON"}}
    target = {"kind": "functions", "functionId": FakeFunction(ask.oci).id}
    details = {"displayName": "c", "compartmentId": ask.home, "source": source, "target": target, **_TAGS}
    work = ask(f"{client}.create_service_connector", body=details)
    done = ask(f"{client}.get_work_request", work.headers["opc-work-request-id"])
    connector = done.body["resources"][0]["identifier"]
    ask(f"{client}.get_service_connector", connector)
    ask(f"{client}.list_service_connectors", query={"compartmentId": ask.home})
    ask(f"{client}.update_service_connector", connector, body={"displayName": "d"})
    ask(f"{client}.deactivate_service_connector", connector)
    ask(f"{client}.activate_service_connector", connector)
    ask(f"{client}.delete_service_connector", connector)
