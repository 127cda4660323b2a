-- One row per product or product group and delivery of the catalogue, with its place in the tree.
with product as (
    select *
    from {{ last_of_day(
        ref('stg_corebank__product'),
        key=['product_id'],
        columns=[
            'product_name', 'parent_product_id', 'pillar_code', 'gl_account_code', 'day_basis',
            'is_financial',
        ],
    ) }} as delivered
),

place as (
    select *
    from {{ tree_places(
        'product', id='product_id', parent='parent_product_id', name='product_name'
    ) }} as tree
)

select
    product.product_id,
    product.product_name,
    product.parent_product_id,
    product.pillar_code,
    product.gl_account_code,
    product.day_basis,
    product.is_financial,
    place.depth,
    place.level_1_name,
    place.level_2_name,
    place.level_3_name,
    place.level_4_name,
    place.level_5_name,
    place.path_text,
    place.is_parent_broken,
    product.business_date,
    product.batch_precedence,
    product.batch_id,
    product.source_row
from product
inner join place
    on product.business_date = place.business_date
    and product.product_id = place.product_id
