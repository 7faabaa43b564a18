# refused: expected memory_in_mbs to be a whole number, got 512MB
# statically: expected memory_in_mbs to be a whole number, got 512MB
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512MB"
  image          = "ord.ocir.io/ns/model-service:1"
}
