"""One geometric cost a file. They guide sampling and fits; a training loss compares with the truth (`train.losses`)."""
