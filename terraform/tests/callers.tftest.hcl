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
  tenancy_ocid           = "ocid1.tenancy.oc1..t"
  compartment_ocid       = "ocid1.compartment.oc1..c"
  genai_compartment_ocid = "ocid1.compartment.oc1..g"
  region                 = "us-chicago-1"
  image                  = "ord.ocir.io/mocknamespace/model-service:0.1.0"
  gateway_authentication = "keys"
}

run "keys_and_nothing_else" {
  command = plan

  variables {
    create_keys_secret = true
    vault_id           = "ocid1.vault.oc1..v"
    vault_key_id       = "ocid1.key.oc1..k"
  }

  assert {
    condition     = output.config["MODEL_SERVICE_KEYS"] == "ocid1.vaultsecret.oc1..mock" && jsondecode(output.config["MODEL_SERVICE_IDENTITY_HEADERS"])["id"] == "x-model-service-caller"
    error_message = "The function knows where the keys are and which headers name a caller."
  }

  assert {
    condition     = [for text in oci_identity_policy.this[0].statements : text if strcontains(text, "secret")] == ["Allow any-user to read secret-bundles in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', target.secret.id = 'ocid1.vaultsecret.oc1..mock'}"]
    error_message = "The function may read that secret, and no other."
  }
}

run "documents_that_are_there_already" {
  command = plan

  variables {
    service_config   = "oci://settings@mocknamespace/model-service/service.json"
    caller_keys      = "ocid1.vaultsecret.oc1..keys"
    counter          = "rediss://cache.example.internal:6379"
    counter_password = "ocid1.vaultsecret.oc1..counter"
    counter_failure  = "refuse"
  }

  assert {
    condition = alltrue([for statement in [
      "read secret-bundles in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.secret.id = 'ocid1.vaultsecret.oc1..keys', target.secret.id = 'ocid1.vaultsecret.oc1..counter'}}",
      "{OBJECT_READ} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {all {target.bucket.name = 'settings', target.object.name = 'model-service/service.json'}}}",
    ] : contains(oci_identity_policy.this[0].statements, "Allow any-user to ${statement}")])
    error_message = "The function may read the secrets and the object that its settings name, and nothing beside them."
  }

  assert {
    condition     = output.config["MODEL_SERVICE_COUNTER_PASSWORD"] == "ocid1.vaultsecret.oc1..counter" && output.config["MODEL_SERVICE_COUNTER_FAILURE"] == "refuse"
    error_message = "No password stands in a setting."
  }
}

run "documents_in_the_image_need_no_permission" {
  command = plan

  variables {
    service_config = "service.json"
    caller_keys    = "{\"keys\": []}"
  }

  assert {
    condition     = length([for text in oci_identity_policy.this[0].statements : text if strcontains(text, "secret") || strcontains(text, "OBJECT")]) == 0
    error_message = "What the image or the setting itself holds is read from there."
  }
}

run "who_used_what" {
  command = plan

  variables {
    caller_keys         = "keys.json"
    metrics_namespace   = "model_service"
    create_usage_bucket = true
    create_alarms       = true
    create_dashboard    = true
  }

  assert {
    condition     = one(one(oci_sch_service_connector.usage[0].source).log_sources) == { compartment_id = "ocid1.compartment.oc1..c", log_group_id = "ocid1.loggroup.oc1..mock", log_id = "ocid1.log.oc1..mock" }
    error_message = "The function's log, and no other, is what goes to the bucket."
  }

  assert {
    condition     = one(oci_sch_service_connector.usage[0].target).kind == "objectStorage" && one(oci_sch_service_connector.usage[0].target).bucket == "model-service-usage" && output.usage_bucket == "model-service-usage"
    error_message = "It goes to a bucket of its own."
  }

  assert {
    condition     = oci_objectstorage_bucket.usage[0].access_type == "NoPublicAccess"
    error_message = "Who used what is not for everybody."
  }

  assert {
    condition = alltrue([for statement in [
      "{LOG_CONTENT_READ} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'serviceconnector', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.loggroup.id = 'ocid1.loggroup.oc1..mock'}",
      "{OBJECT_INSPECT, OBJECT_READ, OBJECT_OVERWRITE, OBJECT_CREATE} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'serviceconnector', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.bucket.name = 'model-service-usage'}",
    ] : contains(oci_identity_policy.this[0].statements, "Allow any-user to ${statement}")])
    error_message = "The connector may read that group of logs and write to that bucket, and delete nothing."
  }

  assert {
    condition     = length([for text in oci_identity_policy.this[0].statements : text if strcontains(text, "fn-")]) == 0
    error_message = "This connector calls no function."
  }

  assert {
    condition = toset(keys(oci_monitoring_alarm.this)) == toset([
      "failed", "slow", "throttled", "gateway", "dead_letters", "dead_letters_lost", "records_left", "budget_reached", "config_stale", "counter_unavailable",
    ])
    error_message = "Alarms of the platform's metrics, and of the function's own."
  }

  assert {
    condition     = oci_monitoring_alarm.this["budget_reached"].namespace == "model_service" && oci_monitoring_alarm.this["budget_reached"].metric_compartment_id == "ocid1.compartment.oc1..g" && oci_monitoring_alarm.this["failed"].metric_compartment_id == "ocid1.compartment.oc1..c"
    error_message = "Each alarm looks where its metric is written."
  }

  assert {
    condition     = oci_monitoring_alarm.this["records_left"].pending_duration == "PT15M" && oci_monitoring_alarm.this["failed"].pending_duration == "PT5M"
    error_message = "A batch may be left over for a while before somebody is called."
  }

  assert {
    condition     = length([for tile in jsondecode(oci_management_dashboard_management_dashboards_import.this[0].import_details).dashboards[0].tiles : tile if one(tile.dataConfig).parameters.namespace == "model_service"]) == 8
    error_message = "The dashboard shows tokens, cost and budgets."
  }
}

run "a_bucket_without_a_log_is_refused" {
  command = plan

  variables {
    caller_keys         = "keys.json"
    create_usage_bucket = true
    create_logs         = false
  }

  expect_failures = [oci_sch_service_connector.usage]
}
