# refused: Unsupported argument
# statically: logging: there is no argument format
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]

  logging {
    format = "JSON"
  }
}
