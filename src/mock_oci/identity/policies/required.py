"""Which permissions each operation asks for, by its name in the SDK, or by its method and path where the SDK has none.

``A + B``: both; ``A | B``: either, and it binds more tightly. Sources: the pages of permission_sets.py, whose tables
have the operations beside the permissions. Unverified (verify: who-uses-queues, who-reads-stored-answers,
permissions-of-queues): everything of Queue, of stored responses and conversations, whom model discovery asks, and of
what is stored besides: what deletes a container, searches a store, adds a file to either (here it has to be readable)
and speaks.
"""

from __future__ import annotations

import re
from typing import Final

from mock_oci.identity.policies.required_of_control_planes import REQUIRED_OF_CONTROL_PLANES

Needed = tuple[tuple[str, ...], ...]
"""Of each of these, one."""

NOTHING: Final = "nothing"
"""What an operation asks for that every caller of the tenancy may do."""

_RESPONSE, _CONVERSATION = "GENERATIVE_AI_RESPONSE", "GENERATIVE_AI_CONVERSATION"
_ONE_RESPONSE, _ONE_CONVERSATION = "/openai/v1/responses/{id}", "/openai/v1/conversations/{id}"
_FILES, _FILE = "/openai/v1/files", "GENERATIVE_AI_FILE"
_STORES, _ONE_STORE = "/20231130/openai/v1/vector_stores", "/openai/v1/vector_stores/{id}"
_STORE = "GENERATIVE_AI_VECTORSTORE"
_CONTAINERS, _CONTAINER = "/openai/v1/containers", "GENERATIVE_AI_CONTAINER"

REQUIRED: Final = {
    "POST /openai/v1/chat/completions": "GENERATIVE_AI_CHAT",
    "POST /20231130/actions/v1/chat/completions": "GENERATIVE_AI_CHAT",
    "POST /openai/v1/embeddings": NOTHING,  # it is answered before anybody is asked
    "GET /20231130/actions/v1/models": NOTHING,
    "POST /openai/v1/responses": f"{_RESPONSE}_CREATE",
    f"GET {_ONE_RESPONSE}": f"{_RESPONSE}_READ",
    f"DELETE {_ONE_RESPONSE}": f"{_RESPONSE}_DELETE",
    f"POST {_ONE_RESPONSE}/cancel": f"{_RESPONSE}_UPDATE",
    f"GET {_ONE_RESPONSE}/input_items": f"{_RESPONSE}_READ",
    "POST /openai/v1/conversations": f"{_CONVERSATION}_CREATE",
    f"GET {_ONE_CONVERSATION}": f"{_CONVERSATION}_READ",
    f"POST {_ONE_CONVERSATION}": f"{_CONVERSATION}_UPDATE",
    f"DELETE {_ONE_CONVERSATION}": f"{_CONVERSATION}_DELETE",
    f"GET {_ONE_CONVERSATION}/items": f"{_CONVERSATION}_READ",
    f"POST {_ONE_CONVERSATION}/items": f"{_CONVERSATION}_UPDATE",
    f"GET {_ONE_CONVERSATION}/items/{{item}}": f"{_CONVERSATION}_READ",
    f"DELETE {_ONE_CONVERSATION}/items/{{item}}": f"{_CONVERSATION}_UPDATE",
    "POST /openai/v1/audio/speech": "GENERATIVE_AI_CHAT",
    f"POST {_FILES}": f"{_FILE}_CREATE",
    f"GET {_FILES}": f"{_FILE}_INSPECT",
    f"GET {_FILES}/{{id}}": f"{_FILE}_READ",
    f"DELETE {_FILES}/{{id}}": f"{_FILE}_DELETE",
    f"GET {_FILES}/{{id}}/content": f"{_FILE}_CONTENT_READ",
    f"POST {_STORES}": f"{_STORE}_CREATE",
    f"GET {_STORES}": f"{_STORE}_INSPECT",
    f"GET {_STORES}/{{id}}": f"{_STORE}_READ",
    f"POST {_STORES}/{{id}}": f"{_STORE}_UPDATE",
    f"DELETE {_STORES}/{{id}}": f"{_STORE}_DELETE",
    f"POST {_ONE_STORE}/search": f"{_STORE}_READ",
    f"POST {_ONE_STORE}/files": f"{_STORE}_FILE_CREATE + {_FILE}_READ",
    f"GET {_ONE_STORE}/files": f"{_STORE}_FILE_INSPECT",
    f"GET {_ONE_STORE}/files/{{file}}": f"{_STORE}_FILE_READ",
    f"POST {_ONE_STORE}/files/{{file}}": f"{_STORE}_FILE_UPDATE",
    f"DELETE {_ONE_STORE}/files/{{file}}": f"{_STORE}_FILE_DELETE",
    f"GET {_ONE_STORE}/files/{{file}}/content": f"{_STORE}_FILE_CONTENT_READ",
    f"POST {_ONE_STORE}/file_batches": f"{_STORE}_FILE_BATCH_CREATE + {_FILE}_READ",
    f"GET {_ONE_STORE}/file_batches/{{batch}}": f"{_STORE}_FILE_BATCH_READ",
    f"POST {_ONE_STORE}/file_batches/{{batch}}/cancel": f"{_STORE}_FILE_BATCH_CANCEL",
    f"GET {_ONE_STORE}/file_batches/{{batch}}/files": f"{_STORE}_FILE_BATCH_INSPECT",
    f"POST {_CONTAINERS}": f"{_CONTAINER}_CREATE",
    f"GET {_CONTAINERS}": f"{_CONTAINER}_INSPECT",
    f"GET {_CONTAINERS}/{{id}}": f"{_CONTAINER}_READ",
    f"DELETE {_CONTAINERS}/{{id}}": f"{_CONTAINER}_CREATE",
    f"POST {_CONTAINERS}/{{id}}/files": f"{_CONTAINER}_CREATE + {_FILE}_READ",
    f"GET {_CONTAINERS}/{{id}}/files": f"{_CONTAINER}_READ",
    f"GET {_CONTAINERS}/{{id}}/files/{{file}}": f"{_CONTAINER}_READ",
    f"DELETE {_CONTAINERS}/{{id}}/files/{{file}}": f"{_CONTAINER}_CREATE",
    f"GET {_CONTAINERS}/{{id}}/files/{{file}}/content": f"{_CONTAINER}_READ",
    "GenerativeAiInferenceClient.chat": "GENERATIVE_AI_CHAT",
    "GenerativeAiInferenceClient.embed_text": "GENERATIVE_AI_TEXT_EMBED",
    "GenerativeAiInferenceClient.rerank_text": "GENERATIVE_AI_TEXT_RERANK",
    # Both are unverified (verify: who-applies-guardrails).
    "GenerativeAiInferenceClient.apply_guardrails": "GENERATIVE_AI_GUARDRAIL_APPLY",
    "GenerativeAiInferenceClient.list_guardrail_versions": "GENERATIVE_AI_GUARDRAIL_INSPECT",
    "GenerativeAiClient.list_models": "GENERATIVE_AI_MODEL_INSPECT",
    "GenerativeAiClient.get_model": "GENERATIVE_AI_MODEL_READ",
    "GenerativeAiClient.list_model_discovery": "GENERATIVE_AI_MODEL_INSPECT",
    "GenerativeAiClient.create_generative_ai_project": "GENERATIVE_AI_PROJECT_CREATE",
    "GenerativeAiClient.list_generative_ai_projects": "GENERATIVE_AI_PROJECT_INSPECT",
    "GenerativeAiClient.get_generative_ai_project": "GENERATIVE_AI_PROJECT_READ",
    "GenerativeAiClient.update_generative_ai_project": "GENERATIVE_AI_PROJECT_UPDATE",
    "GenerativeAiClient.delete_generative_ai_project": "GENERATIVE_AI_PROJECT_DELETE",
    "ObjectStorageClient.get_namespace": NOTHING,  # with a compartment it asks: see buckets.py
    "ObjectStorageClient.create_bucket": "BUCKET_CREATE",
    "ObjectStorageClient.list_buckets": "BUCKET_INSPECT",
    "ObjectStorageClient.get_bucket": "BUCKET_READ",
    "ObjectStorageClient.head_bucket": "BUCKET_INSPECT",
    "ObjectStorageClient.delete_bucket": "BUCKET_DELETE",
    "ObjectStorageClient.put_object": "OBJECT_CREATE | OBJECT_OVERWRITE",  # which of the two: see objects.py
    "ObjectStorageClient.get_object": "OBJECT_READ",
    "ObjectStorageClient.head_object": "OBJECT_READ | OBJECT_INSPECT",
    "ObjectStorageClient.delete_object": "OBJECT_DELETE",
    "ObjectStorageClient.list_objects": "OBJECT_INSPECT",
    "ObjectStorageClient.create_preauthenticated_request": "PAR_MANAGE",
    "ObjectStorageClient.list_preauthenticated_requests": "PAR_MANAGE",
    "ObjectStorageClient.get_preauthenticated_request": "PAR_MANAGE",
    "ObjectStorageClient.delete_preauthenticated_request": "PAR_MANAGE",
    "StreamAdminClient.create_stream": "STREAM_CREATE",
    "StreamAdminClient.list_streams": "STREAM_INSPECT",
    "StreamAdminClient.get_stream": "STREAM_READ",
    "StreamAdminClient.delete_stream": "STREAM_DELETE",
    "StreamClient.put_messages": "STREAM_PRODUCE",
    "StreamClient.get_messages": "STREAM_CONSUME",
    "StreamClient.create_cursor": "STREAM_CONSUME",
    "StreamClient.create_group_cursor": "STREAM_CONSUME",
    "StreamClient.consumer_commit": "STREAM_CONSUME",
    "StreamClient.consumer_heartbeat": "STREAM_CONSUME",
    "StreamClient.get_group": "STREAM_CONSUME",
    "StreamClient.update_group": "STREAM_CONSUME",
    "QueueAdminClient.create_queue": "QUEUE_CREATE",
    "QueueAdminClient.list_queues": "QUEUE_INSPECT",
    "QueueAdminClient.get_queue": "QUEUE_READ",
    "QueueAdminClient.update_queue": "QUEUE_UPDATE",
    "QueueAdminClient.delete_queue": "QUEUE_DELETE",
    "QueueAdminClient.purge_queue": "QUEUE_PURGE",
    "QueueAdminClient.get_work_request": "QUEUE_READ",
    "QueueClient.put_messages": "QUEUE_PRODUCE",
    "QueueClient.get_messages": "QUEUE_CONSUME",
    "QueueClient.delete_message": "QUEUE_CONSUME",
    "QueueClient.update_message": "QUEUE_CONSUME",
    "QueueClient.delete_messages": "QUEUE_CONSUME",
    "QueueClient.update_messages": "QUEUE_CONSUME",
    "QueueClient.get_stats": "QUEUE_READ",
    "QueueClient.list_channels": "QUEUE_READ",
    "NotificationControlPlaneClient.create_topic": "ONS_TOPIC_CREATE",
    "NotificationControlPlaneClient.list_topics": "ONS_TOPIC_INSPECT",
    "NotificationControlPlaneClient.get_topic": "ONS_TOPIC_READ",
    "NotificationControlPlaneClient.update_topic": "ONS_TOPIC_UPDATE",
    "NotificationControlPlaneClient.change_topic_compartment": "ONS_TOPIC_MOVE",
    "NotificationDataPlaneClient.update_subscription": "ONS_SUBSCRIPTION_UPDATE",
    "NotificationDataPlaneClient.change_subscription_compartment": "ONS_SUBSCRIPTION_MOVE",
    "NotificationDataPlaneClient.resend_subscription_confirmation": "ONS_SUBSCRIPTION_UPDATE",
    "NotificationControlPlaneClient.delete_topic": "ONS_TOPIC_DELETE",
    "NotificationDataPlaneClient.publish_message": "ONS_TOPIC_PUBLISH",
    "NotificationDataPlaneClient.create_subscription": "ONS_TOPIC_SUBSCRIBE",
    "NotificationDataPlaneClient.list_subscriptions": "ONS_SUBSCRIPTION_INSPECT",
    "NotificationDataPlaneClient.get_subscription": "ONS_SUBSCRIPTION_READ",
    "NotificationDataPlaneClient.delete_subscription": "ONS_SUBSCRIPTION_DELETE",
    "FunctionsInvokeClient.invoke_function": "FN_INVOCATION",
    "ServiceConnectorClient.create_service_connector": "SERVICE_CONNECTOR_CREATE",
    "ServiceConnectorClient.list_service_connectors": "SERVICE_CONNECTOR_INSPECT",
    "ServiceConnectorClient.get_service_connector": "SERVICE_CONNECTOR_READ",
    "ServiceConnectorClient.update_service_connector": "SERVICE_CONNECTOR_UPDATE",
    "ServiceConnectorClient.delete_service_connector": "SERVICE_CONNECTOR_DELETE",
    "ServiceConnectorClient.activate_service_connector": "SERVICE_CONNECTOR_ACTIVATE",
    "ServiceConnectorClient.deactivate_service_connector": "SERVICE_CONNECTOR_DEACTIVATE",
    "ServiceConnectorClient.get_work_request": "SERVICE_CONNECTOR_READ",
    "EventsClient.create_rule": "EVENTRULE_CREATE",
    "EventsClient.list_rules": "EVENTRULE_LIST",
    "EventsClient.get_rule": "EVENTRULE_READ",
    "EventsClient.update_rule": "EVENTRULE_MODIFY",
    "EventsClient.delete_rule": "EVENTRULE_DELETE",
    "VaultsClient.create_secret": "SECRET_CREATE",
    "VaultsClient.list_secrets": "SECRET_INSPECT",
    "VaultsClient.get_secret": "SECRET_READ",
    "VaultsClient.update_secret": "SECRET_UPDATE",
    "VaultsClient.schedule_secret_deletion": "SECRET_DELETE",
    "VaultsClient.cancel_secret_deletion": "SECRET_DELETE",
    "VaultsClient.list_secret_versions": "SECRET_VERSION_INSPECT",
    "VaultsClient.get_secret_version": "SECRET_VERSION_READ",
    "SecretsClient.get_secret_bundle": "SECRET_BUNDLE_READ",
    "SecretsClient.get_secret_bundle_by_name": "SECRET_BUNDLE_READ",
    "SecretsClient.list_secret_bundle_versions": "SECRET_BUNDLE_INSPECT",
    "MonitoringClient.post_metric_data": "METRIC_WRITE",
    "MonitoringClient.list_metrics": "METRIC_INSPECT",
    "MonitoringClient.summarize_metrics_data": "METRIC_INSPECT + METRIC_READ",
    "IdentityClient.list_regions": NOTHING,
    **REQUIRED_OF_CONTROL_PLANES,
}


def needed(text: str) -> Needed:
    """Read what an operation asks for."""
    if text == NOTHING:
        return ()
    return tuple(tuple(word.strip() for word in group.split("|")) for group in text.split("+"))


def operation_name(name: str) -> str:
    """Return what ``request.operation`` has: ``GetObject`` of ``ObjectStorageClient.get_object``; else the name."""
    client, dot, method = name.partition(".")
    if not dot or "/" in client:
        return name
    return re.sub(r"(?:^|_)([a-z0-9])", lambda match: match[1].upper(), method)
