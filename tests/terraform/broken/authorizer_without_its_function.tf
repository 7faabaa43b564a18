# refused: function_id is required when type is CUSTOM_AUTHENTICATION
# statically: function_id is required when type is CUSTOM_AUTHENTICATION
resource "oci_apigateway_deployment" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  gateway_id     = "ocid1.apigateway.oc1..g"
  path_prefix    = "/v1"

  specification {
    routes {
      path    = "/chat/completions"
      methods = ["POST"]

      backend {
        type        = "ORACLE_FUNCTIONS_BACKEND"
        function_id = "ocid1.fnfunc.oc1..f"
      }
    }

    request_policies {
      authentication {
        type = "CUSTOM_AUTHENTICATION"
      }
    }
  }
}
