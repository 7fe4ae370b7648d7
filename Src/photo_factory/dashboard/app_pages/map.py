"""The page `map`."""
