"""The LLM credential type: its fields, the providers, the known hosts, and how an API key is tested."""
