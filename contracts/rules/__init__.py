"""Pure rules, one file a chapter of the ledger: no clock, socket, random or environment."""
