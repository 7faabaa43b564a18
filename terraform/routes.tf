# Every HTTP route of the function, below the prefix (src/model_service/openai_api/operations.py, openai_api/responses.py).
locals {
  chat_routes = {
    "/chat/completions" = ["POST"]
  }

  completions_routes = {
    "/completions" = ["POST"]
  }

  embeddings_routes = {
    "/embeddings" = ["POST"]
  }

  rerank_routes = {
    "/rerank" = ["POST"]
  }

  # A model's id may have slashes and colons.
  models_routes = {
    "/models"             = ["GET"]
    "/models/{model_id*}" = ["GET"]
  }

  status_routes = {
    "/health"       = ["GET"]
    "/ready"        = ["GET"]
    "/openapi.json" = ["GET"]
  }

  responses_routes = {
    "/responses"                                  = ["POST"]
    "/responses/input_tokens"                     = ["POST"]
    "/responses/{response_id}"                    = ["GET", "DELETE"]
    "/responses/{response_id}/cancel"             = ["POST"]
    "/responses/{response_id}/input_items"        = ["GET"]
    "/conversations"                              = ["POST"]
    "/conversations/{conversation_id}"            = ["GET", "POST", "DELETE"]
    "/conversations/{conversation_id}/items"      = ["GET", "POST"]
    "/conversations/{conversation_id}/items/{id}" = ["GET", "DELETE"]
  }

  routes = merge(
    local.chat_routes,
    var.enable_completions ? local.completions_routes : {},
    var.enable_embeddings ? local.embeddings_routes : {},
    var.enable_rerank ? local.rerank_routes : {},
    var.enable_responses ? local.responses_routes : {},
    var.enable_status ? local.status_routes : {},
    var.enable_models ? local.models_routes : {},
  )
}
