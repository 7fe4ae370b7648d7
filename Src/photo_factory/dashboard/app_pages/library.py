"""All photos: by day, by year, and one by one."""

from __future__ import annotations

from photo_factory.dashboard.app_pages import acts, library_detail, library_photos
from photo_factory.dashboard.app_pages import library_address as address
from photo_factory.dashboard.widgets import what_can_be_had


def main() -> None:
    """One photo where the address names one, else the gallery."""
    acts.tell()
    asset_id = address.asset()
    with what_can_be_had("The library"):
        if asset_id:
            library_detail.draw(asset_id)
        else:
            library_photos.draw()


if __name__ == "__main__":
    main()
