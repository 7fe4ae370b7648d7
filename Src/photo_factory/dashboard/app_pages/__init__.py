"""One file a page; a page draws, and asks `queries` and `actions`."""
