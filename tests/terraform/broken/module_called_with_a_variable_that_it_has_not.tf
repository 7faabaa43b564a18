# refused: Unsupported argument
# statically: there is no variable function_name
module "function" {
  source         = "./code-only-function"
  application_id = "ocid1.fnapp.oc1..a"
  config         = {}
  archive        = "function.zip"
  runtime        = "python"
  function_name  = "model-service"
}
