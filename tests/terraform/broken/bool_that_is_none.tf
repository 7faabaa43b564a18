# refused: Incorrect attribute value type
# statically: is_immutable is no bool
resource "oci_artifacts_container_repository" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  is_immutable   = "always"
}
