"""One geometric cost a file. The same function is a training loss and a guidance term."""
