# Topics of Notifications whose messages the function gets, each message as one record.
resource "oci_ons_subscription" "function" {
  for_each = local.has_function ? toset(var.notification_topics) : toset([])

  compartment_id = var.compartment_ocid
  topic_id       = each.value
  protocol       = "ORACLE_FUNCTIONS"
  endpoint       = local.function_id
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}
