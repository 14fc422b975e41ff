"""Stands in for Google Colab's own package: what the course asks of it, without a browser and an account."""
