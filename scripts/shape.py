"""List the longest files and functions of the project; it blames nobody (STYLE §17)."""
import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 20


def main():
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.html", "*.css", "*.js", "scripts/*", ".ci/*"],
                             cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    files, functions = [], []
    for name in sorted(set(filter(None, tracked))):
        path = ROOT / name
        if "/vendor/" in name or "/migrations/" in name or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        files.append((text.count("\n"), name))
        if name.endswith(".py"):
            functions += [(node.end_lineno - node.lineno + 1, f"{name}:{node.lineno} {node.name}")
                          for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    for title, found in (("files", files), ("functions", functions)):
        print(f"The longest {title} (of {len(found)}, mean {sum(n for n, _ in found) // max(len(found), 1)} lines)")
        for length, name in sorted(found, reverse=True)[:SHOWN]:
            print(f"{length:6}  {name}")


if __name__ == "__main__":
    main()
