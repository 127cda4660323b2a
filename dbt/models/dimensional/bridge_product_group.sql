-- One row per version of a product, product group of the rule product_group it belongs to and days of the rule.
select distinct
    cast(product.product_pk as bigint) as product_fk,
    cast(product.product_id as {{ t_string() }}) as product_id,
    cast(rule.product_group_code as {{ t_string() }}) as product_group_code,
    cast(rule.product_group_name_zh as {{ t_string() }}) as product_group_name_zh,
    cast(rule.product_group_name_en as {{ t_string() }}) as product_group_name_en,
    cast(rule.valid_from_date as date) as valid_from_date,
    cast(rule.valid_to_date as date) as valid_to_date
from {{ ref('dim_product') }} as product
inner join {{ ref('product_group') }} as rule
    on concat_ws('/', '', product.path_text, '') like concat_ws('/', '%', rule.product_id, '%')
