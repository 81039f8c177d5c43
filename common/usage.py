"""How a command of tohost describes itself."""

import argparse


def command(name: str, description: str | None, examples: str) -> argparse.ArgumentParser:
    """The parser of `tohost NAME`, without options; the examples end its help as they are."""
    return argparse.ArgumentParser(
        prog=f"tohost {name}",
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
