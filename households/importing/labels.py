"""The words that registers use for their columns (IMPORT «Any list»); a new wording is one more word here."""
import re
from dataclasses import dataclass

from servicecentre.kit.text import narrow


@dataclass(frozen=True)
class Field:
    label: str
    many: bool = False  # several columns may hold it (two plates, an owner and a co-owner)


# What a register row takes. The order is that of the choice on the page.
FIELDS = {
    "serial": Field("序号（不导入）"), "building": Field("楼栋"), "entrance": Field("单元"), "room": Field("房号"),
    "area": Field("建筑面积"), "usage": Field("用途"), "trade": Field("业态"), "owner": Field("业主", many=True),
    "id": Field("证件号码", many=True), "phone": Field("联系电话"), "phone2": Field("备用电话", many=True),
    "co_phone": Field("第二业主起的电话", many=True),
    "emergency": Field("紧急联系人"), "emergency_phone": Field("紧急联系电话"), "handover_on": Field("交付日期"),
    "plates": Field("车牌号", many=True), "tenant": Field("租户"), "tenant_phone": Field("租户电话"),
    "lease_from": Field("起租日期"), "sex": Field("性别"), "address": Field("通讯地址"), "remark": Field("备注", many=True),
}


@dataclass(frozen=True)
class Guess:
    """What a label probably means: the lower the rank the surer; from 5 on a person should look.

    `general`: it does not say whose (电话). `extra`: it adds to the main column (共有人, 信用代码).
    """

    field: str
    rank: int = 0
    general: bool = False
    extra: bool = False


_WHO = ("(?:业主方?|产权人|产权所有人|产权方|产权单位|房屋所有权人|房屋所有人|所有权人|所有人|权利人|权属人|登记权利人|不动产权利人"
        "|房主|户主|屋主|业户|房东|买受人|购房人|购房者|购买人|买方|买家|客户)")
_CO = "(?:共有人|共同共有人|共有产权人|共同产权人|产权共有人|其他产权人|第二业主|第二产权人|联名业主|联名人|次业主|共同买受人|共同购房人)"
_TENANT = ("(?:租户|租客|承租人|承租方|承租户|承租单位|承租|租赁人|租赁方|租赁户|租赁单位|租住人|经营者|经营人|经营户|经营单位|商户"
           "|商家|使用人|实际使用人)")
_NAME = "(?:的?(?:姓名|名称|名字|全名|名|信息))?"
_NO = "(?:号码|号|编号|编码|码)?"
_PHONE = ("(?:联系|联络|移动|常用|手机|本人)?(?:电话号码|联系电话|手机号码|移动电话|手机号|联系方式|联络方式|联系号码|联系手机|电话|手机"
          "|tel|phone|mobile)(?:号码|号)?")
_DAY = "的?(?:日期|时间|年月日|日子|日)"
_PAPER = "(?:有效|居民|公民)?(?:身份证件|身份证|有效证件|证件|证照|公民身份|身份)(?:号码|号|编号|编码)?"
_CREDIT = ("(?:统一社会信用代码|社会统一信用代码|统一信用代码|社会信用代码|信用代码|营业执照|组织机构代码|机构代码|税号"
           "|纳税人识别号)(?:证)?(?:号码|号|注册号|编号)?")
_HANDED = "(?:交付|交房|接房|收房|收楼|交楼|接楼|入伙|领房|交屋|拿房|交接|交钥匙|交钥|验收交付|移交|接收)"

# Never taken, though a part of the words is like one that is.
_IGNORED = re.compile(
    "(套内|套型|公摊|分摊|赠送|阳台|花园|露台|地下|储|附属|夹层|阁楼|使用|车.*).*面积|面积.*(套内|公摊|分摊|赠送|使用|差)"
    "|单价|金额|标准|费率|管理费|物业费(?!面积)|水费|电费|水电|燃气|气费|维修|基金|欠费|押金|租金|保证金|户型|楼层|层数|层高|所在层|朝向"
    "|(产权|不动产权?|房产|房屋所有权|权)证(书|号|编号|号码|办理.*|日期)?$|土地|合同|签约|签订|购房(日|时)|预计|计划|约定|应交|应收|通知"
    "|民族|籍贯|出生|生日|年龄|学历|职业|职务|微信|qq|邮箱|email|邮编|车位|车库|停车|车型|品牌|颜色|装修|钥匙|水表|电表|气表|读数"
    "|代理|经办|委托|授权|监护|配偶|家庭|成员|子女|老人|关系|法人|法定|开户|银行|账号|帐号|有效期|到期|截止|止租|退租|终止|结束|期止"
    "|(证件|证照|客户|业主|车辆|车牌|人员)(类型|种类|类别|性质|颜色)|照片|签名|签字|人数|人口|宠物|开发商|银行卡|单位地址|工作")

_RULES = [(field, rank, re.compile(words), flags) for field, rank, words, flags in (
    ("serial", 0, "序|序号|序列号?|顺序号|行号|编号|no|num|№|#|id", ""),
    ("room", 0, "(?:房|室|房间|单元房|门牌|房门|住宅)" + "(?:号码|号|编号)", ""),
    ("room", 1, "(?:楼栋|栋|幢|楼|座)号?单元号?(?:房|室|房间|门牌)(?:号码|号)?|(?:栋|幢)(?:号)?房号|房号全称|房屋(?:号|号码|坐落|座落"
                "|位置|门牌号?)|"
                "(?:不动产|房产|物业)(?:坐落|座落)|坐落|座落|房产号|楼房号|房号编号|室|户室号|房", ""),
    ("room", 0, "(?:商铺|商户铺|铺位|店铺|铺面|商业|商业房|门面|门市|门面房|底商|商服|商网|摊位|铺)(?:号码|号|编号|编码|房号|代码)", ""),
    ("room", 4, "房屋|房间|房产|物业|单元房|门牌|户号|房屋(?:编号|编码|代码|名称|信息|地址)|房产(?:编号|编码|名称|地址)|物业(?:地址"
                "|编号|位置|名称)"
                "|资源(?:编号|名称)|商铺|铺位|门面|商铺位置|铺位位置|room(?:no)?|unit(?:no)?", ""),
    ("building", 0, "(?:所在|所属)?(?:楼栋|栋楼|楼幢|楼宇|楼座|楼|栋|幢|座|号楼|大楼|栋座|幢座)(?:号码|号|名称|编号|别|数|座)?"
                    "|building(?:no)?", ""),
    ("building", 3, "(?:楼栋|栋|幢|楼)号?单元号?", ""),
    ("entrance", 0, "(?:所在|所属)?单元(?:号码|号|名称|编号|门|门号|数)?|门洞号?|楼门号?|门栋号?|梯号?|entrance", ""),
    ("area", 0, "(?:房屋|产权)?实测(?:建筑)?面积|实测建面|(?:房屋)?建筑面积实测|竣工实测(?:建筑)?面积|测绘(?:建筑)?面积", ""),
    ("area", 1, "(?:房屋|房产|产权|住宅|商铺|套|单套|登记|证载)?(?:总)?建筑(?:总)?面积|建面|建筑平米|产权面积|登记面积|证载面积"
                "|确权面积|(?:房产证|不动产证|产权证)(?:建筑)?面积", ""),
    ("area", 2, "(?:房屋|房产|商铺|店铺|铺面|铺位|住宅|单元|房间|户|总|门面)?面积(?:数)?|平方|平米|平方米|平方数|平米数|m2|㎡|area", ""),
    ("area", 5, "(?:计费|收费|计价|计租|管理|物业|物业费|物业计费|物业管理|缴费)(?:建筑)?面积", ""),
    ("area", 6, "(?:预测|暂测|预售|销售|图纸|购房|认购|交易)(?:建筑)?面积", ""),
    ("usage", 0, "(?:房屋|房产|物业|规划|设计|房间|单元|建筑|登记|批准|实际)?(?:用途|使用性质|性质|种类|类型|类别)|物业业态"
                 "|产品(?:类型|类别)|资源类型|住宅商铺", ""),
    ("trade", 0, "(?:经营|商铺|店铺|商业|所属|租户|商户)?(?:业态|行业)(?:类别|类型|名称)?|经营(?:范围|项目|内容|种类|类别|品种|性质)"
                 "|主营(?:业务)?|行业类别", ""),
    ("owner", 0, f"(?:第一)?{_WHO}{_NAME}(?:1|一)?|{_WHO}(?:1|一){_NAME}", ""),
    ("owner", 2, f"{_CO}{_NAME}[1-9一二三四]?|{_WHO}{_NAME}[2-9二三四]|第[二三四]{_WHO}{_NAME}|{_WHO}[2-9二三四]{_NAME}", "extra"),
    ("owner", 3, "姓名|名称|名字|个人姓名|姓名名称|业主户名|户名", "general"),
    ("owner", 4, "(?:公司|单位|企业|机构)(?:名称|名|全称)?", "general extra"),
    ("owner", 6, "(?:住户|居民|入住人|居住人|房客)" + _NAME, ""),
    ("id", 0, f"(?:(?:第一)?{_WHO}|本人)的?{_PAPER}(?:1|一)?|{_WHO}(?:1|一)的?{_PAPER}", ""),
    ("id", 1, f"{_PAPER}(?:1|一)?|id(?:no|card|number)", "general"),
    ("id", 2, f"{_CO}的?{_PAPER}[1-9一二三四]?|{_WHO}的?{_PAPER}[2-9二三四]|{_WHO}[2-9二三四]的?{_PAPER}|{_PAPER}[2-9二三四]", "extra"),
    ("id", 2, f"{_WHO}?的?(?:公司|单位|企业)?的?{_CREDIT}", "extra"),
    ("phone", 0, f"(?:(?:第一)?{_WHO}|本人|主要|首选|第一)的?{_PHONE}(?:1|一)?|{_WHO}(?:1|一)的?{_PHONE}", ""),
    ("phone", 1, f"{_PHONE}(?:1|一)?", "general"),
    ("phone2", 0, f"(?:备用|其他|其它|第二|第三|另一|辅助|固定|家庭|家里|住宅|办公|宅电|次要|副|备)(?:联系)?的?{_PHONE}[1-9]?"
                  f"|座机{_NO}|固话{_NO}|宅电"
                  f"|{_PHONE}[2-9二三]|备用号码|固定电话(?:号码|号)?", ""),
    ("phone2", 0, f"{_WHO}的?{_PHONE}[2-9二三四]", ""),
    ("co_phone", 0, f"(?:{_CO}|{_WHO}[2-9二三四]|第[二三四]{_WHO})的?{_PHONE}[1-9一二三四]?", ""),
    ("tenant", 0, f"{_TENANT}{_NAME}", ""),
    ("tenant_phone", 0, f"{_TENANT}的?{_PHONE}", ""),
    ("lease_from", 0, f"起租{_DAY}?|开租{_DAY}|(?:租赁|租期|租约|承租|出租|计租)的?(?:开始|起始|起租|起|自){_DAY}?|租期起|计租{_DAY}"
                      f"|起租|租约开始", ""),
    ("lease_from", 5, f"(?:租赁|承租|出租){_DAY}|租期", ""),
    ("handover_on", 0, f"(?:实际|房屋|业主|办理|正式|物业)?的?{_HANDED}{_DAY}|{_HANDED}手续?办理{_DAY}|办理{_HANDED}手续{_DAY}", ""),
    ("handover_on", 2, f"{_HANDED}", ""),
    ("handover_on", 5, f"(?:实际|业主)?(?:入住|迁入|搬入){_DAY}", ""),
    ("plates", 0, "(?:业主|私家|住户)?(?:机动车|车辆|汽车|小车|轿车|私家车|车)?(?:车牌照|车牌|牌照|号牌|牌号)(?:号码|号"
                  "|信息)?[1-9一二三]?", ""),
    ("plates", 1, "车号|车辆号码?|汽车号码?|车辆信息|车辆[1-9一二三]?|车牌登记", ""),
    ("sex", 0, "性别|男女|(?:业主|客户)性别", ""),
    ("address", 0, f"(?:{_WHO})?的?(?:通讯|通信|联系|联络|邮寄|邮递|邮件|送达|寄送)(?:地址|住址)", ""),
    ("address", 5, f"(?:{_WHO})?的?(?:家庭|户籍|身份证|常住|居住|现住|现)(?:地址|住址)|住址", ""),
    ("remark", 0, "备注(?:说明|信息|栏|事项)?|备考|附注|remarks?|notes?", ""),
    ("remark", 3, "备注[1-9一二三]|说明|情况说明|其他(?:说明|备注|情况)?|其它(?:说明|备注|情况)?|特殊情况|注", ""),
    ("remark", 5, "(?:房屋|房产|房间|住房|商铺|业主|目前|现在|当前)?(?:使用|居住|入住|出租|空置|租住|销售|交付)?(?:状态|现状|状况"
                  "|情况)", ""),
)]

_UNIT_IN_BRACKETS = re.compile(r"[(（\[【](?:单位[:：]?)?(?:㎡|m2|m²|平方米|平方|平米|平|元|人|辆|个|必填|选填|可不填|非必填|如.*"
                               r"|例.*|格式.*|文本.*|yyyy.*|18位.*"
                               r"|全称)[)）\]】]|[㎡²]$")
_BRACKETS = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]")
_SEPARATORS = re.compile(r"[/／\\、,，;；+＋&·|。.\-—_~]|以?及|和|与|或|、")


@dataclass(frozen=True)
class Words:
    """The vocabulary of one kind of list: its fields, what labels mean, and which of them make a header."""

    name: str  # 登记表
    fields: dict
    guesses: object  # (labels from the group above down to the column's own) → [Guess], the best first
    whole: object  # (set of fields that a header names) → whether it is this list's


def plain(label: str) -> str:
    """A label without blanks, marks and units: how two labels are compared."""
    text = narrow(label or "").lower()
    text = re.sub(r"\s+", "", text)
    text = _UNIT_IN_BRACKETS.sub("", text)
    return text.strip("*★☆:：.。、,，?？!")


def guesses(parts) -> list[Guess]:
    """What a column's labels, from the group above down to its own, may mean; the best first, [] if nothing."""
    own, group = plain(parts[-1]), re.sub("(?:基本)?(?:信息|资料|情况|详情|登记)$", "", plain("".join(parts[:-1])))
    if group and re.search("家庭|配偶|成员|同住|子女|代理|经办|委托|法人|法定", group):
        return []
    if group and len(group) <= 12:
        # 紧急联系人 over 姓名 and 电话: the group says whose; 房屋信息 over 面积 adds nothing.
        if found := _meaning(group + own) or (_meaning(re.sub("人$", "", group) + own) if group.endswith("人") else None):
            return [found]
        if re.search("紧急|应急|租|经营", group) and not re.search("租|业态|行业", own):
            return []
    found = _meaning(own)
    return [found] if found else []


def _is_register(named):
    """A register names the room, and whose or how large."""
    return bool(named & {"room", "building", "entrance"} and named & {"area", "owner"} or {"serial", "area", "owner"} <= named)


REGISTER = Words("登记表", FIELDS, guesses, _is_register)
PLACES = tuple(rule for rule in _RULES if rule[0] in ("serial", "room", "building", "entrance"))  # as every list names them


def words_of(name, fields, rules, whole) -> Words:
    """A vocabulary of its own labels ((field, rank, pattern)) besides the places that every list has."""
    rules = [*((field, rank, re.compile(words), "") for field, rank, words in rules), *PLACES]

    def mean(parts):
        text = plain(parts[-1])
        bare = _BRACKETS.sub("", text)
        variants = dict.fromkeys((text, bare, "".join(_BRACKETS.findall(text)) + bare, plain("".join(parts))))
        found = (guess for variant in variants if variant and (guess := _rule(variant, rules)))
        return [one] if (one := next(found, None)) else []
    return Words(name, fields, mean, whole)


def ordinal(label: str) -> int:
    """The number in a label (业主2, 第二业主, 电话二), 0 where it has none or several."""
    found = re.findall("[1-9一二三四]", plain(label))
    return ("一二三四".find(found[0]) + 1 or int(found[0])) if len(found) == 1 else 0


def subject_of(label: str) -> str:
    """Of whom a column speaks (owner, tenant, emergency), "" when it does not say."""
    if re.search("紧急|应急", label):
        return "emergency"
    if re.search(_TENANT, label):
        return "tenant"
    return "owner" if re.search(f"{_WHO}|{_CO}", label) else ""


def _meaning(text):
    if not text:
        return None
    qualifiers = "".join(_BRACKETS.findall(text))
    bare = _BRACKETS.sub("", text)
    if re.search("紧急|应急", text):
        return _emergency(text)
    # 面积(实测) is 实测面积, 电话(备用) is 备用电话, 联系电话(必填) is 联系电话.
    for variant in dict.fromkeys((qualifiers + bare, bare + qualifiers)):
        if _IGNORED.search(variant):
            return None
        if found := _rule(variant):
            return found
    atoms = [atom for atom in _SEPARATORS.split(f"{bare}/{qualifiers}" if qualifiers else bare) if atom]
    found = [guess for atom in atoms if (guess := _rule(atom))]
    if not found or any(_IGNORED.search(atom) for atom in atoms):
        return None
    fields = [guess.field for guess in found]
    if set(fields) <= {"building", "entrance", "room"}:
        return Guess("room" if "room" in fields else "building", 2)
    unknown = len(atoms) - len(found)
    first = found[0]
    named = next((guess for guess in found if guess.field == first.field and not guess.general), None)
    mixed = set(fields) - {first.field, "owner" if first.field == "tenant" else first.field}
    return Guess(first.field, first.rank + (3 if unknown or mixed else 0), named is None and first.general, False)


def _rule(text, rules=_RULES):
    for field, rank, words, flags in rules:
        if words.fullmatch(text):
            return Guess(field, rank, "general" in flags, "extra" in flags)
    return None


def _emergency(text):
    """紧急联系人, 紧急联系电话, 紧急联系人及电话; the last two in one cell are split by what they hold."""
    if re.search("关系|地址|证件|身份证", text):
        return None
    if re.fullmatch(f"(?:紧急|应急)(?:情况)?(?:联系|联络)?(?:人|人员)?的?{_PHONE}", text) and "方式" not in text:
        return Guess("emergency_phone")
    if re.fullmatch(f"{_PHONE}[(（]?(?:紧急|应急).*", text):
        return Guess("emergency_phone")
    return Guess("emergency")
