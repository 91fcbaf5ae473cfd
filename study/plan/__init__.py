"""Plan: a grid file becomes runs, each with its identity, its counted FLOPs and what it is predicted to take.

``make`` expands a grid, ``write`` puts the plan on disk, ``table`` reads it back without torch.
"""
