# Logs of the function, of the gateway and of the event rules, in one group.
locals {
  logs = var.create_logs ? merge(
    { function = { service = "functions", category = "invoke", resource = oci_functions_application.this.id } },
    local.has_api ? {
      gateway-access    = { service = "apigateway", category = "access", resource = oci_apigateway_deployment.this[0].id }
      gateway-execution = { service = "apigateway", category = "execution", resource = oci_apigateway_deployment.this[0].id }
    } : {},
    local.has_function ? { for name, rule in oci_events_rule.this :
      "event-${name}" => { service = "cloudevents", category = "ruleexecutionlog", resource = rule.id }
    } : {},
  ) : {}
}

resource "oci_logging_log_group" "this" {
  count = var.create_logs ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = var.name
  description    = "Logs of ${var.name}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_logging_log" "this" {
  for_each = local.logs

  log_group_id       = oci_logging_log_group.this[0].id
  display_name       = "${var.name}-${each.key}"
  log_type           = "SERVICE"
  is_enabled         = true
  retention_duration = var.log_retention_in_days
  freeform_tags      = var.freeform_tags
  defined_tags       = var.defined_tags

  configuration {
    compartment_id = var.compartment_ocid

    source {
      source_type = "OCISERVICE"
      service     = each.value.service
      category    = each.value.category
      resource    = each.value.resource
    }
  }
}
