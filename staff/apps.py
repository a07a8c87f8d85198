from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site, which knows how long a login lasts and who has to confirm it."""

    default = False
    default_site = "staff.site.StaffSite"


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Sign-in of staff")

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from sessions_app.signals import account_reduced, keys_rotated
        from staff import audit
        from staff.login import logins
        from staff.models import Authenticator

        user_logged_in.connect(logins.on_signed_in, dispatch_uid="staff.logins")
        account_reduced.connect(logins.end_all, dispatch_uid="staff.logins")
        keys_rotated.connect(Authenticator.rewrap_all, dispatch_uid="staff.authenticators")
        audit.listen()
