"""Every feed as an asset: received and extracted once for all, reported one by one."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.resources import NightSession
from dagster_project.stages import deliveries, overview
from ingestion.contracts.feed import Feed
from ingestion.pseudonym import FEED as PSEUDONYM_FEED

GROUP = "source"
OVERVIEW = "delivery_overview"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def feed_assets(feeds: dict[str, Feed]) -> list[dg.AssetsDefinition]:
    """The delivered feeds as one step, and the pseudonyms made of their ids."""
    outside = {name: feed for name, feed in feeds.items() if not feed.is_internal}
    return [_deliveries(outside), _pseudonyms(feeds)]


def feed_spec(feed: Feed) -> dg.AssetSpec:
    """Spec of one feed: its grain, its owner, whether this bank delivers it."""
    presence = "" if feed.is_delivered else " Not delivered by this bank."
    return dg.AssetSpec(
        feed.feed,
        group_name=GROUP,
        kinds={"parquet", *(each.format for each in feed.delivery.files)},
        description=f"{feed.title.en}. {feed.grain} {feed.title.zh}{presence}",
        metadata={
            "owner": feed.owner,
            "kind": feed.kind,
            "frequency": feed.delivery.frequency or "",
            "files": ", ".join(each.pattern for each in feed.delivery.files),
            "is_delivered": feed.is_delivered,
        },
    )


def _deliveries(feeds: dict[str, Feed]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="deliveries",
        specs=[*(feed_spec(feed) for feed in feeds.values()), _overview_spec(feeds)],
        check_specs=[
            check_spec(feed, check) for feed in feeds.values() for check in deliveries.CHECKS
        ],
        required_resource_keys={"night"},
        description="Receive and extract, once for all feeds, in limited child processes.",
    )
    def receive_and_extract(context: dg.AssetExecutionContext) -> Iterator[Event]:
        session: NightSession = context.resources.night
        night = session.night
        with night.stage("receive"):
            deliveries.receive(night)
        with night.stage("extract"):
            deliveries.extract(night)
        with night.stage("gate"):
            deliveries.pass_gate(night)
        for name, feed in feeds.items():
            told = deliveries.tell(night, feed)
            yield dg.MaterializeResult(asset_key=name, metadata=told.metadata)
            for check, problems in told.problems.items():
                said = told.said_of(check)
                asked = deliveries.expectations(night, feed) if check == "gate" else {}
                yield dg.AssetCheckResult(
                    check_name=f"{name}_{check}",
                    asset_key=name,
                    passed=not problems,
                    severity=severity(told, check),
                    description=f"{said.zh} {said.en}" if said else None,
                    metadata={"problems": len(problems), "owner": feed.owner, **asked},
                )
        yield dg.MaterializeResult(
            asset_key=OVERVIEW,
            metadata={
                "business_date": night.request.business_date.isoformat(),
                "who_must_act": dg.MetadataValue.md(overview.who_must_act(night)),
                "feeds": dg.MetadataValue.md(overview.how_feeds_stand(night)),
                "data_docs": dg.MetadataValue.path(night.home.data_docs / "index.html"),
            },
        )
        deliveries.judge(night)

    return receive_and_extract


def _overview_spec(feeds: dict[str, Feed]) -> dg.AssetSpec:
    return dg.AssetSpec(
        OVERVIEW,
        deps=list(feeds),
        group_name=GROUP,
        kinds={"python"},
        description="All deliveries of the night on one page: which feed is late, what was refused,"
        " and who must act. 报送情况总览：迟报、拒收与应处理人",
    )


def check_spec(feed: Feed, check: str) -> dg.AssetCheckSpec:
    """Spec of one check: what it asks, whose it is, and whether the feed's word lets it block."""
    said = deliveries.CHECKS[check]
    stops = check == "conserved" or (feed.delivery.required and check != "fresh")
    return dg.AssetCheckSpec(
        f"{feed.feed}_{check}",
        asset=feed.feed,
        description=f"{said.zh} {said.en} 负责 Owner: {feed.owner}",
        blocking=stops,
        metadata={"owner": feed.owner},
    )


def severity(told: deliveries.Told, check: str) -> dg.AssetCheckSeverity:
    """A problem of a feed that need not come, or that the operator accepts, is a warning."""
    is_error = told.stops(check) or (check == "fresh" and told.is_blocking)
    return dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN


def _pseudonyms(feeds: dict[str, Feed]) -> dg.AssetsDefinition:
    feed = feeds[PSEUDONYM_FEED]
    sources = sorted(
        name
        for name, each in feeds.items()
        if any(column.pseudonym for column in each.columns) and not each.is_internal
    )

    @dg.multi_asset(
        name="pseudonyms",
        specs=[
            dg.AssetSpec(
                feed.feed,
                deps=sources,
                group_name=GROUP,
                kinds={"parquet", "python"},
                description=f"{feed.title.en}. {feed.grain} {feed.title.zh}",
            )
        ],
        required_resource_keys={"night"},
    )
    def extend(context: dg.AssetExecutionContext) -> Iterator[Event]:
        night = context.resources.night.night
        with night.stage("pseudonyms"):
            made = deliveries.extend_pseudonyms(night)
        yield dg.MaterializeResult(asset_key=feed.feed, metadata=made)

    return extend
