"""What Oracle's provider knows and pulumi-oci does not say: names it changed, sets, enums, and what excludes what.

Sources: the provider's reference, https://registry.terraform.io/providers/oracle/oci/latest/docs, and, for the values
that a service takes, its models in https://docs.oracle.com/en-us/iaas/api/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_DEPLOYMENT: Final = "oci_apigateway_deployment.specification"
_AUTHENTICATION: Final = f"{_DEPLOYMENT}.request_policies.authentication"
_ROUTES: Final = f"{_DEPLOYMENT}.routes"
_CONNECTOR: Final = "oci_sch_service_connector"
_FUNCTION: Final = "oci_functions_function"
_SOURCE: Final = f"{_FUNCTION}.source_details"

SETS: Final = frozenset(
    {
        "oci_apigateway_gateway.network_security_group_ids",
        f"{_ROUTES}.request_policies.body_validation.content",
        "oci_core_route_table.route_rules",
        "oci_core_security_list.egress_security_rules",
        "oci_core_security_list.ingress_security_rules",
        "oci_core_service_gateway.services",
        "oci_core_subnet.security_list_ids",
        "oci_events_rule.actions.action",
        "oci_events_rule.actions.actions",
        "oci_functions_application.network_security_group_ids",
        "oci_objectstorage_bucket.retention_rules",
        "oci_objectstorage_object_lifecycle_policy.rules",
        "oci_objectstorage_object_lifecycle_policy.rules.object_name_filter.exclusion_patterns",
        "oci_objectstorage_object_lifecycle_policy.rules.object_name_filter.inclusion_patterns",
        "oci_objectstorage_object_lifecycle_policy.rules.object_name_filter.inclusion_prefixes",
    }
)

# Pulumi gives a name of its own to what has none.
REQUIRED: Final = frozenset(
    {
        "oci_identity_dynamic_group.name",
        "oci_identity_policy.name",
        "oci_objectstorage_bucket.name",
        "oci_ons_notification_topic.name",
        "oci_streaming_stream.name",
    }
)

# By the last part of the path: a plural that Pulumi made, and a word that Python reserves.
RENAMED: Final = {"cache_keys": "cache_key", "allowed_scopes": "allowed_scope", "contents": "content", "from_": "from"}

# Nothing here uses them, and they would double the size of the schema.
LEFT_OUT: Final = frozenset(
    {"dynamic_authentication", "e_tag", "is_lock_override", "last_update_e_tag", "locks", "policy_hash"}
    | {"private_endpoint_metadatas", "routing_backends"}
)

_DESTINATION: Final = ("NONE", "NOTIFICATION", "QUEUE", "STREAM")
_KEY_FORMATS: Final = ("JSON_WEB_KEY", "PEM")
_HEADER_RULES: Final = ("ALLOW", "BLOCK")
_IF_EXISTS: Final = ("APPEND", "OVERWRITE", "SKIP")

# What a service takes; letters of either case where the provider forgives it, which here is everywhere.
ENUMS: Final = {
    f"{_AUTHENTICATION}.public_keys.keys.format": _KEY_FORMATS,
    f"{_AUTHENTICATION}.public_keys.type": ("REMOTE_JWKS", "STATIC_KEYS"),
    f"{_AUTHENTICATION}.type": ("CUSTOM_AUTHENTICATION", "JWT_AUTHENTICATION", "TOKEN_AUTHENTICATION"),
    f"{_AUTHENTICATION}.validation_failure_policy.type": ("MODIFY_RESPONSE", "OAUTH2"),
    f"{_AUTHENTICATION}.validation_policy.keys.format": _KEY_FORMATS,
    f"{_AUTHENTICATION}.validation_policy.type": ("REMOTE_DISCOVERY", "REMOTE_JWKS", "STATIC_KEYS"),
    f"{_DEPLOYMENT}.logging_policies.execution_log.log_level": ("INFO", "WARN", "ERROR"),
    f"{_DEPLOYMENT}.request_policies.rate_limiting.rate_key": ("CLIENT_IP", "TOTAL"),
    f"{_ROUTES}.backend.type": (
        "DYNAMIC_ROUTING_BACKEND",
        "HTTP_BACKEND",
        "OAUTH2_LOGIN_BACKEND",
        "OAUTH2_LOGOUT_BACKEND",
        "ORACLE_FUNCTIONS_BACKEND",
        "STOCK_RESPONSE_BACKEND",
    ),
    f"{_ROUTES}.methods": ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
    f"{_ROUTES}.request_policies.authorization.type": ("ANONYMOUS", "ANY_OF", "AUTHENTICATION_ONLY"),
    f"{_ROUTES}.request_policies.header_transformations.filter_headers.type": _HEADER_RULES,
    f"{_ROUTES}.request_policies.header_transformations.set_headers.items.if_exists": _IF_EXISTS,
    "oci_apigateway_gateway.endpoint_type": ("PRIVATE", "PUBLIC"),
    "oci_apigateway_usage_plan.entitlements.quota.operation_on_breach": ("ALLOW", "REJECT"),
    "oci_apigateway_usage_plan.entitlements.quota.reset_policy": ("CALENDAR",),
    "oci_apigateway_usage_plan.entitlements.quota.unit": ("DAY", "HOUR", "MINUTE", "MONTH", "WEEK"),
    "oci_apigateway_usage_plan.entitlements.rate_limit.unit": ("SECOND",),
    "oci_core_network_security_group_security_rule.direction": ("EGRESS", "INGRESS"),
    "oci_events_rule.actions.action.action_type": ("FAAS", "ONS", "OSS"),
    "oci_events_rule.actions.actions.action_type": ("FAAS", "ONS", "OSS"),
    "oci_functions_application.logging.line_format": ("JSON", "PLAIN_TEXT"),
    "oci_functions_application.shape": ("GENERIC_ARM", "GENERIC_X86", "GENERIC_X86_ARM"),
    f"{_FUNCTION}.failure_destination.kind": _DESTINATION,
    f"{_FUNCTION}.provisioned_concurrency_config.strategy": ("CONSTANT", "NONE"),
    f"{_FUNCTION}.success_destination.kind": _DESTINATION,
    f"{_SOURCE}.archive_source_details.archive_source_type": ("DIRECT_ARCHIVE", "OBJECT_STORAGE_ARCHIVE"),
    f"{_SOURCE}.runtime_config.runtime_config_type": ("FUNCTION_UPDATE", "MANUAL"),
    f"{_SOURCE}.source_type": ("ARCHIVE", "CONTAINER_IMAGE", "PRE_BUILT_FUNCTIONS"),
    "oci_logging_log.configuration.source.source_type": ("OCISERVICE",),
    "oci_logging_log.log_type": ("CUSTOM", "SERVICE"),
    "oci_monitoring_alarm.severity": ("CRITICAL", "ERROR", "INFO", "WARNING"),
    "oci_objectstorage_bucket.access_type": ("NoPublicAccess", "ObjectRead", "ObjectReadWithoutList"),
    "oci_objectstorage_bucket.versioning": ("Disabled", "Enabled", "Suspended"),
    "oci_objectstorage_object_lifecycle_policy.rules.action": ("ABORT", "ARCHIVE", "DELETE", "INFREQUENT_ACCESS"),
    "oci_objectstorage_object_lifecycle_policy.rules.time_unit": ("DAYS", "YEARS"),
    "oci_ons_subscription.protocol": (
        "CUSTOM_HTTPS",
        "EMAIL",
        "HTTPS",
        "ORACLE_FUNCTIONS",
        "PAGERDUTY",
        "SLACK",
        "SMS",
    ),
    "oci_queue_queue.capabilities.type": ("CONSUMER_GROUPS", "LARGE_MESSAGES"),
    f"{_CONNECTOR}.source.cursor.kind": ("LATEST", "TRIM_HORIZON"),
    f"{_CONNECTOR}.source.kind": ("logging", "monitoring", "plugin", "streaming"),
    f"{_CONNECTOR}.state": ("ACTIVE", "INACTIVE"),
    f"{_CONNECTOR}.target.kind": (
        "functions",
        "loggingAnalytics",
        "monitoring",
        "notifications",
        "objectStorage",
        "streaming",
    ),
    f"{_CONNECTOR}.tasks.kind": ("function", "logRule"),
    "oci_vault_secret.secret_content.content_type": ("BASE64",),
    "oci_vault_secret.secret_rules.rule_type": ("SECRET_EXPIRY_RULE", "SECRET_REUSE_RULE"),
}

# Strings that have to hold a whole number.
WHOLE_NUMBERS: Final = frozenset(
    {f"{_FUNCTION}.memory_in_mbs", "oci_objectstorage_object_lifecycle_policy.rules.time_amount"}
)

# At most one of each group within its block.
EXCLUSIVE: Final = {
    "oci_events_rule": ("condition", "condition_details"),
    f"{_CONNECTOR}.target": ("batch_size_in_kbs", "batch_size_in_num"),
    "oci_streaming_stream": ("compartment_id", "stream_pool_id"),
    "oci_core_vcn": ("cidr_block", "cidr_blocks"),
}

_DESTINATION_IDS: Final = {"NOTIFICATION": ("topic_id",), "QUEUE": ("queue_id",), "STREAM": ("stream_id",)}
_ACTION_IDS: Final = {"FAAS": ("function_id",), "ONS": ("topic_id",), "OSS": ("stream_id",)}

# By block: the argument that decides, and what each of its values needs beside it.
NEEDED_WITH: Final[Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]]] = {
    f"{_AUTHENTICATION}": (
        "type",
        {
            "CUSTOM_AUTHENTICATION": ("function_id",),
            "JWT_AUTHENTICATION": ("audiences", "issuers", "public_keys"),
            "TOKEN_AUTHENTICATION": ("validation_policy",),
        },
    ),
    f"{_AUTHENTICATION}.validation_policy": ("type", {"REMOTE_JWKS": ("uri",), "STATIC_KEYS": ("keys",)}),
    f"{_ROUTES}.backend": (
        "type",
        {"HTTP_BACKEND": ("url",), "ORACLE_FUNCTIONS_BACKEND": ("function_id",), "STOCK_RESPONSE_BACKEND": ("status",)},
    ),
    "oci_events_rule.actions.action": ("action_type", _ACTION_IDS),
    f"{_FUNCTION}.failure_destination": ("kind", _DESTINATION_IDS),
    f"{_FUNCTION}.success_destination": ("kind", _DESTINATION_IDS),
    f"{_FUNCTION}.provisioned_concurrency_config": ("strategy", {"CONSTANT": ("count",)}),
    f"{_SOURCE}": (
        "source_type",
        {"ARCHIVE": ("archive_source_details", "handler", "runtime_config"), "CONTAINER_IMAGE": ("image",)},
    ),
    f"{_SOURCE}.archive_source_details": (
        "archive_source_type",
        {"DIRECT_ARCHIVE": ("archive_file",), "OBJECT_STORAGE_ARCHIVE": ("namespace", "bucket", "object")},
    ),
    f"{_CONNECTOR}.source": ("kind", {"streaming": ("stream_id",), "plugin": ("plugin_name",)}),
    f"{_CONNECTOR}.target": ("kind", {"functions": ("function_id",), "notifications": ("topic_id",)}),
}
