# What the Responses API keeps of models that OCI's own Responses does not serve: a bucket that lets go of old ones.
locals {
  responses_name  = "${var.name}-responses"
  responses_place = var.create_responses_bucket ? "${data.oci_objectstorage_namespace.this[0].namespace}/${local.responses_name}" : var.responses_bucket
}

resource "oci_objectstorage_bucket" "responses" {
  count = var.create_responses_bucket ? 1 : 0

  compartment_id = var.compartment_ocid
  namespace      = data.oci_objectstorage_namespace.this[0].namespace
  name           = local.responses_name
  access_type    = "NoPublicAccess"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_objectstorage_object_lifecycle_policy" "responses" {
  count = var.create_responses_bucket ? 1 : 0

  namespace = oci_objectstorage_bucket.responses[0].namespace
  bucket    = oci_objectstorage_bucket.responses[0].name

  rules {
    name        = "let-go"
    action      = "DELETE"
    target      = "objects"
    time_amount = tostring(coalesce(var.responses_days, 30))
    time_unit   = "DAYS"
    is_enabled  = true
  }

  # OCI refuses the rule as long as Object Storage may not delete (400 InsufficientServicePermissions).
  depends_on = [oci_identity_policy.responses]
}

# A policy of its own, because the bucket's lifecycle needs it before there is a function that could be named.
resource "oci_identity_policy" "responses" {
  count    = var.create_iam && var.create_responses_bucket ? 1 : 0
  provider = oci.home

  compartment_id = coalesce(var.policy_compartment_ocid, var.compartment_ocid)
  name           = "${var.name}-responses"
  description    = "Lets Object Storage delete what is old in the bucket for responses of ${var.name}"
  statements     = local.responses_statements
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}
