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
}

run "as_it_is" {
  command = plan

  assert {
    condition     = local.home_region == "eu-frankfurt-1"
    error_message = "IAM has to be written in the home region."
  }

  assert {
    condition     = output.base_url == "https://mock.apigateway.us-chicago-1.oci.customer-oci.com/v1"
    error_message = "base_url has to be the deployment's endpoint."
  }

  assert {
    condition     = output.image_repository == "ord.ocir.io/mocknamespace/model-service"
    error_message = "image_repository has to be what docker push takes."
  }

  assert {
    condition     = output.config == { MODEL_SERVICE_IDENTITY_HEADERS = "{\"id\":\"x-authenticated-subject\"}", OCI_COMPARTMENT_ID = "ocid1.compartment.oc1..c" }
    error_message = "Nothing but the compartment has to be set by default."
  }

  assert {
    condition     = oci_functions_function.this[0].memory_in_mbs == "512" && oci_functions_function.this[0].timeout_in_seconds == 300
    error_message = "Memory and timeout are those of func.yaml."
  }

  assert {
    condition     = one(oci_functions_application.this.logging).line_format == "JSON"
    error_message = "The function's log lines are JSON."
  }

  assert {
    condition     = one(oci_functions_function.this[0].provisioned_concurrency_config).strategy == "NONE"
    error_message = "Nothing is kept warm, and billed, unless somebody says so."
  }

  assert {
    condition     = oci_core_subnet.function[0].prohibit_public_ip_on_vnic
    error_message = "The function is not on the internet."
  }

  assert {
    condition     = toset(keys(oci_logging_log.this)) == toset(["function", "gateway-access", "gateway-execution"])
    error_message = "The function's log and the gateway's two."
  }

  assert {
    condition = sum([for group in [
      oci_events_rule.this, oci_streaming_stream.this, oci_queue_queue.this, oci_sch_service_connector.stream,
      oci_sch_service_connector.queue, oci_sch_service_connector.usage, oci_objectstorage_bucket.usage, oci_objectstorage_bucket.results, oci_ons_notification_topic.results,
      oci_ons_subscription.function, oci_vault_secret.keys, oci_monitoring_alarm.this, oci_management_dashboard_management_dashboards_import.this,
      oci_objectstorage_bucket.overflow, oci_objectstorage_bucket.responses, oci_queue_queue.relay, oci_streaming_stream.relay, oci_core_nat_gateway.this, oci_identity_dynamic_group.this, oci_apigateway_usage_plan.this,
    ] : length(group)]) == 0
    error_message = "What needs tasks or a later release, and what costs, is off by default."
  }
}

run "first_step_without_an_image" {
  command = plan

  variables {
    function_source = "none"
    image           = null
  }

  assert {
    condition     = length(oci_functions_function.this) == 0 && length(oci_apigateway_deployment.this) == 0 && length(oci_identity_policy.this) == 0
    error_message = "There is no function yet, so nothing may need one."
  }

  assert {
    condition     = length(oci_artifacts_container_repository.this) == 1 && oci_functions_application.this.display_name == "model-service"
    error_message = "The repository and the application are there for what comes next."
  }
}

run "everything_off" {
  command = plan

  variables {
    create_network      = false
    function_subnet_ids = ["ocid1.subnet.oc1..f"]
    create_repository   = false
    create_gateway      = false
    create_logs         = false
    create_iam          = false
  }

  assert {
    condition     = length(oci_core_vcn.this) + length(oci_apigateway_gateway.this) + length(oci_logging_log_group.this) + length(oci_identity_policy.this) == 0
    error_message = "Each part has a switch."
  }

  assert {
    condition     = tolist(oci_functions_application.this.subnet_ids) == tolist(["ocid1.subnet.oc1..f"])
    error_message = "The function sits in the network that was given."
  }

  assert {
    condition     = length(output.policy_statements) > 0
    error_message = "What somebody else has to write is put out."
  }
}

run "settings" {
  command = plan

  variables {
    transport         = "v1"
    aliases           = { prod = "meta.llama-3.3-70b-instruct" }
    endpoint_families = { "ocid1.generativeaiendpoint.oc1..e" = "generic" }
    responses_store   = false
    log_requests      = true
  }

  assert {
    condition = output.config == {
      LOCUS_OCI_TRANSPORT             = "v1"
      MODEL_SERVICE_ALIASES           = "{\"prod\":\"meta.llama-3.3-70b-instruct\"}"
      MODEL_SERVICE_ENDPOINT_FAMILIES = "{\"ocid1.generativeaiendpoint.oc1..e\":\"generic\"}"
      MODEL_SERVICE_IDENTITY_HEADERS  = "{\"id\":\"x-authenticated-subject\"}"
      MODEL_SERVICE_RESPONSES_STORE   = "false"
      OCI_COMPARTMENT_ID              = "ocid1.compartment.oc1..c"
      OCI_LOG_REQUESTS                = "true"
    }
    error_message = "Exactly the settings that were given."
  }
}
