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

run "conditions" {
  command = plan

  assert {
    condition = toset(oci_identity_policy.this[0].statements) == toset([
      "Allow any-user to use generative-ai-chat in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use generative-ai-text-embedding in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to manage generative-ai-response in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to manage generative-ai-conversation in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to read generative-ai-project in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to inspect generative-ai-model in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to inspect generative-ai-endpoint in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use functions-family in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'ApiGateway', request.resource.compartment.id = 'ocid1.compartment.oc1..c', target.function.id = 'ocid1.fnfunc.oc1..mock'}",
    ])
    error_message = "One statement for each thing that is switched on, and no more."
  }
}

run "dynamic_group" {
  command = plan

  variables {
    create_dynamic_group   = true
    create_gateway         = false
    enable_embeddings      = false
    enable_responses       = false
    enable_models          = false
    genai_compartment_ocid = "ocid1.compartment.oc1..g"
  }

  assert {
    condition     = oci_identity_dynamic_group.this[0].matching_rule == "ALL {resource.type = 'fnfunc', resource.id = 'ocid1.fnfunc.oc1..mock'}" && oci_identity_dynamic_group.this[0].compartment_id == "ocid1.tenancy.oc1..t"
    error_message = "The group holds this one function."
  }

  assert {
    condition     = tolist(oci_identity_policy.this[0].statements) == tolist(["Allow dynamic-group id ocid1.dynamicgroup.oc1..mock to use generative-ai-chat in compartment id ocid1.compartment.oc1..g"])
    error_message = "In the compartment that pays, and nothing that is switched off."
  }
}

run "no_api_without_its_feature" {
  command = plan

  variables {
    enable_embeddings  = false
    enable_responses   = false
    enable_models      = false
    enable_completions = false
    enable_status      = false
  }

  assert {
    condition     = [for route in one(oci_apigateway_deployment.this[0].specification).routes : route.path] == ["/chat/completions"]
    error_message = "What the function may not do has no route."
  }
}

run "what_is_stored_has_routes_and_permissions_of_its_own" {
  command = plan

  variables {
    create_network       = false
    function_subnet_ids  = ["ocid1.subnet.oc1..f"]
    gateway_subnet_id    = "ocid1.subnet.oc1..g"
    enable_embeddings    = false
    enable_responses     = false
    enable_models        = false
    enable_completions   = false
    enable_status        = false
    enable_files         = true
    enable_vector_stores = true
    enable_containers    = true
    enable_speech        = true
  }

  assert {
    condition = toset([for text in oci_identity_policy.this[0].statements : split(" in ", text)[0] if strcontains(text, "fnfunc'")]) == toset([
      "Allow any-user to use generative-ai-chat",
      "Allow any-user to read generative-ai-project",
      "Allow any-user to manage generative-ai-file",
      "Allow any-user to manage generative-ai-vector-store",
      "Allow any-user to manage generative-ai-vectorstore-file",
      "Allow any-user to manage generative-ai-container",
    ])
    error_message = "Each switch has the permissions of what it serves, and no others."
  }

  assert {
    condition     = length([for route in one(oci_apigateway_deployment.this[0].specification).routes : route.path]) == 20
    error_message = "Each switch has its routes."
  }
}

run "what_is_put_into_a_store_is_read" {
  command = plan

  variables {
    enable_vector_stores = true
  }

  assert {
    condition     = anytrue([for text in oci_identity_policy.this[0].statements : strcontains(text, "to read generative-ai-file in")])
    error_message = "A store is filled with files that somebody else has uploaded."
  }
}

run "the_services_that_call_it_may_call_nothing_else" {
  command = plan

  variables {
    create_network      = false
    create_gateway      = false
    enable_embeddings   = false
    enable_responses    = false
    enable_models       = false
    enable_rerank       = true
    function_subnet_ids = ["ocid1.subnet.oc1..f"]
    create_stream       = true
    event_rules         = { uploads = { event_types = ["com.oraclecloud.objectstorage.createobject"] } }
    tasks               = "tasks: [{name: all, match: {source: streaming}, ignore: true}]"
    success_destination = { kind = "STREAM", id = "ocid1.stream.oc1..done" }
    failure_destination = { kind = "QUEUE", id = "ocid1.queue.oc1..failed", channel_id = "failed" }
  }

  assert {
    condition = toset(oci_identity_policy.this[0].statements) == toset([
      "Allow any-user to use generative-ai-chat in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use generative-ai-text-rerank in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to {STREAM_PRODUCE} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.stream.id = 'ocid1.stream.oc1..done'}}",
      "Allow any-user to {QUEUE_PRODUCE} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock', any {target.queue.id = 'ocid1.queue.oc1..failed'}}",
      "Allow any-user to read fn-function in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'eventrule', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.function.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use fn-invocation in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'eventrule', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.function.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to read fn-function in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'serviceconnector', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.function.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use fn-invocation in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'serviceconnector', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.function.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to {STREAM_READ, STREAM_CONSUME} in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'serviceconnector', request.principal.compartment.id = 'ocid1.compartment.oc1..c', target.stream.id = 'ocid1.stream.oc1..mock'}",
    ])
    error_message = "Each service may call this one function."
  }
}

run "the_function_is_not_named_where_that_does_not_work" {
  command = plan

  variables {
    create_network          = false
    function_subnet_ids     = ["ocid1.subnet.oc1..f"]
    gateway_subnet_id       = "ocid1.subnet.oc1..g"
    name_function_in_policy = false
    sink_functions          = ["ocid1.fnfunc.oc1..next"]
  }

  assert {
    condition     = [for text in oci_identity_policy.this[0].statements : text if strcontains(text, "target.function.id")] == []
    error_message = "No statement names a function."
  }
}

# The guide's first step: the bucket's lifecycle needs its permission before there is a function.
run "a_first_step_without_a_function_lets_the_buckets_be_emptied" {
  command = plan

  variables {
    create_network          = false
    function_subnet_ids     = ["ocid1.subnet.oc1..f"]
    gateway_subnet_id       = "ocid1.subnet.oc1..g"
    function_source         = "none"
    create_overflow_bucket  = true
    create_responses_bucket = true
  }

  assert {
    condition     = length(oci_identity_policy.this) == 0 && length(oci_objectstorage_object_lifecycle_policy.overflow) == 1
    error_message = "There is nothing yet that the function could be allowed."
  }

  assert {
    condition     = tolist(oci_identity_policy.overflow[0].statements) == tolist(["Allow service objectstorage-us-chicago-1 to manage object-family in compartment id ocid1.compartment.oc1..c where target.bucket.name = 'model-service-overflow'"])
    error_message = "Object Storage may delete in that bucket."
  }

  assert {
    condition     = tolist(oci_identity_policy.responses[0].statements) == tolist(["Allow service objectstorage-us-chicago-1 to manage object-family in compartment id ocid1.compartment.oc1..c where target.bucket.name = 'model-service-responses'"])
    error_message = "And in the one that keeps responses."
  }

  assert {
    condition     = one(oci_objectstorage_object_lifecycle_policy.responses[0].rules).time_amount == "30"
    error_message = "A response is let go of when it cannot be continued any more."
  }
}
