"""The laptop: Lambda functions, HTTP API and schedules of template.yaml on loopback."""
