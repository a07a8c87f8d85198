"""What tests with transactions leave behind is gone before the next one; what migrations wrote is there."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_finds_the_database_as_the_migrations_left_it(time):
    assert not User.objects.exists()
    operators = Group.objects.get(name="Operator")
    assert operators.permissions.count() > 3
    make_character()
    User.objects.create_user("somebody").groups.add(operators)
    operators.permissions.clear()
    Group.objects.filter(name="Editor").delete()
    Permission.objects.first().delete()
