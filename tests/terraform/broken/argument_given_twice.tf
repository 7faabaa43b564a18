# refused: Attribute redefined
# statically: not seen
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"
  image = "ord.ocir.io/ns/other:1"
}
