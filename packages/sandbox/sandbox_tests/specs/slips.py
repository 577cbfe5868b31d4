"""Where the OpenAPI files themselves are wrong, one by one, with the reason. Everything here was
looked up; nothing is here for comfort.
"""

import re
from dataclasses import dataclass
from typing import Any, Protocol

import jsonschema_rs


class Found(Protocol):
    """What a slip looks at."""

    @property
    def side(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def where(self) -> str: ...
    @property
    def what(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Slip:
    """One error of a file: where it shows (patterns over the whole text), and why the file and not
    the world is wrong.
    """

    name: str
    side: str
    operation: str
    where: str
    what: str
    why: str
    status: str = ".*"

    def covers(self, finding: Found) -> bool:
        """True for a finding that is this slip."""
        return (
            self.side in {finding.side, "both"}
            and bool(re.fullmatch(self.operation, finding.operation))
            and bool(re.fullmatch(self.status, str(finding.status)))
            and bool(re.fullmatch(self.where, finding.where))
            and bool(re.search(self.what, finding.what))
        )


def _error(schema: dict[str, Any]) -> tuple[Any, Any]:
    return jsonschema_rs.Draft202012Validator(schema), jsonschema_rs.Draft202012Validator(True)


_V3_ERROR = {
    "type": "object",
    "required": ["status", "title"],
    "additionalProperties": False,
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "type": {"type": "string"},
        "code": {"type": "integer"},
        "instance": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": ["object", "array"]},
    },
}
_V2_ERROR = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["status", "message"],
        "additionalProperties": False,
        "properties": {
            "status": {"type": "integer"},
            "message": {"type": "string"},
            "details": {"type": "object"},
        },
    },
}
GENERAL_ERROR = {"v3": _error(_V3_ERROR), "v2": _error({"anyOf": [_V2_ERROR, _V3_ERROR]})}
"""The errors of statuses that an operation does not list: the shapes of the platform's page on
status codes (bigcommerce facts 9).
"""

_ANY = ".*"
_PRODUCTS = r"(GET|POST|PUT) /v3/catalog/products(/\{product_id\})?"
_OPTIONS = r".* /v3/catalog/products(/\{product_id\}(/options.*)?)?"
_VARIANTS = r".* /v3/catalog/(products/\{product_id\}/)?variants(/\{variant_id\})?"
_ZETTLE_PRODUCTS = r".* /products/organizations/\{organizationUuid\}/(products|library).*"


def _unknown(*names: str) -> str:
    some = "|".join(f"'{name}'" for name in names)
    return rf"unknown: \(({some})(, ({some}))* (was|were) unexpected\)"


SLIPS: tuple[Slip, ...] = (
    # -- Zettle: the product library
    Slip("Zettle's rates are texts", "answer", _ZETTLE_PRODUCTS, r"(.*/)?vatPercentage",
    'is not of type "number"',
         ("Rates come back as decimal texts, also in the vendor's own answers (zettle facts 2.3, "
"8).")),
    Slip("Zettle's count is an "
"object", "answer", r"GET .*/products/v2/count", "", "of type \"array\"|productCount",
         "The file says array, an object was seen (zettle facts 2.1)."),
    Slip("Zettle's options are an "
"object", "answer", r"GET .*/products/options", "", "of type \"array\"|'options'",
         ("The file says array of an object that holds a list; described like the count, of which "
"an object was seen (zettle facts 2.1).")),
    Slip("Zettle's PUT may answer with the "
"product", "answer", r"PUT .*/products/v2/\{productUuid\}", "", "a status",
         ("The file says 204, guides and two vendors' code expect 200 with the product (zettle "
"facts 2.6)."), "200"),
    Slip("Zettle's POST answers without a "
"body", "answer", r"POST .*/products", "", "the body is not JSON",
         "A body comes only with returnEntity=true (zettle facts 2.1).", "201"),
    Slip("Zettle's list of products may "
"page", "request", r"GET .*/products/v2", r"\?(limit|offset)", "no such parameter",
         ("Whether the list pages is open; where it does, its Link names these (zettle facts 2.2, "
"10.6).")),
    Slip("Zettle's old goods break today's "
"limits", "answer", r"GET .*/(products/v2|library|products/\{productUuid\})",
         r".*(sku|barcode|name|description|title|metaDescription)", "is longer than",
         ("Imports of earlier years stand in libraries with longer codes and texts (zettle facts "
"2.3: limits are of saving).")),
    # -- BigCommerce: lists
    Slip("pages may be too many", "answer", _ANY, "meta/pagination", _unknown("too_many"),
         "Seen in the wild in every v3 list (bigcommerce facts 0)."),
    Slip("ids joined by commas are no "
"integer", "request", r"GET /v3/inventory/.*", r"\?\w+:in", 'is not of type "integer"',
         "The filter takes a list, as its name says (bigcommerce facts 10)."),
    Slip("a list of webhooks may be empty", "answer", r"GET /v3/hooks", "data", "less than 1 item",
         "An account without webhooks has none to list (bigcommerce facts 6.1)."),
    Slip("an empty v2 list is 204", "answer", r"GET /v2/.*", "", "a status",
         "No body instead of an empty array (bigcommerce facts 0).", "204"),
    Slip("orders are sorted in a "
"direction", "request", r"GET /v2/orders", r"\?sort", r"^\"\w+:(asc|desc)\"",
         "The parameter's own description adds :asc or :desc to the names (bigcommerce facts 8)."),
    # -- BigCommerce: products
    Slip("a product may have no base "
"variant", "answer", _PRODUCTS, r"data(/\*)?/base_variant_id", "^null",
         "Null for a product with options (bigcommerce facts 3.1, 3.3)."),
    Slip("a product may have no option "
"set", "answer", _PRODUCTS, r"data(/\*)?/option_set_id", "^null",
         "Null for a simple product: it has no options (bigcommerce facts 3.1)."),
    Slip("a product includes its "
"variants", "answer", _PRODUCTS, r"data(/\*)?", _unknown("variants"),
         ("The very parameter `include=variants` asks for them, and POST takes them (bigcommerce "
"facts 3.2, 3.3).")),
    Slip("an image has its file", "answer", _ANY, r"data(/\*)?(/images/\*)?",
    _unknown("image_file"),
         "In the file's POST answer, missing in its lists (bigcommerce facts 3.10)."),
    Slip("207 of a create is one "
"product", "answer", r"POST /v3/catalog/products", "data", "of type \"array\"|unknown",
         "One is created per call; the array is the batch's (bigcommerce facts 3.3, 3.4).", "207"),
    Slip("a new variant has no ids "
"yet", "request", (r"POST /v3/catalog/"
r"products"), r"variants/\*", "(id|product_id|sku)\" is a required",
         ("The schema of a variant that exists was put there; a code is demanded only of later "
"ones "
"(bigcommerce facts 3.3, 3.7).")),
    Slip("a list of metafields has "
"pages", "answer", r"GET .*/variants/\{variant_id\}/metafields", "meta", _unknown("pagination"),
         ("Its page and limit are described; its `meta` is a copy of a category's answer "
"(bigcommerce facts 0, 3.12).")),
    Slip("a metafield may be without a "
"description", "answer", r"(POST|PUT) .*/metafields.*", r"data(/\*)?/description", "shorter than 1",
         "Empty where none was given, and not required on create (bigcommerce facts 3.12)."),
    Slip("a metafield names its "
"owner", "answer", r".*/variants/.*metafields.*", r"data(/\*)?", _unknown("owner_client_id"),
         ("The same object as a product's, in whose answers the file has it (bigcommerce facts "
"3.12).")),
    # -- BigCommerce: variants and options
    Slip("a variant has all its fields", "answer", _VARIANTS, r"data(/\*)?",
         _unknown("map_price", "image_url", "mpn", "gtin", "calculated_weight"),
         ("The lists of fields differ from call to call for one and the same object (bigcommerce "
"facts 3.7).")),
    Slip("a variant inherits with null", "both", _VARIANTS,
         (r"(data/)?(\*/)?"
r"(price|sale_price|retail_price|weight|width|height|depth|fixed_cost_shipping_price)"), "^null",
         ("Null is the product's own value; nullable in some of the files' variants, forgotten in "
"others (bigcommerce facts 3.7).")),
    Slip("a base variant has no SKU id", "answer", _ANY, r"data/\*/(identity/)?sku_id", "^null",
         "Null for a base variant (bigcommerce facts 3.7, 10)."),
    Slip("the batch of variants creates and renames", "request", r"PUT /v3/catalog/variants", r"\*",
         _unknown("sku", "option_values", "product_id", "gtin", "mpn", "image_url",
         "inventory_level"),
         ("The text above the schema names them and says what a create needs; the list of fields "
"leaves them out (bigcommerce facts 3.7).")),
    Slip("an option has its unseen "
"name", "answer", _OPTIONS, r"data(/\*)?(/options/\*)?", _unknown("name"),
         "BigCommerce makes it from display_name and id (bigcommerce facts 3.8)."),
    Slip("an empty config is a "
"list", "answer", _OPTIONS, r"(.*/)?config", r"^\[\] is not of type \"object\"",
         "PHP's empty array (bigcommerce facts 3.8: [] or {})."),
    Slip("a plain value has no value data", "answer", _OPTIONS, r"(.*/)?value_data", "^null",
         "Only swatches and product lists have some (bigcommerce facts 3.8)."),
    Slip("an item shows its "
"backorders", "answer", r"GET /v3/inventory/.*items", r"data/\*(/locations/\*)?",
         _unknown("backorder_limit", "qty_backordered"),
         "Backorders came in April 2026, the file is older (bigcommerce facts 14.1)."),
    # -- BigCommerce: the rest
    Slip("a line that was typed in has no "
"variant", "answer", r"GET /v2/orders/\{order_id\}/products.*", r"(\*/)?variant_id", "^null",
         ("Such a line is no product: its product_id is 0, its variant_id null or 0 (bigcommerce "
"facts 8).")),
    Slip("tax classes have numbers", "answer", r"GET /v2/tax_classes.*", r"(\*/)?id",
    'is not of type "string"',
         "tax_class_id of a product is a number, 0 the default (bigcommerce facts 3.3, 7)."),
    Slip("an order shows the shop's own word for its status", "answer",
         r"(GET|POST|PUT) /v2/orders(/\{order_id\})?", r"\*?", _unknown("custom_status"),
         "Names of statuses can be changed by the merchant (bigcommerce facts 8)."),
)  # fmt: skip

REFUSED_ON_PURPOSE = {
    "test_create_product_names_the_field_that_is_refused": (
        "sends a name that is too long, to see it refused"
    ),
    "test_create_product_says_what_is_taken": "sends a name that is too long, to see it refused",
    "test_what_zettle_refuses_comes_back_to_the_form_and_can_be_mended": (
        "sends a VAT above 100 per cent, to see it refused"
    ),
    "test_what_cannot_be_read_is_said_once_and_the_rest_goes_on": (
        "has a product that no file of Zettle's allows"
    ),
    "test_one_that_breaks_later_is_said_when_its_change_arrives": (
        "has a product that no file of Zettle's allows"
    ),
    "test_before_the_first_sync_everything_is_to_be_made_or_left_out_and_why": (
        "has a product with more variants than Zettle allows"
    ),
}
"""Tests whose very point is to leave the files: not held against them."""
