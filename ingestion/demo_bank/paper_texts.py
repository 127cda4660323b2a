"""What stands in the summaries and guidance of the demo bank: sentences put together from parts."""

from __future__ import annotations

from typing import Final

import numpy as np

from ingestion.demo_bank.pools import OPINIONS, TOWN_PLACES

_SUGGESTIONS: Final = (
    "把取号机搬到门口,老人单设一个窗口", "月底前答复利率能不能上浮十个基点",
    "网点中午不停业,方便做买卖的人", "每季度来店里对一次账", "资料一次列清楚,不要来回跑",
    "开个微信群,有活动提前通知", "派人教三次手机银行操作", "按邻行的办法送对联和面粉",
    "收款码改成实时到账", "给按季结息的客户发短信明细", "下乡办卡带上发卡机",
    "定期到期前三天打个电话", "养殖户按出栏时间定还款日", "增加一台能存硬币的机器",
)  # fmt: skip
_MEANS: Final = (
    "请信贷部核定额度后上门签约", "由组长带资料清单再走一次", "协调科技部查清到账时间",
    "向计财部申请利率授权", "约客户周五来网点现场演示", "请邻居老客户一起座谈",
    "联系村委会借用活动室集中办理", "把到期客户列表分给三人逐户打电话", "请大堂经理错峰引导",
    "为商户换新的收款设备", "整理同业活动情况报业务拓展部", "建议支行增配一名柜员",
    "先办理存单质押解决急用", "把老人名单交给上门服务组",
)  # fmt: skip
_REASONS: Final = (
    "成本低,一周内能见效", "客户最在意的就是速度", "不需要另外审批",
    "同类客户有二十多户,可以一起解决", "邻行已经在做,不能落后", "能顺带了解资金去向",
    "三个人分得开,不影响日常走访", "上次试过,效果不错", "先易后难,便于检查",
)  # fmt: skip
_FINDINGS: Final = (
    "有客户说近两周没有见到客户经理", "电话打不通的客户比上周多", "部分客户不清楚客户经理姓名",
    "走访内容只写客户满意四个字", "下一步计划栏空着", "月末两天集中补录",
    "客户提出的意见没有回音", "A级客户漏访", "同一时间登记了两户走访", "客户反映贷款进度没人告知",
    "新职工单独走访时说不清产品利率",
)  # fmt: skip
_MEASURES: Final = (
    "次日九点前由组长核对台账并签字", "漏访客户三日内补访", "每周一早会通报电话核实结果",
    "对新职工集中培训一次产品知识", "意见登记后由内勤岗盯办到销号", "督查小组陪同走访两户",
    "下一步计划不填不得提交", "分管领导抽查比例提高到两成", "把客户经理姓名和电话卡片发到户",
    "对连续两周漏访的小组约谈组长",
)  # fmt: skip
_LESSONS: Final = (
    "上门前先打电话,见面率明显提高", "下午四点以后走访商户效果最好",
    "先问需求再谈产品,客户更愿意说", "老客户介绍的新客户成交最快",
    "村委会出面组织,一次能见十几户", "到期名单提前一周分配,流失少", "三人分片负责,回访不再重复",
)  # fmt: skip
_CAMPAIGNS: Final = (
    "针对县城商户开展收款码满额送礼", "针对养殖户组织一次贷款现场会",
    "针对返乡务工人员做春节存款活动", "针对棚户区回迁户做装修分期宣传",
    "在学校门口做家长开户宣传", "与合作社一起办农资团购", "组织存款十万元以上客户参观种植园",
)  # fmt: skip

Texts = list[str | None]


def _pick(pool: tuple[str, ...], rng: np.random.Generator, count: int = 1) -> list[str]:
    return [pool[int(at)] for at in rng.choice(len(pool), count, replace=False)]


def weekly_texts(team: int, rng: np.random.Generator) -> Texts:
    """The four items of a weekly summary."""
    place, other = _pick(TOWN_PLACES[team], rng, 2)
    first, second = _pick(OPINIONS, rng, 2)
    ask, more = _pick(_SUGGESTIONS, rng, 2)
    one, two, three = _pick(_MEANS, rng, 3)
    (why,) = _pick(_REASONS, rng)
    return [
        f"{place}客户反映:{first};{other}有{int(rng.integers(2, 9))}户提到{second}。",
        f"客户希望{ask};也有人提出{more}。",
        f"一、{one};二、{two};三、{three}。",
        f"建议先{one},{why},{_pick(_REASONS, rng)[0]}。",
    ]


def monthly_texts(team: int, rng: np.random.Generator) -> Texts:
    """The four items of a monthly summary."""
    up, down, new = (int(number) for number in rng.integers(0, 12, 3))
    place, other = _pick(TOWN_PLACES[team], rng, 2)
    lesson, second = _pick(_LESSONS, rng, 2)
    return [
        f"本月{place}一带A级客户增加{up}户、减少{down}户,新建档{new + 5}户,{other}以D级客户为主。",
        f"{lesson};{second}。",
        f"{_pick(_CAMPAIGNS, rng)[0]},预计覆盖{int(rng.integers(20, 90))}户,费用控制在两千元以内。",
        f"下月{_pick(_MEANS, rng)[0]};重点走访{place}和{other}的到期客户。",
    ]


def guidance_texts(rng: np.random.Generator) -> Texts:
    """Problems, shortcomings, three solutions (the third now and then) and the arrangement."""
    problem, second = _pick(_FINDINGS, rng, 2)
    short, shorter = _pick(_FINDINGS, rng, 2)
    solutions = _pick(_MEASURES, rng, 3)
    (place,) = _pick(TOWN_PLACES[int(rng.integers(0, len(TOWN_PLACES)))], rng)
    third = f"{solutions[2]}。" if rng.random() < 0.4 else None
    return [
        f"本周回访发现:{problem};{second}。",
        f"客户经理不到位之处:{short},{shorter}。",
        f"{solutions[0]},{_pick(_REASONS, rng)[0]}。",
        f"{solutions[1]},{_pick(_REASONS, rng)[0]}。",
        third,
        f"下周重点回访{place}客户,{_pick(_MEASURES, rng)[0]}。",
    ]
