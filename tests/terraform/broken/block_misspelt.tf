# refused: Unsupported block type
# statically: there is no block loging
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]

  loging {
    line_format = "JSON"
  }
}
