"""Syncthing, which brings the photos: asked how it is, and examined by its doctor."""
