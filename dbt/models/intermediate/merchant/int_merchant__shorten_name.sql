-- One row per name of a merchant as somebody wrote it, with the short name that tells shops apart.
with written as (
    select merchant_name from {{ ref('stg_survey__legacy_ledger') }}
    union distinct
    select merchant_name from {{ ref('stg_survey__president_system_merchant') }}
    union distinct
    select unit_name as merchant_name from {{ ref('stg_survey__frame') }}
),

plain as (
    select
        merchant_name,
        {{ re_replace_all('merchant_name', '[\\s\\x{3000}]+', '') }} as plain_name
    from written
    where merchant_name is not null
),

-- The longest word at either end goes, as long as two characters are left.
cut as (
    select
        plain.merchant_name,
        plain.plain_name,
        max(case when affix.position_code = 'prefix' then length(affix.affix_text) else 0 end)
            as prefix_length,
        max(case when affix.position_code = 'suffix' then length(affix.affix_text) else 0 end)
            as suffix_length
    from plain
    left join {{ ref('merchant_name_affix') }} as affix
        on {{ business_date() }} >= affix.valid_from_date
        and {{ business_date() }} < affix.valid_to_date
        and length(plain.plain_name) >= length(affix.affix_text) + 2
        and (
            (
                affix.position_code = 'prefix'
                and substr(plain.plain_name, 1, length(affix.affix_text)) = affix.affix_text
            )
            or (
                affix.position_code = 'suffix'
                and substr(
                    plain.plain_name,
                    cast(length(plain.plain_name) - length(affix.affix_text) + 1 as int),
                    cast(length(affix.affix_text) as int)
                ) = affix.affix_text
            )
        )
    group by plain.merchant_name, plain.plain_name
),

measured as (
    select
        merchant_name,
        plain_name,
        prefix_length,
        length(plain_name) - prefix_length - suffix_length as kept_length
    from cut
)

select
    merchant_name,
    plain_name,
    case
        when kept_length < 2 then plain_name
        else substr(plain_name, cast(prefix_length + 1 as int), cast(kept_length as int))
    end as short_name
from measured
