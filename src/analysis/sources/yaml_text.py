"""Read YAML as it is written: line numbers, no lost keys, and text that stays text.

YAML 1.1 reads ``No`` as false, ``01`` as 1 and ``010`` as 8. In a mapping these are words and codes
of an export, so its values are kept as they stand in the file (`as_written`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from analysis.errors import MappingError

_NULL = "tag:yaml.org,2002:null"


class _Loader(yaml.SafeLoader):
    """YAML 1.2 words: only true and false are booleans, and dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not (tag.endswith(":timestamp") or (tag.endswith(":bool") and first not in "tTfF"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(path: Path) -> tuple[Any, yaml.Node | None]:
    """Return a YAML file's content and its node tree (for line numbers).

    Raises
    ------
    MappingError
        No such file, not text, not YAML, or a key that stands twice; the line is named.
    """
    text = _read_text(path)
    try:
        node = yaml.compose(text, Loader=_Loader)
        _refuse_repeated_keys(node, path, set())
        content = yaml.load(text, Loader=_Loader)  # a SafeLoader: builds plain values only
    except yaml.YAMLError as error:
        raise MappingError(_tell(error, text, path)) from None
    except (RecursionError, ValueError, TypeError):
        raise MappingError(f"{path.name}: nested or written in a way no mapping is.") from None
    return content, node


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise MappingError(f"{path} is a directory where a YAML file is expected.")
    if not path.is_file():
        raise MappingError(f"there is no file {path}.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise MappingError(f"{path.name} is not a UTF-8 text file; save it as UTF-8.") from None
    except OSError as error:
        raise MappingError(f"{path} cannot be read: {error.strerror}.") from None


def _tell(error: yaml.YAMLError, text: str, path: Path) -> str:
    mark = getattr(error, "problem_mark", None)
    at = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    lines = text.splitlines()
    if mark and mark.line < len(lines) and "\t" in lines[mark.line]:
        why += " (the line has a tab; YAML is indented with spaces only)"
    return f"{path.name}{at}: {why}. YAML wants `name: value` lines, indented with spaces."


def _refuse_repeated_keys(node: yaml.Node | None, path: Path, seen_nodes: set[int]) -> None:
    if node is None or id(node) in seen_nodes:
        return
    seen_nodes.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, path, seen_nodes)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError(f"{path.name}, line {line}: a name is expected before the colon.")
        if key.value in seen:
            raise MappingError(
                f"{path.name}, line {line}: '{key.value}' stands twice; the first would be lost. "
                "Keep one."
            )
        seen.add(key.value)
        _refuse_repeated_keys(value, path, seen_nodes)


def as_written(node: yaml.Node | None, inside: frozenset[int] = frozenset()) -> Any:
    """Return a node's content with every scalar as the text in the file, None for null.

    Raises
    ------
    RecursionError
        An anchor that contains itself.
    """
    if node is None or node.tag == _NULL:
        return None
    if id(node) in inside:
        raise RecursionError("an anchor contains itself")
    inside = inside | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return {key.value: as_written(value, inside) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [as_written(item, inside) for item in node.value]
    return node.value


def line_of(node: yaml.Node | None, loc: tuple[Any, ...]) -> int:
    """Return the line of a field; of the nearest enclosing one when it is not in the file.

    Parameters
    ----------
    node : Node
        The file's node tree.
    loc : tuple of str and int
        Steps to the field: keys and places in lists.
    """
    line = 1
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next((p for p in node.value if p[0].value == str(step)), None)
            if pair is None:
                continue  # a step pydantic adds, not one of the file's
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step] if step < len(node.value) else None
            line = node.start_mark.line + 1 if node is not None else line
    return line
