# Everything that can be switched on, and tasks.yaml. What a later release of the function needs is marked.
module "model_service" {
  source = "../.."

  tenancy_ocid     = var.tenancy_ocid
  compartment_ocid = var.compartment_ocid
  region           = var.region
  name             = "model-service"
  freeform_tags    = { project = "model-service" }

  vcn_cidr                = "10.20.0.0/24"
  network_internet_egress = true
  gateway_allowed_cidrs   = ["192.0.2.0/24", "198.51.100.0/24"]

  image                       = var.image
  memory_in_mbs               = var.memory_in_mbs
  timeout_in_seconds          = 300
  detached_timeout_in_seconds = 3600
  provisioned_concurrency     = 10
  apm_domain_id               = var.apm_domain_id
  failure_destination         = { kind = "NOTIFICATION", id = var.failure_topic_id }

  genai_compartment_ocid = var.genai_compartment_ocid
  inference_region       = "us-chicago-1"
  auth_type              = "resource_principal"
  aliases                = { prod = "meta.llama-3.3-70b-instruct", embed = "cohere.embed-v4.0" }
  responses_store        = false
  log_requests           = true

  create_overflow_bucket = true
  overflow_days          = 2
  request_buckets        = ["prompts"]
  create_relay_queue     = true
  create_relay_stream    = true
  deadline_margin        = 1.5

  enable_rerank              = true
  enable_files               = true
  enable_vector_stores       = true
  enable_containers          = true
  enable_speech              = true
  enable_dedicated_endpoints = true

  gateway_authentication = "jwt"
  jwks_uri               = var.jwks_uri
  jwt_issuers            = [var.jwt_issuer]
  jwt_audiences          = [var.jwt_audience]
  gateway_scopes         = ["model-service"]
  identity_headers       = { "X-Authenticated-Subject" = "sub", "X-Authenticated-Client" = "client_id" }
  rate_limit             = 100
  rate_limit_key         = "TOTAL"
  cors_allowed_origins   = ["https://chat.example.com"]

  usage_plans            = { team = { requests_per_second = 10, quota = 100000 } }
  usage_plan_subscribers = { team-a = "team" }
  usage_plan_tokens      = { team-a = var.team_a_token }

  create_dynamic_group    = true
  policy_compartment_ocid = var.tenancy_ocid

  log_retention_in_days = 90
  create_alarms         = true
  alarm_emails          = ["platform@example.com"]
  create_dashboard      = true
  create_usage_bucket   = true
  metrics_namespace     = "model_service"

  event_rules = {
    uploads = {
      event_types = ["com.oraclecloud.objectstorage.createobject"]
      filter      = "{\"additionalDetails\": {\"bucketName\": \"prompts\"}}"
    }
  }
  create_stream         = true
  stream_partitions     = 2
  create_queue          = true
  notification_topics   = [var.alarms_topic_id]
  create_results_bucket = true
  create_results_topic  = true
  batch_concurrency     = 16
  source_buckets        = ["prompts"]
  sink_streams          = [var.answers_stream_id]
  sink_queues           = [var.work_queue_id]
  sink_functions        = [var.next_function_id]

  # A topic that the module makes may stand in the tasks that the module is given: nothing of it waits for them.
  tasks = templatefile("${path.module}/tasks.yaml", {
    stream_id   = var.answers_stream_id
    queue_id    = var.work_queue_id
    topic_id    = module.model_service.results_topic_id
    function_id = var.next_function_id
  })

  # A gateway of this kind takes tokens; with gateway_authentication = "keys" it takes the keys of this secret.
  create_keys_secret = true
  vault_id           = var.vault_id
  vault_key_id       = var.vault_key_id

  service_config   = "oci://settings/service.json"
  counter          = "rediss://cache.example.internal:6379"
  counter_password = var.counter_password_secret_id
  counter_failure  = "refuse"
}
