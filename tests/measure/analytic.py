"""Multiply-adds layer by layer, from the shapes that each layer sees: a count apart from the tracer's."""

from math import prod

from open_clip.modified_resnet import AttentionPool2d
from timm.models.swin_transformer import WindowAttention
from torch import nn


def linear(layer, inputs, output):
    return output.numel() * layer.in_features


def convolution(layer, inputs, output):
    return output.numel() * layer.in_channels // layer.groups * prod(layer.kernel_size)


def attention(layer, inputs, output):
    """Queries, keys and values of S tokens, two products of S x S, the projection out."""
    batch, tokens, width = inputs[0].shape
    assert layer.batch_first
    return batch * (4 * tokens * width**2 + 2 * tokens**2 * width)


def windows(layer, inputs, output):
    """The two products within each window; its linear layers are seen on their own."""
    count, tokens, width = inputs[0].shape
    return count * 2 * tokens**2 * width


def pool(layer, inputs, output):
    """Attention of all positions and their mean, projected out, of which only the mean's is then taken."""
    batch, width, height, breadth = inputs[0].shape
    tokens = height * breadth + 1
    return batch * (3 * tokens * width**2 + 2 * tokens**2 * width + tokens * width * output.shape[-1])


RULES = {
    nn.Linear: linear,
    nn.Conv2d: convolution,
    nn.MultiheadAttention: attention,
    WindowAttention: windows,
    AttentionPool2d: pool,
}


def layers(module, run):
    """Multiply-adds of each layer in the order of the forward pass that ``run`` makes."""
    found, hooks = [], []
    for part in module.modules():
        rule = next((rule for kind, rule in RULES.items() if isinstance(part, kind)), None)
        if rule is not None:
            hooks.append(part.register_forward_hook(lambda m, i, o, rule=rule: found.append(rule(m, i, o))))
    run()
    for hook in hooks:
        hook.remove()
    return found
