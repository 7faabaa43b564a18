# refused: Missing required argument
# statically: runtime is required
module "function" {
  source         = "./code-only-function"
  application_id = "ocid1.fnapp.oc1..a"
  config         = {}
  archive        = "function.zip"
}
