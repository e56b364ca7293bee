"""Deployed versions."""
