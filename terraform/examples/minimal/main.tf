# The function, its gateway for callers with a token of your identity provider, its network and its permissions.
module "model_service" {
  source = "../.."

  tenancy_ocid     = var.tenancy_ocid
  compartment_ocid = var.compartment_ocid
  region           = var.region
  image            = var.image

  jwks_uri      = var.jwks_uri
  jwt_issuers   = [var.jwt_issuer]
  jwt_audiences = [var.jwt_audience]
}
