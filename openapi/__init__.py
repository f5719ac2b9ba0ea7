"""What is said: the published document, its overlay and the promises numbered in it. Judges nothing, sends nothing."""
