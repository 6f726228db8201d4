// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

/**
 * The functions that check what libtorch does not check, as TorchScript. Each returns its first argument, or nothing,
 * or raises an error that says what does not fit.
 */
public final class GuardSource {
    /** The file, below {@code code/}. */
    public static final String PATH = "__torch__/a4j_guards.py";

    public static final String TEXT = """
            def lstm_input(x: Tensor, h: List[Tensor], w: List[Tensor], layers: int, bidirectional: bool, \
            batch_first: bool) -> Tensor:
              if torch.ne(torch.dim(x), 3):
                ops.prim.RaiseException(torch.format("the LSTM takes an input of 3 axes, and it has {}", \
            torch.dim(x)), "builtins.ValueError")
              else:
                pass
              if torch.lt(torch.len(w), 2):
                ops.prim.RaiseException("the LSTM has no weights", "builtins.ValueError")
              else:
                pass
              count = torch.mul(layers, torch.add(1, int(bidirectional)))
              x0 = __torch__.a4j_guards.recurrent_state(x, torch.sub(1, int(batch_first)), h, count)
              wide = torch.size(w[0], -1)
              if torch.ne(torch.size(x, -1), wide):
                ops.prim.RaiseException(torch.format("the LSTM takes {} features, and its input has {}", wide, \
            torch.size(x, -1)), "builtins.ValueError")
              else:
                pass
              out = torch.size(w[1], -1)
              if torch.ne(torch.size(h[0], -1), out):
                ops.prim.RaiseException(torch.format("the LSTM has {} hidden units, and its state {}", out, \
            torch.size(h[0], -1)), "builtins.ValueError")
              else:
                pass
              gates = torch.size(w[0], 0)
              each = torch.floordiv(torch.len(w), count)
              fits = torch.eq(torch.mul(each, count), torch.len(w))
              if torch.gt(torch.len(h), 1):
                fits = torch.__and__(fits, torch.eq(torch.mul(4, torch.size(h[1], -1)), gates))
              else:
                pass
              if fits:
                for i in range(count):
                  at = torch.mul(i, each)
                  a = w[at]
                  b = w[torch.add(at, 1)]
                  if torch.lt(i, torch.add(1, int(bidirectional))):
                    expected = wide
                  else:
                    expected = torch.mul(out, torch.add(1, int(bidirectional)))
                  if torch.ne(torch.size(a), [gates, expected]):
                    fits = False
                  else:
                    if torch.ne(torch.size(b), [gates, out]):
                      fits = False
                    else:
                      pass
                  for j in range(torch.sub(each, 2)):
                    more = w[torch.add(torch.add(at, 2), j)]
                    if torch.eq(torch.dim(more), 1):
                      if torch.ne(torch.size(more, 0), gates):
                        fits = False
                      else:
                        pass
                    else:
                      if torch.ne(torch.size(more, 0), out):
                        fits = False
                      else:
                        pass
              else:
                pass
              if fits:
                pass
              else:
                ops.prim.RaiseException("the LSTM's weights do not fit each other and its state", "builtins.ValueError")
              return x

            def recurrent_state(x: Tensor, axis: int, h: List[Tensor], count: int) -> Tensor:
              if torch.eq(torch.dim(x), 3):
                rows = torch.size(x, axis)
                for state in h:
                  if torch.ne(torch.dim(state), 3):
                    ops.prim.RaiseException(torch.format("a recurrent layer's state has 3 axes, and this has {}", \
            torch.dim(state)), "builtins.ValueError")
                  else:
                    pass
                  if torch.ne(torch.size(state, 1), rows):
                    ops.prim.RaiseException(torch.format("the recurrent layer's state is made for {} rows, \
            and its input has {}: the rows do not fit the state", torch.size(state, 1), rows), "builtins.ValueError")
                  else:
                    pass
                  if torch.ne(torch.size(state, 0), count):
                    ops.prim.RaiseException(torch.format("the recurrent layer has {} layers and directions, \
            and its state {}", count, torch.size(state, 0)), "builtins.ValueError")
                  else:
                    pass
              else:
                pass
              return x

            def packed_sizes(sizes: Tensor, x: Tensor) -> Tensor:
              if torch.__or__(torch.ne(torch.dim(sizes), 1), torch.eq(torch.numel(sizes), 0)):
                ops.prim.RaiseException("a packed sequence has no batch sizes", "builtins.ValueError")
              else:
                pass
              if torch.ne(int(torch.sum(sizes)), torch.size(x, 0)):
                ops.prim.RaiseException(torch.format("a packed sequence has {} elements, \
            and its batch sizes are for {}", torch.size(x, 0), int(torch.sum(sizes))), "builtins.ValueError")
              else:
                pass
              if torch.lt(int(torch.min(sizes)), 1):
                ops.prim.RaiseException("a packed sequence's batch sizes are not all positive", "builtins.ValueError")
              else:
                pass
              if bool(torch.any(torch.gt(torch.slice(sizes, 0, 1), torch.slice(sizes, 0, 0, -1)))):
                ops.prim.RaiseException("a packed sequence's batch sizes grow", "builtins.ValueError")
              else:
                pass
              return sizes

            def packed_state(sizes: Tensor, x: Tensor, h: List[Tensor], count: int) -> Tensor:
              sizes0 = __torch__.a4j_guards.packed_sizes(sizes, x)
              rows = int(torch.select(sizes, 0, 0))
              for state in h:
                if torch.ne(torch.dim(state), 3):
                  ops.prim.RaiseException(torch.format("a recurrent layer's state has 3 axes, and this has {}", \
            torch.dim(state)), "builtins.ValueError")
                else:
                  pass
                if torch.ne(torch.size(state, 1), rows):
                  ops.prim.RaiseException(torch.format("the recurrent layer's state is made for {} rows, \
            and its input has {}: the rows do not fit the state", torch.size(state, 1), rows), "builtins.ValueError")
                else:
                  pass
                if torch.ne(torch.size(state, 0), count):
                  ops.prim.RaiseException(torch.format("the recurrent layer has {} layers and directions, \
            and its state {}", count, torch.size(state, 0)), "builtins.ValueError")
                else:
                  pass
              return sizes

            def bag_offsets(offsets: Tensor, indexes: Tensor, mode: int) -> Tensor:
              if torch.__or__(torch.lt(mode, 0), torch.gt(mode, 2)):
                ops.prim.RaiseException(torch.format("an embedding bag has the modes 0 (sum), 1 (mean), 2 (max), \
            and not {}", mode), "builtins.ValueError")
              else:
                pass
              if torch.gt(torch.numel(offsets), 0):
                if torch.ne(int(torch.select(offsets, 0, 0)), 0):
                  ops.prim.RaiseException(torch.format("an embedding bag's offsets begin at {} and not at 0; flat \
            indexes and offsets belong to one example without an axis of rows (LoadOptions.unbatched)", \
            int(torch.select(offsets, 0, 0))), "builtins.ValueError")
                else:
                  pass
                if bool(torch.any(torch.lt(torch.slice(offsets, 0, 1), torch.slice(offsets, 0, 0, -1)))):
                  ops.prim.RaiseException("the offsets of an embedding bag must not fall", "builtins.ValueError")
                else:
                  pass
                if torch.gt(int(torch.select(offsets, 0, -1)), torch.size(indexes, 0)):
                  ops.prim.RaiseException(torch.format("an embedding bag's offsets go beyond its {} indexes; flat \
            indexes and offsets belong to one example without an axis of rows (LoadOptions.unbatched)", \
            torch.size(indexes, 0)), "builtins.ValueError")
                else:
                  pass
              else:
                pass
              return offsets

            def below(indexes: Tensor, limit: int) -> Tensor:
              if torch.gt(torch.numel(indexes), 0):
                if torch.__or__(torch.lt(int(torch.min(indexes)), 0), torch.ge(int(torch.max(indexes)), limit)):
                  ops.prim.RaiseException(torch.format("indexes from {} to {} where there are {} places", \
            int(torch.min(indexes)), int(torch.max(indexes)), limit), "builtins.ValueError")
                else:
                  pass
              else:
                pass
              return indexes

            def plane(indexes: Tensor, x: Tensor) -> Tensor:
              return __torch__.a4j_guards.below(indexes, torch.mul(torch.size(x, -1), torch.size(x, -2)))

            def classes(targets: Tensor, scores: Tensor) -> Tensor:
              return __torch__.a4j_guards.below(targets, torch.size(scores, -1))

            def sparse_indexes(indexes: Tensor, size: List[int]) -> Tensor:
              for i in range(torch.size(indexes, 0)):
                if torch.lt(i, torch.len(size)):
                  axis = __torch__.a4j_guards.below(torch.select(indexes, 0, i), size[i])
                else:
                  pass
              return indexes

            def finite(x: Tensor) -> Tensor:
              if bool(torch.all(torch.isfinite(x))):
                pass
              else:
                ops.prim.RaiseException("eigenvalues of a matrix that holds NaN or infinity", "builtins.ValueError")
              return x

            def statistics(x: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], mean: Optional[Tensor], \
            variance: Optional[Tensor]) -> Tensor:
              for one in [weight, bias, mean, variance]:
                if torch.__isnot__(one, None):
                  if torch.ne(torch.numel(unchecked_cast(Tensor, one)), torch.size(x, 1)):
                    ops.prim.RaiseException(torch.format("batch norm of {} channels has statistics of another \
            number", torch.size(x, 1)), "builtins.ValueError")
                  else:
                    pass
                else:
                  pass
              return x

            def elements(x: Tensor, size: List[int]) -> Tensor:
              count = 1
              for i in range(torch.len(size)):
                count = torch.mul(count, size[i])
              if torch.ne(count, torch.numel(x)):
                ops.prim.RaiseException(torch.format("{} elements cannot lie in shape {}", torch.numel(x), size), \
            "builtins.ValueError")
              else:
                pass
              return x

            def recurrent(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any) -> NoneType:
              lists = annotate(List[List[Tensor]], [])
              for one in [b, c, d]:
                if isinstance(one, List[Tensor]):
                  _0 = torch.append(lists, unchecked_cast(List[Tensor], one))
                else:
                  if isinstance(one, Tensor):
                    _1 = torch.append(lists, [unchecked_cast(Tensor, one)])
                  else:
                    pass
              x = unchecked_cast(Tensor, a)
              if isinstance(d, bool):
                layers = unchecked_cast(int, e)
                both = unchecked_cast(bool, h)
                first = unchecked_cast(bool, i)
                if isinstance(b, List[Tensor]):
                  x0 = __torch__.a4j_guards.lstm_input(x, lists[0], lists[1], layers, both, first)
                else:
                  x1 = __torch__.a4j_guards.recurrent_state(x, torch.sub(1, int(first)), lists[0], torch.mul(layers, \
            torch.add(1, int(both))))
              else:
                count = torch.mul(unchecked_cast(int, f), torch.add(1, int(unchecked_cast(bool, i))))
                sizes = __torch__.a4j_guards.packed_state(unchecked_cast(Tensor, b), x, lists[1], count)
              return None

            def division(a: Any, b: Any) -> NoneType:
              minus = False
              if isinstance(b, int):
                by = unchecked_cast(int, b)
                if torch.__and__(torch.eq(by, 0), isinstance(a, int)):
                  ops.prim.RaiseException("a whole number is divided by 0", "builtins.ValueError")
                else:
                  pass
                minus = torch.eq(by, -1)
              else:
                if isinstance(b, Tensor):
                  divisor = unchecked_cast(Tensor, b)
                  if torch.__contains__([1, 2, 3, 4], ops.prim.dtype(divisor)):
                    minus = bool(torch.any(torch.eq(divisor, -1)))
                  else:
                    pass
                else:
                  pass
              if minus:
                least = False
                if isinstance(a, int):
                  least = torch.eq(unchecked_cast(int, a), torch.sub(-9223372036854775807, 1))
                else:
                  if isinstance(a, Tensor):
                    divided = unchecked_cast(Tensor, a)
                    if torch.__contains__([3, 4], ops.prim.dtype(divided)):
                      least = bool(torch.any(torch.__and__(torch.eq(torch.neg(divided), divided), torch.ne(divided, \
            0))))
                    else:
                      pass
                  else:
                    pass
                if least:
                  ops.prim.RaiseException("the least whole number is divided by -1, and the result is none", \
            "builtins.ValueError")
                else:
                  pass
              else:
                pass
              return None

            def groups(groups: int) -> NoneType:
              if torch.lt(groups, 1):
                ops.prim.RaiseException(torch.format("channels are shuffled in {} groups", groups), \
            "builtins.ValueError")
              else:
                pass
              return None

            def attention(q: Tensor, k: Tensor, v: Tensor) -> NoneType:
              if torch.__and__(torch.gt(torch.dim(k), 1), torch.gt(torch.dim(v), 1)):
                if torch.ne(torch.size(k, -2), torch.size(v, -2)):
                  ops.prim.RaiseException(torch.format("attention has {} keys and {} values", torch.size(k, -2), \
            torch.size(v, -2)), "builtins.ValueError")
                else:
                  pass
                if torch.__and__(torch.gt(torch.dim(k), 2), torch.gt(torch.dim(q), 2)):
                  if torch.__and__(torch.eq(torch.size(k, -3), 0), torch.gt(torch.size(q, -3), 0)):
                    ops.prim.RaiseException(torch.format("attention has {} heads of queries and none of keys", \
            torch.size(q, -3)), "builtins.ValueError")
                  else:
                    pass
                else:
                  pass
              else:
                pass
              return None

            def fused_attention(q: Tensor, k: Tensor, v: Tensor) -> NoneType:
              __torch__.a4j_guards.attention(q, k, v)
              for other in [k, v]:
                if torch.ne(torch.slice(torch.size(other), 0, -2), torch.slice(torch.size(q), 0, -2)):
                  ops.prim.RaiseException(torch.format("attention has queries of shape {}, \
            and keys or values of shape {}", torch.size(q), torch.size(other)), "builtins.ValueError")
                else:
                  pass
              return None

            def sampling(interpolation: int, padding: int) -> NoneType:
              for mode in [interpolation, padding]:
                if torch.__or__(torch.lt(mode, 0), torch.gt(mode, 2)):
                  ops.prim.RaiseException(torch.format("a grid is sampled by interpolation 0 (bilinear), \
            1 (nearest), 2 (bicubic) and padding 0 (zeros), 1 (border), 2 (reflection), and not by {} and {}", \
            interpolation, padding), "builtins.ValueError")
                else:
                  pass
              return None

            def quantized_scales(x: Tensor, size: List[int], high: Optional[float], wide: Optional[float]) -> NoneType:
              if torch.__contains__([12, 13, 14], ops.prim.dtype(x)):
                scales = [high, wide]
                for i in range(2):
                  scale = scales[i]
                  if torch.__isnot__(scale, None):
                    by = unchecked_cast(float, scale)
                    if torch.gt(by, 0.):
                      last = torch.sub(torch.div(torch.sub(size[i], 0.5), by), 0.5)
                      if torch.ge(last, float(torch.size(x, torch.sub(i, 2)))):
                        ops.prim.RaiseException(torch.format("{} rows or columns at a scale of {} need more than the \
            {} there are", size[i], by, torch.size(x, torch.sub(i, 2))), "builtins.ValueError")
                      else:
                        pass
                    else:
                      pass
                  else:
                    pass
              else:
                pass
              return None

            def segments(x: Tensor, lengths: Optional[Tensor], offsets: Optional[Tensor], axis: int) -> NoneType:
              if torch.__or__(torch.lt(axis, torch.neg(torch.dim(x))), torch.ge(axis, torch.dim(x))):
                ops.prim.RaiseException(torch.format("segments along axis {} of {} axes", axis, torch.dim(x)), \
            "builtins.ValueError")
              else:
                pass
              extent = torch.size(x, axis)
              along = torch.remainder(axis, torch.dim(x))
              for one in [lengths, offsets]:
                if torch.__isnot__(one, None):
                  numbers = unchecked_cast(Tensor, one)
                  if torch.ne(torch.slice(torch.size(numbers), 0, -1), torch.slice(torch.size(x), 0, along)):
                    ops.prim.RaiseException(torch.format("lengths or offsets of shape {} for segments along axis {} \
            of shape {}", torch.size(numbers), axis, torch.size(x)), "builtins.ValueError")
                  else:
                    pass
                  if torch.gt(torch.numel(numbers), 0):
                    if torch.lt(int(torch.min(numbers)), 0):
                      ops.prim.RaiseException("lengths and offsets of segments are not negative", "builtins.ValueError")
                    else:
                      pass
                  else:
                    pass
                else:
                  pass
              if torch.__isnot__(lengths, None):
                long = unchecked_cast(Tensor, lengths)
                if torch.gt(torch.numel(long), 0):
                  if torch.ne(int(torch.max(torch.sum(long, [-1]))), extent):
                    ops.prim.RaiseException(torch.format("segments of {} elements in all, where there are {}", \
            int(torch.max(torch.sum(long, [-1]))), extent), "builtins.ValueError")
                  else:
                    pass
                else:
                  pass
              else:
                pass
              if torch.__isnot__(offsets, None):
                at = unchecked_cast(Tensor, offsets)
                if torch.gt(torch.numel(at), 0):
                  if torch.gt(int(torch.max(at)), extent):
                    ops.prim.RaiseException(torch.format("a segment begins at {}, where there are {} elements", \
            int(torch.max(at)), extent), "builtins.ValueError")
                  else:
                    pass
                  if bool(torch.any(torch.lt(torch.slice(at, -1, 1), torch.slice(at, -1, 0, -1)))):
                    ops.prim.RaiseException("the offsets of segments must not fall", "builtins.ValueError")
                  else:
                    pass
                else:
                  pass
              else:
                pass
              return None

            def kernel(weight: Tensor, size: List[int]) -> NoneType:
              if torch.ne(torch.slice(torch.size(weight), 2), size):
                ops.prim.RaiseException(torch.format("a kernel of {} with weights of shape {}", size, \
            torch.size(weight)), "builtins.ValueError")
              else:
                pass
              return None

            def compressed_rows(pointers: Tensor, indexes: Tensor, size: List[int]) -> NoneType:
              columns = __torch__.a4j_guards.below(indexes, size[-1])
              starts = __torch__.a4j_guards.below(pointers, torch.add(torch.size(indexes, -1), 1))
              if bool(torch.any(torch.lt(torch.slice(pointers, -1, 1), torch.slice(pointers, -1, 0, -1)))):
                ops.prim.RaiseException("the pointers of a compressed sparse tensor must not fall", \
            "builtins.ValueError")
              else:
                pass
              return None

            def bag_weights(indexes: Tensor, weights: Optional[Tensor]) -> NoneType:
              if torch.__isnot__(weights, None):
                if torch.ne(torch.numel(unchecked_cast(Tensor, weights)), torch.numel(indexes)):
                  ops.prim.RaiseException(torch.format("an embedding bag has {} indexes and {} weights", \
            torch.numel(indexes), torch.numel(unchecked_cast(Tensor, weights))), "builtins.ValueError")
                else:
                  pass
              else:
                pass
              return None
            """;

    private GuardSource() {}
}
