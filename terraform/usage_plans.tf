# Who may call how much: a plan for each kind of caller, a subscriber with a token for each caller.
resource "oci_apigateway_usage_plan" "this" {
  for_each = local.has_api ? var.usage_plans : {}

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-${each.key}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  entitlements {
    name = each.key

    rate_limit {
      unit  = "SECOND"
      value = each.value.requests_per_second
    }

    quota {
      unit                = each.value.period
      value               = each.value.quota
      reset_policy        = "CALENDAR"
      operation_on_breach = each.value.when_used_up
    }

    targets {
      deployment_id = oci_apigateway_deployment.this[0].id
    }
  }
}

resource "oci_apigateway_subscriber" "this" {
  for_each = local.has_api ? var.usage_plan_subscribers : {}

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-${each.key}"
  usage_plans    = [oci_apigateway_usage_plan.this[each.value].id]
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  clients {
    name  = each.key
    token = var.usage_plan_tokens[each.key]
  }

  lifecycle {
    precondition {
      condition     = contains(keys(var.usage_plans), each.value)
      error_message = "usage_plan_subscribers: ${each.key} is on a plan that usage_plans does not have."
    }
  }
}
