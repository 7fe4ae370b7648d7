"""Speed and memory of Photo Factory beside named peers and the floor; see README.md."""
