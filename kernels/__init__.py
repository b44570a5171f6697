"""The operations of one decode cycle, twice: plain PyTorch (`reference`) and Triton (`triton_<op>`), chosen in `ops`.

This package imports nothing. transformers looks for a package named `kernels` and reads `__version__`; 0.0.0 is
older than anything it would use, so it leaves ours alone.
"""

__version__ = "0.0.0"
