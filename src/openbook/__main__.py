"""`python -m openbook`: the same as the command `openbook`."""

from openbook.cli.main import main

main()
