"""Names, places and phrases that the demo bank is written in."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingestion.demo_bank.shape import Bools, Ints

# Surnames of the county, the frequent ones first; the rare ones try encodings and fonts.
SURNAMES: Final = (
    *"李王张刘杨赵陈郭冯武马尤段任强孙白高梁胡贾康温韩常苏尹闫曹杜景薛侯樊邢吕岳郝牛弓游褚峁",
    *"周吴徐朱宋何罗于董萧程袁邓许傅沈曾彭卢蒋蔡丁魏叶余潘戴夏钟汪田姜范方石姚谭廖邹熊金陆孔崔",
    "欧阳", "上官", "司马", "令狐", "𠮷", "㛃", "䶮", "禤",
)  # fmt: skip
MALE_CHARACTERS: Final = tuple(
    "伟强军勇磊涛斌鹏飞建国志明华文龙海波辉刚平林峰宇浩俊杰宏亮晓东小虎二栓福贵根生保计旺"
    "永泽润田瑞喜𬎆堃喆昇"
)
FEMALE_CHARACTERS: Final = tuple(
    "丽敏静秀英芳娟红霞燕玲艳萍翠兰桂花淑珍巧云彩凤爱莲改变香梅润桃喜婷雪晶欣怡佳慧琴瑶鑫淼𡝗"
)
DISTRICTS: Final = (
    ("D01", "县城东大街片区", "旧城东区"),
    ("D02", "县城西大街片区", "旧城西区"),
    ("D03", "棚户区及汾河路片区", "旧城南区"),
    ("D04", "娄烦镇村庄片区", "城关片"),
    ("D05", "静游镇片区", "静游片"),
    ("D06", "杜交曲镇片区", "杜交曲片"),
    ("D07", "马家庄及盖家庄片区", "西山片"),
)
TOWN_PLACES: Final = (
    ("东大街", "迎宾路", "新建路", "滨河东路"),
    ("西大街", "府前街", "向阳路", "石油公司巷"),
    ("棚户区一期", "棚户区二期", "汾河路", "南川河巷"),
    ("娄烦村", "官庄村", "蒲峪村", "旧娄烦村", "西果园村"),
    ("静游村", "上静游村", "峰岭底村", "步斗村", "龙尾头村"),
    ("杜交曲村", "罗家曲村", "下石家庄村", "河家庄村", "赤土华村"),
    ("马家庄村", "盖家庄村", "尖山村", "米峪镇村", "天池店村"),
)
TRADES: Final = (
    ("超市", "5212"), ("便利店", "5212"), ("粮油店", "5221"), ("服装店", "5232"),
    ("五金建材", "5274"), ("饭店", "6210"), ("面馆", "6210"), ("理发店", "8040"),
    ("诊所", "8425"), ("药房", "5251"), ("手机专卖", "5273"), ("汽车修理", "8111"),
    ("烟酒行", "5226"), ("种子农资", "5166"), ("家电维修", "8132"), ("文具店", "5241"),
    ("招待所", "6110"), ("运输队", "5430"), ("养殖场", "0313"), ("豆制品坊", "1392"),
)  # fmt: skip
INDUSTRIES: Final = (
    ("矿业有限公司", "0610"), ("铁矿有限公司", "0810"), ("煤业有限公司", "0610"),
    ("农业开发有限公司", "0123"), ("建筑工程有限公司", "4710"), ("商贸有限公司", "5179"),
    ("运输有限公司", "5430"), ("新能源有限公司", "4415"), ("食品有限公司", "1399"),
    ("建材有限公司", "3029"), ("旅游开发有限公司", "7862"), ("科技有限公司", "6510"),
)  # fmt: skip
COMPANY_WORDS: Final = (
    "汾源", "云顶", "鑫源", "晋娄", "尖山", "恒泰", "宏达", "金汇", "润丰", "瑞隆", "同盛",
    "天池", "河源", "盛邦", "诚信", "兴隆", "永昌", "聚源", "锦绣", "龙泉",
)  # fmt: skip
INSTITUTIONS: Final = (
    "财政局", "教育局", "卫生院", "中学", "小学", "幼儿园", "村民委员会", "镇人民政府",
    "水务局", "林业局", "供销社", "敬老院", "人民医院", "环卫所", "文化馆",
)  # fmt: skip
SHOP_WORDS: Final = (
    "诚信", "福源", "老李", "三晋", "宏盛", "好邻居", "鑫鑫", "家和", "兴旺", "平安", "云峰",
    "汾水", "佳美", "百姓", "顺达", "腾飞", "金鼎", "晋味", "丰收", "惠民",
)  # fmt: skip
RIVAL_BANKS: Final = (
    "中国工商银行娄烦支行", "中国农业银行娄烦支行", "中国建设银行太原分行",
    "中国邮政储蓄银行娄烦支行", "晋商银行太原分行", "招商银行太原分行", "网商银行", "微众银行",
)  # fmt: skip
# Payment firms carry shopping and bills; they are no rivals for deposits.
PAYMENT_FIRMS: Final = ("财付通支付科技有限公司", "支付宝(中国)网络技术有限公司", "银联商务")
OPINIONS: Final = (
    "定期利率比别家低,考虑转走",
    "柜台排队时间太长,希望多开窗口",
    "希望贷款手续简单一些",
    "客户经理来得勤,态度好",
    "手机银行不会用,希望上门教",
    "收款码到账慢,影响进货",
    "想办一笔经营贷款,额度二十万左右",
    "家里盖房,存款可能要取出来",
    "孩子在太原买房,需要按揭咨询",
    "对现有服务满意,暂无其他需求",
    "希望能给老人上门办业务",
    "存单到期后想换成三年期",
    "邮政那边送米面油,问我行有没有活动",
    "跨行转账手续费希望减免",
)
EMPTY_PHRASES: Final = ("一切正常", "客户满意", "无", "客户满意,继续维护")


def person_names(is_male: Bools, rng: np.random.Generator) -> pl.Series:
    """One name per person: surname and one or two characters of the given name."""
    count = len(is_male)
    # Zipf-like: the first five surnames cover a third of the county.
    weights = 1.0 / np.arange(4, len(SURNAMES) + 4)
    surnames = pl.Series(SURNAMES).gather(
        rng.choice(len(SURNAMES), count, p=weights / weights.sum())
    )
    parts = []
    for place in range(2):
        male = pl.Series(MALE_CHARACTERS).gather(rng.integers(0, len(MALE_CHARACTERS), count))
        female = pl.Series(FEMALE_CHARACTERS).gather(rng.integers(0, len(FEMALE_CHARACTERS), count))
        chosen = male.zip_with(pl.Series(is_male), female)
        if place == 1:
            blank = pl.Series([""]).gather(np.zeros(count, np.int64))
            chosen = chosen.zip_with(pl.Series(rng.random(count) < 0.72), blank)
        parts.append(chosen)
    return surnames + parts[0] + parts[1]


def shop_names(trades: Ints, rng: np.random.Generator) -> pl.Series:
    """One shop name per merchant: 娄烦县福源超市."""
    count = len(trades)
    head = pl.Series(["娄烦县", "娄烦", "", "静游镇"]).gather(
        rng.choice(4, count, p=[0.45, 0.25, 0.2, 0.1])
    )
    word = pl.Series(SHOP_WORDS).gather(rng.integers(0, len(SHOP_WORDS), count))
    owner = pl.Series(SURNAMES).gather(rng.integers(0, 40, count)) + pl.Series(["记"]).gather(
        np.zeros(count, np.int64)
    )
    middle = word.zip_with(pl.Series(rng.random(count) < 0.75), owner)
    return head + middle + pl.Series([trade for trade, _ in TRADES]).gather(trades)


def company_names(industries: Ints, rng: np.random.Generator) -> pl.Series:
    """One company name each: 山西汾源矿业有限公司."""
    count = len(industries)
    head = pl.Series(["山西", "娄烦县", "太原市", "娄烦"]).gather(rng.integers(0, 4, count))
    word = pl.Series(COMPANY_WORDS).gather(rng.integers(0, len(COMPANY_WORDS), count))
    second = pl.Series(list(COMPANY_WORDS)).gather(rng.integers(0, len(COMPANY_WORDS), count))
    body = (word + second).zip_with(pl.Series(rng.random(count) < 0.5), word)
    return head + body + pl.Series([name for name, _ in INDUSTRIES]).gather(industries)


def institution_names(count: int, rng: np.random.Generator) -> pl.Series:
    """One institution name each: 娄烦县静游镇卫生院."""
    towns = pl.Series(["", "静游镇", "杜交曲镇", "马家庄乡", "盖家庄乡", "天池店乡", "米峪镇乡"])
    number = pl.Series(["", "第一", "第二", "中心"]).gather(rng.integers(0, 4, count))
    kind = pl.Series(INSTITUTIONS).gather(rng.integers(0, len(INSTITUTIONS), count))
    county = pl.Series(["娄烦县"]).gather(np.zeros(count, np.int64))
    return county + towns.gather(rng.integers(0, len(towns), count)) + number + kind


def addresses(districts: Ints, rng: np.random.Generator) -> pl.Series:
    """One postal address each, in the district it belongs to."""
    sizes = np.array([len(places) for places in TOWN_PLACES])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    flat = pl.Series([place for places in TOWN_PLACES for place in places])
    place = flat.gather(
        starts[districts] + rng.integers(0, 1000, len(districts)) % sizes[districts]
    )
    house = pl.Series(rng.integers(1, 260, len(districts))).cast(pl.String)
    county = pl.Series(["山西省太原市娄烦县"]).gather(np.zeros(len(districts), np.int64))
    number = pl.Series(["号"]).gather(np.zeros(len(districts), np.int64))
    return county + place + house + number
