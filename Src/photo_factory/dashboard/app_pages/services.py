"""The page `services`."""
