"""`python -m otelagent`."""

from otelagent.cli import main

if __name__ == "__main__":
    main(prog_name="otelagent")
