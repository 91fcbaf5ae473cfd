"""Models of open_clip's other kinds, made tiny with random weights, each in a folder as it is published."""

import json
from pathlib import Path

import open_clip
import torch

VISION = {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16}
TEXT = {"context_length": 12, "width": 32, "heads": 2, "layers": 1}
HALVES = {"mean": [0.5] * 3, "std": [0.5] * 3}
WORDS = ["a", "picture", "of", "things", *map(str, range(24))]


def write(folder, model, preprocess):
    """The configuration, and weights drawn from a seed."""
    folder.mkdir(parents=True, exist_ok=True)
    given = {"model_cfg": {"embed_dim": 16, **model}, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(given))
    torch.manual_seed(0)
    made = open_clip.create_model(f"local-dir:{folder}", pretrained_text=False)
    with torch.no_grad():  # a fresh tower hardly tells images apart
        for weight in made.visual.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    torch.save(made.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder


def tokenizer(folder, kind):
    """A tokenizer of a model hub's form: pieces of sentences as T5's, or words as BERT's."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = ["<pad>", "</s>", "<unk>", *WORDS]
    if kind == "pieces":
        pieces = [(word, -1.0) for word in [*known[:3], *("▁" + word for word in WORDS), "▁"]]
        made = Tokenizer(models.Unigram(pieces, unk_id=2))
        made.pre_tokenizer = pre_tokenizers.Metaspace()
    else:
        made = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, "<unk>"))
        made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=made, **names).save_pretrained(folder)


def siglip(folder):
    """Squashed images, tokens of pieces of sentences, pooled at the last, a bias: as SigLIP's."""
    tokenizer(folder, "pieces")
    own = {"vocab_size": 64, "hf_tokenizer_name": "timm/ViT-B-16-SigLIP", "tokenizer_kwargs": {"clean": "canonicalize"}}
    text = {**TEXT, **own, "no_causal_mask": True, "proj_bias": True, "pool_type": "last"}
    model = {"init_logit_bias": -10, "custom_text": True, "vision_cfg": VISION, "text_cfg": text}
    return write(folder, model, {**HALVES, "resize_mode": "squash", "interpolation": "bicubic"})


def coca(folder):
    """A captioner, whose towers give tuples; padded images."""
    decoder = {**TEXT, "vocab_size": 49408, "attn_pooler_heads": 2}
    vision = {**VISION, "attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True}
    text = {**TEXT, "vocab_size": 49408, "embed_cls": True, "output_tokens": True}
    model = {"custom_text": True, "vision_cfg": vision, "text_cfg": text, "multimodal_cfg": decoder}
    return write(folder, model, {"resize_mode": "longest", "interpolation": "bilinear", "fill_color": 99})


def roberta(folder):
    """A text tower that transformers builds, with its tokenizer; an image tower of timm's; images that are cut."""
    from transformers import RobertaConfig

    tokenizer(folder, "words")
    sides = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    RobertaConfig(vocab_size=64, max_position_embeddings=40, pad_token_id=0, **sides).save_pretrained(folder)
    text = {"hf_model_name": str(folder), "hf_tokenizer_name": str(folder), "hf_proj_type": "mlp"}
    vision = {"timm_model_name": "test_vit", "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear"}
    text |= {"hf_pooler_type": "mean_pooler", "context_length": 12}
    return write(folder, {"vision_cfg": {**vision, "image_size": 160}, "text_cfg": text}, HALVES)


def reference(folder, table):
    """Scores of a table's pairs by open_clip alone."""
    import io

    import polars as pl
    from PIL import Image

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}", pretrained_text=False)
    rows = pl.read_parquet(table)
    images = torch.stack([transform(Image.open(io.BytesIO(content))) for content in rows["image"]])
    texts = open_clip.get_tokenizer(f"local-dir:{folder}")(rows["caption"].to_list())
    with torch.no_grad():
        return torch.cosine_similarity(model.eval().encode_image(images), model.encode_text(texts)).tolist()


if __name__ == "__main__":
    import sys

    kind, folder, table = sys.argv[1:]
    {"siglip": siglip, "coca": coca, "roberta": roberta}[kind](Path(folder))
    print(json.dumps(reference(folder, table)))
