# refused: Reference to undeclared local value
# statically: local.name is not declared
resource "oci_logging_log_group" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "${local.name}-logs"
}
