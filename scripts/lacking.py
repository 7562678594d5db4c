"""Print the Debian packages that bring what this machine lacks, by trying each thing; runs on a bare python3.

usage: lacking.py run|test|all
"""
import ctypes
import glob
import shutil
import subprocess
import sys

PDF_LIBRARIES = {
    "libpango-1.0-0": ["libgobject-2.0.so.0", "libpango-1.0.so.0", "libharfbuzz.so.0", "libfontconfig.so.1"],
    "libpangoft2-1.0-0": ["libpangoft2-1.0.so.0"],
    "libharfbuzz-subset0": ["libharfbuzz-subset.so.0"],
}


def loads(*names):
    try:
        for name in names:
            ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_venv():
    try:
        import ensurepip
        import venv
    except ImportError:
        return False
    return bool(ensurepip and venv)


def has_zone():
    from zoneinfo import ZoneInfo
    try:
        ZoneInfo("Asia/Shanghai")
    except Exception:
        return False
    return True


def has_chinese_font():
    """Chromium draws boxes without one (the PDFs carry their own fonts)."""
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True)
    return bool(found.stdout.strip())


def lacking(level):
    if not has_venv():
        yield f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not has_zone():
        yield "tzdata"
    if sys.platform == "linux":
        for package, names in PDF_LIBRARIES.items():
            if not loads(*names):
                yield package
    if level == "all":
        if not (shutil.which("initdb") or glob.glob("/usr/lib/postgresql/*/bin/initdb")):
            yield "postgresql"
        if not shutil.which("chromium"):
            yield "chromium"
        if not loads("libatomic.so.1"):                # Playwright's own node needs it
            yield "libatomic1"
        if not has_chinese_font():
            yield from ("fontconfig", "fonts-wqy-microhei")


if __name__ == "__main__":
    print("\n".join(lacking(sys.argv[1])))
