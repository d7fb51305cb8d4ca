"""From recordings, or from nothing, to data sets that training reads."""
