"""The BigCommerce sandbox, held against the documents of the platform, over HTTP."""
