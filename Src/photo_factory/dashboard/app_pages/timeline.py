"""The page `timeline`."""
