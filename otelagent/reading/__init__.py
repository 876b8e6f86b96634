"""What content means: pure functions over values and text; word lists are data files beside them."""
