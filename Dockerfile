# The page on a CPU. For a small image give the address of PyTorch's CPU packages:
#     docker build --build-arg TORCH_INDEX=<address> -t orthrus . && docker run -p 7860:7860 orthrus
# Without it pip's ordinary torch is installed, which on Linux brings the CUDA libraries along.
FROM python:3.11-slim-bookworm

ARG TORCH_VERSION=2.13.0
ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 1000 orthrus
WORKDIR /app

# Dependencies first: a change of the code leaves this layer alone. All of them are wheels, so no compiler is needed.
COPY requirements.txt .
RUN pip install "torch==${TORCH_VERSION}" ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
    && pip install -r requirements.txt

COPY app.py ./
COPY orthrus ./orthrus
COPY kernels ./kernels
COPY viz ./viz
COPY assets ./assets

USER orthrus
ENV ORTHRUS_HOST=0.0.0.0 ORTHRUS_PORT=7860 GRADIO_ANALYTICS_ENABLED=False
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4)"]
CMD ["python", "app.py"]
