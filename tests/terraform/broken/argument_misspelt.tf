# refused: Unsupported argument
# statically: there is no argument displayname
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  displayname    = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]
}
