from django.contrib import admin
from unfold.admin import ModelAdmin

from members.models import Member


@admin.register(Member)
class MemberAdmin(ModelAdmin):
    list_display = ["email", "is_staff", "is_active"]
    search_fields = ["email"]
    fields = ["email", "is_staff", "is_active", "groups"]
