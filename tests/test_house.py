"""The house stands: imports go down, views reach rows only through their estate, pages carry nothing inline (STYLE §5)."""
import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import PROTECT, UniqueConstraint

from servicecentre.kit.guards import SameEstate
from servicecentre.kit.rows import EstateRow

from .walk import INSIDE

ROOT = Path(__file__).resolve().parent.parent
OURS = [ROOT / "servicecentre", *(ROOT / app for app in ("households", "movein", "renovation", "billing", "keys", "tickets"))]
SOURCES = [p for folder in OURS if folder.exists() for p in folder.rglob("*.py") if "migrations" not in p.parts]
VIEWS = sorted({Path(inspect.unwrap(view).__code__.co_filename) for _, _, view in INSIDE}
               | {p for p in SOURCES if "views" in p.parts or p.name in ("shell.py", "parts.py")})
NO_ESTATE = ("User", "Estate")                   # asked through the user's posts
WAYS_IN = re.compile("of(_household)?|none")
TEMPLATES = list((ROOT / "templates").rglob("*.html"))
PAPERS = [p for p in TEMPLATES if "papers" in p.parts and p.parent.name == "papers"]
OUR_MODELS = [m for m in apps.get_models() if m.__module__.split(".")[0] in ("servicecentre", "households", "billing", "tickets")]


def test_imports_go_down():
    found = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def rows_reached_past_the_estate(source):
    """Lines of a view that ask for rows otherwise than by ``X.objects.of(`` (TRUST 12)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and getattr(node.value, "attr", "") in ("objects", "_default_manager", "_base_manager"):
            if getattr(node.value.value, "id", "") not in NO_ESTATE and (not WAYS_IN.fullmatch(node.attr) or node.value.attr != "objects"):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("get_object_or_404", "get_list_or_404"):
            if isinstance(node.args[0], ast.Name) and node.args[0].id[0].isupper():                # a model, so any estate's row
                found.append(f"{node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.Attribute) and node.attr in ("raw", "cursor"):
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def half_width(source):
    """Lines of what people read with a comma, colon or semicolon of half width between Chinese; patterns and docstrings are not read."""
    tree = ast.parse(source)
    docs = {id(node.body[0].value) for node in ast.walk(tree) if getattr(node, "body", None) and isinstance(node.body, list)
            and isinstance(node.body[0], ast.Expr)}
    texts = [(n.lineno, n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs]
    return [line for line, text in texts if re.search(r"[\u4e00-\u9fff」][,;:](?:[\u4e00-\u9fff「]|--|$)", text) and not re.search(r"\(\?|\[\^|\|", text)]


def test_chinese_has_its_own_punctuation():
    assert [f"{p.relative_to(ROOT)}: {lines}" for p in SOURCES if (lines := half_width(p.read_text()))] == []
    assert half_width('x = "在打,这张"') == half_width('x = f"金额 {x},核销,"') == half_width('x = "任务;--once"') == [1]
    assert not half_width('"""在打,这张"""')


@pytest.mark.parametrize("path", VIEWS, ids=lambda p: str(p.relative_to(ROOT)))
def test_views_reach_rows_only_through_their_estate(path):
    assert rows_reached_past_the_estate(path.read_text()) == []


@pytest.mark.parametrize("planted", [
    "Payment.objects.get(pk=pk)", "Payment.objects.filter(pk=pk)", "Payment.objects.all()", "Payment.objects.lock(pk)",
    "get_object_or_404(Payment, pk=pk)", "Payment._default_manager.of(estate)", "connection.cursor().execute(sql)"])
def test_a_planted_view_that_does_not_is_caught(planted):
    assert len(rows_reached_past_the_estate(f"def view(request, pk):\n    return {planted}")) == 1
    assert rows_reached_past_the_estate("get_object_or_404(Payment.objects.of(request.estate), pk=pk)") == []


@pytest.mark.parametrize("model", [m for m in OUR_MODELS if issubclass(m, EstateRow)], ids=lambda m: m._meta.label)
def test_every_pointer_from_row_to_row_is_held_within_one_estate(model):
    """A foreign key to a row of an estate is named in a SameEstate guard (DOMAIN §9.14)."""
    pointers = {f.name for f in model._meta.local_fields if f.remote_field and issubclass(f.related_model, EstateRow)}
    held = {name for guard in model.guards if isinstance(guard, SameEstate) for name in guard.fields}
    assert pointers == held


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda m: m._meta.label)
def test_nothing_vanishes_with_something_else(model):
    """Rows go only where an act says so; search keys are made anew from the register."""
    for field in model._meta.local_fields:
        if field.remote_field and model._meta.label != "households.SearchKey":
            assert field.remote_field.on_delete is PROTECT, field


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_templates_carry_nothing_inline(path):
    text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|\son[a-z]+=\"|hx-on|javascript:", text)
    if "papers" not in path.parts:
        assert not re.search(r"\sstyle=\"|<style|<script>", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_form_that_is_filled_in_leaves_judging_to_us(path):
    """Else the browser's own bubble stands where our sentence beside the field should, and nothing is posted."""
    for form in re.findall(r"<form\b.*?</form>", path.read_text(), flags=re.DOTALL):
        if "{% crispy" in form or "is-invalid" in form:
            assert "novalidate" in form[:form.index("{% csrf_token %}")] if "{% csrf_token %}" in form else 'method="get"' in form, path


def test_nothing_marks_text_as_safe_or_edits_all_fields():
    for path in SOURCES:
        text = path.read_text()
        assert "mark_safe" not in text and "__all__\"" not in text.replace('__all__ = ', ""), path
        assert not re.search(r"ignore_conflicts\s*=\s*True", text), path


def test_no_clock_but_ours():
    for path in SOURCES:
        if path.name != "periods.py":
            assert not re.search(r"timezone\.now\(|datetime\.now\(|date\.today\(|utcnow", path.read_text()), path


def test_only_the_act_catches_the_databases_errors():
    allowed = {"acts.py", "health.py", "worker.py", "checks.py", "serve.py", "ready.py", "sign_ins.py",
               "middleware.py"}               # drafts: a view that writes while it only shows its form again
    for path in SOURCES:
        if path.name not in allowed:
            assert not re.search(r"except \(?[^:]*(DatabaseError|IntegrityError|OperationalError)", path.read_text()), path


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda m: m._meta.label)
def test_unique_rules_of_a_table_differ_in_their_columns_and_say_a_sentence(model):
    seen = set()
    for constraint in model._meta.constraints:
        assert constraint.violation_error_message != constraint.default_violation_error_message, constraint.name
        if isinstance(constraint, UniqueConstraint):
            columns = frozenset(constraint.fields)
            assert columns not in seen, f"SQLite names columns only: {columns}"
            seen.add(columns)
    for field in model._meta.local_fields:
        assert not field.unique or field.primary_key or field.one_to_one, f"{field} has no sentence of its own"


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda m: m._meta.label)
def test_models_speak_chinese(model):
    assert re.search("[\u4e00-\u9fff]", str(model._meta.verbose_name))


def test_files_can_be_read_in_one_sitting():
    """400 lines is where a file becomes a folder; a margin lets a change land before the split."""
    for path in [*SOURCES, *TEMPLATES, *(ROOT / "tests").rglob("*.py")]:
        lines = path.read_text().count("\n")
        assert lines <= 440, f"{path}: {lines} lines"
