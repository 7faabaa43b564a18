"""Which permissions a verb gives for a resource type: the tables of Oracle's policy reference, as far as emulated.

Sources: the docs' Identity/Reference/{functions,objectstorage,streaming,notification,monitoring,logging,events,key}
policyreference.htm, generative-ai/iam-policies.htm, queue/policy-reference.htm, connector-hub/policies.htm and
APIGateway/Reference/apigatewaypolicyreference.htm.
"""

from __future__ import annotations

import functools

from mock_oci.identity.policies.statements import VERBS, Grant

# A line is a type, then what inspect, read, use and manage add, each over what the verb before it gives.
_TYPES = """
fn-app | FN_APP_LIST | FN_APP_READ | | FN_APP_CREATE FN_APP_DELETE FN_APP_UPDATE
fn-function | FN_FUNCTION_LIST | FN_FUNCTION_READ | | FN_FUNCTION_CREATE FN_FUNCTION_DELETE FN_FUNCTION_UPDATE
fn-invocation | | | FN_INVOCATION |
generative-ai-chat | | | GENERATIVE_AI_CHAT |
generative-ai-text-generation | | | GENERATIVE_AI_TEXT_GENERATE |
generative-ai-text-summarization | | | GENERATIVE_AI_TEXT_SUMMARIZE |
generative-ai-text-embedding | | | GENERATIVE_AI_TEXT_EMBED |
generative-ai-text-rerank | | | GENERATIVE_AI_TEXT_RERANK |
generative-ai-guardrail | GENERATIVE_AI_GUARDRAIL_INSPECT | | GENERATIVE_AI_GUARDRAIL_APPLY |
generative-ai-nl2sql | | | | GENERATIVE_AI_SQL_FROM_NL_GENERATE
generative-ai-vectorstore-file | GENERATIVE_AI_VECTORSTORE_FILE_INSPECT GENERATIVE_AI_VECTORSTORE_FILE_BATCH_INSPECT \
| GENERATIVE_AI_VECTORSTORE_FILE_READ GENERATIVE_AI_VECTORSTORE_FILE_CONTENT_READ \
GENERATIVE_AI_VECTORSTORE_FILE_BATCH_READ | GENERATIVE_AI_VECTORSTORE_FILE_UPDATE \
| GENERATIVE_AI_VECTORSTORE_FILE_CREATE GENERATIVE_AI_VECTORSTORE_FILE_DELETE \
GENERATIVE_AI_VECTORSTORE_FILE_BATCH_CREATE GENERATIVE_AI_VECTORSTORE_FILE_BATCH_CANCEL
generative-ai-vector-store | GENERATIVE_AI_VECTORSTORE_INSPECT | GENERATIVE_AI_VECTORSTORE_READ \
| GENERATIVE_AI_VECTORSTORE_UPDATE | GENERATIVE_AI_VECTORSTORE_CREATE GENERATIVE_AI_VECTORSTORE_DELETE
generative-ai-file | GENERATIVE_AI_FILE_INSPECT | GENERATIVE_AI_FILE_READ GENERATIVE_AI_FILE_CONTENT_READ | \
| GENERATIVE_AI_FILE_CREATE GENERATIVE_AI_FILE_DELETE GENERATIVE_AI_MULTIPART_FILE_CREATE \
GENERATIVE_AI_MULTIPART_FILE_ADD GENERATIVE_AI_MULTIPART_FILE_COMPLETE GENERATIVE_AI_MULTIPART_FILE_CANCEL
generative-ai-container | GENERATIVE_AI_CONTAINER_INSPECT | GENERATIVE_AI_CONTAINER_READ | \
| GENERATIVE_AI_CONTAINER_CREATE
buckets | BUCKET_INSPECT | BUCKET_READ | BUCKET_UPDATE | BUCKET_CREATE BUCKET_DELETE PAR_MANAGE RETENTION_RULE_MANAGE \
RETENTION_RULE_LOCK
objects | OBJECT_INSPECT | OBJECT_READ | OBJECT_OVERWRITE | OBJECT_CREATE OBJECT_DELETE OBJECT_VERSION_DELETE \
OBJECT_RESTORE OBJECT_UPDATE_TIER
objectstorage-namespaces | | OBJECTSTORAGE_NAMESPACE_READ | | OBJECTSTORAGE_NAMESPACE_UPDATE
streams | STREAM_INSPECT | STREAM_READ | STREAM_UPDATE STREAM_MOVE STREAM_PRODUCE STREAM_CONSUME \
| STREAM_CREATE STREAM_DELETE
stream-push | | | STREAM_PRODUCE |
stream-pull | | | STREAM_CONSUME |
stream-pools | STREAM_POOL_INSPECT | STREAM_POOL_READ | STREAM_POOL_UPDATE STREAM_POOL_MOVE | STREAM_POOL_CREATE \
STREAM_POOL_DELETE
queues | QUEUE_INSPECT | QUEUE_READ | QUEUE_UPDATE QUEUE_PRODUCE QUEUE_CONSUME | QUEUE_CREATE QUEUE_DELETE QUEUE_MOVE \
QUEUE_PURGE
queue-push | | | QUEUE_PRODUCE |
queue-pull | | | QUEUE_CONSUME |
ons-topics | ONS_TOPIC_INSPECT | ONS_TOPIC_READ | ONS_TOPIC_PUBLISH ONS_TOPIC_SUBSCRIBE | ONS_TOPIC_CREATE \
ONS_TOPIC_MOVE ONS_TOPIC_UPDATE ONS_TOPIC_DELETE
ons-subscriptions | ONS_SUBSCRIPTION_INSPECT | ONS_SUBSCRIPTION_READ | | ONS_SUBSCRIPTION_MOVE ONS_SUBSCRIPTION_UPDATE \
ONS_SUBSCRIPTION_DELETE ONS_TOPIC_SUBSCRIBE
cloudevents-rules | EVENTRULE_LIST | EVENTRULE_READ | | EVENTRULE_CREATE EVENTRULE_DELETE EVENTRULE_MODIFY
serviceconnectors | SERVICE_CONNECTOR_INSPECT | SERVICE_CONNECTOR_READ | SERVICE_CONNECTOR_UPDATE \
SERVICE_CONNECTOR_ACTIVATE SERVICE_CONNECTOR_DEACTIVATE | SERVICE_CONNECTOR_CREATE SERVICE_CONNECTOR_DELETE \
SERVICE_CONNECTOR_MOVE
metrics | METRIC_INSPECT | METRIC_READ | METRIC_WRITE |
alarms | ALARM_INSPECT | ALARM_READ | | ALARM_CREATE ALARM_UPDATE ALARM_DELETE ALARM_MOVE
log-groups | LOG_GROUP_INSPECT | LOG_GROUP_READ | LOG_GROUP_UPDATE | LOG_GROUP_CREATE LOG_GROUP_DELETE
log-content | | LOG_CONTENT_READ | LOG_CONTENT_PUSH UNIFIED_AGENT_CONFIG_GENERATE |
secret-bundles | SECRET_BUNDLE_INSPECT | SECRET_BUNDLE_READ | |
secrets | SECRET_INSPECT | SECRET_READ | SECRET_UPDATE | SECRET_CREATE SECRET_DELETE SECRET_MOVE SECRET_ROTATE
secret-versions | SECRET_VERSION_INSPECT | SECRET_VERSION_READ | | SECRET_VERSION_DELETE
vaults | VAULT_INSPECT | VAULT_READ | VAULT_CREATE_KEY | VAULT_CREATE VAULT_DELETE VAULT_UPDATE VAULT_MOVE
keys | KEY_INSPECT | KEY_READ | KEY_ENCRYPT KEY_DECRYPT | KEY_CREATE KEY_DELETE KEY_UPDATE KEY_MOVE
api-gateways | API_GATEWAY_LIST | API_GATEWAY_READ | API_GATEWAY_ADD_DEPLOYMENT API_GATEWAY_REMOVE_DEPLOYMENT \
| API_GATEWAY_CREATE API_GATEWAY_DELETE API_GATEWAY_UPDATE API_GATEWAY_MOVE
api-deployments | API_DEPLOYMENT_LIST | API_DEPLOYMENT_READ | API_DEPLOYMENT_UPDATE | API_DEPLOYMENT_CREATE \
API_DEPLOYMENT_DELETE API_DEPLOYMENT_MOVE
api-subscribers | API_SUBSCRIBER_LIST | API_SUBSCRIBER_READ | API_SUBSCRIBER_UPDATE | API_SUBSCRIBER_CREATE \
API_SUBSCRIBER_DELETE API_SUBSCRIBER_MOVE
api-usage-plans | API_USAGE_PLAN_LIST | API_USAGE_PLAN_READ | API_USAGE_PLAN_UPDATE | API_USAGE_PLAN_CREATE \
API_USAGE_PLAN_DELETE API_USAGE_PLAN_MOVE
apm-domains | APM_DOMAIN_INSPECT | APM_DOMAIN_READ | APM_DOMAIN_UPDATE | APM_DOMAIN_CREATE APM_DOMAIN_DELETE \
APM_DOMAIN_MOVE
policies | POLICY_READ | | | POLICY_CREATE POLICY_UPDATE POLICY_DELETE
groups | GROUP_INSPECT | | GROUP_UPDATE | GROUP_CREATE GROUP_DELETE
dynamic-groups | DYNAMIC_GROUP_INSPECT | | DYNAMIC_GROUP_UPDATE | DYNAMIC_GROUP_CREATE DYNAMIC_GROUP_DELETE
compartments | COMPARTMENT_INSPECT | | COMPARTMENT_UPDATE | COMPARTMENT_CREATE COMPARTMENT_DELETE COMPARTMENT_RECOVER
tenancies | TENANCY_INSPECT | | TENANCY_UPDATE |
vcns | VCN_READ | | | VCN_CREATE VCN_DELETE VCN_UPDATE VCN_ATTACH VCN_DETACH
subnets | SUBNET_READ | | SUBNET_ATTACH SUBNET_DETACH | SUBNET_CREATE SUBNET_DELETE SUBNET_UPDATE
route-tables | ROUTE_TABLE_READ | | | ROUTE_TABLE_CREATE ROUTE_TABLE_DELETE ROUTE_TABLE_UPDATE ROUTE_TABLE_ATTACH
security-lists | SECURITY_LIST_READ | | | SECURITY_LIST_CREATE SECURITY_LIST_DELETE SECURITY_LIST_UPDATE
dhcp-options | DHCP_READ | | | DHCP_CREATE DHCP_DELETE DHCP_UPDATE
internet-gateways | INTERNET_GATEWAY_READ | | | INTERNET_GATEWAY_CREATE INTERNET_GATEWAY_DELETE INTERNET_GATEWAY_UPDATE
nat-gateways | NAT_GATEWAY_READ | | NAT_GATEWAY_ATTACH | NAT_GATEWAY_CREATE NAT_GATEWAY_DELETE NAT_GATEWAY_UPDATE
service-gateways | SERVICE_GATEWAY_READ | | | SERVICE_GATEWAY_CREATE SERVICE_GATEWAY_DELETE SERVICE_GATEWAY_UPDATE
network-security-groups | NETWORK_SECURITY_GROUP_INSPECT | NETWORK_SECURITY_GROUP_READ \
| NETWORK_SECURITY_GROUP_LIST_SECURITY_RULES | NETWORK_SECURITY_GROUP_CREATE NETWORK_SECURITY_GROUP_DELETE \
NETWORK_SECURITY_GROUP_UPDATE NETWORK_SECURITY_GROUP_UPDATE_SECURITY_RULES
unified-configuration | UNIFIED_CONFIGURATION_INSPECT | UNIFIED_CONFIGURATION_READ | UNIFIED_CONFIGURATION_UPDATE \
| UNIFIED_CONFIGURATION_CREATE UNIFIED_CONFIGURATION_DELETE
management-dashboards | | | | MANAGEMENT_DASHBOARD_CREATE
repos | REPOSITORY_INSPECT | REPOSITORY_READ | REPOSITORY_UPDATE | REPOSITORY_CREATE REPOSITORY_DELETE REPOSITORY_MANAGE
""".replace("\\\n", "")

# Types whose permissions go by one pattern. Of the last two the names are unverified: no page of Oracle's has them
# (verify: permissions-of-stored-answers, types-of-generative-ai).
_PATTERNED = (
    "model imported-model dedicated-ai-cluster endpoint private-endpoint apikey project hosted-application"
    " semantic-store routing-profile response conversation"
)
_FAMILIES = {
    "functions-family": "fn-app fn-function fn-invocation",
    "object-family": "buckets objects objectstorage-namespaces",
    "stream-family": "streams stream-push stream-pull stream-pools",
    "ons-family": "ons-topics ons-subscriptions",
    "logging-family": "log-groups log-content unified-configuration",
    "secret-family": "secrets secret-versions secret-bundles",
    "virtual-network-family": (
        "vcns subnets route-tables security-lists dhcp-options internet-gateways nat-gateways service-gateways"
        " network-security-groups"
    ),
    "api-gateway-family": "api-gateways api-deployments api-subscribers api-usage-plans",
}
# Not in the family of Generative AI, though resource principals need them (seen by github.com/sogawa-yk/jetuse).
_OUTSIDE = frozenset({"generative-ai-response", "generative-ai-conversation"})

# Types and families of services that nothing here asks about: a statement on them is true, and without effect.
_ELSEWHERE = """
autonomous-database-family autonomous-databases bastion bastion-family bastion-session certificate-authority-family
cloud-guard-family cloud-shell cluster-family cluster-node-pools clusters cluster-virtualnode-pools
compute-container-family compute-management-family console-histories data-catalog-family data-science-family
database-family databases db-homes db-systems dns dns-records dns-zones email-family export-sets file-family
file-systems health-check-family instance-agent-command-execution-family instance-agent-command-family
instance-configurations instance-consoles instance-family instance-images instance-pools instances
leaf-certificate-family limits load-balancers management-dashboard-family mount-targets mysql-family
network-load-balancers nosql-family orm-family orm-jobs orm-stacks private-ips public-ips quotas redis-family
tag-namespaces tickets usage-budgets usage-report users vault-family vnic-attachments vnics volume-attachments
volume-backups volume-family volumes waf-family work-requests zpr-family
"""


@functools.cache
def _table() -> dict[str, tuple[frozenset[str], ...]]:
    """Return what each verb adds, by type."""
    rows = [[cell.split() for cell in line.split("|")] for line in _TYPES.strip().splitlines()]
    table = {name: tuple(frozenset(cell) for cell in cells) for [name], *cells in rows}
    for word in _PATTERNED.split():
        stem = f"GENERATIVE_AI_{word.replace('-', '_').upper()}"
        owned = frozenset(f"{stem}_{action}" for action in ("MOVE", "CREATE", "DELETE"))
        read, use = frozenset({f"{stem}_READ"}), frozenset({f"{stem}_UPDATE"})
        table[f"generative-ai-{word}"] = (frozenset({f"{stem}_INSPECT"}), read, use, owned)
    return table


@functools.cache
def types_of(resource_type: str) -> tuple[str, ...] | None:
    """Return the single types that a type or family stands for; ``None`` for a word that is not known here."""
    table = _table()
    if resource_type == "all-resources":
        return tuple(table)
    if resource_type == "generative-ai-family":
        return tuple(name for name in table if name.startswith("generative-ai-") and name not in _OUTSIDE)
    if resource_type in _FAMILIES:
        return tuple(_FAMILIES[resource_type].split())
    if resource_type in table:
        return (resource_type,)
    return () if resource_type in _ELSEWHERE.split() else None


@functools.cache
def permissions_of(grant: Grant, *, denied: bool = False) -> frozenset[str] | None:
    """Return the permissions that a grant gives; ``None`` for a resource type that is not known here.

    A verb gives what the verbs before it give. ``denied``: it takes what it and the verbs after it give, so that
    to deny ``inspect`` denies everything (docs: denypolicies.htm, the example of a guardrail).
    """
    if grant.permissions:
        return grant.permissions
    types = types_of(grant.resource_type)
    if types is None:
        return None
    at, table = VERBS.index(grant.verb), _table()
    verbs = slice(at, None) if denied else slice(at + 1)
    return frozenset().union(*(added for name in types for added in table[name][verbs]))


@functools.cache
def known_permissions() -> frozenset[str]:
    """Return every permission of the tables."""
    return frozenset().union(*(added for row in _table().values() for added in row))
