{#-
The category of a product: the product itself, or what stands above it in the tree at the depth that a rule says.
-#}
{% macro product_category(product, depth) -%}
    case
        when {{ depth }} >= 3
            then coalesce({{ product }}.level_3_name, {{ product }}.level_2_name, {{ product }}.level_1_name)
        when {{ depth }} = 2 then coalesce({{ product }}.level_2_name, {{ product }}.level_1_name)
        else {{ product }}.level_1_name
    end
{%- endmacro %}
