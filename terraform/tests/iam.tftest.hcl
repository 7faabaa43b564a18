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
      "Allow any-user to use generative-ai-project in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'fnfunc', request.principal.id = 'ocid1.fnfunc.oc1..mock'}",
      "Allow any-user to use functions-family in compartment id ocid1.compartment.oc1..c where ALL {request.principal.type = 'ApiGateway', request.resource.compartment.id = 'ocid1.compartment.oc1..c'}",
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
    enable_embeddings = false
    enable_responses  = false
  }

  assert {
    condition     = [for route in one(oci_apigateway_deployment.this[0].specification).routes : route.path] == ["/chat/completions"]
    error_message = "What the function may not do has no route."
  }
}
