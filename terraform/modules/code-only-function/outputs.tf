output "function_id" {
  description = "OCID of the function: function_id of the root module, with function_source = given."
  value       = oci_functions_function.this.id
}
