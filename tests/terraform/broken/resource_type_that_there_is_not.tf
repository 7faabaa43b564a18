# refused: Invalid resource type
# statically: there is no such resource type
resource "oci_function" "this" {
  display_name = "model-service"
}
