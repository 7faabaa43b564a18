"""What each served operation understands of what the SDK can send with it; everything else is refused by the door.

A name stands for a query parameter, a header or a field of the body; ``name=value``: with this value only. Understood
everywhere, and not repeated here: the headers in EVERYWHERE.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

EVERYWHERE: Final = frozenset({"opc-request-id", "opc-client-request-id", "opc-retry-token"})

_UNDERSTOOD: Final = {
    "GenerativeAiInferenceClient.chat": "compartmentId servingMode chatRequest",
    "GenerativeAiInferenceClient.embed_text": (
        "inputs embedContents servingMode compartmentId isEcho embeddingTypes outputDimensions truncate inputType"
    ),
    "GenerativeAiInferenceClient.rerank_text": (
        "input compartmentId servingMode documents topN isEcho maxChunksPerDocument maxTokensPerDocument"
    ),
    "GenerativeAiInferenceClient.apply_guardrails": (
        "input multimodalInput guardrailConfigs guardrailVersionConfig compartmentId"
    ),
    "GenerativeAiInferenceClient.list_guardrail_versions": "opc-compartment-id state limit page",
    "GenerativeAiClient.create_generative_ai_project": (
        "description compartmentId displayName conversationConfig freeformTags definedTags"
    ),
    "GenerativeAiClient.delete_generative_ai_project": "if-match",
    "GenerativeAiClient.get_generative_ai_project": "",
    "GenerativeAiClient.get_model": "",
    "GenerativeAiClient.list_generative_ai_projects": (
        "compartmentId lifecycleState displayName id limit page sortOrder sortBy"
    ),
    "GenerativeAiClient.list_model_discovery": (
        "compartmentId realm region modelId servingMode apiCapability capability modelAccess "
        "isDeprecated isOnDemandRetired isDedicatedRetired limit page"
    ),
    "GenerativeAiClient.list_models": (
        "vendor capability compartmentId lifecycleState displayName id limit page sortOrder sortBy"
    ),
    "GenerativeAiClient.update_generative_ai_project": (
        "if-match description displayName conversationConfig freeformTags definedTags"
    ),
    "ObjectStorageClient.create_bucket": (
        "name compartmentId metadata publicAccessType=NoPublicAccess storageTier=Standard "
        "objectEventsEnabled freeformTags definedTags versioning autoTiering=Disabled"
    ),
    "ObjectStorageClient.create_preauthenticated_request": (
        "name bucketListingAction objectName accessType timeExpires"
    ),
    "ObjectStorageClient.delete_bucket": "if-match",
    "ObjectStorageClient.batch_delete_objects": "objects isSkipDeletedResult",
    "ObjectStorageClient.delete_object": "if-match versionId",
    "ObjectStorageClient.delete_preauthenticated_request": "",
    "ObjectStorageClient.get_bucket": "fields if-match if-none-match",
    "ObjectStorageClient.delete_object_lifecycle_policy": "if-match",
    "ObjectStorageClient.get_object_lifecycle_policy": "",
    "ObjectStorageClient.create_retention_rule": "displayName duration timeRuleLocked",
    "ObjectStorageClient.get_retention_rule": "",
    "ObjectStorageClient.list_retention_rules": "page",
    "ObjectStorageClient.update_retention_rule": "if-match displayName duration timeRuleLocked",
    "ObjectStorageClient.delete_retention_rule": "if-match",
    "ObjectStorageClient.create_multipart_upload": (
        "object contentType contentLanguage contentEncoding contentDisposition cacheControl metadata "
        "storageTier=Standard if-match if-none-match opc-checksum-algorithm"
    ),
    "ObjectStorageClient.upload_part": (
        "uploadId uploadPartNum if-match if-none-match Expect Content-Length Content-MD5 opc-checksum-algorithm "
        "opc-content-crc32c opc-content-sha256 opc-content-sha384"
    ),
    "ObjectStorageClient.list_multipart_upload_parts": "uploadId limit page",
    "ObjectStorageClient.list_multipart_uploads": "limit page",
    "ObjectStorageClient.commit_multipart_upload": "uploadId if-match if-none-match partsToCommit partsToExclude",
    "ObjectStorageClient.abort_multipart_upload": "uploadId",
    "ObjectStorageClient.rename_object": "sourceName newName srcObjIfMatchETag newObjIfMatchETag newObjIfNoneMatchETag",
    "ObjectStorageClient.copy_object": (
        "sourceObjectName sourceObjectIfMatchETag destinationRegion destinationNamespace destinationBucket "
        "destinationObjectName destinationObjectIfMatchETag destinationObjectIfNoneMatchETag "
        "destinationObjectMetadata destinationObjectStorageTier=Standard sourceVersionId"
    ),
    "ObjectStorageClient.get_work_request": "",
    "ObjectStorageClient.put_object_lifecycle_policy": "if-match if-none-match items",
    "ObjectStorageClient.update_bucket": (
        "if-match namespace compartmentId name metadata publicAccessType=NoPublicAccess objectEventsEnabled "
        "freeformTags definedTags versioning autoTiering=Disabled"
    ),
    "ObjectStorageClient.get_namespace": "compartmentId",
    "ObjectStorageClient.get_object": (
        "httpResponseContentDisposition httpResponseCacheControl httpResponseContentType "
        "httpResponseContentLanguage httpResponseContentEncoding httpResponseExpires if-match "
        "if-none-match range versionId"
    ),
    "ObjectStorageClient.get_preauthenticated_request": "",
    "ObjectStorageClient.head_bucket": "if-match if-none-match",
    "ObjectStorageClient.head_object": "if-match if-none-match versionId",
    "ObjectStorageClient.list_buckets": "compartmentId limit page fields",
    "ObjectStorageClient.list_objects": "prefix start end limit delimiter fields startAfter",
    "ObjectStorageClient.list_object_versions": "prefix start end limit delimiter fields startAfter page",
    "ObjectStorageClient.list_preauthenticated_requests": "objectNamePrefix limit page",
    "ObjectStorageClient.put_object": (
        "if-match if-none-match Expect Content-Length Content-MD5 opc-checksum-algorithm opc-content-crc32c "
        "opc-content-sha256 opc-content-sha384 "
        "Content-Type Content-Language Content-Encoding Content-Disposition Cache-Control "
        "storage-tier=Standard"
    ),
    "StreamClient.consumer_commit": "cursor",
    "StreamClient.consumer_heartbeat": "cursor",
    "StreamClient.create_cursor": "partition type offset time",
    "StreamClient.create_group_cursor": "type time groupName instanceName timeoutInMs commitOnGet",
    "StreamClient.get_group": "",
    "StreamClient.get_messages": "cursor limit",
    "StreamClient.put_messages": "messages",
    "StreamClient.update_group": "type time",
    "StreamAdminClient.create_stream": (
        "name partitions compartmentId streamPoolId retentionInHours freeformTags definedTags"
    ),
    "StreamAdminClient.delete_stream": "if-match",
    "StreamAdminClient.get_stream": "",
    "StreamAdminClient.get_work_request": "",
    "StreamAdminClient.update_stream": "if-match streamPoolId freeformTags definedTags",
    "StreamAdminClient.change_stream_compartment": "if-match compartmentId",
    "StreamAdminClient.create_stream_pool": "compartmentId name kafkaSettings freeformTags definedTags",
    "StreamAdminClient.get_stream_pool": "",
    "StreamAdminClient.list_stream_pools": "compartmentId id name limit page sortBy sortOrder lifecycleState",
    "StreamAdminClient.update_stream_pool": "if-match name kafkaSettings freeformTags definedTags",
    "StreamAdminClient.delete_stream_pool": "if-match",
    "StreamAdminClient.change_stream_pool_compartment": "if-match compartmentId",
    "StreamAdminClient.list_streams": "compartmentId streamPoolId id name limit page sortBy sortOrder lifecycleState",
    "QueueClient.delete_message": "",
    "QueueClient.delete_messages": "entries",
    "QueueClient.get_messages": "visibilityInSeconds timeoutInSeconds limit channelFilter",
    "QueueClient.get_stats": "channelId",
    "QueueClient.list_channels": "limit page channelFilter",
    "QueueClient.put_messages": "messages",
    "QueueClient.update_message": "visibilityInSeconds",
    "QueueClient.update_messages": "entries",
    "QueueAdminClient.create_queue": (
        "displayName compartmentId retentionInSeconds visibilityInSeconds timeoutInSeconds "
        "channelConsumptionLimit=100 deadLetterQueueDeliveryCount freeformTags definedTags"
    ),
    "QueueAdminClient.delete_queue": "if-match",
    "QueueAdminClient.get_queue": "",
    "QueueAdminClient.get_work_request": "",
    "QueueAdminClient.list_queues": "compartmentId lifecycleState displayName id limit page sortOrder sortBy",
    "QueueAdminClient.purge_queue": "if-match purgeType channelIds",
    "QueueAdminClient.update_queue": (
        "if-match displayName visibilityInSeconds timeoutInSeconds channelConsumptionLimit=100 "
        "deadLetterQueueDeliveryCount freeformTags definedTags"
    ),
    "NotificationControlPlaneClient.create_topic": "name compartmentId description freeformTags definedTags",
    "NotificationControlPlaneClient.update_topic": "if-match description freeformTags definedTags",
    "NotificationControlPlaneClient.change_topic_compartment": "if-match compartmentId",
    "NotificationDataPlaneClient.update_subscription": "if-match deliveryPolicy freeformTags definedTags",
    "NotificationDataPlaneClient.change_subscription_compartment": "if-match compartmentId",
    "NotificationDataPlaneClient.resend_subscription_confirmation": "",
    "NotificationControlPlaneClient.delete_topic": "if-match",
    "NotificationControlPlaneClient.get_topic": "",
    "NotificationControlPlaneClient.list_topics": "compartmentId id name page limit sortBy sortOrder lifecycleState",
    "NotificationDataPlaneClient.create_subscription": (
        "topicId compartmentId protocol endpoint freeformTags definedTags"
    ),
    "NotificationDataPlaneClient.delete_subscription": "if-match",
    "NotificationDataPlaneClient.get_confirm_subscription": "token protocol",
    "NotificationDataPlaneClient.get_subscription": "",
    "NotificationDataPlaneClient.get_unsubscription": "token protocol",
    "NotificationDataPlaneClient.list_subscriptions": "compartmentId topicId page limit",
    "NotificationDataPlaneClient.publish_message": "messageType title body",
    "EventsClient.create_rule": (
        "displayName description isEnabled condition compartmentId actions freeformTags definedTags"
    ),
    "EventsClient.delete_rule": "if-match",
    "EventsClient.get_rule": "",
    "EventsClient.list_rules": "compartmentId limit page lifecycleState displayName sortBy sortOrder",
    "EventsClient.update_rule": (
        "if-match displayName description isEnabled condition actions freeformTags definedTags"
    ),
    "ServiceConnectorClient.activate_service_connector": "if-match",
    "ServiceConnectorClient.create_service_connector": (
        "displayName compartmentId description source tasks target freeformTags definedTags"
    ),
    "ServiceConnectorClient.deactivate_service_connector": "if-match",
    "ServiceConnectorClient.delete_service_connector": "if-match",
    "ServiceConnectorClient.get_service_connector": "",
    "ServiceConnectorClient.get_work_request": "",
    "ServiceConnectorClient.list_service_connectors": (
        "compartmentId lifecycleState displayName limit page sortOrder sortBy"
    ),
    "ServiceConnectorClient.update_service_connector": (
        "if-match displayName description source tasks target freeformTags definedTags"
    ),
    "FunctionsInvokeClient.invoke_function": "fn-intent fn-invoke-type is-dry-run",
    "VaultsClient.cancel_secret_deletion": "if-match",
    "VaultsClient.create_secret": (
        "compartmentId definedTags description freeformTags keyId metadata secretContent secretName "
        "vaultId enableAutoGeneration=false"
    ),
    "VaultsClient.get_secret": "",
    "VaultsClient.get_secret_version": "",
    "VaultsClient.list_secret_versions": "limit page sortBy sortOrder",
    "VaultsClient.list_secrets": "compartmentId name limit page sortBy sortOrder vaultId lifecycleState",
    "VaultsClient.schedule_secret_deletion": "if-match timeOfDeletion",
    "VaultsClient.update_secret": (
        "if-match currentVersionNumber definedTags description freeformTags metadata secretContent "
        "enableAutoGeneration=false"
    ),
    "SecretsClient.get_secret_bundle": "versionNumber secretVersionName stage",
    "SecretsClient.get_secret_bundle_by_name": "secretName vaultId versionNumber secretVersionName stage",
    "SecretsClient.list_secret_bundle_versions": "limit page sortBy sortOrder",
    "MonitoringClient.post_metric_data": "metricData batchAtomicity",
    "MonitoringClient.list_metrics": (
        "compartmentId compartmentIdInSubtree=false page limit name namespace resourceGroup dimensionFilters groupBy "
        "sortBy sortOrder"
    ),
    "MonitoringClient.summarize_metrics_data": (
        "compartmentId compartmentIdInSubtree=false namespace resourceGroup query startTime endTime resolution"
    ),
    "LoggingClient.put_logs": "specversion logEntryBatches",
}
# What is made from the types of its resources stands with them, and is loaded with them.
_WITH_THEIR_TYPES: Final = (
    "mock_oci.services.control_planes",
    "mock_oci.services.functions.admin",
    "mock_oci.services.dedicated_models",
)


def understood_by(key: str) -> str:
    """Return what the operation ``key`` understands, its names divided by spaces."""
    if key in _UNDERSTOOD:
        return _UNDERSTOOD[key]
    tables = (import_module(module).UNDERSTOOD for module in _WITH_THEIR_TYPES)
    return next((table[key] for table in tables if key in table), "")


def understood() -> dict[str, str]:
    """Return what every served operation understands, by its key."""
    everything = dict(_UNDERSTOOD)
    for module in _WITH_THEIR_TYPES:
        everything |= import_module(module).UNDERSTOOD
    return everything
