"""The texts of the cashier's pages: Swedish, English."""

from typing import Final

WORDS: Final = {
    "till": ("Kassa", "Till"),
    "apps": ("Appar", "Apps"),
    "new": ("Ny produkt", "New product"),
    "search": ("Sök namn, SKU eller streckkod", "Search name, SKU or barcode"),
    "find": ("Sök", "Search"),
    "products": ("{number} produkter", "{number} products"),
    "page": ("Sida {at} av {last}", "Page {at} of {last}"),
    "earlier": ("Föregående", "Previous"),
    "later": ("Nästa", "Next"),
    "sell": ("Sälj", "Sell"),
    "refund": ("Återköp", "Refund"),
    "quantity": ("Antal", "Quantity"),
    "stock": ("Lager", "Stock"),
    "set": ("Sätt lager", "Set stock"),
    "no_stock": ("Lagerhantering av", "Stock not tracked"),
    "track": ("Aktivera lagerhantering", "Enable inventory management"),
    "untrack": ("Stäng av lagerhantering", "Disable inventory management"),
    "edit": ("Redigera", "Edit"),
    "delete": ("Ta bort", "Delete"),
    "delete_sure": ("Ta bort produkten?", "Delete this product?"),
    "save": ("Spara", "Save"),
    "back": ("Tillbaka till kassan", "Back to the till"),
    "name": ("Namn", "Name"),
    "description": ("Beskrivning", "Description"),
    "variants": ("Varianter", "Variants"),
    "variant": ("Variant", "Variant"),
    "price": ("Pris", "Price"),
    "sku": ("SKU", "SKU"),
    "barcode": ("Streckkod", "Barcode"),
    "open_price": ("Pris anges i kassan", "Price entered at the till"),
    "variants_help": (
        "En produkt utan varianter har en rad. Ge varje rad ett namn för att få flera varianter.",
        "A product without variants has one row. Give each row a name to have several variants.",
    ),
    "connections": ("Anslutna appar", "Connected apps"),
    "no_apps": ("Ingen app är ansluten.", "No app is connected."),
    "remove": ("Ta bort åtkomst", "Remove access"),
    "remove_sure": ("Ta bort appens åtkomst?", "Remove the app's access?"),
    "since": ("Rättigheter", "Scopes"),
    "webhooks": ("Webhook-prenumerationer", "Webhook subscriptions"),
    "no_webhooks": ("Inga prenumerationer.", "No subscriptions."),
    "destination": ("Adress", "Destination"),
    "status": ("Status", "Status"),
    "organization": ("Konto", "Account"),
    "switch": ("Byt", "Switch"),
    "language": ("English", "Svenska"),
    "practice": ("Övningskassa", "Practice till"),
    "sold": ("Sålt.", "Sold."),
    "refunded": ("Återköpt.", "Refunded."),
    "stocked": ("Lagret är ändrat.", "Stock changed."),
    "tracking_on": ("Lagerhantering är på.", "Inventory management is on."),
    "tracking_off": ("Lagerhantering är av.", "Inventory management is off."),
    "saved": ("Produkten är sparad.", "The product is saved."),
    "created": ("Produkten är tillagd.", "The product is added."),
    "deleted": ("Produkten är borttagen.", "The product is deleted."),
    "removed": ("Appen har inte längre åtkomst.", "The app no longer has access."),
    "gone": ("Det finns inte längre.", "That no longer exists."),
    "refused": ("Det går inte: {why}.", "That cannot be done: {why}."),
    "wrong_price": (
        (
            "”{typed}” är inget pris. Skriv till exempel 249,50, eller lämna tomt för att ange "
            "priset i kassan."
        ),
        (
            "“{typed}” is not a price. Write for example 249.50, or leave it empty to enter it at "
            "the "
            "till."
        ),
    ),
    "wrong_count": (
        "”{typed}” är inget antal. Skriv ett heltal.",
        "“{typed}” is no count. Write a whole number.",
    ),
    "wrong_name": (
        "Skriv ett namn på högst 256 tecken.",
        "Enter a name of at most 256 characters.",
    ),
    "wrong_description": (
        "Beskrivningen är för lång: högst 1024 tecken.",
        "The description is too long: at most 1024 characters.",
    ),
    "wrong_sku": (
        "SKU:n är för lång: högst 64 tecken.",
        "The SKU is too long: at most 64 characters.",
    ),
    "wrong_barcode": (
        "Streckkoden är för lång: högst 128 tecken.",
        "The barcode is too long: at most 128 characters.",
    ),
    "wrong_other": (
        "Zettle skulle inte ta emot produkten: {why}.",
        "Zettle would not take this product: {why}.",
    ),
    "more_variants": ("Fler varianter", "More variants"),
    "fixed_help": (
        (
            "Varianterna har alternativ som inte kan ändras här. Namn, pris, SKU och streckkod kan "
            "ändras."
        ),
        "The variants have options that cannot be changed here. Name, price, SKU and barcode can.",
    ),
}
