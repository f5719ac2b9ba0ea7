"""How the target is pressed: Locust users on top of `contracts`. `import locust` happens in this room alone."""
