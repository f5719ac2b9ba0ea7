"""The only room that sends: paced, counted, guarded, each exchange written into the history."""
