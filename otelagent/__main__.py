"""`python -m otelagent`."""

from otelagent.cli import main

main(prog_name="otelagent")
