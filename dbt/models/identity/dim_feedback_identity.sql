-- One row per opinion that an answer still counts for, with its words.
select
    cast(feedback_pk as bigint) as feedback_pk,
    cast(customer_key as bigint) as customer_key,
    cast(opinion_text as {{ t_string() }}) as opinion_text
from {{ ref('int_visit__list_opinions') }}
-- Older ones are not rebuilt in a night that goes on from a generation.
where {{ business_date() }} <= counted_until_date
