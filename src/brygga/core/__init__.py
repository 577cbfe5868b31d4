"""The rules: values in, values out.

Here lives what Brygga promises: how a Zettle product becomes a BigCommerce product, what has to be
done to make it so, how two shelves of stock keep one number, what belongs in the shop, what may be
removed, and what the merchant is told. Every function is pure.

Here never lives: HTTP, SQL, a clock, dice, JSON, or a word in any language.
"""
