# The function's configuration. What is null here is not set at all, and the function's own default holds.
locals {
  genai_compartment_ocid = coalesce(var.genai_compartment_ocid, var.compartment_ocid)

  settings = {
    LOCUS_OCI_TRANSPORT                   = var.transport
    MODEL_SERVICE_ALIASES                 = length(var.aliases) > 0 ? jsonencode(var.aliases) : null
    MODEL_SERVICE_BATCH_CONCURRENCY       = var.batch_concurrency == null ? null : tostring(var.batch_concurrency)
    MODEL_SERVICE_CA_BUNDLE               = var.ca_bundle
    MODEL_SERVICE_COMPARTMENTS            = length(var.allowed_compartments) > 0 ? jsonencode(var.allowed_compartments) : null
    MODEL_SERVICE_PROJECTS                = length(var.allowed_projects) > 0 ? jsonencode(var.allowed_projects) : null
    MODEL_SERVICE_CONFIG                  = var.service_config
    MODEL_SERVICE_CONFIG_SECONDS          = var.service_config_seconds == null ? null : tostring(var.service_config_seconds)
    MODEL_SERVICE_CONTROL_PLANE_ENDPOINT  = var.control_plane_endpoint
    MODEL_SERVICE_COUNTER                 = var.counter
    MODEL_SERVICE_COUNTER_CA              = var.counter_ca
    MODEL_SERVICE_COUNTER_FAILURE         = var.counter_failure
    MODEL_SERVICE_COUNTER_PASSWORD        = var.counter_password
    MODEL_SERVICE_DEADLINE_MARGIN         = var.deadline_margin == null ? null : tostring(var.deadline_margin)
    MODEL_SERVICE_CONVERSATIONS           = var.conversations
    MODEL_SERVICE_ENDPOINT_FAMILIES       = length(var.endpoint_families) > 0 ? jsonencode(var.endpoint_families) : null
    MODEL_SERVICE_FEDERATION_ENDPOINT     = var.federation_endpoint
    MODEL_SERVICE_FUNCTIONS_ENDPOINT      = var.functions_endpoint
    MODEL_SERVICE_IDENTITY_HEADERS        = local.caller_headers
    MODEL_SERVICE_KEYS                    = local.caller_keys
    MODEL_SERVICE_METRICS                 = var.metrics_namespace
    MODEL_SERVICE_LOG_CONTENT             = var.log_content == null ? null : tostring(var.log_content)
    MODEL_SERVICE_MONITORING_ENDPOINT     = var.monitoring_endpoint
    MODEL_SERVICE_NOTIFICATIONS_ENDPOINT  = var.notifications_endpoint
    MODEL_SERVICE_OBJECT_STORAGE_ENDPOINT = var.object_storage_endpoint
    MODEL_SERVICE_OCI_ENDPOINT            = var.oci_endpoint
    MODEL_SERVICE_OVERFLOW_BUCKET         = local.overflow_place
    MODEL_SERVICE_PLAYGROUND              = var.enable_playground ? "true" : null
    MODEL_SERVICE_PROJECT_ID              = var.project_id
    MODEL_SERVICE_PROXY                   = var.proxy
    MODEL_SERVICE_QUEUE_ENDPOINT          = var.queue_endpoint
    MODEL_SERVICE_RELAY_DESTINATIONS      = length(local.relay_destinations) > 0 ? jsonencode(local.relay_destinations) : null
    MODEL_SERVICE_REQUEST_BUCKETS         = length(var.request_buckets) > 0 ? jsonencode(var.request_buckets) : null
    MODEL_SERVICE_RESPONSES_BUCKET        = local.responses_place
    MODEL_SERVICE_RESPONSES_DAYS          = var.responses_days == null ? null : tostring(var.responses_days)
    MODEL_SERVICE_RESPONSES_STORE         = var.responses_store == null ? null : tostring(var.responses_store)
    MODEL_SERVICE_STREAMING_ENDPOINT      = var.streaming_endpoint
    MODEL_SERVICE_TASKS                   = local.tasks
    MODEL_SERVICE_UNSUPPORTED             = var.unsupported
    MODEL_SERVICE_USAGE                   = var.usage_records == null ? null : tostring(var.usage_records)
    MODEL_SERVICE_VAULT_ENDPOINT          = var.vault_endpoint
    OCI_AUTH_TYPE                         = var.auth_type
    OCI_COMPARTMENT_ID                    = local.genai_compartment_ocid
    OCI_CONFIG_FILE                       = var.config_file
    OCI_GENAI_ENDPOINT                    = var.genai_endpoint
    OCI_LOG_REQUESTS                      = var.log_requests == null ? null : tostring(var.log_requests)
    OCI_PROFILE                           = var.profile
    OCI_REGION                            = var.inference_region
  }

  # Never null: OCI keeps the old configuration when none is sent, and clears it when an empty one is.
  config = { for name, value in local.settings : name => value if value != null }

  # OCI counts the octets of UTF-8, which Terraform only knows of base64.
  config_encoded = [for name, value in local.config : base64encode("${name}${value}")]
  config_octets  = sum([for text in local.config_encoded : length(text) / 4 * 3 - length(regexall("=", text))])
}
