"""A plugin for pytest. It leaves out tests by name, and writes each test's markers to a file, because reports do not have them."""
import json
import os


def pytest_collection_modifyitems(items):
    alone, only_alone = os.environ["S3TESTS_ALONE"].split(), bool(os.environ["S3TESTS_ONLY_ALONE"])
    items[:] = [item for item in items if (item.name in alone) == only_alone]


def pytest_collection_finish(session):
    with open(f"{os.environ['S3TESTS_MARKERS']}.{os.getpid()}", "w") as file:
        json.dump({item.name: [mark.name for mark in item.iter_markers()] for item in session.items}, file)
