"""Handlers: their manifests, the catalogue, compilation and the artifact cache."""
