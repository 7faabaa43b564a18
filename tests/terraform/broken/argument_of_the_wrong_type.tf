# refused: Incorrect attribute value type
# statically: subnet_ids is no list of string
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = "ocid1.subnet.oc1..s"
}
