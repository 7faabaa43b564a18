# refused: Missing required argument
# statically: subnet_ids is required
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
}
