"""fvcore, imported without the warning that it raises as it compiles a loss."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)
    from fvcore.nn import FlopCountAnalysis, jit_handles
    from fvcore.nn.jit_handles import Handle, get_shape

__all__ = ["FlopCountAnalysis", "Handle", "get_shape", "jit_handles"]
