// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

/**
 * The functions by which {@link FusedAttention} replaces fused operators, as TorchScript. They have the operators'
 * parameters, and belong to the file of repairs.
 */
final class FusedAttentionSource {
    private FusedAttentionSource() {}

    /** Returns the functions. {@code nested}: padded rows are marked by NaN. */
    static String of(boolean nested) {
        return nested
                ? SOURCE.replace(
                                "__torch__.a4j_repairs._native_multi_head_attention(",
                                "__torch__.a4j_repairs._nested_attention(")
                        + NESTED_SOURCE
                : SOURCE;
    }

    /**
     * A mask is true, or not zero, where attention must not look. Its type tells its shape: (L, S), (N, S) or (N, H, L,
     * S).
     */
    private static final String SOURCE = """
            def _native_multi_head_attention(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, \
            num_head: int, qkv_weight: Tensor, qkv_bias: Tensor, proj_weight: Tensor, proj_bias: Tensor, \
            mask: Optional[Tensor]=None, need_weights: bool=True, average_attn_weights: bool=True, \
            mask_type: Optional[int]=None) -> Tuple[Tensor, Tensor]:
              size = torch.floordiv(embed_dim, num_head)
              n = torch.size(query, 0)
              q = torch.linear(query, torch.narrow(qkv_weight, 0, 0, embed_dim), torch.narrow(qkv_bias, 0, 0, \
            embed_dim))
              k = torch.linear(key, torch.narrow(qkv_weight, 0, embed_dim, embed_dim), torch.narrow(qkv_bias, 0, \
            embed_dim, embed_dim))
              v = torch.linear(value, torch.narrow(qkv_weight, 0, torch.mul(2, embed_dim), embed_dim), \
            torch.narrow(qkv_bias, 0, torch.mul(2, embed_dim), embed_dim))
              q0 = torch.transpose(torch.reshape(q, [n, -1, num_head, size]), 1, 2)
              k0 = torch.transpose(torch.reshape(k, [n, -1, num_head, size]), 1, 2)
              v0 = torch.transpose(torch.reshape(v, [n, -1, num_head, size]), 1, 2)
              scores = torch.matmul(torch.div(q0, torch.sqrt(size)), torch.transpose(k0, 2, 3))
              if torch.__isnot__(mask, None):
                hidden = torch.ne(unchecked_cast(Tensor, mask), 0)
                kind = 2
                if torch.__isnot__(mask_type, None):
                  kind = unchecked_cast(int, mask_type)
                else:
                  pass
                if torch.eq(kind, 1):
                  hidden0 = torch.unsqueeze(torch.unsqueeze(hidden, 1), 1)
                else:
                  hidden0 = hidden
                masked = torch.masked_fill(scores, hidden0, -inf)
              else:
                masked = scores
              weights = torch.softmax(masked, -1)
              context = torch.reshape(torch.transpose(torch.matmul(weights, v0), 1, 2), [n, -1, embed_dim])
              out = torch.linear(context, proj_weight, proj_bias)
              if average_attn_weights:
                weights0 = torch.mean(weights, [1])
              else:
                weights0 = weights
              return (out, weights0)
            def _transformer_encoder_layer_fwd(src: Tensor, embed_dim: int, num_heads: int, qkv_weight: Tensor, \
            qkv_bias: Tensor, proj_weight: Tensor, proj_bias: Tensor, use_gelu: bool, norm_first: bool, eps: float, \
            norm_weight_1: Tensor, norm_bias_1: Tensor, norm_weight_2: Tensor, norm_bias_2: Tensor, \
            ffn_weight_1: Tensor, ffn_bias_1: Tensor, ffn_weight_2: Tensor, ffn_bias_2: Tensor, \
            mask: Optional[Tensor]=None, mask_type: Optional[int]=None) -> Tensor:
              if norm_first:
                x = torch.layer_norm(src, [embed_dim], norm_weight_1, norm_bias_1, eps)
              else:
                x = src
              out, weights, = __torch__.a4j_repairs._native_multi_head_attention(x, x, x, embed_dim, num_heads, \
            qkv_weight, qkv_bias, proj_weight, proj_bias, mask, False, True, mask_type, )
              added = torch.add(src, out)
              if norm_first:
                x0 = added
                y = torch.layer_norm(added, [embed_dim], norm_weight_2, norm_bias_2, eps)
              else:
                x0 = torch.layer_norm(added, [embed_dim], norm_weight_1, norm_bias_1, eps)
                y = x0
              hidden = torch.linear(y, ffn_weight_1, ffn_bias_1)
              if use_gelu:
                active = torch.gelu(hidden)
              else:
                active = torch.relu(hidden)
              z = torch.add(x0, torch.linear(active, ffn_weight_2, ffn_bias_2))
              if norm_first:
                z0 = z
              else:
                z0 = torch.layer_norm(z, [embed_dim], norm_weight_2, norm_bias_2, eps)
              return z0
            """;

    private static final String NESTED_SOURCE = """
            def nested(x: Tensor, mask: Tensor) -> Tensor:
              return torch.masked_fill(x, torch.unsqueeze(torch.eq(mask, 0), -1), nan)
            def padded(x: Tensor, mask: Tensor, padding: float) -> Tensor:
              return torch.masked_fill(x, torch.unsqueeze(torch.eq(mask, 0), -1), padding)
            def _nested_attention(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_head: int, \
            qkv_weight: Tensor, qkv_bias: Tensor, proj_weight: Tensor, proj_bias: Tensor, \
            mask: Optional[Tensor]=None, need_weights: bool=True, average_attn_weights: bool=True, \
            mask_type: Optional[int]=None) -> Tuple[Tensor, Tensor]:
              hidden = torch.isnan(torch.select(query, -1, 0))
              x = torch.masked_fill(query, torch.unsqueeze(hidden, -1), 0)
              out, weights, = __torch__.a4j_repairs._native_multi_head_attention(x, x, x, embed_dim, num_head, \
            qkv_weight, qkv_bias, proj_weight, proj_bias, hidden, need_weights, average_attn_weights, 1, )
              return (torch.masked_fill(out, torch.unsqueeze(hidden, -1), nan), weights)
            """;
}
