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

run "tokens" {
  command = plan

  assert {
    condition     = one(one(one(oci_apigateway_deployment.this[0].specification).request_policies).authentication).type == "TOKEN_AUTHENTICATION"
    error_message = "Under JWT_AUTHENTICATION the claims do not resolve."
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
    one(one(route.request_policies).authorization).type == "AUTHENTICATION_ONLY"])
    error_message = "Every route asks for a token."
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
      alltrue([for item in one(one(one(route.request_policies).header_transformations).set_headers).items :
    item.if_exists == "OVERWRITE" && item.values == tolist(["$${request.auth[sub]}"])])])
    error_message = "What a caller says of himself is overwritten."
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
    contains([for item in one(one(one(route.request_policies).header_transformations).filter_headers).items : item.name], "oci-subject-id")])
    error_message = "The platform's own names are taken away."
  }

  assert {
    condition     = one(one(one(oci_apigateway_deployment.this[0].specification).request_policies).rate_limiting).rate_in_requests_per_second == 50
    error_message = "There is a rate limit by default."
  }
}

run "scopes" {
  command = plan

  variables {
    gateway_scopes = ["chat"]
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
    one(one(route.request_policies).authorization).type == "ANY_OF" && one(one(route.request_policies).authorization).allowed_scope == tolist(["chat"])])
    error_message = "Every route asks for one of the scopes."
  }
}

run "keys" {
  command = plan

  variables {
    gateway_authentication = "keys"
  }

  assert {
    condition     = one(one(one(oci_apigateway_deployment.this[0].specification).request_policies).authentication).function_id == "ocid1.fnfunc.oc1..mock"
    error_message = "The function itself looks at the keys."
  }

  assert {
    condition     = tolist(one(one(one(oci_apigateway_deployment.this[0].specification).request_policies).authentication).cache_key) == tolist(["authorization"])
    error_message = "A verdict is kept for the whole credential that it is about."
  }
}

run "nobody_is_asked_in_a_private_network" {
  command = plan

  variables {
    gateway_endpoint_type  = "PRIVATE"
    gateway_authentication = "none"
    rate_limit             = 0
  }

  assert {
    condition     = length(one(one(oci_apigateway_deployment.this[0].specification).request_policies).authentication) == 0
    error_message = "No authentication."
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
    contains([for item in one(one(one(route.request_policies).header_transformations).filter_headers).items : item.name], "X-Authenticated-Subject")])
    error_message = "Where nobody is asked who he is, nobody may say so."
  }

  assert {
    condition     = length(oci_core_internet_gateway.this) == 0 && oci_core_subnet.gateway[0].prohibit_public_ip_on_vnic
    error_message = "A private gateway has nothing on the internet."
  }
}

run "limits_for_each_caller" {
  command = plan

  variables {
    usage_plans            = { team = { requests_per_second = 5, quota = 1000 } }
    usage_plan_subscribers = { a = "team" }
    usage_plan_tokens      = { a = "token" }
    cors_allowed_origins   = ["https://chat.example.com"]
  }

  assert {
    condition     = one(one(oci_apigateway_usage_plan.this["team"].entitlements).quota).operation_on_breach == "REJECT"
    error_message = "Who has used up his quota is refused."
  }

  assert {
    condition     = length(oci_apigateway_subscriber.this) == 1 && length(one(one(oci_apigateway_deployment.this[0].specification).request_policies).usage_plans) == 1
    error_message = "The deployment asks for the token, and the subscriber has one."
  }

  assert {
    condition     = tolist(one(one(one(oci_apigateway_deployment.this[0].specification).request_policies).cors).allowed_origins) == tolist(["https://chat.example.com"])
    error_message = "Those pages may call, and no others."
  }
}

run "nobody_is_asked_where_few_may_come" {
  command = plan

  variables {
    gateway_authentication = "none"
    gateway_allowed_cidrs  = ["203.0.113.7/32"]
  }

  assert {
    condition     = keys(oci_core_network_security_group_security_rule.gateway_callers) == ["203.0.113.7/32"]
    error_message = "That address may reach the gateway, and no other."
  }
}

run "a_page_is_open_and_what_it_asks_is_not" {
  command = plan

  variables {
    enable_playground = true
  }

  assert {
    condition = alltrue([for route in one(oci_apigateway_deployment.this[0].specification).routes :
      one(one(route.request_policies).authorization).type == (startswith(route.path, "/playground") ? "ANONYMOUS" : "AUTHENTICATION_ONLY")
    ])
    error_message = "A browser opens the page without a key; every other route asks for one."
  }

  assert {
    condition     = length([for route in one(oci_apigateway_deployment.this[0].specification).routes : route if startswith(route.path, "/playground")]) == 2
    error_message = "The page and its parts."
  }
}
