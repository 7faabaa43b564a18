"""What the operations of the control planes ask for, of a table of resources: by the names of the policy reference.

Sources: the docs' Identity/Reference/{core,iam,logging,monitoring,functions,registry}policyreference.htm and
APIGateway/Reference/apigatewaypolicyreference.htm. Unverified: an imported dashboard
(verify: who-imports-dashboards).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# A line is a client and a resource of it, as the SDK names both, the stem of its permissions, and what a list asks for.
_RESOURCES = """
IdentityClient policy policies POLICY READ
IdentityClient dynamic_group dynamic_groups DYNAMIC_GROUP INSPECT
VirtualNetworkClient vcn vcns VCN READ
VirtualNetworkClient subnet subnets SUBNET READ
VirtualNetworkClient route_table route_tables ROUTE_TABLE READ
VirtualNetworkClient security_list security_lists SECURITY_LIST READ
VirtualNetworkClient dhcp_options dhcp_options DHCP READ
VirtualNetworkClient internet_gateway internet_gateways INTERNET_GATEWAY READ
VirtualNetworkClient nat_gateway nat_gateways NAT_GATEWAY READ
VirtualNetworkClient service_gateway service_gateways SERVICE_GATEWAY READ
VirtualNetworkClient network_security_group network_security_groups NETWORK_SECURITY_GROUP INSPECT
GatewayClient gateway gateways API_GATEWAY LIST
DeploymentClient deployment deployments API_DEPLOYMENT LIST
UsagePlansClient usage_plan usage_plans API_USAGE_PLAN LIST
SubscribersClient subscriber subscribers API_SUBSCRIBER LIST
LoggingManagementClient log_group log_groups LOG_GROUP INSPECT
LoggingManagementClient log logs UNIFIED_CONFIGURATION INSPECT
MonitoringClient alarm alarms ALARM INSPECT
ArtifactsClient container_repository container_repositories REPOSITORY INSPECT
FunctionsManagementClient application applications FN_APP LIST
FunctionsManagementClient function functions FN_FUNCTION LIST
GenerativeAiClient dedicated_ai_cluster dedicated_ai_clusters GENERATIVE_AI_DEDICATED_AI_CLUSTER INSPECT
GenerativeAiClient endpoint endpoints GENERATIVE_AI_ENDPOINT INSPECT
GenerativeAiClient imported_model imported_models GENERATIVE_AI_IMPORTED_MODEL INSPECT
GenerativeAiClient routing_profile routing_profiles GENERATIVE_AI_ROUTING_PROFILE INSPECT
GenerativeAiClient api_key api_keys GENERATIVE_AI_APIKEY INSPECT
"""
_READ_BY_INSPECT = ("DYNAMIC_GROUP",)  # there is no permission to read one: GetDynamicGroup asks for INSPECT


def _rows() -> Iterator[tuple[str, str]]:
    for line in _RESOURCES.strip().splitlines():
        client, noun, plural, stem, listed = line.split()
        yield f"{client}.list_{plural}", f"{stem}_{listed}"
        yield f"{client}.get_{noun}", f"{stem}_{'INSPECT' if stem in _READ_BY_INSPECT else 'READ'}"
        for verb in ("create", "update", "delete"):
            yield f"{client}.{verb}_{noun}", f"{stem}_{verb.upper()}"


_NETWORK = "VirtualNetworkClient"
REQUIRED_OF_CONTROL_PLANES: Final = {
    **dict(_rows()),
    **{
        f"FunctionsManagementClient/20181201.{verb}_function": f"FN_FUNCTION_{verb.upper()}"
        for verb in ("create", "update")
    },
    f"{_NETWORK}.add_network_security_group_security_rules": "NETWORK_SECURITY_GROUP_UPDATE_SECURITY_RULES",
    f"{_NETWORK}.update_network_security_group_security_rules": "NETWORK_SECURITY_GROUP_UPDATE_SECURITY_RULES",
    f"{_NETWORK}.remove_network_security_group_security_rules": "NETWORK_SECURITY_GROUP_UPDATE_SECURITY_RULES",
    f"{_NETWORK}.list_network_security_group_security_rules": "NETWORK_SECURITY_GROUP_LIST_SECURITY_RULES",
    f"{_NETWORK}.list_services": "SERVICE_GATEWAY_READ",
    f"{_NETWORK}.get_service": "SERVICE_GATEWAY_READ",
    "IdentityClient.get_compartment": "COMPARTMENT_INSPECT",
    "IdentityClient.list_compartments": "COMPARTMENT_INSPECT",
    "IdentityClient.list_availability_domains": "COMPARTMENT_INSPECT",
    "IdentityClient.get_tenancy": "TENANCY_INSPECT",
    "IdentityClient.list_region_subscriptions": "TENANCY_INSPECT",
    "LoggingClient.put_logs": "LOG_CONTENT_PUSH",
    "LoggingManagementClient.get_work_request": "LOG_GROUP_READ",
    "WorkRequestsClient.get_work_request": "API_GATEWAY_READ",
    "WorkRequestClient.get_work_request": "VCN_READ",
    "DashxApisClient.import_dashboard": "MANAGEMENT_DASHBOARD_CREATE",
    "GenerativeAiClient.renew_api_key": "GENERATIVE_AI_APIKEY_UPDATE",
    "GenerativeAiClient.set_api_key_state": "GENERATIVE_AI_APIKEY_UPDATE",
    "GenerativeAiClient.get_work_request": "GENERATIVE_AI_ENDPOINT_READ",
    "StreamAdminClient.update_stream": "STREAM_UPDATE",
    "StreamAdminClient.get_work_request": "STREAM_READ",
    "StreamAdminClient.change_stream_compartment": "STREAM_MOVE",
    "StreamAdminClient.create_stream_pool": "STREAM_POOL_CREATE",
    "StreamAdminClient.list_stream_pools": "STREAM_POOL_INSPECT",
    "StreamAdminClient.get_stream_pool": "STREAM_POOL_READ",
    "StreamAdminClient.update_stream_pool": "STREAM_POOL_UPDATE",
    "StreamAdminClient.delete_stream_pool": "STREAM_POOL_DELETE",
    "StreamAdminClient.change_stream_pool_compartment": "STREAM_POOL_MOVE",
    "ObjectStorageClient.update_bucket": "BUCKET_UPDATE",
    "ObjectStorageClient.put_object_lifecycle_policy": "BUCKET_UPDATE + OBJECT_CREATE + OBJECT_DELETE",
    "ObjectStorageClient.get_object_lifecycle_policy": "BUCKET_READ",
    "ObjectStorageClient.delete_object_lifecycle_policy": "BUCKET_UPDATE",
    "ObjectStorageClient.list_object_versions": "OBJECT_INSPECT",
    "ObjectStorageClient.batch_delete_objects": "OBJECT_DELETE",
    "ObjectStorageClient.list_retention_rules": "BUCKET_READ",
    "ObjectStorageClient.get_retention_rule": "BUCKET_READ",
    "ObjectStorageClient.create_retention_rule": "BUCKET_UPDATE + RETENTION_RULE_MANAGE",
    "ObjectStorageClient.update_retention_rule": "BUCKET_UPDATE + RETENTION_RULE_MANAGE",
    "ObjectStorageClient.delete_retention_rule": "BUCKET_UPDATE + RETENTION_RULE_MANAGE",
    "ObjectStorageClient.create_multipart_upload": "OBJECT_CREATE",
    "ObjectStorageClient.upload_part": "OBJECT_CREATE",
    "ObjectStorageClient.list_multipart_upload_parts": "OBJECT_INSPECT",
    "ObjectStorageClient.list_multipart_uploads": "BUCKET_READ",
    "ObjectStorageClient.commit_multipart_upload": "OBJECT_CREATE",
    "ObjectStorageClient.abort_multipart_upload": "OBJECT_DELETE",
    "ObjectStorageClient.rename_object": "OBJECT_CREATE + OBJECT_OVERWRITE",
    "ObjectStorageClient.copy_object": "OBJECT_READ",
    "ObjectStorageClient.get_work_request": "OBJECT_READ",
}
