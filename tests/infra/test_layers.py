"""What the template uploads is what the build made, weighed and imported."""

from vitrine.cli.build_functions import LAYER, function_layers
from vitrine.cli.build_plan import BUNDLE_LAYER, BUNDLED, LAYERS, PACKAGE_LAYER, PYTHON_VERSION

UPLOADED = "arm64"


def test_every_layer_is_made_by_the_build(template):
    """Each layer's folder is one that `vitrine build` fills, for the architecture that is deployed."""
    layers = template.of_type(LAYER)
    folders = {layer["ContentUri"] for layer in layers.values()}
    assert folders == {f"build/{UPLOADED}/layers/{layer}/" for layer in LAYERS}
    for layer in layers.values():
        assert layer["CompatibleArchitectures"] == [UPLOADED]
        assert layer["CompatibleRuntimes"] == [f"python{PYTHON_VERSION}"]


def test_functions_carry_what_they_need_and_no_more(template):
    """The package everywhere; the bundle and ONNX Runtime where a decision or a release is made; DuckDB for refreshes;
    what web push signs with where messages go out.

    Without the bundle a cold start with every dependency down has no answer; with DuckDB it would be 75 MB heavier.
    """
    refreshing = set(LAYERS) - {"outreach"}
    assert {name: set(layers) for name, (_, layers) in function_layers(template).items()} == {
        "collect": {PACKAGE_LAYER},
        "media": {PACKAGE_LAYER},
        "geofence": {PACKAGE_LAYER, "inference", "outreach", BUNDLE_LAYER},
        "decide": {PACKAGE_LAYER, "inference", BUNDLE_LAYER},
        "operate": {PACKAGE_LAYER, "inference", BUNDLE_LAYER},
        "outreach_due": {PACKAGE_LAYER},
        "outreach_feedback": {PACKAGE_LAYER},
        "outreach_links": {PACKAGE_LAYER},
        "outreach_send": {PACKAGE_LAYER, "inference", "outreach", BUNDLE_LAYER},
        "refresh_catalogue": refreshing,
        "people": {PACKAGE_LAYER},
        "refresh_outreach": {PACKAGE_LAYER, "inference", "refresh"},
        "refresh_model": refreshing,
        "refresh_recommendations": refreshing,
        "refresh_weather": {PACKAGE_LAYER, "inference", BUNDLE_LAYER},
        "watch_model": {PACKAGE_LAYER, "inference"},
    }


def test_the_bundle_is_where_functions_look(functions, root):
    """VITRINE_BUNDLE is the folder into which Lambda unpacks layers, and the bundled folders exist."""
    assert {function["Environment"]["Variables"]["VITRINE_BUNDLE"] for function in functions.values()} == {"/opt"}
    assert BUNDLED
    assert all((root / folder).is_dir() for folder in BUNDLED)
