/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.rewrite;

/** The functions that check what libtorch does not, as TorchScript. Each gives its first argument. */
final class GuardSource {
    /** The file, below {@code code/}. */
    static final String PATH = "__torch__/a4j_guards.py";

    /** What the functions' names begin with. */
    static final String MODULE = "__torch__.a4j_guards";

    static final String TEXT = """
            def lstm_input(x: Tensor, h: List[Tensor], w: List[Tensor], layers: int, bidirectional: bool, batch_first: bool) -> Tensor:
              if torch.ne(torch.dim(x), 3):
                ops.prim.RaiseException(torch.format("the LSTM takes an input of 3 axes, and it has {}", torch.dim(x)), "builtins.ValueError")
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
                ops.prim.RaiseException(torch.format("the LSTM takes {} features, and its input has {}", wide, torch.size(x, -1)), "builtins.ValueError")
              else:
                pass
              out = torch.size(w[1], -1)
              if torch.ne(torch.size(h[0], -1), out):
                ops.prim.RaiseException(torch.format("the LSTM has {} hidden units, and its state {}", out, torch.size(h[0], -1)), "builtins.ValueError")
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
                    ops.prim.RaiseException(torch.format("a recurrent layer's state has 3 axes, and this has {}", torch.dim(state)), "builtins.ValueError")
                  else:
                    pass
                  if torch.ne(torch.size(state, 1), rows):
                    ops.prim.RaiseException(torch.format("the recurrent layer's state is made for {} rows, and its input has {}: the rows do not fit the state", torch.size(state, 1), rows), "builtins.ValueError")
                  else:
                    pass
                  if torch.ne(torch.size(state, 0), count):
                    ops.prim.RaiseException(torch.format("the recurrent layer has {} layers and directions, and its state {}", count, torch.size(state, 0)), "builtins.ValueError")
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
                ops.prim.RaiseException(torch.format("a packed sequence has {} elements, and its batch sizes are for {}", torch.size(x, 0), int(torch.sum(sizes))), "builtins.ValueError")
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
                  ops.prim.RaiseException(torch.format("a recurrent layer's state has 3 axes, and this has {}", torch.dim(state)), "builtins.ValueError")
                else:
                  pass
                if torch.ne(torch.size(state, 1), rows):
                  ops.prim.RaiseException(torch.format("the recurrent layer's state is made for {} rows, and its input has {}: the rows do not fit the state", torch.size(state, 1), rows), "builtins.ValueError")
                else:
                  pass
                if torch.ne(torch.size(state, 0), count):
                  ops.prim.RaiseException(torch.format("the recurrent layer has {} layers and directions, and its state {}", count, torch.size(state, 0)), "builtins.ValueError")
                else:
                  pass
              return sizes

            def bag_offsets(offsets: Tensor, indexes: Tensor) -> Tensor:
              if torch.gt(torch.numel(offsets), 0):
                if bool(torch.any(torch.lt(torch.slice(offsets, 0, 1), torch.slice(offsets, 0, 0, -1)))):
                  ops.prim.RaiseException("the offsets of an embedding bag must not fall", "builtins.ValueError")
                else:
                  pass
                if torch.__or__(torch.lt(int(torch.select(offsets, 0, 0)), 0), torch.gt(int(torch.select(offsets, 0, -1)), torch.size(indexes, 0))):
                  ops.prim.RaiseException(torch.format("an embedding bag's offsets go beyond its {} indexes", torch.size(indexes, 0)), "builtins.ValueError")
                else:
                  pass
              else:
                pass
              return offsets

            def below(indexes: Tensor, limit: int) -> Tensor:
              if torch.gt(torch.numel(indexes), 0):
                if torch.__or__(torch.lt(int(torch.min(indexes)), 0), torch.ge(int(torch.max(indexes)), limit)):
                  ops.prim.RaiseException(torch.format("indexes from {} to {} where there are {} places", int(torch.min(indexes)), int(torch.max(indexes)), limit), "builtins.ValueError")
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

            def statistics(x: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], mean: Optional[Tensor], variance: Optional[Tensor]) -> Tensor:
              for one in [weight, bias, mean, variance]:
                if torch.__isnot__(one, None):
                  if torch.ne(torch.numel(unchecked_cast(Tensor, one)), torch.size(x, 1)):
                    ops.prim.RaiseException(torch.format("batch norm of {} channels has statistics of another number", torch.size(x, 1)), "builtins.ValueError")
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
                ops.prim.RaiseException(torch.format("{} elements cannot lie in shape {}", torch.numel(x), size), "builtins.ValueError")
              else:
                pass
              return x
            """;

    private GuardSource() {}
}
