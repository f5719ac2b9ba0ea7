"""What a run writes down, and how it is read back: the history, its rows and journal, the key struck out."""
