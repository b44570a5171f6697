"""The embedded model before its training."""

from __future__ import annotations

import torch

from orthrus.config import ModelConfig
from orthrus.model.dual_view import Orthrus
from orthrus.training.mini.tokenizer import END_OF_TURN, MASK


def mini_config(tokenizer) -> ModelConfig:
    """The embedded model: 6 layers, 256 wide, MLPs of 1024, 8 heads over 4 key-value heads, tied head."""
    return ModelConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=1024,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=32,
        max_position_embeddings=1024,
        mask_token_id=tokenizer.convert_tokens_to_ids(MASK),
        rope_theta=10_000.0,
        tie_word_embeddings=True,
        eos_token_ids=(tokenizer.convert_tokens_to_ids(END_OF_TURN),),
    )


def fresh_model(config: ModelConfig, seed: int) -> Orthrus:
    """A new model: Normal(0, 0.02), output projections scaled down by sqrt(2 * layers), norms at one."""
    torch.manual_seed(seed)
    model = Orthrus(config)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2:
            residual = ".o_proj" in name or ".down_proj" in name
            torch.nn.init.normal_(parameter, std=0.02 / ((2 * config.num_hidden_layers) ** 0.5 if residual else 1))
    return model
