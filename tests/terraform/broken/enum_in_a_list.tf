# refused: expected methods to be one of
# statically: got FETCH
resource "oci_apigateway_deployment" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  gateway_id     = "ocid1.apigateway.oc1..g"
  path_prefix    = "/v1"

  specification {
    routes {
      path    = "/chat/completions"
      methods = ["POST", "FETCH"]

      backend {
        type        = "ORACLE_FUNCTIONS_BACKEND"
        function_id = "ocid1.fnfunc.oc1..f"
      }
    }
  }
}
