"""What the book says of each model and each measure, in Chinese with English beside."""

from __future__ import annotations

from typing import Final, NamedTuple

from ml.names import PROPENSITY


class Said(NamedTuple):
    """One thing in both languages."""

    zh: str
    en: str


class About(NamedTuple):
    """What a model is for.

    Attributes:
        name: Its name.
        question: What it answers.
        label: What it learns.
        uses: What it is meant for.
        not_for: What it must not be used for.
        limits: What it gets wrong.
        tables: What it is taught from.
        unit: Unit of contributions.
    """

    name: Said
    question: Said
    label: Said
    uses: tuple[Said, ...]
    not_for: tuple[Said, ...]
    limits: tuple[Said, ...]
    unit: Said
    tables: str


ABOUT: Final = {
    "churn": About(
        Said("客户流失模型", "Churn model"),
        Said(
            "哪些客户在标签所看的几个月内会流失，概率多大，因为什么",
            "which customers will be lost within the months of the label, how probably, and why",
        ),
        Said(
            "流失标签取自规则 churn_label_rule；观察日已流失者不评分",
            "the label is a row of rule churn_label_rule; who is lost on the day is not scored",
        ),
        (
            Said("排出走访和回访的先后", "put visits and calls in order"),
            Said("按概率与价值计算走访是否划算", "reckon by probability and value whom to visit"),
            Said("向客户经理说明评分的依据", "tell a manager what a score rests on"),
        ),
        (
            Said(
                "不得据此拒绝服务、降低利率或信贷审批", "refuse service, cut rates, decide credit"
            ),
            Said("不得用于考核或处罚员工", "judge or fine an employee"),
            Said("不得把原因当作因果或挽留效果", "read reasons as causes or as an uplift"),
            Said("不得用于别家银行或未交付过的客群", "score another bank or unknown groups"),
        ),
        (
            Said("关联的特征分摊功劳", "features that move together share their credit"),
            Said("一个月末只是一个季节", "one month end that judges is one season"),
            Said("空窗期内流失的客户没有教过模型", "leavers of the gap month have taught nothing"),
        ),
        Said("对数几率", "log-odds"),
        "ftr_customer, ftr_customer_label",
    ),
    "value": About(
        Said("客户价值模型", "Value model"),
        Said(
            "客户一年贡献多少元（未来三个月的四倍）",
            "how many yuan a customer contributes in a year, by his next quarter",
        ),
        Said(
            "学习下一季度的贡献，乘以四",
            "learns the contribution of the next quarter, four times over",
        ),
        (
            Said("与流失概率相乘，得出值得挽留的客户", "times churn, tell whom to keep"),
            Said("客户分层与资源安排", "rank customers and share out effort"),
        ),
        (
            Said("不得作为会计数字或预算", "serve as an account or a budget"),
            Said("不得据此给单个客户定价或授信", "price or lend to one customer by it"),
            Said("不得用于考核或处罚员工", "judge or fine an employee"),
        ),
        (
            Said("第三个月之后的增减看不到", "growth or loss after month three is not seen"),
            Said("评分是中位数，加总不等于利润", "a score is a middle: sums are not profit"),
        ),
        Said("元", "yuan"),
        "ftr_customer, ftr_customer_outcome",
    ),
    "survival": About(
        Said("客户存续模型", "Survival model"),
        Said(
            "客户在预测期内预计还留多少个月，之后各月仍在的概率",
            "how many months a customer is expected to stay, and the chance to be here after each",
        ),
        Said(
            "第几个月永久流失（硬流失）；预测期内未流失者记预测期加一",
            "the month in which he is lost for good; one beyond the horizon where he is not",
        ),
        (
            Said("估算客户还能经营多久", "tell how long there is to act"),
            Said("与分客群存续曲线对照", "stand beside the curves of his segment"),
        ),
        (
            Said("不得据此拒绝服务或降低利率", "refuse service or cut rates"),
            Said("不得用于考核或处罚员工", "judge or fine an employee"),
        ),
        (
            Said("观察日之后的变化看不到", "what changes after the day is not seen"),
            Said("预测期之外一无所知", "nothing is told beyond the horizon"),
        ),
        Said("首月留存对数几率", "log-odds of the first month"),
        "ftr_customer, ftr_customer_outcome",
    ),
    "default": About(
        Said("违约风险模型", "Default model"),
        Said(
            "哪些借款客户在规则所定的几个月内会违约，概率多大，因为什么",
            "which borrowers will default within the months of the rule, how probably, and why",
        ),
        Said(
            "借款客户、当日未违约；月末五级分类属规则 default_class 即为违约",
            "borrowers not in default on the day; a class of the rule default_class at a month end",
        ),
        (
            Said("与拨备所用违约概率对照", "stand beside the probability of the provision"),
            Said("安排贷后检查的先后", "put checks of running loans in order"),
        ),
        (
            Said("不得单独据此拒贷、抽贷或定价", "refuse, call in or price a loan by it alone"),
            Said("不得替代监管分类与拨备", "take the place of classes or provisions"),
            Said("不得用于考核或处罚员工", "judge or fine an employee"),
        ),
        (
            Said("只学过已放款的客户", "it knows those alone who were lent to"),
            Said("违约少，区间宽", "defaults are few, so its bands are wide"),
        ),
        Said("对数几率", "log-odds"),
        "ftr_customer, ftr_customer_question",
    ),
    "propensity": About(
        Said("购买倾向模型", "Propensity model"),
        Said(
            "未持有该类产品的客户在规则所定的几个月内会开立的概率，因为什么",
            "who without such a product will open one within the months of the rule, and why",
        ),
        Said(
            "当日未持有者是否开立，产品取自规则 product_group",
            "whether who holds none opens one; products are those of the rule product_group",
        ),
        (
            Said("排出推荐的先后", "put offers in order"),
            Said("估算活动的自然转化", "tell what would be opened without a campaign"),
        ),
        (
            Said("不得代替准入、适当性与同意", "take the place of eligibility or consent"),
            Said("不得当作推荐的效果", "be read as the effect of an offer"),
            Said("不得用于考核或处罚员工", "judge or fine an employee"),
        ),
        (
            Said("学到的是自愿与推销之和", "it learnt what was sold as well as what was sought"),
            Said("一个月末只是一个季节", "one month end that judges is one season"),
        ),
        Said("对数几率", "log-odds"),
        "ftr_customer, ftr_customer_question",
    ),
}
_GROUPS: Final = {
    "time_deposit": Said("定期存款", "time deposit"),
    "wealth": Said("理财", "wealth product"),
    "loan": Said("贷款", "loan"),
    "electronic_account": Said("电子账户", "electronic account"),
}


def about_of(name: str) -> About:
    """What a model is for, by its name."""
    if not name.startswith(PROPENSITY):
        return ABOUT[name]
    about, group = ABOUT["propensity"], _GROUPS[name.removeprefix(PROPENSITY)]
    title = Said(f"{about.name.zh}：{group.zh}", f"{about.name.en}: {group.en}")
    return about._replace(name=title)


#: Measure of a report to its names and how it is written.
MEASURES: Final = {
    "auc": (
        Said("区分能力 AUC", "1 tells events from others, 0.5 is luck"),
        "{:.3f}",
    ),
    "average_precision": (Said("平均精确率", "average precision"), "{:.3f}"),
    "brier": (Said("布里尔误差", "Brier: mean squared error, less is better"), "{:.4f}"),
    "log_loss": (Said("对数损失", "log loss, less is better"), "{:.4f}"),
    "ece": (Said("校准误差", "distance of predicted and seen rate, by tenths"), "{:.4f}"),
    "calibration_slope": (
        Said("校准斜率", "calibration slope: 1 is right, below 1 too sure"),
        "{:.2f}",
    ),
    "lift_at_10pct": (Said("前10%提升度", "events in the top tenth, times the average"), "{:.2f}"),
    "event_rate": (Said("实际发生率", "seen rate"), "{:.2%}"),
    "mean_probability": (Said("平均预测概率", "mean predicted probability"), "{:.2%}"),
    "concordance": (Said("一致性 C", "who left first was expected to, 0.5 is luck"), "{:.3f}"),
    "lost_rate": (Said("实际流失率", "seen rate of the lost"), "{:.2%}"),
    "expected_lost_rate": (Said("预计流失率", "foretold rate of the lost"), "{:.2%}"),
    "integrated_brier": (
        Said("各月 Brier 平均", "squared error of the curve, mean over its months, less is better"),
        "{:.4f}",
    ),
    "mean_expected_months": (Said("预计留存月数", "expected months, mean"), "{:.3f}"),
    "mean_seen_months": (Said("实际留存月数", "seen months, mean"), "{:.3f}"),
    "mae": (Said("平均绝对误差（元）", "mean absolute error, yuan, less is better"), "{:,.0f}"),
    "spearman": (Said("排序相关", "rank correlation of predicted and seen"), "{:.3f}"),
    "mean_seen": (Said("实际平均（元）", "seen mean, yuan"), "{:,.0f}"),
    "mean_predicted": (Said("预测平均（元）", "predicted mean, yuan"), "{:,.0f}"),
    "total_ratio": (Said("预测合计比实际", "predicted total over the seen one"), "{:.2f}"),
    "loss_saved_z": (
        Said("优于基线的标准误数", "loss saved against the baseline, in standard errors"),
        "{:+.1f}",
    ),
}

VERDICTS: Final = {
    "agrees": Said("一致", "as expected"),
    "contradicts": Said("相反", "contradicts"),
    "unclear": Said("方向不明", "no clear direction"),
    "of no weight": Said("影响甚微", "of no weight"),
    "not read": Said("未读取", "not read"),
}

STATES: Final = {
    "read": Said("已读取", "read"),
    "absent": Said("全行无此数据", "recorded nowhere"),
    "too few values": Said("数据太少", "too few values"),
}

MEMBERS: Final = {
    "shallow": Said("浅树", "shallow trees"),
    "bushy": Said("深树", "bushy trees"),
    "curves": Said("曲线逻辑回归", "curves"),
}
