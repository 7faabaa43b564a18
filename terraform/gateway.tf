# The gateway and its one deployment. What a caller says of himself never reaches the function.
locals {
  gateway_id = try(oci_apigateway_gateway.this[0].id, null)
  has_api    = var.create_gateway && local.has_function
  is_closed  = var.gateway_authentication != "none"

  # Keys that OCI itself publishes are reached through the service gateway.
  fetches_keys = var.gateway_authentication == "jwt" && !can(regex("^https://[^/:]+\\.oraclecloud\\.com(:[0-9]+)?/", coalesce(var.jwks_uri, "-")))

  # Ranges as wide as a /7 are the internet, in one piece or in two. Of a network that is given nothing is known.
  lets_all_in  = !var.create_network || anytrue([for cidr in var.gateway_allowed_cidrs : tonumber(split("/", cidr)[1]) < 8])
  is_reachable = var.gateway_endpoint_type == "PUBLIC" && local.lets_all_in

  # A browser opens a page without a key; what the page asks needs the one that is typed into it.
  open_paths = var.enable_playground ? keys(local.playground_routes) : []

  # The platform's own names too: the FDK puts a client's headers and the platform's into one table.
  taken_away = concat(
    local.is_closed ? [] : keys(local.identity_headers),
    ["fn-call-id", "fn-deadline", "fn-intent", "fn-invoke-type", "oci-subject-id", "oci-subject-tenancy-id", "oci-subject-type"],
  )
  overwritten = local.is_closed ? local.identity_headers : {}

  # With keys the function itself decides who it is (src/model_service/callers/authorizer.py); with jwt the token does.
  key_headers      = { "X-Model-Service-Caller" = "caller", "X-Model-Service-Team" = "team", "X-Model-Service-Key" = "key", "X-Model-Service-Models" = "models" }
  identity_headers = var.gateway_authentication == "keys" ? local.key_headers : var.identity_headers
  parts_by_context = { caller = "id", team = "team", key = "key", models = "models", sub = "id" }
  gateway_headers  = { for header, claim in local.overwritten : local.parts_by_context[claim] => lower(header) if contains(keys(local.parts_by_context), claim) }
  named_headers    = length(var.caller_headers) > 0 ? var.caller_headers : local.gateway_headers
  caller_headers   = length(local.named_headers) > 0 ? jsonencode(local.named_headers) : null
}

resource "oci_apigateway_gateway" "this" {
  count = var.create_gateway ? 1 : 0

  compartment_id             = var.compartment_ocid
  display_name               = var.name
  endpoint_type              = var.gateway_endpoint_type
  subnet_id                  = local.gateway_subnet_id
  network_security_group_ids = local.gateway_nsg_ids
  certificate_id             = var.gateway_certificate_id
  freeform_tags              = var.freeform_tags
  defined_tags               = var.defined_tags

  lifecycle {
    precondition {
      condition     = var.create_network || var.gateway_subnet_id != null
      error_message = "Without create_network the gateway needs gateway_subnet_id."
    }

    precondition {
      condition     = !local.fetches_keys || var.gateway_endpoint_type == "PUBLIC" || !var.create_network || var.network_internet_egress
      error_message = "A private gateway in this network cannot fetch jwks_uri from the internet: set network_internet_egress, or bring a network that can."
    }
  }
}

resource "oci_apigateway_deployment" "this" {
  count = local.has_api ? 1 : 0

  compartment_id = var.compartment_ocid
  gateway_id     = local.gateway_id
  display_name   = var.name
  path_prefix    = var.gateway_path_prefix
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  specification {
    logging_policies {
      access_log {
        is_enabled = var.create_logs
      }
      execution_log {
        is_enabled = var.create_logs
        log_level  = var.gateway_log_level
      }
    }

    request_policies {
      # Not JWT_AUTHENTICATION, the older of the two: under it $${request.auth[…]} does not resolve.
      dynamic "authentication" {
        for_each = var.gateway_authentication == "jwt" ? ["jwt"] : []
        content {
          type                        = "TOKEN_AUTHENTICATION"
          is_anonymous_access_allowed = var.enable_playground
          token_header                = "Authorization"
          token_auth_scheme           = "Bearer"
          max_clock_skew_in_seconds   = 10

          validation_policy {
            type                        = "REMOTE_JWKS"
            uri                         = var.jwks_uri
            is_ssl_verify_disabled      = false
            max_cache_duration_in_hours = 1

            additional_validation_policy {
              issuers   = var.jwt_issuers
              audiences = var.jwt_audiences
            }
          }
        }
      }

      # The cache key is the whole credential, or one caller would get another's verdict.
      dynamic "authentication" {
        for_each = var.gateway_authentication == "keys" ? ["keys"] : []
        content {
          type                        = "CUSTOM_AUTHENTICATION"
          function_id                 = local.function_id
          is_anonymous_access_allowed = var.enable_playground
          parameters                  = { authorization = "request.headers[Authorization]" }
          cache_key                   = ["authorization"]
        }
      }

      dynamic "rate_limiting" {
        for_each = var.rate_limit > 0 ? [var.rate_limit] : []
        content {
          rate_in_requests_per_second = rate_limiting.value
          rate_key                    = var.rate_limit_key
        }
      }

      dynamic "usage_plans" {
        for_each = length(var.usage_plans) > 0 ? ["on"] : []
        content {
          token_locations = [var.usage_plan_token_location]
        }
      }

      dynamic "cors" {
        for_each = length(var.cors_allowed_origins) > 0 ? ["on"] : []
        content {
          allowed_origins              = var.cors_allowed_origins
          allowed_methods              = ["DELETE", "GET", "POST"]
          allowed_headers              = ["authorization", "content-type", "opc-compartment-id", "openai-project"]
          exposed_headers              = ["opc-request-id"]
          is_allow_credentials_enabled = false
          max_age_in_seconds           = 600
        }
      }
    }

    dynamic "routes" {
      for_each = local.routes
      content {
        path    = routes.key
        methods = routes.value

        backend {
          type        = "ORACLE_FUNCTIONS_BACKEND"
          function_id = local.function_id
        }

        request_policies {
          dynamic "authorization" {
            for_each = local.is_closed ? ["on"] : []
            content {
              type          = contains(local.open_paths, routes.key) ? "ANONYMOUS" : length(var.gateway_scopes) > 0 ? "ANY_OF" : "AUTHENTICATION_ONLY"
              allowed_scope = length(var.gateway_scopes) > 0 && !contains(local.open_paths, routes.key) ? var.gateway_scopes : null
            }
          }

          header_transformations {
            filter_headers {
              type = "BLOCK"
              dynamic "items" {
                for_each = local.taken_away
                content {
                  name = items.value
                }
              }
            }

            dynamic "set_headers" {
              for_each = length(local.overwritten) > 0 ? ["on"] : []
              content {
                dynamic "items" {
                  for_each = local.overwritten
                  content {
                    name      = items.key
                    values    = ["$${request.auth[${items.value}]}"]
                    if_exists = "OVERWRITE"
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.gateway_authentication != "jwt" || (var.jwks_uri != null && length(var.jwt_issuers) > 0 && length(var.jwt_audiences) > 0)
      error_message = "gateway_authentication = \"jwt\" needs jwks_uri, jwt_issuers and jwt_audiences."
    }

    precondition {
      condition     = local.is_closed || !local.is_reachable || var.gateway_open_to_the_internet
      error_message = "A public gateway without authentication lets everybody spend your tokens: choose gateway_authentication, narrow gateway_allowed_cidrs, or say gateway_open_to_the_internet."
    }
  }
}
