"""Getting the result out: files that other programs read, pictures that people look at."""
