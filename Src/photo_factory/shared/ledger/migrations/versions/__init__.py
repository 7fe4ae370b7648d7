"""One module a step; each only goes forward."""
