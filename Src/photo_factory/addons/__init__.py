"""The add-on services: one module per flag."""
