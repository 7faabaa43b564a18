# refused: compartment_id conflicts with stream_pool_id
# statically: compartment_id conflicts with stream_pool_id
resource "oci_streaming_stream" "this" {
  name           = "prompts"
  partitions     = 1
  compartment_id = "ocid1.compartment.oc1..c"
  stream_pool_id = "ocid1.streampool.oc1..p"
}
