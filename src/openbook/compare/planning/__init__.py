"""Before anything runs: what a comparison will do, how long it takes here, and what a budget cuts."""
