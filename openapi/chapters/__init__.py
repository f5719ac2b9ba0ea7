"""The promises in the order of the document, one module a chapter. Data alone; `openapi.ledger` puts them together."""
