# refused: Insufficient backend blocks
# statically: a block backend is required
resource "oci_apigateway_deployment" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  gateway_id     = "ocid1.apigateway.oc1..g"
  path_prefix    = "/v1"

  specification {
    routes {
      path    = "/chat/completions"
      methods = ["POST"]
    }
  }
}
