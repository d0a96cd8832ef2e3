"""Tensor names and shapes of public model families, from their published configurations; no weights are involved.

Each class gives what the family's safetensors files hold; `gguf_names.py` what llama.cpp's converter makes of it.
Sources: the families' `config.json` and transformers' modelling files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from leakwatch.headers.tensor import Tensor

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]


@dataclass(frozen=True)
class Decoder:
    """A decoder of the LLaMA kind and its many relatives."""

    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    head: int = 0
    tied: bool = False
    qkv_bias: bool = False
    qk_norm: bool = False
    fused: bool = False
    norms: int = 2
    experts: int = 0
    expert_style: str = "mixtral"
    buffers: bool = False

    def tensors(self) -> Named:
        """Names and shapes in the order of the layers."""
        yield "model.embed_tokens.weight", (self.vocabulary, self.hidden)
        for layer in range(self.layers):
            for name, shape in self.layer():
                yield f"model.layers.{layer}.{name}", shape
        yield "model.norm.weight", (self.hidden,)
        if not self.tied:
            yield "lm_head.weight", (self.vocabulary, self.hidden)

    def layer(self) -> Named:
        """One layer."""
        head = self.head or self.hidden // self.heads
        wide, narrow = self.heads * head, self.kv_heads * head
        if self.fused:
            yield "self_attn.qkv_proj.weight", (wide + 2 * narrow, self.hidden)
        else:
            for name, length in (("q", wide), ("k", narrow), ("v", narrow)):
                yield f"self_attn.{name}_proj.weight", (length, self.hidden)
                if self.qkv_bias:
                    yield f"self_attn.{name}_proj.bias", (length,)
        yield "self_attn.o_proj.weight", (self.hidden, wide)
        if self.qk_norm:
            yield "self_attn.q_norm.weight", (head,)
            yield "self_attn.k_norm.weight", (head,)
        if self.buffers:
            yield "self_attn.rotary_emb.inv_freq", (head // 2,)
        yield from self.feed_forward()
        norms = ("input_layernorm", "post_attention_layernorm")
        more = ("pre_feedforward_layernorm", "post_feedforward_layernorm")
        for name in (norms + more)[: self.norms]:
            yield f"{name}.weight", (self.hidden,)

    def feed_forward(self) -> Named:
        """The part after attention, dense or of experts."""
        if self.experts:
            gate = "block_sparse_moe.gate" if self.expert_style == "mixtral" else "mlp.gate"
            yield f"{gate}.weight", (self.experts, self.hidden)
            names = (
                ("w1", "w3", "w2")
                if self.expert_style == "mixtral"
                else ("gate_proj", "up_proj", "down_proj")
            )
            for expert in range(self.experts):
                for name in names:
                    shape = (
                        (self.hidden, self.inner)
                        if name in ("w2", "down_proj")
                        else (self.inner, self.hidden)
                    )
                    yield f"{gate.rpartition('.')[0]}.experts.{expert}.{name}.weight", shape
        elif self.fused:
            yield "mlp.gate_up_proj.weight", (2 * self.inner, self.hidden)
            yield "mlp.down_proj.weight", (self.hidden, self.inner)
        else:
            yield "mlp.gate_proj.weight", (self.inner, self.hidden)
            yield "mlp.up_proj.weight", (self.inner, self.hidden)
            yield "mlp.down_proj.weight", (self.hidden, self.inner)


@dataclass(frozen=True)
class NeoX:
    """GPT-NeoX and Pythia: one matrix for query, key and value, biases everywhere, masks in the file."""

    hidden: int
    layers: int
    vocabulary: int

    def tensors(self) -> Named:
        """Names and shapes."""
        yield "gpt_neox.embed_in.weight", (self.vocabulary, self.hidden)
        for layer in range(self.layers):
            under = f"gpt_neox.layers.{layer}."
            for name in ("input_layernorm", "post_attention_layernorm"):
                yield f"{under}{name}.weight", (self.hidden,)
                yield f"{under}{name}.bias", (self.hidden,)
            for name, out, row in (
                ("attention.query_key_value", 3, 1),
                ("attention.dense", 1, 1),
                ("mlp.dense_h_to_4h", 4, 1),
                ("mlp.dense_4h_to_h", 1, 4),
            ):
                yield f"{under}{name}.weight", (out * self.hidden, row * self.hidden)
                yield f"{under}{name}.bias", (out * self.hidden,)
            yield f"{under}attention.rotary_emb.inv_freq", (12,)
        yield "gpt_neox.final_layer_norm.weight", (self.hidden,)
        yield "gpt_neox.final_layer_norm.bias", (self.hidden,)
        yield "embed_out.weight", (self.vocabulary, self.hidden)


@dataclass(frozen=True)
class T5:
    """T5 1.1 and its relatives: encoder and decoder, a gated feed-forward part."""

    hidden: int
    inner: int
    layers: int
    heads: int
    vocabulary: int = 32128

    def tensors(self) -> Named:
        """Names and shapes."""
        wide = self.heads * 64
        yield "shared.weight", (self.vocabulary, self.hidden)
        for side in ("encoder", "decoder"):
            for layer in range(self.layers):
                under = f"{side}.block.{layer}.layer."
                parts = ("SelfAttention",) if side == "encoder" else ("SelfAttention", "EncDecAttention")
                for place, part in enumerate(parts):
                    for name in "qkv":
                        yield f"{under}{place}.{part}.{name}.weight", (wide, self.hidden)
                    yield f"{under}{place}.{part}.o.weight", (self.hidden, wide)
                    yield f"{under}{place}.layer_norm.weight", (self.hidden,)
                last = f"{under}{len(parts)}."
                yield f"{last}DenseReluDense.wi_0.weight", (self.inner, self.hidden)
                yield f"{last}DenseReluDense.wi_1.weight", (self.inner, self.hidden)
                yield f"{last}DenseReluDense.wo.weight", (self.hidden, self.inner)
                yield f"{last}layer_norm.weight", (self.hidden,)
            bias = f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"
            yield bias, (32, self.heads)
            yield f"{side}.final_layer_norm.weight", (self.hidden,)
        yield "lm_head.weight", (self.vocabulary, self.hidden)


@dataclass(frozen=True)
class Whisper:
    """Whisper: convolutions, then encoder and decoder."""

    hidden: int
    layers: int
    mels: int = 80
    vocabulary: int = 51865

    def tensors(self) -> Named:
        """Names and shapes."""
        width = self.hidden
        for name, shape in (("conv1", (width, self.mels, 3)), ("conv2", (width, width, 3))):
            yield f"model.encoder.{name}.weight", shape
            yield f"model.encoder.{name}.bias", (width,)
        yield "model.encoder.embed_positions.weight", (1500, width)
        yield "model.decoder.embed_positions.weight", (448, width)
        yield "model.decoder.embed_tokens.weight", (self.vocabulary, width)
        for side in ("encoder", "decoder"):
            for layer in range(self.layers):
                for part in ("self_attn",) if side == "encoder" else ("self_attn", "encoder_attn"):
                    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                        yield f"model.{side}.layers.{layer}.{part}.{name}.weight", (width, width)
                        if name != "k_proj":
                            yield f"model.{side}.layers.{layer}.{part}.{name}.bias", (width,)
                    yield f"model.{side}.layers.{layer}.{part}_layer_norm.weight", (width,)
                yield f"model.{side}.layers.{layer}.fc1.weight", (4 * width, width)
                yield f"model.{side}.layers.{layer}.fc2.weight", (width, 4 * width)
                yield f"model.{side}.layers.{layer}.final_layer_norm.weight", (width,)


@dataclass(frozen=True)
class UNet:
    """A diffusion UNet of the SDXL kind: blocks of convolutions, transformers between them."""

    channels: tuple[int, ...] = (320, 640, 1280)
    depths: tuple[int, ...] = (0, 2, 10)
    context: int = 2048

    def tensors(self) -> Named:
        """Names and shapes, without biases of the convolutions."""
        yield "conv_in.weight", (self.channels[0], 4, 3, 3)
        last = self.channels[0]
        for block, (width, depth) in enumerate(zip(self.channels, self.depths, strict=True)):
            for place in range(2):
                yield from self.residual(f"down_blocks.{block}.resnets.{place}.", last, width)
                yield from self.attention(f"down_blocks.{block}.attentions.{place}.", width, depth)
                last = width
        for block, (width, depth) in enumerate(zip(self.channels[::-1], self.depths[::-1], strict=True)):
            for place in range(3):
                skip = self.channels[max(0, len(self.channels) - 1 - block - (place == 2))]
                yield from self.residual(f"up_blocks.{block}.resnets.{place}.", last + skip, width)
                yield from self.attention(f"up_blocks.{block}.attentions.{place}.", width, depth)
                last = width
        yield from self.attention("mid_block.attentions.0.", self.channels[-1], self.depths[-1])
        yield "conv_out.weight", (4, self.channels[0], 3, 3)

    def residual(self, under: str, first: int, width: int) -> Named:
        """Two convolutions."""
        yield f"{under}conv1.weight", (width, first, 3, 3)
        yield f"{under}conv2.weight", (width, width, 3, 3)
        yield f"{under}time_emb_proj.weight", (width, 4 * self.channels[0])
        yield f"{under}norm1.weight", (first,)
        if first != width:
            yield f"{under}conv_shortcut.weight", (width, first, 1, 1)

    def attention(self, under: str, width: int, depth: int) -> Named:
        """A transformer of some layers."""
        for layer in range(depth):
            here = f"{under}transformer_blocks.{layer}."
            for number, row in ((1, width), (2, self.context)):
                yield f"{here}attn{number}.to_q.weight", (width, width)
                yield f"{here}attn{number}.to_k.weight", (width, row)
                yield f"{here}attn{number}.to_v.weight", (width, row)
                yield f"{here}attn{number}.to_out.0.weight", (width, width)
                yield f"{here}norm{number}.weight", (width,)
            yield f"{here}ff.net.0.proj.weight", (8 * width, width)
            yield f"{here}ff.net.2.weight", (width, 4 * width)


Model = Decoder | NeoX | T5 | Whisper | UNet

MODELS: dict[str, Model] = {
    "llama1-7b": Decoder(4096, 11008, 32, 32, 32, 32000, buffers=True),
    "llama1-13b": Decoder(5120, 13824, 40, 40, 40, 32000, buffers=True),
    "llama1-33b": Decoder(6656, 17920, 60, 52, 52, 32000, buffers=True),
    "llama1-65b": Decoder(8192, 22016, 80, 64, 64, 32000, buffers=True),
    "llama2-70b": Decoder(8192, 28672, 80, 64, 8, 32000),
    "llama3.2-1b": Decoder(2048, 8192, 16, 32, 8, 128256, tied=True),
    "llama3.2-3b": Decoder(3072, 8192, 28, 24, 8, 128256, head=128, tied=True),
    "llama3.1-8b": Decoder(4096, 14336, 32, 32, 8, 128256),
    "llama3.1-70b": Decoder(8192, 28672, 80, 64, 8, 128256),
    "mistral-7b-v0.3": Decoder(4096, 14336, 32, 32, 8, 32768),
    "mistral-nemo-12b": Decoder(5120, 14336, 40, 32, 8, 131072, head=128),
    "mixtral-8x7b": Decoder(4096, 14336, 32, 32, 8, 32000, experts=8),
    "qwen2.5-0.5b": Decoder(896, 4864, 24, 14, 2, 151936, tied=True, qkv_bias=True),
    "qwen2.5-3b": Decoder(2048, 11008, 36, 16, 2, 151936, tied=True, qkv_bias=True),
    "qwen2.5-7b": Decoder(3584, 18944, 28, 28, 4, 152064, qkv_bias=True),
    "qwen2.5-14b": Decoder(5120, 13824, 48, 40, 8, 152064, qkv_bias=True),
    "qwen2.5-32b": Decoder(5120, 27648, 64, 40, 8, 152064, qkv_bias=True),
    "qwen3-8b": Decoder(4096, 12288, 36, 32, 8, 151936, head=128, qk_norm=True),
    "qwen3-30b-a3b": Decoder(
        2048, 768, 48, 32, 4, 151936, head=128, qk_norm=True, experts=128, expert_style="qwen"
    ),
    "gemma-7b": Decoder(3072, 24576, 28, 16, 16, 256000, head=256, tied=True),
    "gemma2-9b": Decoder(3584, 14336, 42, 16, 8, 256000, head=256, tied=True, norms=4),
    "phi3.5-mini": Decoder(3072, 8192, 32, 32, 32, 32064, fused=True),
    "gpt-neox-20b": NeoX(6144, 44, 50432),
    "pythia-6.9b": NeoX(4096, 32, 50432),
    "pythia-1.4b": NeoX(2048, 24, 50304),
    "t5-xl": T5(2048, 5120, 24, 32),
    "t5-xxl": T5(4096, 10240, 24, 64),
    "whisper-small": Whisper(768, 12),
    "whisper-large": Whisper(1280, 32, 128, 51866),
    "sdxl-unet": UNet(),
}
"""Public models; sizes from a few hundred million to seventy thousand million elements."""


def typed(tensors: list[tuple[str, Shape]], dtype: Callable[[str, Shape], str]) -> list[Tensor]:
    """Tensors with the dtype that is chosen for each."""
    return [Tensor(name, dtype(name, shape), shape) for name, shape in tensors]
