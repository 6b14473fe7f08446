"""Why an answer was wrong: one cause each, from where the answer stands and what the arm was shown."""
