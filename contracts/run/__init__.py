"""One invocation, from what a person asked for to the report: checked, locked, conducted, given back."""
