"""The AR view of a checkpoint as a GGUF file, so that llama.cpp decodes the same weights. Needs requirements-bench.txt.

python -m benchmarks.decode.gguf_file OUT.gguf --numbers float16
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch

from orthrus.checkpoints.folder import read_config
from orthrus.checkpoints.hub import locate
from orthrus.checkpoints.safetensors_io import open_weights, reader, shapes_of
from orthrus.config import EMBEDDED_MODEL, ModelConfig
from orthrus.model.modules import DIFF

NUMBERS = {"float32": gguf.GGMLQuantizationType.F32, "float16": gguf.GGMLQuantizationType.F16}
FILE_TYPES = {"float32": gguf.LlamaFileType.ALL_F32, "float16": gguf.LlamaFileType.MOSTLY_F16}
ENDS = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
OF_LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(source: str | Path, out: Path, numbers: str) -> None:
    """Write the AR view of a checkpoint folder or hub id: matrices in `numbers` (see NUMBERS), norms in float32.

    The tokenizer goes along because llama.cpp asks for one; ids are what both are given.
    """
    folder = locate(str(source)).folder
    config = read_config(folder)
    writer = gguf.GGUFWriter(out, "qwen3")
    _describe(writer, config, numbers)
    _spell(writer, config, folder)
    read = reader(config, open_weights(folder))
    for name in shapes_of(config):
        if DIFF not in name:
            tensor = read(name).to(torch.float32).numpy()
            kind = NUMBERS[numbers] if tensor.ndim == 2 else gguf.GGMLQuantizationType.F32
            writer.add_tensor(gguf_name(name), gguf.quants.quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def gguf_name(name: str) -> str:
    """A tensor's name in GGUF; raises KeyError for one that the AR view of a Qwen3 does not have."""
    if name in ENDS:
        return ENDS[name]
    _, _, layer, *rest = name.removesuffix(".weight").split(".")
    return f"blk.{layer}.{OF_LAYER['.'.join(rest)]}.weight"


def _describe(writer: gguf.GGUFWriter, c: ModelConfig, numbers: str) -> None:
    writer.add_context_length(c.max_position_embeddings)
    writer.add_embedding_length(c.hidden_size)
    writer.add_block_count(c.num_hidden_layers)
    writer.add_feed_forward_length(c.intermediate_size)
    writer.add_head_count(c.num_attention_heads)
    writer.add_head_count_kv(c.num_key_value_heads)
    writer.add_key_length(c.head_dim)
    writer.add_value_length(c.head_dim)
    writer.add_rope_freq_base(c.rope_theta)
    writer.add_layer_norm_rms_eps(c.rms_norm_eps)
    writer.add_file_type(FILE_TYPES[numbers])


def _spell(writer: gguf.GGUFWriter, c: ModelConfig, folder: Path) -> None:
    known = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["id"]: token["content"] for token in known["added_tokens"]}
    spelled = {i: text for text, i in known["model"]["vocab"].items()} | special
    kinds = [gguf.TokenType.CONTROL if i in special else gguf.TokenType.NORMAL for i in range(c.vocab_size)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([spelled.get(i, f"<unused {i}>") for i in range(c.vocab_size)])
    writer.add_token_types(np.array(kinds, dtype=np.int32).tolist())
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in known["model"]["merges"]])
    writer.add_eos_token_id(c.eos_token_ids[0])
    writer.add_bos_token_id(c.eos_token_ids[0])
    writer.add_add_bos_token(False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--numbers", default="float16", choices=NUMBERS)
    args = parser.parse_args()
    write_gguf(args.model, args.out, args.numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
