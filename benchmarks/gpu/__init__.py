"""What is claimed of a GPU. Runs without gradio, plotly and numba."""
