# refused: Reference to undeclared resource
# statically: oci_functions_application.that.id is not declared
resource "oci_functions_function" "this" {
  application_id = oci_functions_application.that.id
  display_name   = "model-service"
  memory_in_mbs  = "512"
  image          = "ord.ocir.io/ns/model-service:1"
}
