"""The build backend that pyproject.toml names: it builds nothing and says why.

A wheel would put packages called `kernels` and `viz` beside everybody else's, and the model and the recorded runs lie
outside of any package.
"""

WHY = (
    "Orthrus Live is run from its checkout and cannot be installed: "
    "pip install -r requirements.txt, then python app.py or python -m orthrus in this folder"
)


def _refuse(*_args, **_settings):
    raise SystemExit(WHY)


get_requires_for_build_wheel = get_requires_for_build_sdist = get_requires_for_build_editable = _refuse
prepare_metadata_for_build_wheel = prepare_metadata_for_build_editable = _refuse
build_wheel = build_sdist = build_editable = _refuse
