"""How we are judged: the rules, the sandbox, the tools and the drawing of the rooms."""
