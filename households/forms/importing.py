"""Uploading a register, saying what its columns mean, and choosing what of it is imported."""
from copy import deepcopy

from django import forms
from django.core.exceptions import ValidationError

from servicecentre.files.scanning import refuse_virus
from servicecentre.kit.fields import DayField, TextField
from servicecentre.kit.forms import DeskForm
from servicecentre.kit.sheets import MAX_ROWS, check_workbook

XLSX = ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_TAKEN = "不导入"


class UploadForm(DeskForm):
    """A file, judged by its content; its name is only a label."""

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].label = f"{kind.label}（.xlsx）"

    file = forms.FileField(label="登记表（.xlsx）", allow_empty_file=True, widget=forms.FileInput(attrs={"accept": XLSX}),
                           error_messages={"required": "请选择文件", "missing": "请选择文件", "invalid": "请选择文件"})

    def clean_file(self):
        self.name = self.cleaned_data["file"].name
        data = check_workbook(self.cleaned_data["file"])
        refuse_virus(data)
        return data

    def act_fields(self):
        return {"data": self.cleaned_data["file"], "name": self.name}


def _header_row(label, initial=None):
    return forms.IntegerField(label=label, min_value=1, max_value=MAX_ROWS, required=False, initial=initial, error_messages={"invalid": "行号是数字"},
                              widget=forms.TextInput(attrs={"class": "form-control form-control-sm w-auto", "inputmode": "numeric", "size": 4}))


class ColumnsForm(DeskForm):
    """What each column of each table means; and the day of handing over where a table has no such column."""

    handover_default = DayField(label="交付日期", required=False)

    def __init__(self, *args, mapping, words, **kwargs):
        super().__init__(*args, **kwargs)
        self.words = words
        self.mapping = mapping or {"tables": []}
        choices = [("", NOT_TAKEN), *((name, about.label) for name, about in words.fields.items())]
        self.tables = []
        for n, table in enumerate(self.mapping["tables"]):
            self.fields[f"t{n}_kind"] = forms.ChoiceField(label="整张表是", choices=(("home", "住宅"), ("shop", "商铺")), initial=table["kind"],
                                                         widget=forms.Select(attrs={"class": "form-select form-select-sm w-auto"}))
            self.fields[f"t{n}_skip"] = forms.BooleanField(label="不读这张表", required=False, initial=table["skip"],
                                                           widget=forms.CheckboxInput(attrs={"class": "form-check-input"}))
            self.fields[f"t{n}_row"] = _header_row("表头在第几行", table["header_row"])
            for column in table["columns"]:
                self.fields[f"t{n}_c{column['column']}"] = forms.ChoiceField(
                    label=f"{column['letter']} {column['label']} 对应到", choices=choices, required=False, initial=column["field"],
                    widget=forms.Select(attrs={"class": "form-select form-select-sm", "aria-label": f"{column['letter']} {column['label']} 对应到"}))
            self.tables.append(self._shown(n, table))
        self.others = []
        for n, sheet in enumerate(self.mapping.get("others", [])):
            self.fields[f"o{n}_row"] = _header_row(f"表「{sheet}」的表头在第几行")
            self.others.append(self[f"o{n}_row"])

    def _shown(self, n, table):
        """What the template walks: a table with its bound fields."""
        rows = [{"letter": c["letter"], "label": c["label"], "sample": c["sample"], "values": c["values"], "sure": c["sure"] or not c["values"],
                 "taken": bool(c["field"]), "field": self[f"t{n}_c{c['column']}"]} for c in table["columns"]]
        return {"sheet": table["sheet"], "header_row": table["header_row"], "row": self[f"t{n}_row"], "kind": self[f"t{n}_kind"], "skip": self[f"t{n}_skip"],
                "skipped": table["skip"], "building": table["building"], "rows": rows, "remembered": table.get("remembered", ""),
                "left_out": sum(not row["taken"] and bool(row["values"]) for row in rows)}

    def clean(self):
        data = super().clean()
        for n, table in enumerate(self.mapping["tables"]):
            if data.get(f"t{n}_skip"):
                continue
            chosen = [data.get(f"t{n}_c{column['column']}") for column in table["columns"]]
            for name, about in self.words.fields.items():
                if not about.many and chosen.count(name) > 1:
                    raise ValidationError(f"表「{table['sheet']}」有 {chosen.count(name)} 列都对应到「{about.label}」，只能留一列。")
        return data

    def act_fields(self):
        mapping = deepcopy(self.mapping)
        for n, table in enumerate(mapping["tables"]):
            said = {"kind": self.cleaned_data[f"t{n}_kind"], "skip": self.cleaned_data[f"t{n}_skip"]}
            fields = [self.cleaned_data[f"t{n}_c{column['column']}"] for column in table["columns"]]
            if said != {name: table[name] for name in said} or fields != [column["field"] for column in table["columns"]]:
                mapping["by_hand"], table["remembered"] = True, ""        # to be remembered once it is applied
            table |= said
            for column, field in zip(table["columns"], fields, strict=True):
                column["field"], column["sure"] = field, True             # a person has looked
        # A table that only names its header row gets its columns found anew.
        mapping["tables"] = [{"sheet": table["sheet"], "header_row": row} if (row := self.cleaned_data[f"t{n}_row"]) not in (None, table["header_row"])
                             else table for n, table in enumerate(mapping["tables"])]
        mapping["tables"] += [{"sheet": sheet, "header_row": row} for n, sheet in enumerate(self.mapping.get("others", []))
                              if (row := self.cleaned_data[f"o{n}_row"])]
        return {"mapping": mapping, "handover_default": self.cleaned_data["handover_default"]}


class ApplyForm(DeskForm):
    """All of it; or, said expressly, the good rows."""

    plan_digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    good_rows = forms.BooleanField(required=False)


class UndoForm(DeskForm):
    reason = TextField(label="撤销原因", max_length=100, error_messages={"required": "请填写撤销的原因"})


class ForgetForm(DeskForm):
    """A button."""
