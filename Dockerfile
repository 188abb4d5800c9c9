# CPU:   docker build -t latent-explorer .
# CUDA:  docker build -t latent-explorer --build-arg BASE=nvidia/cuda:13.0.1-base-ubuntu24.04 .
# Run:   docker run -p 7860:7860 [--gpus all] latent-explorer
# TORCH_INDEX_URL may name PyTorch's own index of CPU wheels, which keeps a CPU image small.
ARG BASE=python:3.12-slim
FROM ${BASE}
ARG TORCH_INDEX_URL=""

# CUDA base images bring no Python; the Python base image has its own.
RUN python3 -c "import ensurepip, venv" 2>/dev/null \
    || (apt-get update && apt-get install -y --no-install-recommends python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*)

# A Docker Space runs the container as user 1000, with a home it can write to.
ENV HOME=/home/explorer \
    HF_HOME=/home/explorer/.cache/huggingface \
    PATH=/home/explorer/venv/bin:$PATH \
    LATENT_EXPLORER_HOST=0.0.0.0 \
    LATENT_EXPLORER_PORT=7860 \
    PYTHONUNBUFFERED=1
RUN mkdir -p /home/explorer/app /home/explorer/.cache && chown -R 1000:1000 /home/explorer
USER 1000
WORKDIR /home/explorer/app

COPY --chown=1000:1000 requirements.txt .
RUN python3 -m venv /home/explorer/venv \
    && pip install --no-cache-dir ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$(grep ^torch== requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt
COPY --chown=1000:1000 . .

EXPOSE 7860
CMD ["python", "app.py"]
