"""The tables as they stand in the TOML files, and where everything lies."""

import pathlib
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABLES = ROOT / "spec" / "tables"


def load(name, tables=TABLES):
    with open(tables / f"{name}.toml", "rb") as file:
        return tomllib.load(file)
