"""Motion capture files, and what the joints of a foreign skeleton are."""
