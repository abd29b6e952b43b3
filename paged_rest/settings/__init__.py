"""The settings of a tap: what it declares, what is wrong with what it is given, and its files."""

from paged_rest.settings.checks import missing, problems, unknown_in_maps
from paged_rest.settings.environment import environment_settings, log_level_problem
from paged_rest.settings.files import read_json, read_json_file
from paged_rest.settings.schema import COMMON_SETTINGS, settings

__all__ = [
    "COMMON_SETTINGS",
    "environment_settings",
    "log_level_problem",
    "missing",
    "problems",
    "read_json",
    "read_json_file",
    "settings",
    "unknown_in_maps",
]
