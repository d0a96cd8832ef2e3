"""What part a tensor plays in a network, told by its name: quantising treats the parts differently.

Names are the habit of tools, not a rule: a tensor whose name says nothing is `other`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Role = Literal[
    "embedding", "output", "value", "key", "query", "fused", "attended", "down", "kept", "dropped", "other"
]
"""`fused` is query, key and value in one, `attended` the projection after attention, `down` the one out of the
feed-forward part. `kept` matrices are never quantised, `dropped` ones no converter copies."""

_ROLES: tuple[tuple[Role, str], ...] = (
    (
        "dropped",
        r"inv_freq$|masked_bias$|(?:^|\.)(?:attn|attention)\.bias$|rope\.freqs$|rotary_pos_emb|position_ids$",
    ),
    ("kept", r"norm|ffn_gate_inp|router|block_sparse_moe\.gate\.|mlp\.gate\.weight$|relative_attention_bias"),
    ("kept", r"position_embd|embed_positions|wpe\.|position_embeddings|token_types|token_type_embeddings"),
    ("kept", r"conv1d|patch_emb|attn_rel_b|ln_\d|layer_?norm|bias$"),
    ("output", r"(?:^|\.)lm_head\.|^output\.|embed_out\.|(?:^|\.)output_layer\."),
    (
        "embedding",
        r"embed_tokens\.|token_embd|tok_embeddings|wte\.|embed_in\.|word_embeddings\.|(?:^|\.)shared\.",
    ),
    ("fused", r"attn_qkv|qkv_proj|query_key_value|c_attn|\bWqkv|in_proj_weight|\bqkv\."),
    ("value", r"attn_v\.|\bv_proj\b|attention\.wv\b|\bvalue\b|\bto_v\b|Attention\.v\b|kv_b_proj|attn_kv_b"),
    ("key", r"attn_k\.|\bk_proj\b|attention\.wk\b|\bkey\b|\bto_k\b|Attention\.k\b"),
    (
        "attended",
        r"attn_output|\bo_proj\b|attention\.wo\b|attention\.dense\b|attn\.out_proj|to_out|Attention\.o\b",
    ),
    ("query", r"attn_q\.|\bq_proj\b|attention\.wq\b|\bquery\b|\bto_q\b|Attention\.q\b"),
    ("attended", r"attn\.c_proj"),
    ("down", r"ffn_down|down_proj|\bw2\b|dense_4h_to_h|\bfc2\b|mlp\.c_proj|DenseReluDense\.wo\b|fc_out"),
)
_PATTERNS: tuple[tuple[Role, re.Pattern[str]], ...] = tuple((role, re.compile(text)) for role, text in _ROLES)
_INDEX = re.compile(r"\.[0-9]+(?=\.)")


def role_of(name: str) -> Role:
    """The part that a name tells of; the first pattern that fits decides."""
    return _role_of(_INDEX.sub(".0", name[-200:]))


@lru_cache(maxsize=4096)
def _role_of(name: str) -> Role:
    """Of a name without its layer and expert: a large model has a hundred thousand names, and a hundred of these."""
    for role, pattern in _PATTERNS:
        if pattern.search(name):
            return role
    return "other"
