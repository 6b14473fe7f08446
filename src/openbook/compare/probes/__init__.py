"""What is asked beside the test: changed facts, general knowledge, answers one at a time. Each only does what is missing."""
