# The 6 MB wall: answers that are too large for the platform wait in a bucket, for a day and not for ever.
locals {
  overflow_name  = "${var.name}-overflow"
  overflow_place = var.create_overflow_bucket ? "${data.oci_objectstorage_namespace.this[0].namespace}/${local.overflow_name}" : var.overflow_bucket
}

data "oci_objectstorage_namespace" "this" {
  # Without compartment_id, with which it would need a permission of its own (OBJECTSTORAGE_NAMESPACE_READ).
  count = var.create_overflow_bucket || var.create_results_bucket || var.create_usage_bucket || var.create_responses_bucket ? 1 : 0
}

resource "oci_objectstorage_bucket" "overflow" {
  count = var.create_overflow_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  namespace      = data.oci_objectstorage_namespace.this[0].namespace
  name           = local.overflow_name
  access_type    = "NoPublicAccess"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_objectstorage_object_lifecycle_policy" "overflow" {
  count = var.create_overflow_bucket ? 1 : 0

  namespace = oci_objectstorage_bucket.overflow[0].namespace
  bucket    = oci_objectstorage_bucket.overflow[0].name

  rules {
    name        = "let-go"
    action      = "DELETE"
    target      = "objects"
    time_amount = tostring(var.overflow_days)
    time_unit   = "DAYS"
    is_enabled  = true
  }

  # OCI refuses the rule as long as Object Storage may not delete (400 InsufficientServicePermissions).
  depends_on = [oci_identity_policy.overflow]
}
