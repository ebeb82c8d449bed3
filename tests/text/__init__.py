"""Ugly inputs first: what people really type."""
