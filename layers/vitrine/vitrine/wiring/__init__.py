"""The composition root: the only package that names concrete adapters.

One module per function, because a function has only the layers it needs: collect must not import numpy.
"""
