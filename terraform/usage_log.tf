# The function's log in a bucket, for `model-service usage --from oci://…`: every call's usage record stands in it.
locals {
  has_usage_bucket = var.create_usage_bucket && local.has_function
  usage_name       = "${var.name}-usage"
}

# Without a lifecycle policy, as the bucket of results: how long one wants to know who used what is for an operator to say.
resource "oci_objectstorage_bucket" "usage" {
  count = local.has_usage_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  namespace      = data.oci_objectstorage_namespace.this[0].namespace
  name           = local.usage_name
  access_type    = "NoPublicAccess"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_sch_service_connector" "usage" {
  count = local.has_usage_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = local.usage_name
  description    = "Log of ${var.name} to bucket ${local.usage_name}"
  state          = "ACTIVE"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  source {
    kind = "logging"

    log_sources {
      compartment_id = var.compartment_ocid
      log_group_id   = try(oci_logging_log_group.this[0].id, null)
      log_id         = try(oci_logging_log.this["function"].id, null)
    }
  }

  target {
    kind                       = "objectStorage"
    namespace                  = oci_objectstorage_bucket.usage[0].namespace
    bucket                     = oci_objectstorage_bucket.usage[0].name
    object_name_prefix         = "log"
    batch_rollover_size_in_mbs = 100
    batch_rollover_time_in_ms  = 420000
  }

  # A connector that may not read or write stops by itself.
  depends_on = [oci_identity_policy.this]

  lifecycle {
    precondition {
      condition     = var.create_logs
      error_message = "create_usage_bucket needs create_logs: the function's log is what goes there."
    }
  }
}
