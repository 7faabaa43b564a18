# OCIR's hosts begin with the region's short key. The repository's name is the last part of an image's path.
data "oci_identity_regions" "this" {
  count = var.create_repository ? 1 : 0

  filter {
    name   = "name"
    values = [var.region]
  }
}

resource "oci_artifacts_container_repository" "this" {
  count = var.create_repository ? 1 : 0

  compartment_id = var.compartment_ocid
  display_name   = var.name
  is_public      = false
  is_immutable   = true
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

locals {
  repository_host = lower(try(one(data.oci_identity_regions.this[0].regions).key, ""))
}
