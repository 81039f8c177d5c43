"""Writes the generated files of the chart: `python -m tohost.chart deploy/chart`."""

import sys
from pathlib import Path

from tohost.chart.rights import rights_file
from tohost.output import write_data
from tohost.schema import values_schema


def generated() -> dict[str, str]:
    """By their path in the chart."""
    return {
        "values.schema.json": write_data(values_schema(), "json"),
        "files/rbac.yaml": rights_file(),
    }


def main(folder: Path) -> None:
    for path, text in generated().items():
        (folder / path).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
