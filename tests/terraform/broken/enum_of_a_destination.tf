# refused: expected kind to be one of NONE, NOTIFICATION, QUEUE, STREAM, got KAFKA
# statically: got KAFKA
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"

  failure_destination {
    kind = "KAFKA"
  }
}
