# refused: stream_id is required when kind is streaming
# statically: stream_id is required when kind is streaming
resource "oci_sch_service_connector" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "stream"

  source {
    kind = "streaming"
  }

  target {
    kind        = "functions"
    function_id = "ocid1.fnfunc.oc1..f"
  }
}
