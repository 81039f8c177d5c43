"""Brings deploy/README.md into the site as the page `deploying.md`, so that it stands once.

MkDocs calls these functions by name. Links to other files of deploy/ become plain code, as the site
doesn't have them.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_SOURCE = Path(__file__).parents[1] / "deploy" / "README.md"
_PAGE = "deploying.md"
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the page to those of docs/."""
    content = _wider(_LINK.sub(_from_deploy, _SOURCE.read_text()))
    files.append(File.generated(config, _PAGE, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Leads links to deploy/README.md to the page."""
    depth = page.file.src_uri.count("/")
    up = "../" * depth
    return markdown.replace(f"({up}../deploy/README.md", f"({up}{_PAGE}")


def _from_deploy(link: re.Match[str]) -> str:
    text, target = link.groups()
    if target.startswith("../docs/"):
        return f"[{text}]({target.removeprefix('../docs/')})"
    if target.startswith(("#", "https://", "http://")):
        return link.group()
    return text if text.startswith("`") else f"`{text}`"


def _wider(text: str) -> str:
    """Indents by four what is within numbered items, where three are enough on other sites."""
    lines, within = [], False
    for line in text.splitlines():
        within = bool(re.match(r"\d+\. ", line)) or (within and line[:1] in ("", " "))
        lines.append(f" {line}" if within and line.startswith("   ") else line)
    return "\n".join(lines)
