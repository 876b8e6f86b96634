"""`python -m otelagent.reference [--check]`"""

import sys

import click

from otelagent import reference


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a page is out of date.")
def main(check: bool) -> None:
    """Write all pages, rules and dashboards that follow from the code."""
    changed = reference.outdated() if check else reference.write()
    for path in changed:
        click.echo(f"{'out of date' if check else 'written'}: {path}")
    if check and changed:
        click.echo("Bring them up to date: make reference", err=True)
        sys.exit(1)


main()
