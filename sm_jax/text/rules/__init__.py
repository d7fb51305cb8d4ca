"""Facts, contacts and phrases: what can be said of an estimate, and what a sentence says."""
