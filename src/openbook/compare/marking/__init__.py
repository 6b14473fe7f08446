"""What each answer is worth: the metrics of a project, every mark, and the figures they add up to."""
