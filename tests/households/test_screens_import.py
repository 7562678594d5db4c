"""The page: upload, what was found, columns corrected, wrong rows as Excel, import; what may not be is said in words."""
import re
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from households.importing import uploads
from households.models import Household, KnownLayout, RegisterImport, Unit
from households.register import add_unit
from households.views import importing
from servicecentre.jobs import worker
from servicecentre.jobs.models import Job
from servicecentre.kit.sheets import open_workbook
from servicecentre.roles import RIGHTS, Role
from tests.conftest import Desk

from .lists import HEADER, ZHANG, ZHOU, many, register, row
from .test_import_command import BAD

UPLOAD = "/import/"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def upload(desk, data, name="登记表.xlsx", key="", **more):
    return desk.post(UPLOAD, {"file": SimpleUploadedFile(name, data), "request_key": key, **more})


def run_one():
    """Let the worker do the next job, and see how it ended."""
    job = worker.run_one()
    job.refresh_from_db()
    return job


def page_of(importing):
    return f"/import/{importing.pk}/"


@pytest.fixture
def shown(desk):
    """Upload and read a list: (the RegisterImport, its page)."""
    def shown(data):
        assert upload(desk, data).status_code == 302
        assert run_one().state == "done"
        importing = RegisterImport.objects.last()
        return importing, desk.get(page_of(importing)).content.decode()
    return shown


def apply(desk, importing, **fields):
    return desk.post(f"{page_of(importing)}apply/", {"plan_digest": importing.plan_digest, **fields})


def test_register_goes_from_upload_to_register(desk, estate, shown):
    importing, page = shown(register(*many(12)))
    assert "还没有写入任何数据" in page and "导入全部 12 行" in page and "没有错误行" in page
    assert Unit.objects.count() == 0
    answer = apply(desk, importing)
    assert answer.status_code == 302
    running = desk.get(page_of(importing)).content.decode()
    assert "导入中" in running and "可以离开这一页" in running
    job = run_one()
    assert (job.state, job.words, job.leads_to) == ("done", "新增 12 套，更新 0 套，无变化 0 套。", f"/e/{estate.slug}{page_of(importing)}")
    page = desk.get(page_of(importing)).content.decode()
    assert "全部导入了" in page and "李婷导入" in page and Unit.objects.of(estate).count() == 12
    assert Household.objects.first().opened_by.name == "李婷"


def test_wrong_rows_are_told_and_the_good_ones_need_a_tick(desk, shown):
    importing, page = shown(register(row(), row(code="3-2-1802", area="八十九", id=ZHOU), row(code="3-2-1803", id=ZHOU, phone="1380013")))
    assert "先导入 1 行正确的" in page and "面积要写数字，如 89.56" in page and "手机是 11 位，现在 7 位" in page
    assert ZHANG not in page and ZHOU not in page
    refused = apply(desk, importing).content.decode()
    assert "有 2 行不对，不能全部导入" in refused and not Job.objects.unfinished()
    assert apply(desk, importing, good_rows="on").status_code == 302
    run_one()
    assert [u.code for u in Unit.objects.all()] == ["3-2-1801"]
    assert "2 行错误行没有导入" in desk.get(page_of(importing)).content.decode()


def test_mobiles_are_masked_on_the_page(desk, shown):
    _, page = shown(register(row(owner="", id="", phone="", day="", contact="董桐 18628164212"), row(code="3-2-1802", phone="1380013")))
    assert "董桐 186****4212" in page and "18628164212" not in page and "1380013" in page


def test_wrong_rows_as_excel(desk, shown):
    importing, _ = shown(register(row(id=ZHANG[:17] + "A"), row(code="3-2-1802", area="=1+1", id=ZHOU)))
    answer = desk.get(f"{page_of(importing)}wrong-rows/")
    sheets = open_workbook(BytesIO(answer.content))
    assert [sheet.name for sheet in sheets] == ["错误行", "提醒", "住宅 待改"]
    assert [line[:6] for line in sheets[0].rows[1:]] == [["住宅", 2, "3-2-1801", "张", "D", "证件号码"],
                                                         ["住宅", 3, "3-2-1802", "张", "B", "建筑面积(㎡)"]]
    assert sheets[2].rows[0] == [*HEADER, "为什么不行，怎么改"] and [line[0] for line in sheets[2].rows[1:]] == ["3-2-1801", "3-2-1802"]
    assert sheets[2].rows[2][1] == "=1+1" and ZHOU not in repr(sheets) and ZHANG[:17] not in repr(sheets) and "attachment" in answer["Content-Disposition"]


def test_mended_rows_go_in_but_a_hidden_number_is_asked_for(desk, shown):
    importing, page = shown(register(row(area="八十九"), row(code="3-2-1802", area="0", id="")))
    assert "3-2-1801 张" in page
    rows = open_workbook(BytesIO(desk.get(f"{page_of(importing)}wrong-rows/").content))[2].rows
    mended = [rows[0], *([line[0], "89.56", *line[2:]] for line in rows[1:])]
    importing, page = shown(register(*mended[1:], header=mended[0]))
    assert importing.counts()["good"] == 1 and "号码是遮住的，请按证件重填" in page


def columns_of(page):
    return dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL)) | {"t0_kind": "home"}


def test_columns_that_a_person_said_are_remembered_and_can_be_forgotten(desk, shown):
    header = ["房号", "建筑面积", "业主", "证件号码", "联系电话", "交付日期", "甲", "乙", "备注"]
    importing, page = shown(register(row(plates="苏A12345"), header=header))
    desk.post(f"{page_of(importing)}columns/", columns_of(page) | {"t0_c8": "plates"})
    run_one()
    importing.refresh_from_db()
    apply(desk, importing)
    run_one()
    assert KnownLayout.objects.get().table["columns"][7]["field"] == "plates" and "苏" not in repr(KnownLayout.objects.get().table)
    importing, page = shown(register(row(plates="苏A12345"), row(code="3-2-1802", plates="苏A54321"), header=header))
    assert importing.counts()["created"] == 1 and "李婷" in page and "定的对应" in page
    assert importing.mapping["tables"][0]["columns"][7]["field"] == "plates"
    assert desk.post(f"{page_of(importing)}forget/", {}).status_code == 302 and not KnownLayout.objects.exists()
    importing, page = shown(register(row(plates="苏A12345"), header=header))
    assert importing.mapping["tables"][0]["columns"][7]["field"] == "" and "定的对应" not in page


def test_header_pointed_at_by_hand_is_found_by_itself_next_time(desk, shown):
    data = register(["3-2-1801", "89.56", "张雨萍", "2025-03-18"], header=["甲", "乙", "丙", "丁"])
    importing, _ = shown(data)
    desk.post(f"{page_of(importing)}columns/", {"o0_row": "1"})
    run_one()
    fields = {f"t0_c{n}": field for n, field in enumerate(("room", "area", "owner", "handover_on"), 1)} | {"t0_kind": "home", "t0_row": "1"}
    desk.post(f"{page_of(importing)}columns/", fields)
    run_one()
    importing.refresh_from_db()
    apply(desk, importing)
    run_one()
    importing, page = shown(register(["3-2-1802", "89.56", "周建国", "2025-03-18"], header=["甲", "乙", "丙", "丁"]))
    assert importing.counts()["created"] == 1 and "没有找到登记表" not in page


def test_columns_are_corrected_and_read_again(desk, shown):
    header = ["房号", "建筑面积", "业主", "证件号码", "联系电话", "交付日期", "甲", "乙", "备注"]
    importing, page = shown(register(row(plates="苏A12345"), header=header))
    assert "1 列不导入" in page and "1 个值" in page
    names = re.findall(r'<select name="(t0_c[0-9]+)"', page)
    chosen = dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    fields = {name: chosen.get(name, "") for name in names} | {"t0_c8": "plates", "t0_kind": "home"}
    assert desk.post(f"{page_of(importing)}columns/", fields).status_code == 302
    run_one()
    importing.refresh_from_db()
    assert apply(desk, importing).status_code == 302
    run_one()
    assert Household.objects.get().vehicles.get().plate == "苏A12345"


def test_two_columns_for_one_meaning_are_refused_beside_the_table(desk, shown):
    importing, page = shown(register(row()))
    fields = {name: "area" for name in re.findall(r'<select name="(t0_c[0-9]+)"', page)} | {"t0_kind": "home"}
    answer = desk.post(f"{page_of(importing)}columns/", fields)
    assert answer.status_code == 200 and "9 列都对应到「建筑面积」，只能留一列" in answer.content.decode()
    assert not Job.objects.unfinished()


def test_day_is_asked_only_where_a_table_has_none(desk, shown):
    header = [name for name in HEADER if name != "交付日期"]
    importing, page = shown(register([v for name, v in zip(HEADER, row(), strict=True) if name != "交付日期"], header=header))
    assert 'name="handover_default"' in page and "还不能导入" in page
    assert "没有交付日期一列" in apply(desk, importing).content.decode()
    chosen = dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    bad = desk.post(f"{page_of(importing)}columns/", chosen | {"t0_kind": "home", "handover_default": "2025-02-30"})
    assert bad.status_code == 200 and "没有 30 日" in bad.content.decode()
    desk.post(f"{page_of(importing)}columns/", chosen | {"t0_kind": "home", "handover_default": "2025-01-01"})
    run_one()
    importing.refresh_from_db()
    apply(desk, importing)
    run_one()
    assert str(Household.objects.get().starts_on) == "2025-01-01"
    other, page = shown(register(row(code="9-9-909", owner="周建国", id=ZHOU)))
    assert 'name="handover_default"' not in page


@pytest.mark.parametrize(("data", "words"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_other_files_are_refused_beside_the_field(desk, data, words):
    answer = upload(desk, data)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert not RegisterImport.objects.exists() and not Job.objects.exists()


def test_no_file_chosen(desk):
    assert "请选择文件" in desk.post(UPLOAD, {}).content.decode()


def test_too_large_a_file(desk, monkeypatch):
    monkeypatch.setattr("servicecentre.kit.sheets.MAX_BYTES", 1000)
    assert "文件超过 25 MB" in upload(desk, register(*many(5))).content.decode()


def test_name_is_only_a_label(desk):
    upload(desk, register(row()), name="../../etc/\u202e<b>x</b>" + "长" * 300 + ".xlsx")
    importing = RegisterImport.objects.get()
    assert "/" not in importing.label and len(importing.label) <= 120 and re.fullmatch(r"imports/[0-9a-f]{32}\.bin", importing.file)
    assert "<b>x" not in desk.get(UPLOAD).content.decode()


def test_one_import_at_a_time(desk, shown):
    upload(desk, register(row()))
    answer = upload(desk, register(row(code="3-2-1802")), name="另一个.xlsx").content.decode()
    assert "李婷正在办「登记表.xlsx」的试导中，请等它办完" in answer
    assert RegisterImport.objects.count() == 1 and len(default_storage.listdir("imports")[1]) == 1
    run_one()
    assert upload(desk, register(row(code="3-2-1802"))).status_code == 302


def test_double_click_uploads_once(desk):
    data = register(row())
    first, again = upload(desk, data, key="k1"), upload(desk, data, key="k1")
    assert first.url == again.url and RegisterImport.objects.count() == 1
    assert len(default_storage.listdir("imports")[1]) == 1


def test_register_that_moved_is_said_and_the_dry_run_may_be_made_again(desk, estate, clerk, shown):
    importing, _ = shown(register(row()))
    add_unit(estate, code="9-9-909", area=5000, by=clerk)
    apply(desk, importing)
    job = run_one()
    assert (job.state, job.words) == ("failed", "试导以后登记有改动，或者换了月份，请重新试导。") and Unit.objects.count() == 1
    assert job.leads_to.endswith(page_of(importing))
    page = desk.get(page_of(importing)).content.decode()
    assert "试导以后登记有改动" in page and "先再试导，看过新的结果再导入" in page
    fields = dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    desk.post(f"{page_of(importing)}columns/", fields | {"t0_kind": "home"})
    run_one()
    importing.refresh_from_db()
    assert apply(desk, importing).status_code == 302 and run_one().state == "done" and Unit.objects.count() == 2


def test_what_was_shown_is_what_is_applied(desk, shown):
    importing, _ = shown(register(row()))
    answer = desk.post(f"{page_of(importing)}apply/", {"plan_digest": "0" * 64})
    assert "试导结果刚才变了" in answer.content.decode() and not Job.objects.unfinished()


def test_worker_that_died_after_the_commit_ends_well(desk, shown, monkeypatch):
    importing, _ = shown(register(row()))
    apply(desk, importing)
    job = Job.objects.unfinished().get()
    uploads.apply_upload(job)                                  # done, but nobody was left to say so
    assert run_one().state == "done"
    assert Unit.objects.count() == 1
    assert desk.post(f"{page_of(importing)}apply/", {"plan_digest": importing.plan_digest}).status_code == 200


def test_worker_that_died_each_time_sets_the_estate_free(desk, shown):
    importing, _ = shown(register(row()))
    apply(desk, importing)
    Job.objects.unfinished().update(tries=3)
    assert run_one().state == "failed"
    page = desk.get(page_of(importing)).content.decode()
    assert "中断了 3 次" in page
    assert upload(desk, register(row(code="3-2-1802"))).status_code == 302
    importing.refresh_from_db()
    assert importing.state == "shown"


def test_crash_in_the_import_writes_nothing_and_says_so(desk, shown, monkeypatch):
    importing, _ = shown(register(*many(4)))
    apply(desk, importing)

    def boom(*args):
        raise RuntimeError("disk on fire")
    monkeypatch.setattr("households.find.rebuild", boom)
    assert run_one().state == "failed" and Unit.objects.count() == 0
    page = desk.get(page_of(importing)).content.decode()
    assert "导入时出了意外，没有写入任何数据" in page and "on fire" not in page


def test_differences_are_shown_old_beside_new(desk, shown):
    importing, _ = shown(register(row()))
    apply(desk, importing)
    run_one()
    importing, page = shown(register(row(phone="13912342046")))
    assert "看差异" in page
    page = desk.get(f"{page_of(importing)}changes/").content.decode()
    assert "138****5678" in page and "139****2046" in page and "13912342046" not in page


def test_differences_mask_numbers_that_stood_in_a_remark_before(desk, estate, clerk, shown):
    importing, _ = shown(register(row()))
    apply(desk, importing)
    run_one()
    Household.objects.update(remark=f"共有人李四 {ZHOU} 电话 13912342046")
    importing, _ = shown(register(row(remark="出租")))
    page = desk.get(f"{page_of(importing)}changes/").content.decode()
    assert "共有人李四" in page and "139****2046" in page and ZHOU not in page + repr(importing.report)
    assert "13912342046" not in page + repr(importing.report)


def test_same_list_again_asks_no_day(desk, shown):
    header = [name for name in HEADER if name != "交付日期"]
    data = register([v for name, v in zip(HEADER, row(), strict=True) if name != "交付日期"], header=header)
    importing, page = shown(data)
    chosen = dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    desk.post(f"{page_of(importing)}columns/", chosen | {"t0_kind": "home", "handover_default": "2025-01-01"})
    run_one()
    importing.refresh_from_db()
    apply(desk, importing)
    run_one()
    _, page = shown(data)
    assert "没有要导入的" in page and "交付日期一列" not in page and "handover_default" not in page


def test_button_for_the_good_rows_waits_for_its_tick(desk, shown):
    _, page = shown(register(row(), row(code="3-2-1802", area="八十九", id=ZHOU)))
    assert re.search(r'<button[^>]*data-needs="id_good_rows"[^>]*>先导入 1 行', page) and 'id="id_good_rows"' in page


def test_running_page_goes_on_to_the_report(desk):
    upload(desk, register(row()))
    importing = RegisterImport.objects.get()
    path = f"/jobs/{importing.job_id}/?go=on"
    assert path in desk.get(page_of(importing)).content.decode()
    htmx = {"HTTP_HX_REQUEST": "true"}
    assert path in desk.get(path, **htmx).content.decode()
    run_one()
    assert desk.get(path, **htmx)["HX-Redirect"].endswith(page_of(importing))
    assert "HX-Redirect" not in desk.get(path.partition("?")[0], **htmx)


def test_a_file_without_a_register_does_not_praise_its_columns(desk, shown):
    _, page = shown(register(["张", "2025-01-01", "x"], header=["姓名", "交付日期", "身份证"]))
    assert "没有找到登记表" in page and "各列都认得" not in page


def test_same_list_again_has_nothing_to_import(desk, shown):
    importing, _ = shown(register(row()))
    apply(desk, importing)
    run_one()
    _, page = shown(register(row()))
    assert "没有要导入的" in page and "导入全部" not in page


def test_pages_of_wrong_rows(desk, shown):
    rows = [row(code=f"3-2-{n}", area="八十九", id="") for n in range(101, 141)]
    importing, page = shown(register(*rows))
    assert page.count("面积要写数字") == 15 and "共 3 页 40 条" in page
    for asked in ("2", "-1", "9e9", "99999999999999999999"):
        assert desk.get(f"{page_of(importing)}?page={asked}").status_code == 200


def test_doors(desk, desk_of, estate, other_estate, other_clerk, shown):
    importing, _ = shown(register(row()))
    theirs = Desk(other_clerk, other_estate)
    for name in ("import_report", "import_columns", "import_apply", "import_changes", "import_forget", "import_wrong_rows"):
        path = reverse(f"households:{name}", args=[importing.pk])
        assert theirs.get(path).status_code == 404 and theirs.post(path, {}).status_code == 404
    assert theirs.get(UPLOAD).status_code == 200


def test_looking_changes_nothing_and_asks_little(desk, shown, django_assert_max_num_queries):
    importing, _ = shown(register(*many(40)))
    with django_assert_max_num_queries(20):
        assert desk.get(page_of(importing)).status_code == 200
    assert desk.get(f"{page_of(importing)}columns/").status_code == 302


def test_header_that_nobody_would_guess_is_pointed_at(desk, shown):
    """No label is known: the sheet is offered, a person says which row holds the header, then what its columns mean."""
    header = ["甲", "乙", "丙", "丁"]
    importing, page = shown(register(["3-2-1801", "89.56", "张雨萍", "2025-03-18"], header=header))
    assert "没有找到登记表的表头" in page and "表「住宅」的表头在第几行" in page and "还不能导入" in page
    desk.post(f"{page_of(importing)}columns/", {"o0_row": "1"})
    run_one()
    page = desk.get(page_of(importing)).content.decode()
    fields = {f"t0_c{n}": field for n, field in enumerate(("room", "area", "owner", "handover_on"), 1)} | {"t0_kind": "home", "t0_row": "1"}
    assert all(name in page for name in fields)
    desk.post(f"{page_of(importing)}columns/", fields)
    run_one()
    importing.refresh_from_db()
    assert apply(desk, importing).status_code == 302 and run_one().state == "done"
    assert Household.objects.get().number == "3-2-1801-01"


def test_mapping_that_does_not_fit_the_file_leaves_the_one_before(desk, shown):
    importing, page = shown(register(row()))
    before = importing.mapping
    fields = dict(re.findall(r'<select name="(t0_c[0-9]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    desk.post(f"{page_of(importing)}columns/", fields | {"t0_kind": "home", "t0_row": "19999"})
    job = run_one()
    importing.refresh_from_db()
    assert (job.state, importing.state, importing.mapping) == ("failed", "shown", before)
    page = desk.get(page_of(importing)).content.decode()
    assert job.words in page and "再试导" in page
    for junk in ("x", "0", "-1", "99999999"):
        assert desk.post(f"{page_of(importing)}columns/", fields | {"t0_kind": "home", "t0_row": junk}).status_code == 200


def test_what_could_not_be_read_has_nothing_to_forget(desk, estate, clerk):
    importing = RegisterImport.objects.create(estate=estate, made_by=clerk, file="x", label="坏.xlsx", sha256="0", size=1, state="failed")
    page = desk.post(f"/import/{importing.pk}/forget/", {"request_key": "f"}, follow=True).content.decode()
    assert "没有记住过" in page


def test_each_kind_of_list_asks_for_its_own_right_alone(desk, estate, clerk, monkeypatch):
    """Who may import arrears and no register reaches the arrears they uploaded, from report to columns, and no register."""
    monkeypatch.setitem(RIGHTS, "billing.import_arrears", RIGHTS["billing.import_arrears"]._replace(roles={Role.CLERK}))
    monkeypatch.setitem(RIGHTS, "households.import_register", RIGHTS["households.import_register"]._replace(roles={Role.MANAGER}))
    for kind, status in (("arrears", 200), ("register", 403)):
        row = RegisterImport.objects.create(estate=estate, kind=kind, made_by=clerk, file="x", label="x.xlsx", sha256="0", size=1, state="failed")
        for page in ("", "columns/", "apply/", "forget/", "changes/", "wrong-rows/"):
            answer = desk.get(f"/import/{row.pk}/{page}", follow=True)
            assert answer.status_code == status, (kind, page)
    views = (importing.report, importing.read_again, importing.apply, importing.forget, importing.changes, importing.wrong_rows)
    assert {view.needs for view in views} == {"households.view_import"}
