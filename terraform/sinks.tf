# Where results go: a private bucket, a topic.
locals {
  has_results_bucket = var.create_results_bucket && local.has_function
  has_results_topic  = var.create_results_topic && local.has_function
}

resource "oci_objectstorage_bucket" "results" {
  count = local.has_results_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  namespace      = data.oci_objectstorage_namespace.this[0].namespace
  name           = "${var.name}-results"
  access_type    = "NoPublicAccess"
  versioning     = "Enabled"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_ons_notification_topic" "results" {
  count = local.has_results_topic ? 1 : 0

  compartment_id = var.compartment_ocid
  name           = "${var.name}-results"
  description    = "Results of ${var.name}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}
