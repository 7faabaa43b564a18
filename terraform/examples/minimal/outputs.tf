output "base_url" {
  description = "What a client of OpenAI's API takes as base_url."
  value       = module.model_service.base_url
}
