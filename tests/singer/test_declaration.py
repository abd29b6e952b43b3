"""A declaration that the reading does not support: its class cannot be made."""

from __future__ import annotations

import re
import typing as t

import pytest
from singer_sdk import typing as th

from paged_rest.settings import settings
from paged_rest.singer import ListStream, ListTap
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
    "old row whose updated_at is new stands where no run looks. Leave newest_first out, or "
    "replicate by the field that it is ordered by"
)
NO_ORDER = "newest_first says that it is ordered by `created`, which is None"
NOT_VALID = "its replication_key is created_at, but its valid_replication_key is "
NOT_A_TIME = "its schema does not declare {} as a string of format date-time"


def schema(*without: str) -> dict[str, t.Any]:
    kept = {name: kind for name, kind in FIELDS.items() if name not in without}
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
        ({"primary_keys": ("id", "created_at")}, "its primary_keys are not `id`"),
        ({"primary_keys": ()}, "its primary_keys are not `id`"),
        ({"created": "planted_on"}, NOT_A_TIME.format("planted_on")),
        ({"valid_replication_key": "changed_at"}, NOT_A_TIME.format("changed_at")),
        ({"schema": schema("created_at")}, NOT_A_TIME.format("created_at")),
        ({"schema": schema("id")}, "its schema does not declare id"),
        ({"schema": schema("extra_fields")}, "its schema does not declare extra_fields"),
    ],
    ids=str,
)
def test_what_is_not_supported_is_refused(attributes, problem):
    with pytest.raises(TypeError, match=re.escape(problem)) as refused:
        declared(**attributes)
    assert str(refused.value).startswith("Saplings cannot be read completely as it is declared: ")


def test_a_subclass_is_held_to_the_same():
    with pytest.raises(TypeError, match="replicated by updated_at"):
        type("Older", (declared(newest_first=True),), {"valid_replication_key": "updated_at"})


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
        ({}, "two lists are called trees"),
        (
            {"name": "x", "filters_by_setting": {"kind": "tree_kind"}},
            "x filters by the setting tree_kind, which the tap does not have",
        ),
        (
            {"name": "x", "filters_by_setting": {"number": "page_size"}},
            "x sends number as a filter, which says which page is asked for",
        ),
        (
            {"name": "x", "valid_replication_key": "created_at", "since_param": "per_page"},
            "x sends per_page as a filter, which says which page is asked for",
        ),
    ],
    ids=str,
)
def test_lists_that_do_not_are_refused(attributes, problem):
    with pytest.raises(TypeError, match=re.escape(problem)):
        tap(Trees, declared(**attributes))
