"""The outlines of the countries: Natural Earth, public domain; see LICENSE."""
