"""Comparisons and long runs whose figures README quotes. Run by hand, never collected by pytest."""
