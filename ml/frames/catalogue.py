"""The contract of the feature table: names, types, ranges and meaning, in two languages.

The columns are those of the dbt model ``ftr_customer``; a test compares the two lists both ways.
"""

from __future__ import annotations

from typing import Any

from ml.frames.feature import Feature


def _number(name: str, name_zh: str, meaning: str, **rest: Any) -> Feature:
    return Feature(name, "number", meaning, name_zh, **rest)


def _count(name: str, name_zh: str, meaning: str, **rest: Any) -> Feature:
    return Feature(name, "number", meaning, name_zh, minimum=0, **rest)


def _share(name: str, name_zh: str, meaning: str, **rest: Any) -> Feature:
    return Feature(name, "number", meaning, name_zh, minimum=0, maximum=1, is_optional=True, **rest)


def _flag(name: str, name_zh: str, meaning: str, **rest: Any) -> Feature:
    return Feature(name, "flag", meaning, name_zh, **rest)


def _code(name: str, name_zh: str, meaning: str, *categories: str) -> Feature:
    return Feature(name, "category", meaning, name_zh, categories=categories, is_optional=True)


_TOLD_LATER = "What happened by the day and was delivered after it."

# Bounds stand only where the model's own arithmetic cannot go beyond them: one mistyped birthday
# must not hold the scores of a whole bank. What needs months of history is optional, since a young
# bank has none of it.
FEATURES: tuple[Feature, ...] = (
    _code(
        "party_type_code",
        "客户类型",
        "Person, company or institution",
        *("person", "company", "institution"),
    ),
    _code(
        "population_type_code",
        "客群",
        "Population that the survey plan counts the customer in",
        *("merchant", "town_resident", "village_resident", "company", "institution"),
    ),
    _code("level_code", "客户级别", "Level by the bank's rule", "A", "B", "C", "D"),
    _number(
        "age_years_before_obs",
        "年龄",
        "Years since birth, of a company since foundation",
        is_optional=True,
    ),
    _number(
        "tenure_months_before_obs",
        "开户月数",
        "Months since the customer was registered",
        is_optional=True,
    ),
    _number("deposit_closing_amount_before_obs", "存款余额", "Deposits on the day, yuan"),
    _number(
        "deposit_closing_1m_ago_amount_before_obs",
        "一个月前存款",
        "Deposits a month before, yuan",
        is_optional=True,
    ),
    _number(
        "deposit_closing_3m_ago_amount_before_obs",
        "三个月前存款",
        "Deposits three months before, yuan",
        is_optional=True,
    ),
    _number(
        "deposit_closing_6m_ago_amount_before_obs",
        "六个月前存款",
        "Deposits six months before, yuan",
        is_optional=True,
    ),
    _number(
        "deposit_average_90d_amount_before_obs",
        "近期存款日均",
        "Average deposits of three whole months, and of the running one up to the day, yuan",
    ),
    _number(
        "balance_change_rate_before_obs",
        "余额变动率",
        "Average deposits of three months against those of the year before them, as a share",
        is_optional=True,
    ),
    _number(
        "deposit_trend_3m_rate_before_obs",
        "三个月存款变动率",
        "Deposits on the day against those three months before, as a share",
        is_optional=True,
    ),
    _number("loan_closing_amount_before_obs", "贷款余额", "Loans on the day, yuan"),
    _flag("has_loan_before_obs", "有贷款", "Whether the customer owes or lately owed a loan"),
    _count("open_account_count_before_obs", "未销户账户数", "Open accounts"),
    _count("product_count_before_obs", "持有产品数", "Different products held"),
    _number(
        "customer_transaction_30d_count_before_obs",
        "30天主动交易笔数",
        "Postings of 30 days that the customer caused",
    ),
    _number(
        "customer_transaction_90d_count_before_obs",
        "90天主动交易笔数",
        "Postings of 90 days that the customer caused",
    ),
    _number(
        "customer_transaction_idle_days_before_obs",
        "距最近主动交易天数",
        "Days since the last posting that the customer caused",
        is_optional=True,
    ),
    _number("outflow_90d_amount_before_obs", "90天流出", "Outflow of 90 days, yuan"),
    _number(
        "rival_outflow_90d_amount_before_obs",
        "90天流向他行",
        "Outflow of 90 days to other banks, yuan",
    ),
    _count("visit_90d_count_before_obs", "90天走访天数", "Valid visits of 90 days"),
    _count(
        "visit_idle_days_before_obs",
        "距最近走访天数",
        "Days since the last valid visit",
        is_optional=True,
    ),
    _count("complaint_90d_count_before_obs", "90天投诉件数", "Complaints of 90 days"),
    _number(
        "contribution_3m_amount_before_obs",
        "近三个月贡献",
        "Contribution of the month of the day so far and of the two before it, yuan",
        may_move="Costs are those of the ledger, and its month is closed after the day.",
    ),
    # How the money moves, where it goes, and what matures.
    _number(
        "deposit_change_1m_rate_before_obs",
        "一个月存款变动率",
        "Deposits on the day less those a month before, over the greater of the two",
        minimum=-2,
        maximum=2,
        is_optional=True,
    ),
    _number(
        "deposit_volatility_6m_rate_before_obs",
        "六个月存款波动率",
        "Changes between six balances a month apart without their signs, over the sum of the six",
        minimum=0,
        is_optional=True,
    ),
    _share(
        "deposit_peak_6m_share_rate_before_obs",
        "存款占六个月峰值比例",
        "Deposits on the day as a share of the highest of six balances a month apart",
    ),
    _share(
        "demand_deposit_share_rate_before_obs",
        "活期存款占比",
        "Share of the deposits that lies without a term",
    ),
    _count(
        "deposit_maturing_30d_amount_before_obs",
        "30天内到期存款",
        "Term deposits that mature within 30 days after, by the contracts of the day, yuan",
    ),
    _count(
        "deposit_maturing_90d_amount_before_obs",
        "90天内到期存款",
        "Term deposits that mature within 90 days after, by the contracts of the day, yuan",
    ),
    _share(
        "deposit_maturing_90d_share_rate_before_obs",
        "90天内到期存款占比",
        "Share of the deposits that matures within 90 days after",
    ),
    _count(
        "loan_maturing_90d_amount_before_obs",
        "90天内到期贷款",
        "Loans that mature within 90 days after, by the contracts of the day, yuan",
    ),
    _number(
        "deposit_rate_gap_rate_before_obs",
        "存款利率差",
        "Rate on his deposits less what the bank pays on new ones of the same products, as a share",
        is_optional=True,
    ),
    _share(
        "rival_outflow_90d_share_rate_before_obs",
        "流向他行占流出比例",
        "Share of the outflow of 90 days that went to other banks",
    ),
    _number(
        "rival_outflow_prior_90d_amount_before_obs",
        "此前90天流向他行",
        "Outflow to other banks in the 90 days up to the month end three months before, yuan",
        is_optional=True,
    ),
    _flag(
        "is_rival_outflow_new_before_obs",
        "新近流向他行",
        "Whether money went to other banks in 90 days, and none in those before",
        is_optional=True,
    ),
    # How his loans are graded and how he pays; null where he had none in the month.
    _code(
        "five_class_code",
        "五级分类",
        "Worst of the five classes that his loans are in",
        *("normal", "special_mention", "substandard", "doubtful", "loss"),
    ),
    _count(
        "loan_overdue_days_before_obs",
        "贷款逾期天数",
        "Days past due of his oldest unpaid instalment, as the contracts of the day say",
        is_optional=True,
    ),
    _count(
        "loan_late_6m_count_before_obs",
        "近六个月迟还期数",
        "Instalments that he paid late in six whole months",
        is_optional=True,
        may_move=_TOLD_LATER,
    ),
    _count(
        "loan_late_6m_days_before_obs",
        "近六个月最长迟还天数",
        "Most days that an instalment paid in six whole months was late",
        is_optional=True,
        may_move=_TOLD_LATER,
    ),
    _count(
        "loan_penalty_6m_amount_before_obs",
        "近六个月罚息",
        "Penalty interest that he paid in six whole months, yuan",
        is_optional=True,
        may_move=_TOLD_LATER,
    ),
    # Through which channels he comes.
    _share(
        "branch_transaction_3m_share_rate_before_obs",
        "柜面交易占比",
        "Share of the branch in the postings of three months that the customer caused",
    ),
    _share(
        "remote_transaction_3m_share_rate_before_obs",
        "电子渠道交易占比",
        "Share of mobile, online and phone banking in them",
    ),
    _number(
        "branch_share_change_3m_rate_before_obs",
        "柜面占比变动",
        "Share of the branch less that of the three months before",
        minimum=-1,
        maximum=1,
        is_optional=True,
    ),
    # What he and the bank had to do with each other.
    _count(
        "complaint_open_count_before_obs",
        "未办结投诉件数",
        "Complaints not closed yet",
        may_move=_TOLD_LATER,
    ),
    _count(
        "complaint_overdue_count_before_obs",
        "逾期未答复投诉件数",
        "Complaints not replied to though the term for it is over",
        may_move=_TOLD_LATER,
    ),
    _count(
        "complaint_open_days_before_obs",
        "最早未办结投诉天数",
        "Days since the oldest complaint that is not closed was received",
        is_optional=True,
        may_be_nobodys=True,
        may_move=_TOLD_LATER,
    ),
    _number(
        "complaint_satisfaction_180d_score_before_obs",
        "投诉办理满意度",
        "Lowest satisfaction with complaints closed in 180 days, 1 to 10",
        is_optional=True,
        may_be_nobodys=True,
        may_move="A complaint that was opened again counts on the day of its last closing.",
    ),
    _count(
        "visit_due_90d_count_before_obs",
        "90天应走访次数",
        "Visits due in the periods that ended in 90 days",
    ),
    _count(
        "visit_missed_90d_count_before_obs",
        "90天漏访次数",
        "Visits of them that were not made, as known on the day",
    ),
    _share(
        "visit_missed_90d_share_rate_before_obs",
        "90天漏访率",
        "Share of the visits due that were not made, as known on the day",
    ),
    _flag("has_manager_before_obs", "有客户经理", "Whether a customer manager looks after him"),
    _count(
        "manager_change_180d_count_before_obs",
        "180天更换客户经理次数",
        "Times in 180 days that he got another manager",
        is_optional=True,
    ),
    _count(
        "large_inflow_event_90d_count_before_obs",
        "90天大额流入次数",
        "Days of 90 with a large inflow by the bank's rule",
    ),
    _count(
        "large_outflow_event_90d_count_before_obs",
        "90天大额流出次数",
        "Days of 90 with a large outflow by the bank's rule",
    ),
    _count(
        "rival_outflow_event_90d_count_before_obs",
        "90天大额流向他行次数",
        "Days of 90 with a large outflow to other banks by the bank's rule",
    ),
    _count(
        "deposit_maturity_event_90d_count_before_obs",
        "90天存款到期提示次数",
        "Days of 90 on which a large deposit was about to mature by the bank's rule",
    ),
    _count(
        "loan_maturity_event_90d_count_before_obs",
        "90天贷款到期提示次数",
        "Days of 90 on which a loan was about to mature by the bank's rule",
    ),
    _count(
        "salary_arrived_event_90d_count_before_obs",
        "90天工资到账事件",
        "Salaries that began to arrive in 90 days",
    ),
    _count(
        "salary_stopped_event_90d_count_before_obs",
        "90天工资停发事件",
        "Salaries that stopped in 90 days",
    ),
    # Who is around him, where he is served, and what his file says.
    _count(
        "kin_count_before_obs",
        "关联客户数",
        "Customers of his household or group, or related to him",
    ),
    _count(
        "kin_lost_3m_count_before_obs",
        "近三个月流失关联客户数",
        "How many of them were lost or began to drift in three months",
        is_optional=True,
    ),
    _share(
        "district_lost_3m_share_rate_before_obs",
        "本区同类客户近三个月流失率",
        "Share of the customers of his district and population lost or drifting since three months",
    ),
    _flag("is_branch_closed_before_obs", "网点已撤", "Whether the branch of his record is closed"),
    _flag(
        "is_branch_changed_180d_before_obs",
        "180天更换网点",
        "Whether his record moved to another branch in 180 days",
        is_optional=True,
    ),
    _code(
        "income_band_code", "收入档次", "Band of income", "low", "middle", "upper_middle", "high"
    ),
    _code(
        "asset_band_code", "资产档次", "Band of assets", "small", "medium", "large", "very_large"
    ),
    _number(
        "external_deposit_amount_before_obs",
        "他行存款",
        "Deposits at other banks, as the survey was told, yuan",
        is_optional=True,
    ),
    _flag(
        "has_rate_need_180d_before_obs",
        "要求更高利率",
        "Whether he asked for a better rate on a visit of 180 days",
        is_optional=True,
    ),
)
