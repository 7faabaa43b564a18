mock_provider "oci" {
  source          = "./tests/mocks"
  override_during = plan
}

mock_provider "oci" {
  alias           = "home"
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  tenancy_ocid     = "ocid1.tenancy.oc1..t"
  compartment_ocid = "ocid1.compartment.oc1..c"
  region           = "us-chicago-1"
  image            = "ord.ocir.io/mocknamespace/model-service:0.1.0"
  jwks_uri         = "https://login.example.com/keys"
  jwt_issuers      = ["https://login.example.com/"]
  jwt_audiences    = ["model-service"]

  # What a run is not about is left out, for its speed.
  create_network      = false
  create_gateway      = false
  create_logs         = false
  create_iam          = false
  function_subnet_ids = ["ocid1.subnet.oc1..f"]
  gateway_subnet_id   = "ocid1.subnet.oc1..g"
}

run "values_that_make_no_sense" {
  command = plan

  variables {
    tenancy_ocid                        = "t"
    compartment_ocid                    = "ocid1.user.oc1..u"
    region                              = "Chicago"
    home_region                         = "home"
    provider_auth                       = "Password"
    name                                = "Model Service"
    defined_tags                        = { key = "value" }
    vcn_cidr                            = "10.0.0.0/30"
    function_subnet_ids                 = ["10.0.0.0/24"]
    function_network_security_group_ids = ["ocid1.subnet.oc1..s"]
    gateway_subnet_id                   = "subnet"
    gateway_network_security_group_ids  = ["nsg"]
    gateway_allowed_cidrs               = ["everybody"]
    function_source                     = "zip"
    image                               = "model-service"
    image_digest                        = "sha256:abc"
    function_id                         = "ocid1.fnapp.oc1..a"
    application_shape                   = "GENERIC_RISC"
    memory_in_mbs                       = 500
    timeout_in_seconds                  = 301
    detached_timeout_in_seconds         = 4
    success_destination                 = { kind = "KAFKA", id = "x" }
    failure_destination                 = { kind = "NONE", id = "x" }
    provisioned_concurrency             = 5
    apm_domain_id                       = "apm"
    log_line_format                     = "XML"
    tasks                               = "{\"tasks\": []}"
  }

  expect_failures = [
    var.tenancy_ocid, var.compartment_ocid, var.region, var.home_region, var.provider_auth, var.name, var.defined_tags,
    var.vcn_cidr, var.function_subnet_ids, var.function_network_security_group_ids, var.gateway_subnet_id,
    var.gateway_network_security_group_ids, var.gateway_allowed_cidrs, var.function_source, var.image, var.image_digest,
    var.function_id, var.application_shape, var.memory_in_mbs, var.timeout_in_seconds, var.detached_timeout_in_seconds,
    var.success_destination, var.failure_destination, var.provisioned_concurrency, var.apm_domain_id, var.log_line_format,
    var.tasks,
  ]
}

run "settings_that_the_function_would_refuse" {
  command = plan

  variables {
    genai_compartment_ocid  = "tenancy"
    inference_region        = "chicago"
    auth_type               = "password"
    project_id              = "proj_1"
    allowed_compartments    = ["ocid1.compartment.oc1..c", "ours"]
    allowed_projects        = ["proj_1"]
    genai_endpoint          = "https://user:secret@example.com"
    federation_endpoint     = "ftp://auth.example.com"
    transport               = "v2"
    aliases                 = { prod = " " }
    oci_endpoint            = "objectstorage"
    control_plane_endpoint  = "objectstorage"
    object_storage_endpoint = "objectstorage"
    streaming_endpoint      = "objectstorage"
    queue_endpoint          = "objectstorage"
    notifications_endpoint  = "objectstorage"
    functions_endpoint      = "objectstorage"
    vault_endpoint          = "objectstorage"
    monitoring_endpoint     = "objectstorage"
    proxy                   = "socks5://host/path"
    ca_bundle               = "ca.pem"
    deadline_margin         = 61
    batch_concurrency       = 33
    tasks                   = "https://objectstorage.us-chicago-1.oraclecloud.com/p/secret/n/ns/b/settings/o/tasks.yaml"
    overflow_bucket         = "a/b/c"
    responses_bucket        = "a/b/c"
    conversations           = "nobody"
    request_buckets         = ["a b"]
    relay_destinations      = ["ocid1.onstopic.oc1..t"]
    endpoint_families       = { "ocid1.generativeaiendpoint.oc1..e" = "llama" }
  }

  expect_failures = [
    var.genai_compartment_ocid, var.allowed_compartments, var.allowed_projects, var.inference_region, var.auth_type, var.project_id, var.genai_endpoint,
    var.control_plane_endpoint, var.object_storage_endpoint, var.streaming_endpoint, var.queue_endpoint, var.notifications_endpoint, var.functions_endpoint, var.vault_endpoint, var.monitoring_endpoint, var.proxy, var.ca_bundle,
    var.oci_endpoint, var.deadline_margin, var.overflow_bucket, var.responses_bucket, var.conversations, var.request_buckets, var.relay_destinations,
    var.federation_endpoint, var.transport, var.aliases, var.endpoint_families, var.batch_concurrency, var.tasks,
  ]
}

run "gateway_values_that_make_no_sense" {
  command = plan

  variables {
    gateway_endpoint_type     = "HIDDEN"
    gateway_certificate_id    = "certificate"
    gateway_path_prefix       = "/v2"
    gateway_authentication    = "password"
    jwks_uri                  = "http://login.example.com/keys"
    jwt_issuers               = ["1", "2", "3", "4", "5", "6"]
    jwt_audiences             = ["1", "2", "3", "4", "5", "6"]
    identity_headers          = { "X-User" = "sub]} injected" }
    rate_limit                = -1
    rate_limit_key            = "USER"
    usage_plans               = { team = { requests_per_second = 1, quota = 1, period = "YEAR" } }
    usage_plan_token_location = "request.body[token]"
    cors_allowed_origins      = ["chat.example.com"]
    gateway_log_level         = "DEBUG"
  }

  expect_failures = [
    var.gateway_endpoint_type, var.gateway_certificate_id, var.gateway_path_prefix, var.gateway_authentication, var.jwks_uri,
    var.jwt_issuers, var.jwt_audiences, var.identity_headers, var.rate_limit, var.rate_limit_key, var.usage_plans,
    var.usage_plan_token_location, var.cors_allowed_origins, var.gateway_log_level,
  ]
}

run "batch_values_that_make_no_sense" {
  command = plan

  variables {
    policy_compartment_ocid   = "root"
    event_rules               = { all = { event_types = [] } }
    overflow_days             = 0
    responses_days            = 366
    stream_partitions         = 0
    stream_retention_in_hours = 200
    queue_deliveries          = 0
    batch_size                = 0.5
    batch_time_in_seconds     = 0
    tasks                     = " "
    notification_topics       = ["alerts"]
    source_buckets            = ["https://example.com"]
    sink_buckets              = ["a/b/c"]
    ledger_bucket             = "a b"
    sink_streams              = ["ocid1.queue.oc1..q"]
    sink_queues               = ["ocid1.stream.oc1..s"]
    sink_topics               = ["topic"]
    sink_functions            = ["ocid1.fnapp.oc1..a"]
    vault_id                  = "vault"
    vault_key_id              = "key"
    log_retention_in_days     = 31
    alarm_emails              = ["nobody"]
  }

  expect_failures = [
    var.policy_compartment_ocid, var.event_rules, var.overflow_days, var.responses_days, var.stream_partitions, var.stream_retention_in_hours, var.queue_deliveries,
    var.batch_size, var.batch_time_in_seconds, var.tasks, var.notification_topics, var.source_buckets, var.sink_buckets, var.ledger_bucket, var.sink_streams,
    var.sink_queues, var.sink_topics, var.sink_functions, var.vault_id, var.vault_key_id, var.log_retention_in_days, var.alarm_emails,
  ]
}

run "no_image" {
  command = plan

  variables {
    image = null
  }

  expect_failures = [oci_functions_function.this]
}

run "half_a_step_of_warm_containers" {
  command = plan

  variables {
    memory_in_mbs           = 128
    provisioned_concurrency = 20
  }

  expect_failures = [oci_functions_function.this]
}

run "a_configuration_that_is_too_long" {
  command = plan

  variables {
    aliases = { for number in range(100) : "alias-${number}" => "a-model-with-a-name-that-is-quite-long" }
  }

  expect_failures = [oci_functions_function.this]
}

run "no_network_at_all" {
  command = plan

  variables {
    create_gateway      = true
    function_subnet_ids = []
    gateway_subnet_id   = null
  }

  expect_failures = [oci_functions_application.this, oci_apigateway_gateway.this]
}

run "no_identity_provider" {
  command = plan

  variables {
    create_gateway = true
    jwks_uri       = null
  }

  expect_failures = [oci_apigateway_deployment.this]
}

run "open_to_the_internet" {
  command = plan

  variables {
    create_gateway         = true
    gateway_authentication = "none"
  }

  expect_failures = [oci_apigateway_deployment.this]
}

run "no_vault" {
  command = plan

  variables {
    create_keys_secret = true
  }

  expect_failures = [oci_vault_secret.keys]
}

run "a_plan_that_is_not_there" {
  command = plan

  variables {
    create_gateway         = true
    usage_plans            = { team = { requests_per_second = 1, quota = 1 } }
    usage_plan_subscribers = { a = "staff" }
    usage_plan_tokens      = { a = "token" }
  }

  expect_failures = [oci_apigateway_subscriber.this]
}

run "open_to_the_internet_in_two_halves" {
  command = plan

  variables {
    create_network         = true
    create_gateway         = true
    gateway_authentication = "none"
    gateway_allowed_cidrs  = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [oci_apigateway_deployment.this]
}

run "records_without_tasks" {
  command = plan

  variables {
    event_rules           = { uploads = { event_types = ["com.oraclecloud.objectstorage.createobject"] } }
    notification_topics   = ["ocid1.onstopic.oc1..alerts"]
    create_stream         = true
    create_queue          = true
    create_results_bucket = true
    create_results_topic  = true
  }

  expect_failures = [output.config]
}

# 2100 letters, but 4200 bytes.
run "tasks_that_are_too_long" {
  command = plan

  variables {
    tasks = "tasks:\n- name: ${join("", [for number in range(700) : "üüü"])}\n"
  }

  expect_failures = [var.tasks]
}

run "models_that_the_network_cannot_reach" {
  command = plan

  variables {
    create_network   = true
    inference_region = "eu-frankfurt-1"
  }

  expect_failures = [oci_functions_application.this]
}

run "models_of_another_region_by_way_of_the_internet" {
  command = plan

  variables {
    create_network          = true
    inference_region        = "eu-frankfurt-1"
    network_internet_egress = true
  }
}

run "keys_that_a_private_gateway_cannot_fetch" {
  command = plan

  variables {
    create_network        = true
    create_gateway        = true
    gateway_endpoint_type = "PRIVATE"
  }

  expect_failures = [oci_apigateway_gateway.this]
}

run "keys_that_oci_publishes" {
  command = plan

  variables {
    create_network        = true
    create_gateway        = true
    gateway_endpoint_type = "PRIVATE"
    jwks_uri              = "https://idcs-0123.identity.oraclecloud.com/admin/v1/SigningCert/jwk"
  }
}
