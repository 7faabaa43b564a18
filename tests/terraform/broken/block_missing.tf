# refused: Insufficient specification blocks
# statically: a block specification is required
resource "oci_apigateway_deployment" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  gateway_id     = "ocid1.apigateway.oc1..g"
  path_prefix    = "/v1"
}
