"""The pages on which staff sign in, show a second factor, and keep what they sign in with.

Others import the modules, and use what they name in public.
"""

from staff.pages import account_pages, account_urls, forms, second_factor_pages

__all__ = ["account_pages", "account_urls", "forms", "second_factor_pages"]
