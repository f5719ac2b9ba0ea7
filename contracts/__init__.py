"""How the document is judged: exchanges, history, rules, judge, report, and the pytest drivers that make traffic."""
