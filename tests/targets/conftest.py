"""The real pipeline, for every test here."""

from tests.harness.loader import *  # noqa: F403 (its fixtures)
from tests.harness.pipeline import *  # noqa: F403 (its fixtures)
