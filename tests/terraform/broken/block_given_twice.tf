# refused: Too many logging blocks
# statically: there is more than one block logging
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]

  logging {
    line_format = "JSON"
  }

  logging {
    line_format = "PLAIN_TEXT"
  }
}
