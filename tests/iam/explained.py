"""Why Terraform grants what a feature does not use, line by line."""

from __future__ import annotations

from typing import Final

_READ_ONLY: Final = "no verb gives the rest without it; Oracle's page has the verb"
_GATEWAY: Final = "Oracle's own statement for gateways says functions-family, and no page says that less will do"
_LIFECYCLE: Final = (
    "Object Storage itself deletes old objects, which mock_oci does not do; Oracle's page has the statement"
)
_TRACES: Final = "the platform itself asks for the domain's data key, which mock_oci does not do; Oracle's page has it"
_LOGS: Final = "Oracle's statement for connectors to buckets has all four; here each batch is an object of its own"
_UNVERIFIED: Final = "no page names the permissions of stored responses and conversations, so a verb has to do"

# Who may do what, then permissions that no feature uses, and why they are granted.
_ROWS: Final = (
    ("ApiGateway: use functions-family", "FN_APP_LIST FN_APP_READ FN_FUNCTION_LIST FN_FUNCTION_READ", _GATEWAY),
    ("eventrule: read fn-function", "FN_FUNCTION_LIST", _READ_ONLY),
    ("serviceconnector: read fn-function", "FN_FUNCTION_LIST", _READ_ONLY),
    ("fnfunc: read fn-function", "FN_FUNCTION_LIST", _READ_ONLY),
    ("fnfunc: read generative-ai-file", "GENERATIVE_AI_FILE_CONTENT_READ GENERATIVE_AI_FILE_INSPECT", _READ_ONLY),
    ("fnfunc: read generative-ai-endpoint", "GENERATIVE_AI_ENDPOINT_INSPECT", _READ_ONLY),
    ("fnfunc: read generative-ai-model", "GENERATIVE_AI_MODEL_INSPECT", _READ_ONLY),
    ("fnfunc: read generative-ai-project", "GENERATIVE_AI_PROJECT_INSPECT", _READ_ONLY),
    ("fnfunc: read secret-bundles", "SECRET_BUNDLE_INSPECT", _READ_ONLY),
    ("fnfunc: use metrics", "METRIC_INSPECT METRIC_READ", _READ_ONLY),
    (
        "fnfunc: manage generative-ai-file",
        "GENERATIVE_AI_MULTIPART_FILE_ADD GENERATIVE_AI_MULTIPART_FILE_CANCEL GENERATIVE_AI_MULTIPART_FILE_COMPLETE"
        " GENERATIVE_AI_MULTIPART_FILE_CREATE",
        _READ_ONLY,
    ),
    (
        "fnfunc: manage generative-ai-conversation",
        "GENERATIVE_AI_CONVERSATION_INSPECT GENERATIVE_AI_CONVERSATION_MOVE",
        _UNVERIFIED,
    ),
    (
        "fnfunc: manage generative-ai-response",
        "GENERATIVE_AI_RESPONSE_INSPECT GENERATIVE_AI_RESPONSE_MOVE",
        _UNVERIFIED,
    ),
    (
        "service objectstorage-us-chicago-1: manage object-family",
        "BUCKET_CREATE BUCKET_DELETE BUCKET_INSPECT BUCKET_READ BUCKET_UPDATE OBJECTSTORAGE_NAMESPACE_READ"
        " OBJECTSTORAGE_NAMESPACE_UPDATE OBJECT_CREATE OBJECT_DELETE OBJECT_INSPECT OBJECT_OVERWRITE OBJECT_READ"
        " OBJECT_RESTORE OBJECT_UPDATE_TIER OBJECT_VERSION_DELETE PAR_MANAGE RETENTION_RULE_LOCK RETENTION_RULE_MANAGE",
        _LIFECYCLE,
    ),
    (
        "serviceconnector: {OBJECT_INSPECT, OBJECT_READ, OBJECT_OVERWRITE, OBJECT_CREATE}",
        "OBJECT_INSPECT OBJECT_READ OBJECT_OVERWRITE",
        _LOGS,
    ),
    ("service faas: use apm-domains", "APM_DOMAIN_INSPECT APM_DOMAIN_READ APM_DOMAIN_UPDATE", _TRACES),
)
EXPLAINED: Final = {(words, name): reason for words, names, reason in _ROWS for name in names.split()}

_LEDGER: Final = "fnfunc: {OBJECT_CREATE, OBJECT_OVERWRITE, OBJECT_READ}"
_LISTING: Final = "fnfunc: {OBJECT_INSPECT}"
_RESULTS: Final = "fnfunc: {OBJECT_CREATE, OBJECT_READ, OBJECT_INSPECT}"
# Pairs that come with a bucket for results; the feature that uses each.
USED_BY: Final = {
    **dict.fromkeys(
        ((_LEDGER, name) for name in ("OBJECT_CREATE", "OBJECT_OVERWRITE", "OBJECT_READ")), "records from a queue"
    ),
    (_LISTING, "OBJECT_INSPECT"): "records from a queue",
    (_RESULTS, "OBJECT_INSPECT"): "records from a queue",
    (_RESULTS, "OBJECT_CREATE"): "records from a stream",
    (_RESULTS, "OBJECT_READ"): "files that arrive",  # a few are looked up one by one, and many by a list
}
_TASKS: Final = "whether tasks have a ledger, Terraform cannot read where they are in the image or in an object"
# Statements without which a feature still works here, and why they are made.
NOT_NEEDED: Final = {
    "service objectstorage-us-chicago-1: manage object-family": _LIFECYCLE,
    "service faas: use apm-domains": _TRACES,
    _LEDGER: _TASKS,
    _LISTING: _TASKS,
}
