# Where results go: a private bucket, for dead letters and the ledger too, and a topic.
locals {
  has_results_bucket = var.create_results_bucket && local.has_function
  has_results_topic  = var.create_results_topic && local.has_function
  results_name       = "${var.name}-results"
}

# Without a lifecycle policy: how long results are kept is for whoever reads them to say. Without versions: an entry of
# the ledger is emptied when its result has arrived, and an older version would keep it.
resource "oci_objectstorage_bucket" "results" {
  count = local.has_results_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  namespace      = data.oci_objectstorage_namespace.this[0].namespace
  name           = local.results_name
  access_type    = "NoPublicAccess"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_ons_notification_topic" "results" {
  count = local.has_results_topic ? 1 : 0

  compartment_id = var.compartment_ocid
  name           = local.results_name
  description    = "Results of ${var.name}"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}
