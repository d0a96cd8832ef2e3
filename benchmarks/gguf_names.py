"""What llama.cpp's converter makes of a model: other names, experts stacked, buffers left out.

Source: llama.cpp, gguf-py/gguf/tensor_mapping.py and convert_hf_to_gguf.py.
"""

from __future__ import annotations

import re

from model_shapes import Shape

_GGUF: tuple[tuple[str, str], ...] = (
    (r"^model\.embed_tokens|^gpt_neox\.embed_in|^shared(?=\.weight)", "token_embd"),
    (r"^model\.norm|^gpt_neox\.final_layer_norm", "output_norm"),
    (r"^lm_head|^embed_out", "output"),
    (r"^(?:model|gpt_neox)\.layers\.", "blk."),
    (r"^encoder\.block\.", "enc.blk."),
    (r"^decoder\.block\.", "dec.blk."),
    (r"self_attn\.(q|k|v)_proj", r"attn_\1"),
    (r"(?:SelfAttention|EncDecAttention)\.([qkv])\b", r"attn_\1"),
    (r"(?:SelfAttention|EncDecAttention)\.o\b|self_attn\.o_proj|attention\.dense", "attn_output"),
    (r"self_attn\.qkv_proj|attention\.query_key_value", "attn_qkv"),
    (r"relative_attention_bias", "attn_rel_b"),
    (r"self_attn\.([qk])_norm", r"attn_\1_norm"),
    (r"(?:mlp|block_sparse_moe)\.gate\.weight", "ffn_gate_inp.weight"),
    (r"mlp\.gate_up_proj|mlp\.up_proj|mlp\.dense_h_to_4h|DenseReluDense\.wi_1", "ffn_up"),
    (r"mlp\.gate_proj|DenseReluDense\.wi_0", "ffn_gate"),
    (r"mlp\.down_proj|mlp\.dense_4h_to_h|DenseReluDense\.wo", "ffn_down"),
    (r"input_layernorm", "attn_norm"),
    (r"post_attention_layernorm", "ffn_norm"),
)
_EXPERT = re.compile(r"blk\.(\d+)\.(?:block_sparse_moe|mlp)\.experts\.(\d+)\.(\w+)\.weight")
_EXPERT_NAMES = {
    "w1": "gate",
    "w2": "down",
    "w3": "up",
    "gate_proj": "gate",
    "down_proj": "down",
    "up_proj": "up",
}


def as_gguf(tensors: list[tuple[str, Shape]]) -> list[tuple[str, Shape]]:
    """The same model as llama.cpp's converter names it: experts stacked, buffers left out."""
    told: dict[str, Shape] = {}
    for old, shape in tensors:
        name = old
        for pattern, new in _GGUF:
            name = re.sub(pattern, new, name)
        expert = _EXPERT.fullmatch(name)
        if expert:
            name = f"blk.{expert[1]}.ffn_{_EXPERT_NAMES[expert[3]]}_exps.weight"
            told[name] = (told.get(name, (0,))[0] + 1, *shape)
        elif not name.endswith("inv_freq"):
            told[name] = shape
    return list(told.items())
