"""Data sets from the command line: `python -m explorer import FOLDER`; the page shows them at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from explorer.data import Findings, Store
from explorer.settings import Settings
from models.errors import InputError

Command = Callable[[Store, argparse.Namespace], None]


def main(given: list[str] | None = None) -> None:
    """The command line; exits with 1 and a sentence where something cannot be done."""
    options = _parser().parse_args(given)
    store = Store(options.data_dir.expanduser())
    try:
        options.run(store, options)
    except InputError as error:
        sys.exit(f"explorer: {error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; what has been read is kept: `python -m explorer resume NAME` goes on")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m explorer", description=__doc__)
    default = Settings.model_validate({}).data_dir
    parser.add_argument("--data-dir", type=Path, default=default, help="as the app's")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        return command

    bring = add("import", _import, "make a data set of a folder, a ZIP, a CSV or a Parquet file")
    bring.add_argument("source", type=Path, help="what stays where it is: only what is known of it is kept")
    bring.add_argument("--title", default="", help="what the page calls it; else the name of the source")
    bring.add_argument("--image", help="column of a table that has the pictures; else the first that may")
    add("resume", _resume, "go on with an import that was cut short").add_argument("name")
    add("list", _list, "name the data sets")
    add("delete", _delete, "remove a data set; pictures that lie elsewhere stay").add_argument("name")
    return parser


def _import(store: Store, options: argparse.Namespace) -> None:
    _read(store, store.begin(options.source, None, options.title, options.image).name)


def _resume(store: Store, options: argparse.Namespace) -> None:
    _read(store, options.name)


def _read(store: Store, name: str) -> None:
    with tqdm(unit="file", desc=name) as bar:

        def report(read: int, looked: int, total: int) -> None:
            bar.total = total
            bar.update(looked - bar.n)

        store.read_in(name, report, lambda: False)
    stored = store.get(name)
    print(f"{name}: {len(stored.items):,} pictures")
    for line in lines_of(stored.about.findings):
        print(f"  {line}")


def lines_of(findings: Findings) -> list[str]:
    """What an import did not take as it is, in words."""
    lines = [f"{findings.unreadable:,} files cannot be read"] if findings.unreadable else []
    lines += [f"  {name}" for name in findings.unreadable_named]
    lines += [f"{findings.doubled:,} look as an earlier one does"] if findings.doubled else []
    lines += [f"  {pair}" for pair in findings.doubled_named]
    lines += [f"{count:,} passed over: {kind}" for kind, count in findings.passed_over.items()]
    lines += [f"folder without a picture: {name}" for name in findings.empty]
    return lines + [f"{count:,}: {note}" for note, count in findings.noted.items()]


def _list(store: Store, _: argparse.Namespace) -> None:
    for name in store.names():
        try:
            stored = store.get(name)
        except InputError as error:
            print(f"{name}\t{error}")
            continue
        state = "" if stored.about.whole else "\tnot read to its end: resume"
        print(f"{name}\t{len(stored.items):,}\t{stored.about.title}{state}")


def _delete(store: Store, options: argparse.Namespace) -> None:
    store.delete(options.name)


if __name__ == "__main__":
    main()
