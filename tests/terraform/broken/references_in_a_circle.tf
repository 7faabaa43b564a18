# refused: Cycle:
# statically: not seen
resource "oci_logging_log_group" "a" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = oci_logging_log_group.b.id
}

resource "oci_logging_log_group" "b" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = oci_logging_log_group.a.id
}
