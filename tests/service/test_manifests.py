"""deploy/kubernetes: the manifests fit each other, and the server. (No cluster has had them.)"""

import re

import pytest
import yaml

from tests.servers import ROOT

TEXT = (ROOT / "deploy" / "kubernetes" / "greenroom.yaml").read_text()


def by_kind(text: str) -> dict:
    return {each["kind"]: each for each in yaml.safe_load_all(text)}


@pytest.fixture(params=["as it is", "with the lines for calls"])
def manifests(request) -> dict:
    calls = request.param != "as it is"
    return by_kind(re.sub(r"# (- ports:)", r"\1", TEXT) if calls else TEXT)


def test_all_select_the_same_pods(manifests):
    deployment, service, policy = (manifests[kind] for kind in ("Deployment", "Service", "NetworkPolicy"))
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"]
    assert policy["spec"]["podSelector"]["matchLabels"] == labels


def test_what_is_asked_for_is_let_in(manifests):
    (container,) = manifests["Deployment"]["spec"]["template"]["spec"]["containers"]
    port = container["ports"][0]["containerPort"]
    assert manifests["Service"]["spec"]["ports"][0]["targetPort"] == port
    assert {"port": port} in manifests["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port
        assert container[probe]["httpGet"]["path"] in ("/healthz", "/readyz")


def test_calls_are_let_in_by_udp_where_the_comments_are_lifted():
    (rule,) = by_kind(re.sub(r"# (- ports:)", r"\1", TEXT))["NetworkPolicy"]["spec"]["ingress"][1:]
    assert rule["ports"] == [{"port": 50_000, "endPort": 50_199, "protocol": "UDP"}]
    assert len(by_kind(TEXT)["NetworkPolicy"]["spec"]["ingress"]) == 1
