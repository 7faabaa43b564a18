# refused: Unsupported attribute
# statically: module.function has no output endpoint
module "function" {
  source         = "./code-only-function"
  application_id = "ocid1.fnapp.oc1..a"
  config         = {}
  archive        = "function.zip"
  runtime        = "python"
}

output "endpoint" {
  value = module.function.endpoint
}
