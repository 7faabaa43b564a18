# refused: Unsupported block type
# statically: config is an argument, not a block
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"

  config {
    OCI_REGION = "us-chicago-1"
  }
}
