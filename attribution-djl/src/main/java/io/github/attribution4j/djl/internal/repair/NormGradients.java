// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Keeps libtorch from a wrong gradient of batch and instance normalization.
 *
 * <p>The stride of an axis with one element says nothing, and operators leave any number there. On a CPU, the backward
 * pass of {@code batch_norm} makes two tests on gradient and input: whether they are channels-last, which ignores such
 * axes, and which order they suggest, which does not. Where the tests disagree, the pass reads elements in the wrong
 * order. It happens for images and volumes with one row, or of one pixel along an axis, where tokens become an image or
 * an image becomes tokens. {@code instance_norm} calls {@code batch_norm} on one long row, so it is wrong for many rows
 * too.
 *
 * <p>So an input of such a call gets definite strides, and the gradient of its result is written anew, which gives it
 * definite strides. The result keeps its bits and its strides. Without a gradient nothing changes.
 *
 * <p>This is the last change of a program, because no other has to know it.
 */
public final class NormGradients {
    /** The file of the functions, below {@code code/}. It is no part of the program and shows no value. */
    public static final String PATH = "__torch__/a4j_norms.py";

    public static final String TEXT = """
            def input(x: Tensor) -> Tensor:
              y = x
              if ops.prim.requires_grad(x):
                if torch.gt(torch.dim(x), 3):
                  if torch.is_contiguous(x):
                    pass
                  else:
                    format = torch.sub(torch.dim(x), 2)
                    if torch.is_contiguous(x, format):
                      definite = True
                      expected = torch.size(x, 1)
                      if torch.ne(torch.stride(x, 1), 1):
                        definite = False
                      else:
                        pass
                      for i in range(torch.sub(torch.dim(x), 2)):
                        axis = torch.sub(torch.sub(torch.dim(x), 1), i)
                        if torch.ne(torch.stride(x, axis), expected):
                          definite = False
                        else:
                          pass
                        expected = torch.mul(expected, torch.size(x, axis))
                      if torch.ne(torch.stride(x, 0), expected):
                        definite = False
                      else:
                        pass
                      if definite:
                        pass
                      else:
                        y = torch.clone(x, memory_format=format)
                    else:
                      pass
                else:
                  pass
              else:
                pass
              return y
            def batch(x: Tensor) -> Tensor:
              y = x
              if ops.prim.requires_grad(x):
                if torch.gt(torch.dim(x), 3):
                  one = torch.eq(torch.size(x, 0), 1)
                  for i in range(torch.sub(torch.dim(x), 2)):
                    if torch.eq(torch.size(x, torch.add(i, 2)), 1):
                      one = True
                    else:
                      pass
                  if one:
                    y = (torch.unsafe_split(x, torch.size(x, 0)))[0]
                  else:
                    pass
                else:
                  pass
              else:
                pass
              return y
            def batch_parts(x: Tuple[Tensor, Tensor, Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
              y, mean, rstd, = x
              return (__torch__.a4j_norms.batch(y, ), mean, rstd)
            def instance(x: Tensor) -> Tensor:
              y = x
              if ops.prim.requires_grad(x):
                if torch.gt(torch.dim(x), 3):
                  y = torch.narrow(x, 0, 0, torch.size(x, 0))
                else:
                  pass
              else:
                pass
              return y
            """;

    /** The function that the result of each operator passes. */
    private static final Map<String, String> RESULTS = Map.of(
            "batch_norm", "batch",
            "instance_norm", "instance",
            "native_batch_norm", "batch_parts",
            "_native_batch_norm_legit", "batch_parts",
            "_native_batch_norm_legit_no_training", "batch_parts");

    private boolean used;

    /** Returns whether a file needs {@link #TEXT}. */
    public boolean used() {
        return used;
    }

    public Stmt.File apply(Stmt.File file) {
        List<Stmt> statements = Trees.mapAll(file.statements(), this::call);
        return statements == file.statements() ? file : new Stmt.File(file.path(), statements);
    }

    private Expr call(Expr expression) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        int space = name.startsWith("torch.") ? 6 : name.startsWith("ops.aten.") ? 9 : 0;
        String result = space == 0 ? null : RESULTS.get(name.substring(space));
        if (result == null) {
            return expression;
        }
        used = true;
        if (result.equals("instance")) {
            return function(result, call); // It copies its input, so that always has definite strides.
        }
        List<Expr> arguments = new ArrayList<>(call.arguments());
        List<Expr.Keyword> keywords = new ArrayList<>(call.keywords());
        if (!arguments.isEmpty()) {
            arguments.set(0, function("input", arguments.get(0)));
        } else {
            keywords.replaceAll(
                    k -> k.name().equals("input") ? new Expr.Keyword(k.name(), function("input", k.value())) : k);
        }
        return function(result, new Expr.Call(call.callee(), arguments, keywords, call.trailingComma()));
    }

    private static Expr function(String name, Expr argument) {
        return new Expr.Call(Trees.dotted(AddedNames.NORMS + "." + name), List.of(argument), List.of(), true);
    }
}
