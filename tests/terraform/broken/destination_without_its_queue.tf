# refused: queue_id is required when kind is QUEUE
# statically: queue_id is required when kind is QUEUE
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"

  failure_destination {
    kind = "QUEUE"
  }
}
