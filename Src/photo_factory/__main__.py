"""`python -m photo_factory` is `photo-factory`."""

from photo_factory.cli import main

main()
