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

run "all_of_it" {
  command = plan

  variables {
    create_gateway        = false
    tasks                 = <<-EOT
      # a comment takes no room
      sinks:
        results: {bucket: model-service-results, name: "{{ id }}.json"}
      dead_letters: results
      tasks:
        - {name: all, sink: results}
    EOT
    batch_concurrency     = 16
    source_buckets        = ["prompts", "mocknamespace/invoices"]
    sink_buckets          = ["mocknamespace/summaries"]
    ledger_bucket         = "mocknamespace/ledger"
    sink_streams          = ["ocid1.stream.oc1..answers"]
    sink_queues           = ["ocid1.queue.oc1..work"]
    sink_functions        = ["ocid1.fnfunc.oc1..next", "ocid1.fnfunc.oc1..other"]
    notification_topics   = ["ocid1.onstopic.oc1..alerts"]
    create_stream         = true
    create_queue          = true
    create_results_bucket = true
    create_results_topic  = true
    create_keys_secret    = true
    create_relay_queue    = true
    relay_destinations    = ["ocid1.stream.oc1..given"]
    overflow_bucket       = "mocknamespace/answers"
    responses_bucket      = "mocknamespace/kept"
    responses_days        = 7
    conversations         = "bucket"
    request_buckets       = ["prompts", "mocknamespace/uploads"]
    vault_id              = "ocid1.vault.oc1..v"
    vault_key_id          = "ocid1.key.oc1..k"
    failure_destination   = { kind = "QUEUE", id = "ocid1.queue.oc1..failed", channel_id = "failed" }
    event_rules           = { uploads = { event_types = ["com.oraclecloud.objectstorage.createobject"], filter = "{\"additionalDetails\": {\"bucketName\": \"prompts\"}}" } }
    create_alarms         = true
    alarm_emails          = ["platform@example.com"]
    create_dashboard      = true
  }

  assert {
    condition     = jsondecode(oci_events_rule.this["uploads"].condition) == { eventType = ["com.oraclecloud.objectstorage.createobject"], data = { additionalDetails = { bucketName = "prompts" } } }
    error_message = "The rule's condition is Events' own form."
  }

  assert {
    condition     = jsondecode(one(oci_sch_service_connector.queue[0].source).config_map) == { queueId = "ocid1.queue.oc1..mock" }
    error_message = "A queue is a source by the plugin QueueSource."
  }

  assert {
    condition     = oci_queue_queue.this[0].visibility_in_seconds > oci_functions_function.this[0].timeout_in_seconds
    error_message = "Nobody else may get a message while the function works on it."
  }

  assert {
    condition     = jsondecode(output.config["MODEL_SERVICE_RELAY_DESTINATIONS"]) == ["ocid1.stream.oc1..given", "ocid1.queue.oc1..mock"]
    error_message = "Answers may be relayed to what is given and to what is made."
  }

  assert {
    condition     = output.config["MODEL_SERVICE_OVERFLOW_BUCKET"] == "mocknamespace/answers" && length(oci_objectstorage_bucket.overflow) == 0
    error_message = "The bucket that is there already takes what is too large."
  }

  assert {
    condition     = output.config["MODEL_SERVICE_RESPONSES_BUCKET"] == "mocknamespace/kept" && output.config["MODEL_SERVICE_RESPONSES_DAYS"] == "7" && output.config["MODEL_SERVICE_CONVERSATIONS"] == "bucket" && length(oci_objectstorage_bucket.responses) == 0
    error_message = "The bucket that is there already keeps responses."
  }

  assert {
    condition     = anytrue([for statement in oci_identity_policy.this[0].statements : strcontains(statement, "{OBJECT_CREATE, OBJECT_READ, OBJECT_DELETE}") && endswith(statement, "target.bucket.name = 'kept'}")])
    error_message = "Responses are kept and deleted in that bucket alone."
  }

  assert {
    condition     = anytrue([for statement in oci_identity_policy.this[0].statements : strcontains(statement, "{OBJECT_READ}") && endswith(statement, "any {target.bucket.name = 'prompts', target.bucket.name = 'uploads'}}")])
    error_message = "Requests may be read from the buckets that are named."
  }

  assert {
    condition     = one(oci_functions_function.this[0].failure_destination).queue_id == "ocid1.queue.oc1..failed" && one(oci_functions_function.this[0].failure_destination).channel_id == "failed"
    error_message = "Failed detached calls go to the queue."
  }

  assert {
    condition     = base64decode(one(oci_vault_secret.keys[0].secret_content).content) == "{}"
    error_message = "No key stands in Terraform's state."
  }

  assert {
    condition = alltrue([for statement in oci_identity_policy.this[0].statements :
    strcontains(statement, " where ALL {") && !strcontains(statement, "in tenancy") && !strcontains(statement, "all-resources")])
    error_message = "Every statement is narrowed."
  }

  assert {
    condition     = length([for statement in oci_identity_policy.this[0].statements : statement if strcontains(statement, "target.")]) == 22
    error_message = "What is written to or read from is named, each in its statement."
  }

  assert {
    condition     = output.config["MODEL_SERVICE_TASKS"] == "{\"dead_letters\":\"results\",\"sinks\":{\"results\":{\"bucket\":\"model-service-results\",\"name\":\"{{ id }}.json\"}},\"tasks\":[{\"name\":\"all\",\"sink\":\"results\"}]}"
    error_message = "Tasks that are written out are a setting of one line."
  }

  assert {
    condition     = output.config["MODEL_SERVICE_BATCH_CONCURRENCY"] == "16"
    error_message = "So many records at once."
  }

  assert {
    condition     = oci_ons_subscription.function["ocid1.onstopic.oc1..alerts"].protocol == "ORACLE_FUNCTIONS" && oci_ons_subscription.function["ocid1.onstopic.oc1..alerts"].endpoint == "ocid1.fnfunc.oc1..mock"
    error_message = "The function gets what is published on the topic."
  }

  assert {
    condition = alltrue([for statement in [
      "{OBJECT_CREATE, OBJECT_READ, OBJECT_INSPECT} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.bucket.name = 'summaries', target.bucket.name = 'model-service-results'}}",
      "{OBJECT_CREATE, OBJECT_OVERWRITE, OBJECT_READ} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', target.bucket.name = 'ledger', target.object.name = 'model-service/ledger/*'}",
      "{OBJECT_INSPECT} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', target.bucket.name = 'ledger'}",
      "{OBJECT_READ} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.bucket.name = 'prompts', target.bucket.name = 'invoices'}}",
      "{STREAM_READ, STREAM_PRODUCE} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.stream.id = 'ocid1.stream.oc1..answers'}}",
      "{QUEUE_READ, QUEUE_PRODUCE} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.queue.id = 'ocid1.queue.oc1..work'}}",
      "{ONS_TOPIC_PUBLISH} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "read fn-function in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.function.id = 'ocid1.fnfunc.oc1..next', target.function.id = 'ocid1.fnfunc.oc1..other'}}",
      "use fn-invocation in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.function.id = 'ocid1.fnfunc.oc1..next', target.function.id = 'ocid1.fnfunc.oc1..other'}}",
    ] : contains(oci_identity_policy.this[0].statements, "Allow any-user to ${statement}")])
    error_message = "The function may read what tasks read and write where they write, and no more."
  }

  assert {
    condition     = toset(keys(oci_monitoring_alarm.this)) == toset(["failed", "slow", "throttled"]) && length(oci_ons_subscription.alarms) == 1
    error_message = "Alarms of the function, and none of a gateway that is not there."
  }

  assert {
    condition     = length(jsondecode(oci_management_dashboard_management_dashboards_import.this[0].import_details).dashboards[0].tiles) == 4
    error_message = "The dashboard is JSON with its tiles."
  }

  # What oci.management_dashboard.models.ManagementDashboardForImportExportDetails says is required.
  assert {
    condition = alltrue([for name in [
      "dashboardId", "providerId", "providerName", "providerVersion", "tiles", "displayName", "description", "compartmentId",
      "isOobDashboard", "isShowInHome", "metadataVersion", "isShowDescription", "screenImage", "nls", "uiConfig", "dataConfig",
      "type", "isFavorite", "savedSearches",
    ] : contains(keys(jsondecode(oci_management_dashboard_management_dashboards_import.this[0].import_details).dashboards[0]), name)])
    error_message = "The dashboard has every field that the service requires."
  }
}

run "tasks_in_object_storage" {
  command = plan

  variables {
    create_gateway = false
    tasks          = "https://objectstorage.us-chicago-1.oraclecloud.com/n/mocknamespace/b/settings/o/tasks.yaml"
  }

  assert {
    condition     = output.config["MODEL_SERVICE_TASKS"] == var.tasks
    error_message = "The function fetches them itself."
  }

  assert {
    condition     = anytrue([for statement in oci_identity_policy.this[0].statements : strcontains(statement, "{OBJECT_READ}") && endswith(statement, "any {target.bucket.name = 'settings'}}")])
    error_message = "The function may read the bucket of its tasks."
  }
}
