"""Call the OCI services beside Generative AI: Object Storage, Queue, Streaming, Notifications, Functions."""
