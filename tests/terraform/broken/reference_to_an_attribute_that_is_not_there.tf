# refused: Unsupported attribute
# statically: oci_functions_application has no attribute ocid
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]
}

resource "oci_functions_function" "this" {
  application_id = oci_functions_application.this.ocid
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"
}
