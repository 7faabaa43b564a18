# Rules of OCI Events that call the function.
resource "oci_events_rule" "this" {
  for_each = local.has_function ? var.event_rules : {}

  compartment_id = var.compartment_ocid
  display_name   = "${var.name}-${each.key}"
  description    = "Calls ${var.name}"
  is_enabled     = true
  condition      = jsonencode({ eventType = each.value.event_types, data = jsondecode(each.value.filter) })
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  actions {
    action {
      action_type = "FAAS"
      is_enabled  = true
      function_id = local.function_id
    }
  }
}
