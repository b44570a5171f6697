# The page in a container, for a CPU or, with one argument, for an NVIDIA GPU. docs/security.md says how to run it.
#
#     docker build -t orthrus .
#     docker build -t orthrus --build-arg DEVICE=gpu .
#     docker run --read-only --tmpfs /tmp --cap-drop ALL -p 127.0.0.1:7860:7860 orthrus
#     docker run --read-only --tmpfs /tmp:exec --gpus all -p 127.0.0.1:7860:7860 orthrus
#
# DEVICE       cpu or gpu
# INDEX        address of the package index; empty: pip's own
# TORCH_INDEX  cpu only: address of PyTorch's CPU packages. Without it pip's ordinary torch is taken, which works on a
#              CPU, too, but on Linux brings gigabytes of CUDA libraries.
# BASE         the image to build upon; give one with a digest where builds must be the same to the last bit
ARG BASE=python:3.12.12-slim-bookworm

FROM ${BASE} AS build
ARG DEVICE=cpu
ARG INDEX=""
ARG TORCH_INDEX=""
SHELL ["/bin/bash", "-o", "errexit", "-o", "nounset", "-o", "pipefail", "-c"]
WORKDIR /build
# Exact versions, wheels only: nothing is compiled while the image is built.
COPY requirements.txt constraints.txt ./
RUN case "${DEVICE}" in \
      cpu) source="${TORCH_INDEX:-${INDEX}}" ;; \
      gpu) source="${INDEX}" ;; \
      *) echo "DEVICE is ${DEVICE}, it must be cpu or gpu" >&2; exit 1 ;; \
    esac; \
    install() { \
      pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: --constraint constraints.txt "$@"; \
    }; \
    python -m venv --without-pip /venv; \
    grep '^torch==' constraints.txt > torch.txt; \
    install ${source:+--index-url "${source}"} --requirement torch.txt; \
    install ${INDEX:+--index-url "${INDEX}"} --requirement requirements.txt

FROM ${BASE}
ARG DEVICE=cpu
# Triton compiles what launches its kernels once, on the machine that runs them, below /tmp: for a GPU there is a C
# compiler, and /tmp must allow execution. Without either, decoding is plain PyTorch. The image's own pip goes.
# Debian keeps one version of a package at a time: a pinned one would soon be gone.
# hadolint ignore=DL3008
RUN if [ "${DEVICE}" = gpu ]; then \
      apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*; \
    fi \
    && python -m pip uninstall --yes --quiet pip \
    && useradd --uid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin orthrus
COPY --from=build /venv /venv
WORKDIR /app
COPY app.py ./
COPY orthrus ./orthrus
COPY kernels ./kernels
COPY viz ./viz
COPY assets ./assets

# Everything that is ever written goes below /tmp: the root file system can be read-only.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    TMPDIR=/tmp \
    HF_HOME=/tmp/huggingface \
    GRADIO_TEMP_DIR=/tmp/gradio \
    GRADIO_ANALYTICS_ENABLED=False \
    ORTHRUS_HOST=0.0.0.0 \
    ORTHRUS_PORT=7860
USER 1000:1000
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['ORTHRUS_PORT'] + '/healthz', timeout=4)"]
CMD ["python", "app.py"]
