# The function from a ZIP, for accounts without Docker. Code-only functions are in OC1 regions only.
module "function" {
  source = "../../modules/code-only-function"

  application_id = module.model_service.application_id
  config         = module.model_service.config
  archive        = var.archive
  runtime        = var.runtime
}

module "model_service" {
  source = "../.."

  tenancy_ocid      = var.tenancy_ocid
  compartment_ocid  = var.compartment_ocid
  region            = var.region
  function_source   = "given"
  function_id       = module.function.function_id
  create_repository = false

  jwks_uri      = var.jwks_uri
  jwt_issuers   = [var.jwt_issuer]
  jwt_audiences = [var.jwt_audience]
}
