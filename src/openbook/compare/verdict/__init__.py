"""From marks to what may be said: tested pairs, looks, recipes, constraints, the recommendation."""
