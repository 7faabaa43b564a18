# refused: Incorrect attribute value type
# statically: timeout_in_seconds is no number
resource "oci_functions_function" "this" {
  application_id     = "ocid1.fnapp.oc1..a"
  display_name       = "model-service"
  memory_in_mbs      = "512"
  image              = "ord.ocir.io/ns/model-service:1"
  timeout_in_seconds = "five minutes"
}
