"""The page `reports`."""
