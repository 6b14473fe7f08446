"""What changed from one report to another, and what of it is more than chance."""
