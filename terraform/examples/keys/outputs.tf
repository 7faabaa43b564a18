output "base_url" {
  description = "What a client of OpenAI's API takes as base_url."
  value       = module.model_service.base_url
}

output "keys_secret_id" {
  description = "Where keys are made: model-service keys --at <this> create --owner … --team …"
  value       = module.model_service.keys_secret_id
}
