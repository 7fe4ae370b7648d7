"""What a file says about itself: its kind, date, place and size, read without decoding a pixel."""
