# refused: batch_size_in_kbs conflicts with batch_size_in_num
# statically: batch_size_in_kbs conflicts with batch_size_in_num
resource "oci_sch_service_connector" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "stream"

  source {
    kind      = "streaming"
    stream_id = "ocid1.stream.oc1..s"
  }

  target {
    kind              = "functions"
    function_id       = "ocid1.fnfunc.oc1..f"
    batch_size_in_kbs = 100
    batch_size_in_num = 10
  }
}
