# Every HTTP route of the function, below the prefix (operations.py, responses.py and resources.py of
# src/model_service/openai_api).
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

  playground_routes = {
    "/playground"        = ["GET"]
    "/playground/{file}" = ["GET"]
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

  files_routes = {
    "/files"                   = ["GET", "POST"]
    "/files/{file_id}"         = ["GET", "DELETE"]
    "/files/{file_id}/content" = ["GET"]
  }

  vector_stores_routes = {
    "/vector_stores"                                           = ["GET", "POST"]
    "/vector_stores/{store_id}"                                = ["GET", "POST", "DELETE"]
    "/vector_stores/{store_id}/search"                         = ["POST"]
    "/vector_stores/{store_id}/files"                          = ["GET", "POST"]
    "/vector_stores/{store_id}/files/{file_id}"                = ["GET", "POST", "DELETE"]
    "/vector_stores/{store_id}/files/{file_id}/content"        = ["GET"]
    "/vector_stores/{store_id}/file_batches"                   = ["POST"]
    "/vector_stores/{store_id}/file_batches/{batch_id}"        = ["GET"]
    "/vector_stores/{store_id}/file_batches/{batch_id}/cancel" = ["POST"]
    "/vector_stores/{store_id}/file_batches/{batch_id}/files"  = ["GET"]
  }

  containers_routes = {
    "/containers"                                   = ["GET", "POST"]
    "/containers/{container_id}"                    = ["GET", "DELETE"]
    "/containers/{container_id}/files"              = ["GET", "POST"]
    "/containers/{container_id}/files/{id}"         = ["GET", "DELETE"]
    "/containers/{container_id}/files/{id}/content" = ["GET"]
  }

  speech_routes = {
    "/audio/speech" = ["POST"]
  }

  routes = merge(
    local.chat_routes,
    var.enable_completions ? local.completions_routes : {},
    var.enable_embeddings ? local.embeddings_routes : {},
    var.enable_rerank ? local.rerank_routes : {},
    var.enable_responses ? local.responses_routes : {},
    var.enable_status ? local.status_routes : {},
    var.enable_models ? local.models_routes : {},
    var.enable_playground ? local.playground_routes : {},
    var.enable_files ? local.files_routes : {},
    var.enable_vector_stores ? local.vector_stores_routes : {},
    var.enable_containers ? local.containers_routes : {},
    var.enable_speech ? local.speech_routes : {},
  )
}
