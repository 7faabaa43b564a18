# Who may do what: one statement for each thing that is switched on, and no more. README.md has the table with reasons.
locals {
  # Both name this one function; the dynamic group has to be made in the tenancy, the conditions need no such right.
  function_subject   = var.create_dynamic_group ? "dynamic-group id ${try(oci_identity_dynamic_group.this[0].id, "")}" : "any-user"
  function_condition = var.create_dynamic_group ? [] : ["request.principal.type = 'fnfunc'", "request.principal.id = '${coalesce(local.function_id, "-")}'"]

  here  = "compartment id ${var.compartment_ocid}"
  genai = "compartment id ${local.genai_compartment_ocid}"

  # The Functions reference lists no variable of its own; Oracle's samples name the function for fn-function and
  # fn-invocation, and so do others for functions-family (README.md, "What is not certain").
  only_function = var.name_function_in_policy ? ", target.function.id = '${coalesce(local.function_id, "-")}'" : ""

  rule_condition      = "request.principal.type = 'eventrule', request.principal.compartment.id = '${var.compartment_ocid}'"
  connector_condition = "request.principal.type = 'serviceconnector', request.principal.compartment.id = '${var.compartment_ocid}'"
  has_connector       = local.has_stream || local.has_queue

  only_sink_functions = var.name_function_in_policy ? ["any {${join(", ", [for id in var.sink_functions : "target.function.id = '${id}'"])}}"] : []

  # What OCI keeps of these is in a project, and made of files.
  keeps_resources = var.enable_files || var.enable_vector_stores || var.enable_containers

  # What the function itself may do. `only` narrows a statement to one resource.
  function_grants = {
    chat                   = { on = true, can = "use generative-ai-chat", in = local.genai, only = [] }
    embeddings             = { on = var.enable_embeddings, can = "use generative-ai-text-embedding", in = local.genai, only = [] }
    rerank                 = { on = var.enable_rerank, can = "use generative-ai-text-rerank", in = local.genai, only = [] }
    responses              = { on = var.enable_responses, can = "manage generative-ai-response", in = local.genai, only = [] }
    responses_conversation = { on = var.enable_responses, can = "manage generative-ai-conversation", in = local.genai, only = [] }
    responses_project      = { on = var.enable_responses || local.keeps_resources, can = "read generative-ai-project", in = local.genai, only = [] }
    files                  = { on = var.enable_files, can = "manage generative-ai-file", in = local.genai, only = [] }
    files_read             = { on = local.keeps_resources && !var.enable_files, can = "read generative-ai-file", in = local.genai, only = [] }
    vector_stores          = { on = var.enable_vector_stores, can = "manage generative-ai-vector-store", in = local.genai, only = [] }
    vector_store_files     = { on = var.enable_vector_stores, can = "manage generative-ai-vectorstore-file", in = local.genai, only = [] }
    containers             = { on = var.enable_containers, can = "manage generative-ai-container", in = local.genai, only = [] }
    models                 = { on = var.enable_models, can = "inspect generative-ai-model", in = local.genai, only = [] }
    models_endpoints       = { on = var.enable_models, can = "inspect generative-ai-endpoint", in = local.genai, only = [] }
    dedicated_endpoint     = { on = var.enable_dedicated_endpoints, can = "read generative-ai-endpoint", in = local.genai, only = [] }
    dedicated_model        = { on = var.enable_dedicated_endpoints, can = "read generative-ai-model", in = local.genai, only = [] }
    overflow_bucket = {
      on   = var.create_overflow_bucket || var.overflow_bucket != null
      can  = "{OBJECT_CREATE, OBJECT_READ, PAR_MANAGE}"
      in   = local.here
      only = ["target.bucket.name = '${element(split("/", coalesce(local.overflow_place, "-")), -1)}'"]
    }
    responses_bucket = {
      on   = var.create_responses_bucket || var.responses_bucket != null
      can  = "{OBJECT_CREATE, OBJECT_READ, OBJECT_DELETE}"
      in   = local.here
      only = ["target.bucket.name = '${element(split("/", coalesce(local.responses_place, "-")), -1)}'"]
    }
    conversations = {
      on  = var.create_responses_bucket || var.responses_bucket != null
      can = "{OBJECT_OVERWRITE}"
      in  = local.here
      only = [
        "target.bucket.name = '${element(split("/", coalesce(local.responses_place, "-")), -1)}'",
        "target.object.name = 'model-service/conversations/*'",
      ]
    }
    request_buckets = {
      on   = length(var.request_buckets) > 0
      can  = "{OBJECT_READ}"
      in   = local.here
      only = ["any {${join(", ", [for bucket in var.request_buckets : "target.bucket.name = '${element(split("/", bucket), -1)}'"])}}"]
    }
    relay_queues = {
      on   = length(local.relay_queues) > 0
      can  = "{QUEUE_READ, QUEUE_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in local.relay_queues : "target.queue.id = '${id}'"])}}"]
    }
    relay_streams = {
      on   = length(local.relay_streams) > 0
      can  = "{STREAM_READ, STREAM_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in local.relay_streams : "target.stream.id = '${id}'"])}}"]
    }
    source_buckets = {
      on   = length(local.source_buckets) > 0
      can  = "{OBJECT_READ}"
      in   = local.here
      only = ["any {${join(", ", [for bucket in local.source_buckets : "target.bucket.name = '${bucket}'"])}}"]
    }
    sink_buckets = {
      on   = length(local.sink_buckets) > 0
      can  = "{OBJECT_CREATE, OBJECT_READ, OBJECT_INSPECT}"
      in   = local.here
      only = ["any {${join(", ", [for bucket in local.sink_buckets : "target.bucket.name = '${bucket}'"])}}"]
    }
    ledger = {
      on   = local.ledger_bucket != null
      can  = "{OBJECT_CREATE, OBJECT_OVERWRITE, OBJECT_READ}"
      in   = local.here
      only = ["target.bucket.name = '${coalesce(local.ledger_bucket, "-")}'", "target.object.name = 'model-service/ledger/*'"]
    }
    # A listing is of a bucket, and says nothing of a name that a condition could be held against.
    ledger_list = {
      on   = local.ledger_bucket != null
      can  = "{OBJECT_INSPECT}"
      in   = local.here
      only = ["target.bucket.name = '${coalesce(local.ledger_bucket, "-")}'"]
    }
    sink_streams = {
      on   = length(var.sink_streams) > 0
      can  = "{STREAM_READ, STREAM_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in var.sink_streams : "target.stream.id = '${id}'"])}}"]
    }
    sink_queues = {
      on   = length(var.sink_queues) > 0
      can  = "{QUEUE_READ, QUEUE_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in var.sink_queues : "target.queue.id = '${id}'"])}}"]
    }
    # Notifications has no variable for a topic: docs.oracle.com, Identity/Reference/notificationpolicyreference.htm
    sink_topics     = { on = length(var.sink_topics) > 0 || local.has_results_topic, can = "{ONS_TOPIC_PUBLISH}", in = local.here, only = [] }
    sink_functions  = { on = length(var.sink_functions) > 0, can = "read fn-function", in = local.here, only = local.only_sink_functions }
    sink_invocation = { on = length(var.sink_functions) > 0, can = "use fn-invocation", in = local.here, only = local.only_sink_functions }
    keys_secret = {
      on   = local.has_keys_secret
      can  = "read secret-bundles"
      in   = local.here
      only = ["target.secret.id = '${try(oci_vault_secret.keys[0].id, "")}'"]
    }
    named_secrets = {
      on   = length(local.named_secrets) > 0
      can  = "read secret-bundles"
      in   = local.here
      only = ["any {${join(", ", [for id in local.named_secrets : "target.secret.id = '${id}'"])}}"]
    }
    named_objects = {
      on   = length(local.named_objects) > 0
      can  = "{OBJECT_READ}"
      in   = local.here
      only = ["any {${join(", ", [for one in local.named_objects : "all {target.bucket.name = '${one[0]}', target.object.name = '${one[1]}'}"])}}"]
    }
    metrics = {
      on   = var.metrics_namespace != null
      can  = "use metrics"
      in   = local.genai
      only = ["target.metrics.namespace = '${coalesce(var.metrics_namespace, "none")}'"]
    }
    destination_stream = {
      on   = length(local.destination_streams) > 0
      can  = "{STREAM_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in local.destination_streams : "target.stream.id = '${id}'"])}}"]
    }
    destination_queue = {
      on   = length(local.destination_queues) > 0
      can  = "{QUEUE_PRODUCE}"
      in   = local.here
      only = ["any {${join(", ", [for id in local.destination_queues : "target.queue.id = '${id}'"])}}"]
    }
    destination_topic = { on = length(local.destination_topics) > 0, can = "{ONS_TOPIC_PUBLISH}", in = local.here, only = [] }
  }

  # What OCI's own services may do for the function's sake.
  service_grants = {
    gateway = {
      on   = local.has_api
      text = "Allow any-user to use functions-family in ${local.here} where ALL {request.principal.type = 'ApiGateway', request.resource.compartment.id = '${var.compartment_ocid}'${local.only_function}}"
    }
    events_function = {
      on   = local.has_function && length(var.event_rules) > 0
      text = "Allow any-user to read fn-function in ${local.here} where ALL {${local.rule_condition}${local.only_function}}"
    }
    events_invocation = {
      on   = local.has_function && length(var.event_rules) > 0
      text = "Allow any-user to use fn-invocation in ${local.here} where ALL {${local.rule_condition}${local.only_function}}"
    }
    connector_function = {
      on   = local.has_connector
      text = "Allow any-user to read fn-function in ${local.here} where ALL {${local.connector_condition}${local.only_function}}"
    }
    connector_invocation = {
      on   = local.has_connector
      text = "Allow any-user to use fn-invocation in ${local.here} where ALL {${local.connector_condition}${local.only_function}}"
    }
    stream = {
      on   = local.has_stream
      text = "Allow any-user to {STREAM_READ, STREAM_CONSUME} in ${local.here} where ALL {${local.connector_condition}, target.stream.id = '${try(oci_streaming_stream.this[0].id, "")}'}"
    }
    queue = {
      on   = local.has_queue
      text = "Allow any-user to {QUEUE_READ, QUEUE_CONSUME} in ${local.here} where ALL {${local.connector_condition}, target.queue.id = '${try(oci_queue_queue.this[0].id, "")}'}"
    }
    usage_log = {
      on   = local.has_usage_bucket
      text = "Allow any-user to {LOG_CONTENT_READ} in ${local.here} where ALL {${local.connector_condition}, target.loggroup.id = '${try(oci_logging_log_group.this[0].id, "")}'}"
    }
    usage_bucket = {
      on   = local.has_usage_bucket
      text = "Allow any-user to {OBJECT_INSPECT, OBJECT_READ, OBJECT_OVERWRITE, OBJECT_CREATE} in ${local.here} where ALL {${local.connector_condition}, target.bucket.name = '${local.usage_name}'}"
    }
    overflow_lifecycle = {
      on   = var.create_overflow_bucket
      text = "Allow service objectstorage-${var.region} to manage object-family in ${local.here} where target.bucket.name = '${local.overflow_name}'"
    }
    responses_lifecycle = {
      on   = var.create_responses_bucket
      text = "Allow service objectstorage-${var.region} to manage object-family in ${local.here} where target.bucket.name = '${local.responses_name}'"
    }
    tracing = {
      on   = var.apm_domain_id != null
      text = "Allow service faas to use apm-domains in ${local.here}"
    }
  }

  destination_streams = [for one in values(local.destinations) : one.id if one.kind == "STREAM"]
  destination_queues  = [for one in values(local.destinations) : one.id if one.kind == "QUEUE"]
  destination_topics  = [for one in values(local.destinations) : one.id if one.kind == "NOTIFICATION"]

  # A client may name other compartments to pay: the same rights there.
  paid_for = [
    "chat", "embeddings", "rerank", "responses", "responses_conversation", "responses_project",
    "files", "files_read", "vector_stores", "vector_store_files", "containers",
  ]
  payer_grants = merge([for index, ocid in var.allowed_compartments : {
    for name, grant in local.function_grants : "${name}_${index}" => merge(grant, { in = "compartment id ${ocid}" })
    if contains(local.paid_for, name)
  }]...)

  function_statements = { for name, grant in merge(local.function_grants, local.payer_grants) : name => join(" ", compact([
    "Allow ${local.function_subject} to ${grant.can} in ${grant.in}",
    length(concat(local.function_condition, grant.only)) > 0 ? "where ALL {${join(", ", concat(local.function_condition, grant.only))}}" : "",
  ])) if grant.on && local.has_function }
  service_statements = { for name, grant in local.service_grants : name => grant.text if grant.on && !endswith(name, "_lifecycle") }

  statements           = values(merge(local.function_statements, local.service_statements))
  overflow_statements  = [for name, grant in local.service_grants : grant.text if grant.on && name == "overflow_lifecycle"]
  responses_statements = [for name, grant in local.service_grants : grant.text if grant.on && name == "responses_lifecycle"]
}

resource "oci_identity_dynamic_group" "this" {
  count    = var.create_iam && var.create_dynamic_group && local.has_function ? 1 : 0
  provider = oci.home

  compartment_id = var.tenancy_ocid
  name           = var.name
  description    = "The function ${var.name}"
  matching_rule  = "ALL {resource.type = 'fnfunc', resource.id = '${local.function_id}'}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_identity_policy" "this" {
  count    = var.create_iam && local.has_function ? 1 : 0
  provider = oci.home

  compartment_id = coalesce(var.policy_compartment_ocid, var.compartment_ocid)
  name           = var.name
  description    = "What ${var.name} and the services in front of it may do"
  statements     = local.statements
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

# A policy of its own, because the bucket's lifecycle needs it before there is a function that could be named.
resource "oci_identity_policy" "overflow" {
  count    = var.create_iam && var.create_overflow_bucket ? 1 : 0
  provider = oci.home

  compartment_id = coalesce(var.policy_compartment_ocid, var.compartment_ocid)
  name           = "${var.name}-overflow"
  description    = "Lets Object Storage delete what is old in the bucket for large answers of ${var.name}"
  statements     = local.overflow_statements
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}
