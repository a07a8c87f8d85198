"""The operators' page of calls: who sees it, who may try, and what a trial listens for."""

import json

import pytest
from django.contrib.auth.models import Permission

from voicebot.line_page import trial_call

PAGE = "/admin/voicebot/providerprofile/line/"
SERVER, OFFER = f"{PAGE}server/", f"{PAGE}offer/"


@pytest.mark.django_db
def test_only_operators_see_it_and_try(client, admin_client, django_user_model):
    ed = django_user_model.objects.create_user("ed", password="x", is_staff=True)
    client.force_login(ed)
    for status, permission in ((403, None), (200, "view_providerprofile")):
        if permission:
            ed.user_permissions.add(Permission.objects.get(codename=permission))
        assert client.get(PAGE).status_code == status
        assert [client.post(url).status_code for url in (SERVER, OFFER)] == [403, 403]
    assert "line-try" not in client.get(PAGE).content.decode()
    assert "line-try" in admin_client.get(PAGE).content.decode()
    assert [admin_client.get(url).status_code for url in (SERVER, OFFER)] == [405, 405]


@pytest.mark.django_db
def test_the_server_says_what_it_has_tried_and_which_servers_are_next(admin_client):
    told = admin_client.post(SERVER).json()
    assert told["steps"][0]["name"] == "calls"
    assert told["iceServers"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["", "[]", "{}", json.dumps({"sdp": "v=0"}), json.dumps({"sdp": None})])
def test_what_is_no_offer_is_refused(admin_client, body):
    answer = admin_client.post(OFFER, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_tone_is_told_from_another_from_noise_and_from_silence():
    mine = trial_call.tone(440, 16_000, 0.3)
    assert trial_call.is_tone(mine, 16_000, 440)
    assert not trial_call.is_tone(mine, 16_000, 660)
    assert not trial_call.is_tone(bytes(len(mine)), 16_000, 440)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "link"),
    [
        (PAGE, PAGE),
        ("/admin/voicebot/providerprofile/", "/admin/voicebot/providerprofile/"),
        ("/admin/voicebot/providerprofile/add/", "/admin/voicebot/providerprofile/"),
    ],
)
def test_the_menu_marks_the_page_that_one_is_on_and_no_other(admin_client, page, link):
    sidebar = admin_client.get(page).context["sidebar_navigation"]
    marked = [item["link"] for group in sidebar for item in group["items"] if item.get("active")]
    assert [str(each) for each in marked] == [link]
