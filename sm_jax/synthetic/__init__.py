"""Made-up interactions of two people, with the words for them."""
