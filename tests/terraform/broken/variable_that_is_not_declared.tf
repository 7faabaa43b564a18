# refused: Reference to undeclared input variable
# statically: var.compartment is not declared
resource "oci_logging_log_group" "this" {
  compartment_id = var.compartment
  display_name   = "model-service"
}
