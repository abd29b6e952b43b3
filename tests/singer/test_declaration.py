"""A declaration that the reading does not support: its class cannot be made."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from singer_sdk import typing as th

from paged_rest.settings import settings
from paged_rest.singer import ListStream, ListTap
from tap_rotor.tap import TapRotor
from tests.harness.run import restored
from tests.taps.third_api.tap_orchard import ORCHARD, Trees

TIMESTAMP = th.DateTimeType(nullable=True)
FIELDS = {
    "id": th.StringType(nullable=False),
    "created_at": TIMESTAMP,
    "updated_at": TIMESTAMP,
    "planted_on": th.DateType(nullable=True),
    "extra_fields": th.ObjectType(additional_properties=True, nullable=True),
}
ANOTHER_KEY = (
    "newest_first says that it is ordered by created_at, but it is replicated by updated_at: an "
    "old row whose updated_at is new would never be read again. Leave newest_first out, or "
    "replicate by the field that it is ordered by"
)
NO_ORDER = "newest_first says that it is ordered by `created`, which is None"
NOT_VALID = "its replication_key is created_at, but its valid_replication_key is "
NOT_A_VALUE = "its {} must be a plain value of type "
OVERRIDES = "it overrides {}, which is not supported"
SINCE_ANOTHER = (
    "since_param lets rows enter by updated_at, so that created_at does not tell which rows were "
    "there before: declare created = None"
)
A_PAGE = "x sends {} as a filter, but the API uses it for the number or the size of a page"
NOT_A_TIME = "its schema does not declare {} as a string of format date-time"


def schema(*without: str, **others: t.Any) -> dict[str, t.Any]:
    kept = {name: kind for name, kind in FIELDS.items() if name not in without} | others
    return th.PropertiesList(*(th.Property(*field) for field in kept.items())).to_dict()


def declared(**attributes: t.Any) -> type[ListStream]:
    """Return a class as the author of a tap would write it."""
    namespace = {"name": "trees", "path": "/trees", "schema": schema(), **attributes}
    return type("Saplings", (ListStream,), namespace)


BY_CREATION = {"valid_replication_key": "created_at", "replication_key": "created_at"}
BY_UPDATE = {"valid_replication_key": "updated_at", "replication_key": "updated_at"}


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"created": None},
        {"newest_first": True},
        {"newest_first": True, "valid_replication_key": "created_at"},
        {"newest_first": True, "since_param": "since", **BY_CREATION},
        BY_UPDATE,
        {"created": None, "valid_replication_key": "updated_at", "since_param": "since"},
        {"paged": False, "created": None},
    ],
    ids=str,
)
def test_what_is_supported_can_be_declared(attributes):
    assert issubclass(declared(**attributes), ListStream)


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"newest_first": True, "valid_replication_key": "updated_at"}, ANOTHER_KEY),
        ({"newest_first": True, **BY_UPDATE}, ANOTHER_KEY),
        ({"newest_first": True, "created": "updated_at", **BY_CREATION}, "replicated by created"),
        ({"newest_first": True, "created": None}, NO_ORDER),
        ({"newest_first": True, "created": None, **BY_UPDATE}, NO_ORDER),
        ({"replication_key": "created_at"}, f"{NOT_VALID}None"),
        ({**BY_UPDATE, "replication_key": "created_at"}, f"{NOT_VALID}updated_at"),
        ({"since_param": "since"}, "since_param is never sent without a valid_replication_key"),
        ({"since_param": "since", **BY_UPDATE}, SINCE_ANOTHER),
        ({"primary_keys": ("id", "created_at")}, 'its primary_keys must be ("id",)'),
        ({"primary_keys": ()}, 'its primary_keys must be ("id",)'),
        ({"stable_filters": {"stage": "Won"}}, "must give stage a set of values, not one text"),
        ({"path": ""}, NOT_A_VALUE.format("path")),
        ({"name": None}, NOT_A_VALUE.format("name")),
        ({"created": property(lambda _: "created_at")}, NOT_A_VALUE.format("created")),
        ({"paged": None}, NOT_A_VALUE.format("paged")),
        ({"filters_by_setting": property(lambda _: {})}, NOT_A_VALUE.format("filters_by_setting")),
        (
            {"replication_key": property(lambda _: "updated_at")},
            OVERRIDES.format("replication_key"),
        ),
        ({"parent_stream_type": Trees}, OVERRIDES.format("parent_stream_type")),
        ({"partitions": [{"yard": 1}, {"yard": 2}]}, OVERRIDES.format("partitions")),
        ({"post_process": lambda *_: None}, OVERRIDES.format("post_process")),
        ({"schema": property(lambda _: schema())}, "its schema is not a dict or a StreamSchema"),
        ({"schema": th.PropertiesList()}, "its schema is not a dict or a StreamSchema"),
        ({"schema": schema("id", id=th.IntegerType())}, "does not declare id as a string"),
        ({"schema": schema("id", id=TIMESTAMP)}, "does not declare id as a string"),
        (
            {"schema": schema("created_at", created_at=th.StringType())},
            NOT_A_TIME.format("created_at"),
        ),
        ({"created": "planted_on"}, NOT_A_TIME.format("planted_on")),
        ({"valid_replication_key": "changed_at"}, NOT_A_TIME.format("changed_at")),
        ({"schema": schema("created_at")}, NOT_A_TIME.format("created_at")),
        ({"schema": schema("id")}, "its schema does not declare id as a string"),
        ({"schema": schema("extra_fields")}, "its schema does not declare extra_fields"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_supported_is_refused(attributes, problem):
    with pytest.raises(TypeError, match=re.escape(problem)) as refused:
        declared(**attributes)
    assert str(refused.value).startswith("Saplings cannot be read completely as it is declared: ")


def test_a_subclass_is_held_to_the_same():
    with pytest.raises(TypeError, match="replicated by updated_at"):
        type("Older", (declared(newest_first=True),), {"valid_replication_key": "updated_at"})


def test_a_base_class_cannot_keep_the_check_from_a_list():
    class Silent:
        def __init_subclass__(cls) -> None:
            """Hand on nothing."""

    namespace = {"name": "trees", "path": "/trees", "schema": schema("id")}
    made: t.Any = type("Saplings", (Silent, ListStream), namespace)
    with pytest.raises(TypeError, match="does not declare id"):
        made(None, None)


def test_every_problem_is_named():
    with pytest.raises(TypeError) as refused:
        declared(newest_first=True, created=None, since_param="since", schema=schema("id"))
    assert str(refused.value).count("; ") == 2


def tap(*lists: type[ListStream]) -> type[ListTap]:
    namespace = {
        "name": "tap-orchard",
        "config_jsonschema": settings(ORCHARD),
        "api": ORCHARD,
        "lists": lists,
    }
    return type("TapSaplings", (ListTap,), namespace)


def test_lists_that_go_together_make_a_tap():
    made = declared(name="saplings", filters_by_setting={"since": "start_date"})
    assert tap(Trees, made).lists == (Trees, made)


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"name": "Trees"}, "two streams are called trees"),
        ({"name": "reads"}, "two streams are called reads"),
        (
            {"filters_by_setting": {"kind": "tree_kind"}},
            "x filters by the setting tree_kind, which the tap does not have",
        ),
        (
            {"filters_by_setting": {"key": "api_key"}},
            "x filters by the setting api_key, which is secret",
        ),
        (
            {"filters_by_setting": {"number": "page_size"}},
            A_PAGE.format("number"),
        ),
        (
            {"valid_replication_key": "created_at", "since_param": "per_page"},
            A_PAGE.format("per_page"),
        ),
        (
            {
                "valid_replication_key": "created_at",
                "since_param": "since",
                "filters_by_setting": {"since": "start_date"},
            },
            "x sends since both as a filter and as its since_param",
        ),
    ],
    ids=str,
)
def test_lists_that_do_not_are_refused(attributes, problem):
    with pytest.raises(TypeError, match=re.escape(problem)):
        tap(Trees, declared(**{"name": "x", **attributes}))


def test_a_base_without_a_path_is_no_list():
    with pytest.raises(TypeError, match="Base has no path"):
        tap(Trees, type("Base", (ListStream,), {"schema": schema()}))


def test_the_settings_are_those_of_every_tap_and_its_own():
    namespace = {"config_jsonschema": {"properties": {}}, "api": ORCHARD, "lists": (Trees,)}
    with pytest.raises(TypeError, match="its settings lack api_key, which `settings"):
        type("TapSaplings", (ListTap,), namespace)
    with pytest.raises(TypeError, match="Every tap has a setting page_size"):
        settings(ORCHARD, th.Property("page_size", th.IntegerType()))


def test_an_api_has_a_name_for_each_thing():
    with pytest.raises(TypeError, match="Orchard: page, page_size, total and has_more need a name"):
        dataclasses.replace(ORCHARD, page_size=ORCHARD.page)


def test_a_filter_is_stable_only_where_that_is_declared(monkeypatch):
    with restored():
        leads, _, _, customers, _, jobs, _ = TapRotor(config={"api_key": "k"}).streams.values()
        assert not leads.has_unstable_filter | customers.has_unstable_filter
        assert not jobs.has_unstable_filter
    monkeypatch.setattr(type(customers), "stable_filters", {})
    assert customers.has_unstable_filter
