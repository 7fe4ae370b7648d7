"""What the pages show, as frozen dataclasses or DataFrames; nothing here draws."""
