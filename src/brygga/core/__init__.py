"""The rules: values in, values out.

This package contains the rules of Brygga: how a Zettle product becomes a BigCommerce product, which
operations make it so, how two stock records keep one number, which products belong in the store,
what may be removed, and what the merchant reads. Every function is pure.

It never contains HTTP, SQL, a clock, random numbers, JSON, or a word in any language.
"""
