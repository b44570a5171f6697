"""Decoding on a GPU: the whole cycle as kernel launches that ask the host nothing, held in one CUDA graph.

stack     the two passes as launches
cycle     draft, verify, accept and record as one sequence over buffers that never move
device    what a GPU must do for it: capture, replay, send, mark, wait
runner    cache, graphs and the replays under way
cycle_lane, step_lane
          events of such a run, for `orthrus.engine` and `orthrus.baseline`
choice    whether a model on this device can be run so, and whether its rows are bit-equal
needs     memory, counted before anything is loaded
build     compile every kernel into a cache folder, with or without a GPU
compiled  which kernels are in that folder
cards     datasheets
cost      bytes, launches and floors of a step and a cycle
"""
