"""API servers: requests and answers, credentials, what they serve, and who they are."""
